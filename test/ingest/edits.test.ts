/** Quarter-hours estimated and edited: proposed, approved by another, billed, taken back, overtaken by data. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lateMarker } from '../../ingest/dirty.ts';
import { estimate, spread } from '../../ingest/estimate.ts';
import { estimateWaiting } from '../../ingest/estimate-waiting.ts';
import { runQuality } from '../../ingest/quality.ts';
import { dayStart } from '../../sql/local-day.ts';
import type { Ask } from '../billing/face.ts';
import { type BilledPark, openBilledPark } from './billed-park.ts';

const SLOT = 15 * 60_000;
const HOUR = 4 * SLOT;
const DAY = 24 * HOUR;
/** Local midnight of Monday, 2026-11-02; it is noon of Friday two weeks later. */
const T = dayStart('Asia/Shanghai', '2026-11-02');
const NOW = T + 18 * DAY + 12 * HOUR;
const iso = (ms: number) => new Date(ms).toISOString();

/** Much by day, little at night, half of it at weekends: base units in the quarter-hour that begins then. */
const used = (ms: number) => {
  const hour = Math.floor((ms - T) / HOUR) % 24;
  const weekday = Math.floor((ms - T) / DAY) % 7;
  return (hour >= 8 && hour < 20 ? 100 : 20) * (weekday >= 5 ? 1 : 2);
};
let sum = 1_000_000;
const truth = Array.from({ length: (NOW - T) / SLOT + 1 }, (_, i) => {
  const sample = { ms: T + i * SLOT, register: sum };
  sum += used(sample.ms);
  return sample;
});
const wholeOf = (fromMs: number, toMs: number) =>
  truth.filter(({ ms }) => ms >= fromMs && ms < toMs).reduce((a, { ms }) => a + used(ms), 0);

/** Nothing came from four to noon of the third Tuesday: over the boundary of prices at eight. */
const [FROM, TO] = [T + 15 * DAY + 4 * HOUR, T + 15 * DAY + 12 * HOUR];
const gap = truth.filter(({ ms }) => ms > FROM && ms < TO);
const silence = truth.filter(({ ms }) => ms > T + 12 * DAY);

let park: BilledPark;
let [first, second]: Ask[] = [];
type Shop = Awaited<ReturnType<BilledPark['shop']>>;
let [gapped, edited, overtaken, silent, priced, hopeless, stuck]: Shop[] = [];
/** From here on its register stands still, while everybody else's moves. */
const STUCK = T + 16 * DAY;
beforeAll(async () => {
  park = await openBilledPark({ nowMs: NOW, prices: 'two' });
  await park.owner.query('UPDATE projects SET poll_seconds = 900');
  [first, second] = [park.as('first'), park.as('second')];
  const shops: Shop[] = [];
  for (const left of [gap, gap, gap, silence, gap]) {
    const shop = await park.shop(T, { first_register: 1_000_000 });
    const lacking = new Set(left);
    await park.say(
      shop.meterId,
      truth.filter((s) => !lacking.has(s)),
    );
    shops.push(shop);
  }
  [gapped, edited, overtaken, silent, priced] = shops;
  // It spoke once, and never again: there is nothing to estimate it by.
  hopeless = await park.shop(T, { first_register: 1_000_000 });
  await park.say(hopeless.meterId, truth.slice(0, 1));
  stuck = await park.shop(T, { first_register: 1_000_000 });
  await standStill(stuck);
  await park.work();
});
afterAll(() => park.close());

async function standStill({ meterId }: Shop) {
  await park.say(
    meterId,
    truth.filter(({ ms }) => ms < STUCK),
  );
  const register = truth.findLast(({ ms }) => ms < STUCK)?.register;
  const lines = truth
    .filter(({ ms }) => ms >= STUCK)
    .map(
      ({ ms }) =>
        `samples,project=${park.projectId},meter=${meterId},quality=ok digest=1i,active_wh=${register}i,power_w=800 ${ms}000000\n`,
    );
  await park.questdb.write(lines.join(''));
  await park.questdb.settled(['samples']);
}

// Each is there once the first test runs.
const of = (shop: Shop | undefined) => shop as Shop;
const post = (ask: Ask | undefined, path: string, body: unknown) =>
  (ask as Ask)('POST', path, body);
const range = { from: iso(FROM), to: iso(TO) };
const inGap = async (pointId: string) =>
  (await park.intervals(pointId)).filter(([ms]) => ms >= FROM && ms < TO);
const total = (rows: Awaited<ReturnType<typeof inGap>>) =>
  rows.reduce((all, [, quantity]) => all + Number(quantity ?? 0), 0);

describe('an estimate by like days', () => {
  it('keeps the total of the registers, costs what was foreseen, and is undone without a trace', async () => {
    const { pointId, accountId } = of(gapped);
    const linear = await inGap(pointId);
    const before = await park.charged(accountId);
    const body = { pointId, ...range, method: 'like-day', reason: 'gateway was off' };
    const proposed = await post(first, '/interval-edits', body);
    expect(proposed).toMatchObject({
      status: 201,
      body: { state: 'waiting', needsApproval: true, approval: 'no-price', confidence: 100 },
    });
    const { id } = proposed.body;
    expect(await inGap(pointId)).toEqual(linear);
    const own = await post(first, `/interval-edits/${id}/decision`, {
      ...{ decision: 'approve', reason: 'mine' },
    });
    expect(own).toMatchObject({ status: 403, body: { code: 'own-approval' } });
    // Nor by a key of the same person's.
    const byKey = await post(park.as('first', '7'), `/interval-edits/${id}/decision`, {
      ...{ decision: 'approve', reason: 'mine' },
    });
    expect(byKey).toMatchObject({ status: 403, body: { code: 'own-approval' } });
    const effect = await (second as Ask)('GET', `/interval-edits/${id}/effect`);
    // Linear put half of it where it is dear, the like days put more there.
    expect(Number(effect.body.total.amount)).toBeGreaterThan(0);
    const approved = await post(second, `/interval-edits/${id}/decision`, {
      ...{ decision: 'approve', reason: 'as on other Tuesdays' },
    });
    expect(approved.body).toMatchObject({ state: 'approved', decidedBy: 'second' });
    await park.work();
    const rows = await inGap(pointId);
    expect(new Set(rows.map(([, , quality]) => quality))).toEqual(new Set(['estimated:like-day']));
    expect(rows.map(([, quantity]) => quantity)).toEqual(rows.map(([ms]) => used(ms)));
    expect(total(rows)).toBe(total(linear));
    const minor = Math.round(Number(effect.body.total.amount) * 100);
    expect((await park.charged(accountId)) - before).toBe(minor);
    // Built anew from the beginning, it stays.
    await park.owner.query('UPDATE interval_marks SET built_to = $1 WHERE point_id = $2', [
      ...[new Date(T), pointId],
    ]);
    await park.work();
    expect(await inGap(pointId)).toEqual(rows);
    await post(first, `/interval-edits/${id}/decision`, { decision: 'take-back', reason: 'wrong' });
    await park.work();
    expect((await inGap(pointId)).map((r) => r.slice(0, 3))).toEqual(
      linear.map((r) => r.slice(0, 3)),
    );
    expect(await park.charged(accountId)).toBe(before);
    const versions = await park.intervals(pointId, 'interval_versions');
    expect(versions.filter(([ms]) => ms === FROM + HOUR)).toHaveLength(3);
  });
});

describe('an edit', () => {
  it('is refused over what was measured, without a reason, and where no meter stood', async () => {
    const { pointId } = of(edited);
    const body = { pointId, ...range, method: 'profile', reason: 'r' };
    const over = await post(first, '/interval-edits', { ...body, from: iso(FROM - HOUR) });
    expect(over).toMatchObject({ status: 409, body: { code: 'estimate-over-measured' } });
    const without = await post(first, '/interval-edits', { ...body, reason: ' ' });
    expect(without).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    const early = await post(first, '/interval-edits', { ...body, from: iso(T - DAY), to: iso(T) });
    expect(early).toMatchObject({ status: 400 });
    const other = await post(first, '/interval-edits', { ...body, quantity: 1 });
    expect(other.body.detail).toMatch(/registers on both sides say/);
  });

  it('of the same quarter-hours by two people at once is one of theirs', async () => {
    const { pointId, accountId } = of(edited);
    const body = { pointId, ...range, method: 'set', quantity: 4_000, reason: 'counted by hand' };
    const answers = await Promise.all([
      post(first, '/interval-edits', body),
      post(second, '/interval-edits', { ...body, from: iso(TO - HOUR) }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({ code: 'conflict' });
    const made = answers.find(({ status }) => status === 201)?.body;
    const mine = made.proposedBy === 'first' ? first : second;
    expect(made).toMatchObject({ energyAfter: 4_000, state: 'waiting' });
    const before = await park.charged(accountId);
    await post(mine, `/interval-edits/${made.id}/decision`, { decision: 'withdraw', reason: 'no' });
    await park.work();
    expect(await park.charged(accountId)).toBe(before);
    expect(await post(mine, '/interval-edits', body)).toMatchObject({ status: 201 });
  });

  it('of less money than the project’s amount needs nobody else', async () => {
    const { pointId, accountId } = of(priced);
    await park.owner.query('INSERT INTO point_prices VALUES ($1, $2, 1, $3)', [
      ...[park.projectId, pointId, new Date(NOW)],
    ]);
    const body = { pointId, ...range, method: 'set', reason: 'counted by hand' };
    const small = { ...body, quantity: total(await inGap(pointId)) + 1_000 };
    const tried = await post(first, '/interval-previews', { act: 'edit-intervals', with: small });
    expect(tried.body).toMatchObject({
      edit: { approval: null, confidence: 100, energyAfter: small.quantity },
      points: [{ pointId, energyAfter: small.quantity, energyBefore: small.quantity - 1_000 }],
    });
    const dear = { ...small, quantity: 4_000_000 };
    const asked = await post(first, '/interval-previews', { act: 'edit-intervals', with: dear });
    expect(asked.body.edit).toMatchObject({ approval: 'amount' });
    const { body: none } = await (first as Ask)('GET', `/interval-edits?pointId=${pointId}`);
    expect(none.data).toEqual([]);
    const effect = await (first as Ask)('GET', `/interval-previews/${tried.body.id}/effect`);
    const before = await park.charged(accountId);
    const made = await post(first, '/interval-edits', small);
    expect(made.body).toMatchObject({
      needsApproval: false,
      state: 'approved',
      decidedBy: 'first',
    });
    await park.work();
    const rows = await inGap(pointId);
    expect(total(rows)).toBe(small.quantity);
    const minor = Math.round(Number(effect.body.total.amount) * 100);
    expect(minor).toBeGreaterThan(0);
    expect((await park.charged(accountId)) - before).toBe(minor);
    expect(new Set(rows.map(([, , quality]) => quality))).toEqual(new Set(['edited']));
    // Each small by itself, together not: the amount is 50.00, at 1.00 a kWh.
    const day = (n: number) => ({ from: iso(T + n * DAY), to: iso(T + n * DAY + HOUR) });
    const more = { ...body, ...day(13), quantity: 30_000 };
    expect((await post(first, '/interval-edits', more)).body.approval).toBeNull();
    const next = { ...more, ...day(14) };
    const split = await post(first, '/interval-previews', { act: 'edit-intervals', with: next });
    expect(split.body.edit).toMatchObject({ approval: 'amount' });
    const others = await post(second, '/interval-previews', { act: 'edit-intervals', with: next });
    expect(others.body.edit).toMatchObject({ approval: null });
  });
});

describe('what comes after all', () => {
  const deliver = async ({ meterId }: Shop, samples: typeof truth) => {
    await park.say(meterId, samples);
    const rows = samples.map(({ ms: atMs }) => ({ projectId: park.projectId, meterId, atMs }));
    await lateMarker(park.db)(rows as unknown as Parameters<ReturnType<typeof lateMarker>>[0]);
    await park.work();
  };
  const stateOf = async ({ pointId }: Shop) => {
    const { body } = await (first as Ask)('GET', `/interval-edits?pointId=${pointId}`);
    return body.data.map((e: { state: string; decidedBy: string }) => [e.state, e.decidedBy]);
  };

  it('takes the place of an estimate, which says so', async () => {
    const shop = of(overtaken);
    const body = { pointId: shop.pointId, ...range, method: 'profile', reason: 'off' };
    const { id } = (await post(first, '/interval-edits', body)).body;
    await post(second, `/interval-edits/${id}/decision`, { decision: 'approve', reason: 'yes' });
    await park.work();
    expect((await inGap(shop.pointId)).every(([, , q]) => q === 'estimated:profile')).toBe(true);
    await deliver(shop, gap.slice(0, 8));
    const rows = await inGap(shop.pointId);
    expect(
      rows.slice(0, 8).every(([ms, q, quality]) => q === used(ms) && quality === 'measured'),
    ).toBe(true);
    expect(rows.at(-1)?.[2]).toBe('estimated:linear');
    expect(total(rows)).toBe(wholeOf(FROM, TO));
    expect(await stateOf(shop)).toEqual([['taken-back', 'system']]);
  });

  it('settles days anew that were estimated because no register came for days', async () => {
    const shop = of(silent);
    const before = await park.charged(shop.accountId);
    const { db, questdb } = park;
    // One that cannot be estimated is the first in line: it is looked at, and then the next has its turn.
    const one = { lookedAt: new Map<string, number>(), limits: { estimated: 1, lookedAt: 1 } };
    const run = () => estimateWaiting({ db, questdb, clock: () => park.clock.now, ...one });
    expect(await run()).toBe(0);
    expect([...one.lookedAt.keys()]).toEqual([`${park.projectId}/${of(hopeless).pointId}`]);
    expect(await run()).toBe(1);
    expect(await estimateWaiting({ db, questdb, clock: () => park.clock.now })).toBe(0);
    await park.work();
    const guessed = await park.charged(shop.accountId);
    expect(guessed).toBeGreaterThan(before);
    const rows = await park.intervals(shop.pointId);
    // Three days are waited for, and the day that has begun.
    expect(rows.filter(([, , q]) => q === 'estimated:profile')).toHaveLength(3 * 96);
    const { rows: waits } = await park.owner.query(
      'SELECT local_day FROM settlement_waits WHERE scope_id = $1',
      [shop.pointId],
    );
    expect(waits).toHaveLength(3);
    await deliver(shop, silence);
    const real = await park.intervals(shop.pointId);
    expect(real.every(([ms, q, quality]) => quality === 'measured' && q === used(ms))).toBe(true);
    expect(await park.charged(shop.accountId)).not.toBe(guessed);
    expect(await stateOf(shop)).toEqual([['taken-back', 'system']]);
  });
});

describe('a register that stands still for two days while the others move', () => {
  it('is billed nothing, is not estimated, and is told', async () => {
    const { pointId } = of(stuck);
    const rows = (await park.intervals(pointId)).filter(([ms]) => ms >= STUCK);
    expect(rows.length).toBeGreaterThanOrEqual(2 * 96);
    expect(new Set(rows.map(([, wh, quality]) => `${wh}/${quality}`))).toEqual(
      new Set(['0/measured']),
    );
    const { rows: days } = await park.owner.query(
      `SELECT quantity, estimated_slots, missing_slots FROM settlements
       WHERE scope_id = $1 AND local_day >= '2026-11-18' ORDER BY local_day`,
      [pointId],
    );
    expect(days).toEqual(
      [0, 1].map(() => ({ quantity: '0', estimated_slots: 0, missing_slots: 0 })),
    );
    for (let run = 0; run < 2; run++) await runQuality(park.deps);
    const { body } = await (first as Ask)('GET', `/exceptions?limit=1000&pointId=${pointId}`);
    const told = (body.data as { rule: string; from: string; energyAtStake: number }[])
      .filter(({ rule }) => rule === 'stuck')
      .map(({ from, energyAtStake }) => [from.slice(0, 10), energyAtStake]);
    // By local days, at 0.8 kW, from the first reading to the last; today is told of too.
    expect(told).toContainEqual([iso(STUCK).slice(0, 10), 19_000]);
    expect(told).toContainEqual([iso(STUCK + DAY).slice(0, 10), 19_000]);
    const edits = await (first as Ask)('GET', `/interval-edits?pointId=${pointId}`);
    expect(edits.body.data).toEqual([]);
  });
});

describe('estimating', () => {
  it.each([
    [[1, 1, 1], 10, [3, 4, 3]],
    [[0, 0], 5, [3, 2]],
    [[1, 2, 3], 6, [1, 2, 3]],
    [[5], 0, [0]],
    [[0.1, 0.1, 0.1, 0.1], 1, [0, 1, 0, 0]],
  ])('parts by weights %j a total of %i into %j', (weights, whole, parts) => {
    expect(spread(weights, whole)).toEqual(parts);
  });

  it('believes a line less the longer it is, and history less the more it spreads', () => {
    const slots = Array.from({ length: 24 }, (_, i) => ({
      ...{ startMs: T + i * SLOT, localDay: 20261102, localSlot: i },
    }));
    const around = [10, 10] as const;
    expect(estimate('linear', { slots, history: [], total: null, around }).confidence).toBe(50);
    expect(estimate('linear', { slots, history: [], total: 5, around }).confidence).toBe(75);
    const history = (spreads: number) =>
      [2, 3, 4].flatMap((day, d) =>
        slots.map((s) => ({ ...s, localDay: 20261100 + day, quantity: 10 + (d - 1) * spreads })),
      );
    const confidenceOf = (spreads: number) =>
      estimate('profile', { slots, history: history(spreads), total: null, around }).confidence;
    expect(confidenceOf(0)).toBe(100);
    expect(confidenceOf(8)).toBeLessThan(confidenceOf(4));
    const none = estimate('like-day', { slots, history: [], total: 48, around });
    expect(none).toEqual({ quantities: Array(24).fill(2), confidence: 50 });
  });
});
