/** Relays that are not as they were commanded: raised and cleared by two samples in a row, judged in peace. */
import { describe, expect, test } from 'vitest';
import { createRelays } from '../../ingest/relays.ts';
import type { Sample } from '../../ingest/sample.ts';

const ON = 0xe000;
const OFF = 0;
const trip = {
  ...{ projectId: '1', meterId: '7', commandId: '70' },
  ...{ function: 'trip' as const, atMs: 1_000 },
};

function park() {
  const relays = createRelays();
  let atMs = 1_000;
  const hear = (...states: number[]) => {
    for (const status_a of states) {
      atMs += 1_000;
      // Only what is looked at.
      relays.heard({ meterId: '7', atMs, channels: { status_a } } as unknown as Sample);
    }
    return relays.differing('1', ['7']).length > 0;
  };
  return { relays, hear };
}

describe('a relay', () => {
  test('that follows is no alarm; that closes again is one, from the second sample on', () => {
    const { relays, hear } = park();
    relays.confirmed(trip);
    expect([hear(OFF, OFF), hear(ON), hear(ON)]).toEqual([false, false, true]);
    expect(relays.differing('1', ['7'])).toMatchObject([
      {
        subjectId: '7',
        severity: 'critical',
        detail: { commandId: '70', commanded: 'off', sinceAt: '1970-01-01T00:00:04.000Z' },
      },
    ]);
    expect([relays.differing('2', ['7']), relays.differing('1', ['8'])]).toEqual([[], []]);
  });

  test('one odd sample neither raises nor clears', () => {
    const { relays, hear } = park();
    relays.confirmed(trip);
    expect(hear(ON, OFF, ON, OFF, ON, OFF)).toBe(false);
    expect(hear(ON, ON)).toBe(true);
    expect(hear(OFF, ON, OFF, ON)).toBe(true);
    expect(hear(OFF, OFF)).toBe(false);
  });

  test('is not judged while a command is on its way, and by the new one afterwards', () => {
    const { relays, hear } = park();
    relays.confirmed(trip);
    const close = { ...trip, commandId: '71', function: 'guarantee-supply' as const };
    relays.sent(close);
    expect(hear(ON, ON, ON)).toBe(false);
    relays.failed({ meterId: '7', commandId: 'another' });
    expect(hear(ON, ON, ON)).toBe(false);
    relays.confirmed({ ...close, atMs: 7_000 });
    expect(hear(ON, ON)).toBe(false);
    expect(hear(OFF, OFF)).toBe(true);
  });

  test('that the meter decides over itself may stand either way', () => {
    const { relays, hear } = park();
    relays.confirmed(trip);
    expect(hear(ON, ON)).toBe(true);
    relays.confirmed({ ...trip, commandId: '72', function: 'restore-prepaid', atMs: 3_500 });
    expect(hear(ON, OFF, OFF)).toBe(false);
  });

  test('a sample from before the command, or one that comes late, says nothing', () => {
    const { relays } = park();
    relays.confirmed({ ...trip, atMs: 9_000 });
    const channels = { status_a: ON };
    for (const atMs of [7_000, 8_000, 9_000, 9_500, 9_500]) {
      relays.heard({ meterId: '7', atMs, channels } as unknown as Sample); // Only what is looked at.
    }
    expect(relays.differing('1', ['7'])).toEqual([]);
  });
});
