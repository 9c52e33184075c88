/** The register maps hold together: types, areas, channels, certainty. */
import { describe, expect, test } from 'vitest';
import { modelNames, modelOf, models } from '../../ingest/models.ts';
import { wordsOf } from '../../ingest/plan.ts';
import { channelFields, channels } from '../../sql/channels.ts';

describe.each(modelNames)('%s', (name) => {
  const model = models[name];
  const electric = model.commodity === 'electricity';

  test('every register lies in a known area and no two overlap', () => {
    const taken = new Map<number, string>();
    for (const { address, type, channel, bit } of model.registers) {
      for (let a = address; a < address + wordsOf[type]; a++) {
        expect(model.areas.some(([first, last]) => a >= first && a <= last)).toBe(true);
        if (bit === undefined) expect(taken.get(a)).toBeUndefined();
        taken.set(a, channel);
      }
    }
  });

  test('every channel appears once and the billing channel is among them, exact', () => {
    const names = model.registers.map(({ channel }) => channel);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain(model.billing);
    expect(channels.find((c) => c.name === model.billing)?.type).toBe('LONG');
  });

  test('integers are never divided, doubles never billed', () => {
    for (const { channel, over, times } of model.registers) {
      const { type } = channels.find((c) => c.name === channel) ?? {};
      if (type !== 'DOUBLE') expect(over).toBeUndefined();
      expect(times === undefined || over === undefined).toBe(true);
    }
  });

  test('the span of the billing register is its 32 bits in base units', () => {
    expect(model.registerSpan).toBe(2n ** 32n * BigInt(model.registerStep));
    expect(model.registerStep).toBe(electric ? 10 : 1);
  });
});

test('a simulated twin has the map of its model and says that it is simulated', () => {
  for (const name of modelNames.filter((n) => n.endsWith('-SIM'))) {
    const real = modelOf(name.replace('-SIM', ''));
    expect(models[name].registers).toBe(real?.registers);
    expect([models[name].simulated, real?.simulated]).toEqual([true, false]);
  }
});

test('a name that is no model is none, inherited ones included', () => {
  expect(modelOf('DTSY9999')).toBeUndefined();
  expect(modelOf('constructor')).toBeUndefined();
});

test('channels have distinct camelCase names in JSON', () => {
  const fields = channels.map(({ field }) => field);
  expect(new Set(fields).size).toBe(channels.length);
  expect(channelFields({ power_w: 1200, voltage_a_v: 230.1, active_wh: 10 })).toEqual({
    activeWh: 10,
    voltageAV: 230.1,
    powerW: 1200,
  });
});
