/**
 * The closed list of channels: every quantity that a reading may carry and its column in `samples`.
 * A new channel is a line here and a migration. Values are after the model's scale, before CT/PT.
 */

/** [column, QuestDB type, unit]; integers are exact, doubles are shown and never billed. */
const list = [
  ['active_wh', 'LONG', 'Wh'],
  ['active_spike_wh', 'LONG', 'Wh'],
  ['active_peak_wh', 'LONG', 'Wh'],
  ['active_flat_wh', 'LONG', 'Wh'],
  ['active_valley_wh', 'LONG', 'Wh'],
  ['active_deep_wh', 'LONG', 'Wh'],
  ['forward_wh', 'LONG', 'Wh'],
  ['forward_spike_wh', 'LONG', 'Wh'],
  ['forward_peak_wh', 'LONG', 'Wh'],
  ['forward_flat_wh', 'LONG', 'Wh'],
  ['forward_valley_wh', 'LONG', 'Wh'],
  ['reverse_wh', 'LONG', 'Wh'],
  ['reactive_varh', 'LONG', 'varh'],
  ['forward_varh', 'LONG', 'varh'],
  ['reverse_varh', 'LONG', 'varh'],
  ['volume_l', 'LONG', 'l'],
  ['valve', 'INT', ''],
  ['voltage_a_v', 'DOUBLE', 'V'],
  ['voltage_b_v', 'DOUBLE', 'V'],
  ['voltage_c_v', 'DOUBLE', 'V'],
  ['current_a_a', 'DOUBLE', 'A'],
  ['current_b_a', 'DOUBLE', 'A'],
  ['current_c_a', 'DOUBLE', 'A'],
  ['power_a_w', 'DOUBLE', 'W'],
  ['power_b_w', 'DOUBLE', 'W'],
  ['power_c_w', 'DOUBLE', 'W'],
  ['power_w', 'DOUBLE', 'W'],
  ['reactive_a_var', 'DOUBLE', 'var'],
  ['reactive_b_var', 'DOUBLE', 'var'],
  ['reactive_c_var', 'DOUBLE', 'var'],
  ['reactive_var', 'DOUBLE', 'var'],
  ['factor_a', 'DOUBLE', ''],
  ['factor_b', 'DOUBLE', ''],
  ['factor_c', 'DOUBLE', ''],
  ['factor', 'DOUBLE', ''],
  ['frequency_hz', 'DOUBLE', 'Hz'],
  ['remaining_minor', 'LONG', 'minor units'],
  ['purchase_count', 'LONG', ''],
  ['overload_trips', 'LONG', ''],
  ['overload_trips_allowed', 'LONG', ''],
  ['status_a', 'LONG', 'bits'],
  ['status_b', 'LONG', 'bits'],
  ['pt', 'LONG', ''],
  ['ct', 'LONG', ''],
  ['base_wh', 'LONG', 'Wh'],
] as const;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;

export type ChannelName = (typeof list)[number][0];
export type ChannelField = Camel<ChannelName>;

export interface Channel {
  readonly name: ChannelName;
  /** The name in JSON: power_w is powerW. */
  readonly field: ChannelField;
  readonly type: 'LONG' | 'INT' | 'DOUBLE';
  /** As shown after the number; empty for counters, states and factors. */
  readonly unit: string;
}

const camel = <S extends string>(name: S) =>
  // The type says what the replacement does; TypeScript cannot follow a regular expression.
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as Camel<S>;

/** All channels, in the order of their columns. */
export const channels: readonly Channel[] = list.map(([name, type, unit]) => ({
  name,
  field: camel(name) as ChannelField,
  type,
  unit,
}));

/** Values of one reading; what the meter did not say is absent, never zero or NaN. */
export type ChannelValues = Partial<Record<ChannelName, number>>;

/**
 * The same values under their JSON names.
 * @example channelFields({ power_w: 1200 }) // { powerW: 1200 }
 */
export function channelFields(values: ChannelValues): Partial<Record<ChannelField, number>> {
  const fields: Partial<Record<ChannelField, number>> = {};
  for (const { name, field } of channels) {
    const value = values[name];
    if (value !== undefined) fields[field] = value;
  }
  return fields;
}
