/** A charge explained down to the readings, on real databases: what was settled is worked out again from them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayStart } from '../../sql/local-day.ts';
import { type BilledPark, openBilledPark } from '../ingest/billed-park.ts';
import type { Ask } from './face.ts';

const STEP = 5 * 60_000;
const HOUR = 12 * STEP;
const SLOT = 3 * STEP;
const ZONE = 'Europe/Berlin';
/** 2026-10-25 has 25 hours in Berlin. */
const DAY = '2026-10-25';
const T = dayStart(ZONE, DAY);
const END = dayStart(ZONE, '2026-10-26');
const NOW = END + 12 * HOUR;

let park: BilledPark;
let ask: Ask;
type Shop = Awaited<ReturnType<BilledPark['shop']>>;
const shops: Record<'plain' | 'bridged' | 'replaced' | 'ratio' | 'tampered' | 'rich', Shop> =
  {} as never; // filled before any test
const replacedAt = T + 10 * HOUR + 7 * 60_000;

/** Steps within the day, fees of both kinds, demand, a free quantity and a minimum. */
const rich = {
  steps: {
    ...{ period: 'month', scope: 'account', limits: [3000, 7000], proRata: 'none' },
    order: 'tou-then-steps',
  },
  components: [
    {
      ...{ kind: 'usage', code: 'energy', name: 'Energy', taxRate: '0.13' },
      stepPrices: ['0.5', '0.75', '1.1'],
    },
    { kind: 'fixed', code: 'meter', name: 'Meter', per: 'month', amount: '10', scope: 'point' },
    { kind: 'fixed', code: 'service', name: 'Service', per: 'day', amount: '2', scope: 'account' },
    { kind: 'demand', code: 'demand', name: 'Demand', price: '30' },
    {
      ...{ kind: 'allowance', code: 'free', name: 'Free', quantity: 1000, price: '0.5' },
      proRata: 'none',
    },
    { kind: 'minimum', code: 'least', name: 'Least', amount: '31000', scope: 'account' },
  ],
};

/** Readings every five minutes, uneven so that no two quarter-hours are alike. */
const readings = (fromMs: number, untilMs: number, begin = 100_000) => {
  let register = begin;
  return Array.from({ length: (untilMs - fromMs) / STEP }, (_, i) => {
    register += 10 * (1 + (i % 7));
    return { ms: fromMs + i * STEP, register };
  });
};

beforeAll(async () => {
  park = await openBilledPark({ nowMs: NOW, prices: 'two', zone: ZONE });
  ask = park.as('energy-manager');
  const from = T - 2 * HOUR;
  shops.plain = await park.shop(from);
  await park.say(shops.plain.meterId, readings(from + 60_000, NOW));
  shops.bridged = await park.shop(from);
  const silent = (ms: number) => ms > T + 5 * HOUR && ms < T + 7 * HOUR;
  await park.say(
    shops.bridged.meterId,
    readings(from + 60_000, NOW).filter(({ ms }) => !silent(ms)),
  );
  shops.ratio = await park.shop(from, { ct: 40 });
  await park.say(shops.ratio.meterId, readings(from + 60_000, NOW));
  shops.tampered = await park.shop(from);
  await park.say(shops.tampered.meterId, readings(from, NOW));
  // Replaced within the day and within a quarter-hour, both registers noted.
  const before = readings(from, replacedAt);
  const last = (before.at(-1)?.register ?? 0) + 10;
  shops.replaced = await park.shop(from, { valid_to: new Date(replacedAt), last_register: last });
  await park.say(shops.replaced.meterId, before);
  const fresh = await park.meter();
  await park.install(shops.replaced.pointId, fresh, replacedAt, { first_register: 500 });
  await park.say(fresh, readings(replacedAt + 2 * 60_000, NOW, 510));
  shops.rich = await park.shop(from);
  await park.say(shops.rich.meterId, readings(from + 60_000, NOW));
  await park.owner.query(
    'UPDATE tenancies SET valid_from = $2, valid_to = $3 WHERE point_id = $1',
    [...[shops.rich.pointId, new Date(T), new Date(END)]],
  );
  const tariffId = await park.add('tariffs', {
    ...{ project_id: park.projectId, name: 'Rich', commodity: 'electricity' },
  });
  await park.add('tariff_versions', {
    ...{
      project_id: park.projectId,
      tariff_id: tariffId,
      version: 1,
      effective_from: '2000-01-01',
    },
    ...{ definition: JSON.stringify(rich), created_by: 'test' },
  });
  await park.add('tariff_assignments', {
    ...{ project_id: park.projectId, tariff_id: tariffId, commodity: 'electricity' },
    ...{ account_id: shops.rich.accountId, valid_from: '2000-01-01' },
  });
  await park.work();
}, 90_000);
afterAll(() => park.close());

const settlementOf = async (shop: Shop, day = DAY): Promise<string> => {
  const { rows } = await park.owner.query<{ id: string }>(
    `SELECT id::text FROM settlements WHERE scope_id = $1 AND local_day = $2
     ORDER BY revision DESC LIMIT 1`,
    [shop.pointId, day],
  );
  return rows[0]?.id ?? 'none';
};
const explain = async (shop: Shop, query = '') => {
  const answer = await ask('GET', `/settlements/${await settlementOf(shop)}/explain${query}`);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
};

describe('explain', { timeout: 30_000 }, () => {
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
