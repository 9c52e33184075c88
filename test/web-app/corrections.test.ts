/** Corrections as the server takes them: pure, by the wall clock of the project. */
import { describe, expect, test } from 'vitest';
import { instantOf, wallText } from '../../web/app/dates.ts';
import {
  askedOf,
  beginning,
  registerOf,
  type Values,
} from '../../web/app/pages/exceptions/mistakes.ts';

const zone = 'Asia/Shanghai';
const subject = { meterId: '5030', pointId: '3030', code: 'A203', unit: 'Wh' as const };
const now = new Date('2026-11-24T14:32:08+08:00');
const asked = (act: Parameters<typeof askedOf>[0], change: Values) =>
  askedOf(act, {
    values: { ...beginning(zone, now, {}), reason: 'as proven', ...change },
    ...{ subject, zone, installation: { id: '77', ct: 40, pt: 1 } },
  });

test('a wall clock is an instant of the zone, also on days of 23 and 25 hours', () => {
  expect(instantOf(zone, '2026-11-24T00:00')).toBe('2026-11-23T16:00:00.000Z');
  expect(instantOf('Europe/Madrid', '2026-03-29T03:00')).toBe('2026-03-29T01:00:00.000Z');
  expect(instantOf('Europe/Madrid', '2026-10-25T04:00')).toBe('2026-10-25T03:00:00.000Z');
  expect(wallText('Europe/Madrid', '2026-10-25T03:00:00.000Z')).toBe('2026-10-25T04:00');
  expect(instantOf(zone, '2026-11-24')).toBeNull();
});

test('a register is read as on the display, exactly', () => {
  expect(registerOf('48,529.15')).toBe(48_529_150);
  expect(registerOf('0.001')).toBe(1);
  expect(registerOf('1.2345')).toBeNull();
  expect(registerOf('-3')).toBeNull();
});

describe('what is tried is what is sent', () => {
  test('a meter that is 4 % fast, by the half-time preset', () => {
    const body = asked('fast', { since: '2026-09-01T00:00', to: '2026-11-01T00:00' });
    expect(body?.body).toEqual({
      ...{ kind: 'error', meterId: '5030', errorPercent: 4, reason: 'as proven' },
      ...{ sinceProven: '2026-08-31T16:00:00.000Z', to: '2026-10-31T16:00:00.000Z' },
    });
    expect(body?.tried).toEqual({ act: 'correct-meter', with: body?.body });
  });
  test('a clock an hour fast takes the true minus', () => {
    expect(asked('clock', { shift: '−1' })?.body).toMatchObject({ kind: 'clock', shiftS: -3600 });
    expect(asked('clock', { shift: '0' })).toBeNull();
  });
  test('a replacement keeps the transformers; a ratio that cannot be is not left out quietly', () => {
    const change = { at: '2026-11-08T10:00', meter: '6001' };
    expect(asked('replace', change)?.body).toMatchObject({ meterId: '6001', ct: 40, pt: 1 });
    expect(asked('replace', { ...change, ct: '60' })?.body).toMatchObject({ ct: 60, pt: 1 });
    expect(asked('replace', { ...change, ct: '4O' })).toBeNull();
    expect(asked('ratio', { ...change, ct: '60', pt: 'x' })).toBeNull();
    // One that is entered with it, at the place on the line.
    const fresh = { ...change, meter: 'new', place: 'takes' };
    expect(asked('replace', { ...fresh, serial: '2611 7' })).toBeNull();
    const sent = asked('replace', { ...fresh, serial: ' 26117 ' })?.body;
    expect(sent).toMatchObject({ newMeter: { serial: '26117' }, takesPlace: true });
    expect(sent).not.toHaveProperty('meterId');
  });

  test('a ratio of a quarter, and one that goes on', () => {
    const quarter = { ct: '40', from: '2026-07-01T00:00', to: '2026-10-01T00:00' };
    expect(asked('ratio', quarter)?.body).toEqual({
      ...{ from: '2026-06-30T16:00:00.000Z', to: '2026-09-30T16:00:00.000Z' },
      ...{ ct: 40, reason: 'as proven' },
    });
    expect(asked('ratio', { ...quarter, ends: 'open' })?.body).toMatchObject({ to: null });
  });
  test('nothing is sent without a reason, an empty range, or a meter swapped with itself', () => {
    expect(asked('read', { register: '12', reason: '  ' })).toBeNull();
    expect(
      asked('ratio', { ct: '40', from: '2026-10-01T00:00', to: '2026-10-01T00:00' }),
    ).toBeNull();
    expect(asked('swap', { other: '3030' })).toBeNull();
  });
});
