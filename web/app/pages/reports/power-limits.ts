/** Limits of power quality, as the report counts against them. Pure. */
import type { PowerQualityRow } from '../../reports.ts';

/** 220 V less 10 and more 7 per cent (GB/T 12325), and what a bar shows around them. */
export const VOLTAGE = { low: 198, high: 235.4, from: 180, to: 250 } as const;
export const FACTOR_LIMIT = 0.9;
/** Per cent of the mean current; beyond it someone should look. */
export const UNBALANCE_LIMIT = 30;

/** Whether anything of a point is beyond its limit. */
export const isOff = (row: PowerQualityRow): boolean =>
  row.voltageLow + row.voltageHigh > 0 ||
  (row.factorAvg !== null && Math.abs(row.factorAvg) < FACTOR_LIMIT) ||
  (row.unbalanceMaxPct !== null && row.unbalanceMaxPct > UNBALANCE_LIMIT);

/** Where a value lies in a span, 0 to 1; what is beyond it stands at its end. */
export const place = (value: number, from: number, to: number): number =>
  Math.max(0, Math.min(1, (value - from) / (to - from)));
