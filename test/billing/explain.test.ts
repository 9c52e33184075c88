/** A charge explained down to the readings, on real databases: what was settled is worked out again from them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BilledPark } from '../ingest/billed-park.ts';
import {
  DAY,
  EIGHT,
  HOUR,
  openExplainedPark,
  replacedAt,
  type Shop,
  SLOT,
  SPRING,
  STEP,
  type Story,
  stories,
  T,
  usual,
} from './explained-park.ts';
import type { Ask } from './face.ts';

let park: BilledPark;
let ask: Ask;
let shops: Record<Story, Shop>;
beforeAll(async () => {
  ({ park, ask, shops } = await openExplainedPark());
});
afterAll(() => park.close());

const settlementOf = async (shop: Shop, day = DAY): Promise<string> => {
  const { rows } = await park.owner.query<{ id: string }>(
    `SELECT id::text FROM settlements WHERE scope_id = $1 AND local_day = $2
     ORDER BY revision DESC LIMIT 1`,
    [shop.pointId, day],
  );
  return rows[0]?.id ?? 'none';
};
const explained = async (settlementId: string, query = '') => {
  const answer = await ask('GET', `/settlements/${settlementId}/explain${query}`);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
};
const explain = async (shop: Shop, query = '') => explained(await settlementOf(shop), query);
/** With triggers off for this connection alone, and what it does undone again. */
async function altering(act: string, undo: string, of: unknown[], look: () => Promise<void>) {
  const { owner } = park;
  await owner.query("SET session_replication_role = 'replica'");
  try {
    await owner.query(act, of);
    await look();
  } finally {
    await owner.query(undo, of);
    await owner.query("SET session_replication_role = 'origin'");
  }
}

describe('explain', () => {
  it.each(stories)('works all days of the story %s out again to the same', async (story) => {
    const { rows } = await park.owner.query<{ id: string }>(
      `SELECT id::text FROM settlements s WHERE account_id = $1 AND NOT EXISTS (
         SELECT FROM settlements n WHERE n.supersedes = s.id) ORDER BY id`,
      [shops[story].accountId],
    );
    expect(rows.length).toBeGreaterThanOrEqual(2);
    for (const { id } of rows) {
      const { settlement, differences, agrees } = await explained(id);
      const told = { story, day: settlement.serviceDay };
      expect({ ...told, differences, agrees }).toEqual({ ...told, differences: [], agrees: true });
    }
  });

  it('works a day of 25 hours out again, down to the readings of a quarter-hour', async () => {
    const found = await explain(shops.plain);
    expect(found).toMatchObject({
      agrees: true,
      differences: [],
      settlement: { serviceDay: DAY, revision: 1, slots: 100, scope: 'point', dirty: null },
      meters: [{ multiplier: 1, register: 'active_wh', readings: expect.any(Number) }],
    });
    expect(found.intervals).toHaveLength(100);
    expect(found.lines.map((l: { period: number }) => l.period)).toEqual([2, 4]);
    // The hour that comes twice belongs to the cheap band: nine hours of it.
    const night = await explain(shops.plain, '?component=energy&period=4');
    expect(night.intervals).toHaveLength(9 * 4);
    expect(night.lines[0].rule.period).toMatchObject({
      rank: 4,
      dayType: 'everyday',
      bands: [{ from: '00:00', to: '08:00' }],
    });
    const sum = night.intervals.reduce((s: number, i: { quantity: number }) => s + i.quantity, 0);
    expect(night.lines[0]).toMatchObject({ quantity: sum, price: '0.5', agrees: true });

    const { detail } = await explain(shops.plain, '?component=energy&period=4&slot=8');
    const [piece] = detail.pieces;
    const { before, after } = piece.from;
    // Readings stand a minute after each fifth one: the boundary lies four fifths of the way.
    expect(Date.parse(after.at) - Date.parse(before.at)).toBe(STEP);
    const line = before.register + Math.floor((after.register - before.register) * 0.8 + 0.5);
    expect(piece.from.register).toBe(line);
    expect(piece.to.register - piece.from.register).toBe(detail.pieces[0].quantity);
    expect(detail.pieces[0].quantity).toBe(night.intervals[8].quantity);
    expect(detail.readings).toHaveLength(3);
  });

  it('multiplies by the ratio before it interpolates', async () => {
    const found = await explain(shops.ratio);
    expect(found).toMatchObject({ agrees: true, meters: [{ ct: 40, multiplier: 40 }] });
    const { detail } = await explain(shops.ratio, '?slot=0');
    const { before, after, register } = detail.pieces[0].from;
    const [p, n] = [before.register * 40, after.register * 40];
    expect(register).toBe(p + Math.floor((n - p) * 0.8 + 0.5));
  });

  it('says which quarter-hours were bridged, and that their sum is what the register says', async () => {
    const found = await explain(shops.bridged);
    expect(found.agrees).toBe(true);
    const estimated = found.intervals.filter(
      (i: { quality: string }) => i.quality === 'estimated:linear',
    );
    expect(estimated.length).toBe(found.settlement.estimatedSlots);
    expect(estimated.length).toBeGreaterThanOrEqual(8);
    const slot = estimated[3].slot;
    const { detail } = await explain(shops.bridged, `?slot=${slot}`);
    expect(detail.pieces[0].from.bridgeMs).toBeGreaterThan(2 * HOUR - STEP);
    expect(detail.readings).toEqual([]);
  });

  it('splits what flowed over a price change by time, to the unit', async () => {
    const found = await explain(shops.across);
    const readings = usual().filter(
      ({ ms }) => ms < EIGHT - 25 * 60_000 || ms >= EIGHT + 15 * 60_000,
    );
    // By hand: the line between the readings around an instant, half up.
    const registerAt = (ms: number) => {
      const before = readings.findLast((r) => r.ms <= ms) ?? { ms: 0, register: 0 };
      const after = readings.find((r) => r.ms > ms) ?? { ms: 1, register: 0 };
      const part = ((after.register - before.register) * (ms - before.ms)) / (after.ms - before.ms);
      return before.register + Math.floor(part + 0.5);
    };
    const [day, night] = found.lines;
    expect(night).toMatchObject({ period: 4, quantity: registerAt(EIGHT) - registerAt(T) });
    expect(day.quantity).toBe(registerAt(T + 25 * HOUR) - registerAt(EIGHT));
    expect(Number(night.exact)).toBe((night.quantity * 0.5) / 1000);
    expect(Number(day.exact)).toBe((day.quantity * 2) / 1000);
    const { detail } = await explain(shops.across, `?slot=${(EIGHT - T) / SLOT}`);
    expect(detail.pieces[0].from.bridgeMs).toBe(9 * STEP);
  });

  it('puts the quarter-hour of a replacement together from both meters', async () => {
    const found = await explain(shops.replaced);
    expect(found).toMatchObject({ agrees: true });
    expect(found.meters).toHaveLength(2);
    const { detail } = await explain(
      shops.replaced,
      `?slot=${Math.floor((replacedAt - T) / SLOT)}`,
    );
    expect(detail.pieces).toHaveLength(2);
    expect(detail.pieces[0].to.before).toMatchObject({ source: 'noted' });
    expect(detail.pieces[1].from.before).toMatchObject({ source: 'noted', register: 500 });
    // The old one stood seven minutes of it, the new one eight: (7 × 4 % − 8 × 10 %) ÷ 15.
    expect(detail.errors).toMatchObject([{ ppm: 40_000 }, { ppm: -100_000 }]);
    const sum = detail.pieces[0].quantity + detail.pieces[1].quantity;
    const slot = found.intervals[Math.floor((replacedAt - T) / SLOT)];
    expect(slot.quantity).toBe(Math.floor(sum / (1 - 0.52 / 15) + 0.5));
    const rows = await park.intervals(shops.replaced.pointId);
    expect(new Set(rows.map(([ms]) => ms)).size).toBe(rows.length);
  });

  // What is told of one quarter-hour of the newest revision, and how it comes about.
  const details: [story: Story, slot: number, quality: string, detail: object][] = [
    ['rolled', 17, 'measured', { pieces: [{ from: { rolledOver: true } }] }],
    ['clock', 12, 'measured', { readings: [{ shiftMs: 420_000 }, {}, {}] }],
    ['fast', 30, 'measured', { errors: [{ ppm: 40_000, reason: 'proven fast' }] }],
    ['edited', 16, 'edited', { edit: { method: 'set', reason: 'seen on the display' } }],
    ['hand', 60, 'estimated:linear', { pieces: [{ to: { after: { source: 'manual' } } }] }],
    ['reset', 48, 'estimated:new-base', { readings: [{ opens: true }, {}, {}], heldBy: null }],
    ['spike', 48, 'measured', { readings: [{}, {}], heldBy: null }],
  ];
  it.each(details)('tells how %s comes to quarter-hour %i', async (story, slot, quality, told) => {
    const { detail, intervals, settlement } = await explain(shops[story], `?slot=${slot}`);
    expect(detail).toMatchObject(told);
    expect(intervals[slot]).toMatchObject({ slot, quality });
    expect(settlement.revision).toBe(['clock', 'fast', 'edited'].includes(story) ? 2 : 1);
  });

  it('takes an error off each quarter-hour, half up, and shows what was charged before', async () => {
    const found = await explain(shops.fast, '?slot=30');
    const [{ quantity }] = found.detail.pieces;
    expect(found.intervals[30].quantity).toBe(Math.floor(quantity / 1.04 + 0.5));
    const [line] = found.lines;
    expect(line.before.quantity).toBeGreaterThan(line.quantity);
    // The revision that it took the place of is told to be one.
    const old = await explained(found.settlement.supersedes);
    expect(old).toMatchObject({
      ...{ agrees: false, settlement: { supersededBy: found.settlement.id } },
    });
    expect(new Set(old.differences.map((d: { reason: string }) => d.reason))).toEqual(
      new Set(['changed-since']),
    );
    expect(old.differences).toHaveLength(12 * 4);
  });

  it('tells the index that a price follows, and the list that makes a day another', async () => {
    const { lines } = await explain(shops.index);
    expect(lines).toMatchObject([
      { price: '0.468', rule: { price: { base: '0.4', index: { code: 'coal', value: '1.17' } } } },
    ]);
    const keys = async (day: string) =>
      (await explained(await settlementOf(shops.events, day))).lines.map(
        (l: { component: string; period: number; rule: { period: { dayType: string } } }) =>
          `${l.component}/${l.period}/${l.rule.period?.dayType}`,
      );
    expect(await keys(DAY)).toEqual(['energy/1/event', 'heat/null/undefined']);
    expect(await keys('2026-10-24')).toEqual(['energy/3/everyday']);
  });

  it('works a day of 23 hours out again', async () => {
    const { rows } = await park.owner.query<{ id: string }>(
      'SELECT id::text FROM settlements WHERE scope_id = $1 AND local_day = $2',
      [shops.spring.pointId, SPRING],
    );
    const found = await explained(rows[0]?.id ?? '');
    expect(found.intervals).toHaveLength(92);
    // The hour that does not come lies in the cheap band: seven hours of it.
    const night = found.intervals.filter((i: { rank: number }) => i.rank === 4);
    expect(night).toHaveLength(7 * 4);
  });

  it('parts a day of two points among steps that the day before has begun', async () => {
    const found = await explain(shops.mates);
    const used = found.lines.find((l: { step: number }) => l.step === 1).rule.steps;
    const before = await explained(await settlementOf(shops.mates, '2026-10-24'));
    expect(used).toMatchObject({ usedBefore: before.settlement.quantity, scope: 'account' });
    // A day that takes something else than those before it come to.
    const change = (by: number) =>
      `UPDATE settlements SET step_quantity = step_quantity + ${by} WHERE id = $1`;
    await altering(change(100), change(-100), [before.settlement.id], async () => {
      const { agrees, differences } = await explain(shops.mates);
      expect(agrees).toBe(false);
      expect(differences).toMatchObject([
        { what: 'line', component: 'energy', step: 1, reason: 'earlier-days' },
        { what: 'line', component: 'energy', step: 2, reason: 'earlier-days' },
        { what: 'line', component: 'energy', step: 3, reason: 'earlier-days' },
      ]);
    });
  });

  it('names the line that was altered', async () => {
    const id = await settlementOf(shops.altered);
    const { lines } = await explained(id);
    const [day] = lines;
    const change = (by: number) =>
      `UPDATE charges SET exact = exact + ${by} WHERE settlement_id = $1 AND period = 2`;
    await altering(change(0.01), change(-0.01), [id], async () => {
      const { agrees, differences } = await explained(id);
      expect(agrees).toBe(false);
      expect(differences).toMatchObject([
        { what: 'line', component: 'energy', period: 2, reason: 'line-differs' },
      ]);
      expect(Number(differences[0].stored)).toBeCloseTo(Number(day.exact) + 0.01, 9);
      expect(differences[0].recomputed).toBe(day.exact);
    });
    const lost = 'UPDATE charges SET period = 1 WHERE settlement_id = $1 AND period = 2';
    const back = 'UPDATE charges SET period = 2 WHERE settlement_id = $1 AND period = 1';
    await altering(lost, back, [id], async () => {
      const { differences } = await explained(id);
      expect(differences).toMatchObject([
        { period: 1, reason: 'line-differs', recomputed: null },
        { period: 2, reason: 'line-missing', stored: null, recomputed: day.exact },
      ]);
    });
    expect(await explained(id)).toMatchObject({ agrees: true, differences: [] });
  });

  it('names the quarter-hours beside a reading that was altered', async () => {
    const { meterId } = shops.altered;
    const at = T + 16 * 60_000;
    const iso = new Date(at).toISOString();
    const { rows } = await park.questdb.exec(
      `SELECT active_wh FROM samples WHERE meter = '${meterId}' AND ts = '${iso}'`,
    );
    const register = Number(rows[0]?.[0]);
    const write = async (said: number) => {
      await park.questdb.write(
        `samples,project=${park.projectId},meter=${meterId},quality=ok digest=${register}i,active_wh=${said}i ${at}000000\n`,
      );
      await park.questdb.settled(['samples']);
    };
    await write(register - 5);
    const { agrees, differences } = await explain(shops.altered);
    await write(register);
    expect(agrees).toBe(false);
    // The boundary lies four fifths of the way to it: four units less before it, four more after.
    expect(differences).toMatchObject([
      { what: 'interval', slot: 0, reason: 'interval-differs', difference: '-4' },
      { what: 'interval', slot: 1, reason: 'interval-differs', difference: '4' },
    ]);
  });

  it('says what has come into doubt since it was billed', async () => {
    const { pointId, meterId } = shops.doubted;
    await park.add('quarantines', {
      ...{ project_id: park.projectId, meter_id: meterId, point_id: pointId, rule: 'ratio' },
      at: new Date(T + 20 * HOUR),
    });
    const { agrees, differences, detail } = await explain(shops.doubted, '?slot=80');
    expect(agrees).toBe(false);
    expect(differences).toHaveLength(5 * 4);
    expect(differences[0]).toMatchObject({ slot: 80, reason: 'held-back', recomputed: null });
    expect(detail).toMatchObject({ heldBy: 'ratio' });
  });

  it('names the quarter-hour whose interval is not what was built', async () => {
    expect(await explain(shops.tampered)).toMatchObject({ agrees: true });
    const slot = 40;
    const [stored] = (await park.intervals(shops.tampered.pointId)).filter(
      ([ms]) => ms === T + slot * SLOT,
    );
    const [ms, quantity, , version] = stored ?? [0, 0, '', 1];
    const { rows } = await park.questdb.exec(
      `SELECT known_at FROM intervals WHERE point = '${shops.tampered.pointId}' AND ts = '${new Date(ms).toISOString()}'`,
    );
    const knownUs = Date.parse(String(rows[0]?.[0])) * 1000;
    await park.questdb.write(
      `intervals,project=${park.projectId},point=${shops.tampered.pointId},quality=measured local_day=20261025i,local_slot=${slot}i,quantity=${Number(quantity) + 7}i,version=${version}i,known_at=${knownUs}t ${ms}000000\n`,
    );
    await park.questdb.settled(['intervals']);
    const found = await explain(shops.tampered);
    expect(found.agrees).toBe(false);
    expect(found.differences).toMatchObject([
      { what: 'interval', slot, reason: 'without-version', difference: '7' },
    ]);
    // A line that does not count that quarter-hour is not touched by it.
    const night = await explain(shops.tampered, '?component=energy&period=4');
    expect(night.agrees).toBe(true);
  });

  it('works out steps, fees, demand and free quantities', async () => {
    const found = await explain(shops.rich);
    expect(found).toMatchObject({ agrees: true, differences: [] });
    const keys = found.lines.map((l: { component: string; step: number }) => [l.component, l.step]);
    expect(keys).toContainEqual(['energy', 3]);
    expect(keys).toContainEqual(['free', 0]);
    const byKey = (component: string) =>
      found.lines.find((l: { component: string }) => l.component === component);
    const last = found.lines.filter((l: { component: string }) => l.component === 'energy').at(-1);
    expect(last.rule.steps).toMatchObject({ from: 7000, to: null, scope: 'account' });
    expect(last.step).toBe(3);
    // 10 a month on the 25th of 31 days, cut at the decimals of a price.
    expect(byKey('meter')).toMatchObject({ rule: { fee: { amount: '10', day: 25, days: 31 } } });
    // 4 × the highest quarter-hour (W): nothing was used before.
    const peak = Math.max(...found.intervals.map((i: { quantity: number }) => i.quantity)) * 4;
    expect(byKey('demand').rule.demand.demandW).toBe(peak);
  });

  it('lets nobody raise the demand alone, however little energy it takes', async () => {
    const { pointId } = shops.rich;
    await park.owner.query('INSERT INTO point_prices VALUES ($1, $2, 1, now())', [
      ...[park.projectId, pointId],
    ]);
    const at = T + 20 * HOUR;
    const asked = async (quantity: number) => {
      const body = {
        ...{ pointId, from: new Date(at).toISOString(), to: new Date(at + SLOT).toISOString() },
        ...{ method: 'set', quantity, reason: 'counted' },
      };
      return (await ask('POST', '/interval-previews', { act: 'edit-intervals', with: body })).body;
    };
    // 2 kWh at 1.00, and 8 kW at 30.00; the amount is 50.00.
    expect((await asked(2_100)).edit).toMatchObject({ approval: 'amount' });
    expect((await asked(300)).edit).toMatchObject({ approval: null });
  });

  it('works out what belongs to the account: its fee and what its month lacks', async () => {
    const { rows } = await park.owner.query<{ id: string }>(
      `SELECT id::text FROM settlements WHERE scope_id = account_id AND account_id = $1
         AND local_day = $2 ORDER BY revision DESC LIMIT 1`,
      [shops.rich.accountId, DAY],
    );
    const { body } = await ask('GET', `/settlements/${rows[0]?.id}/explain`);
    expect(body).toMatchObject({ agrees: true, intervals: [], settlement: { scope: 'account' } });
    const [least, service] = body.lines;
    expect(service).toMatchObject({ component: 'service', exact: '2', agrees: true });
    expect(least).toMatchObject({
      component: 'least',
      rule: { minimum: { days: 31, heldDays: 1 } },
    });
    expect(Number(least.rule.minimum.least)).toBe(1000);
    const lacking = 1000 - Number(least.rule.minimum.counted);
    expect(Number(least.exact)).toBeCloseTo(lacking, 7);
  });

  it('is a row in SQL with the settlement, the tariff and what was posted', async () => {
    const found = await explain(shops.plain);
    const { rows } = await park.postgres.pool.query(
      `SELECT period_rank, quantity_units::int, exact_major::float8, month_posted_minor::int, tariff_version,
         superseded_by FROM charge_explanations WHERE settlement_id = $1 ORDER BY period_rank`,
      [found.settlement.id],
    );
    expect(rows.map((row) => [row.period_rank, row.quantity_units, row.exact_major])).toEqual(
      found.lines.map((l: { period: number; quantity: number; exact: string }) => [
        ...[l.period, l.quantity, Number(l.exact)],
      ]),
    );
    // The key's month holds the day before and after too.
    for (const row of rows) expect(row.month_posted_minor).toBeGreaterThan(row.exact_major * 100);
  });

  it('tells what is not there', async () => {
    const none = await ask('GET', '/settlements/1/explain');
    expect(none).toMatchObject({ status: 404, body: { code: 'not-found' } });
    const id = await settlementOf(shops.plain);
    for (const query of ['?component=water', '?period=1', '?period=4&slot=60']) {
      expect(await ask('GET', `/settlements/${id}/explain${query}`)).toMatchObject({ status: 404 });
    }
    expect(await ask('GET', `/settlements/${id}/explain?slot=100`)).toMatchObject({ status: 400 });
  });
});
