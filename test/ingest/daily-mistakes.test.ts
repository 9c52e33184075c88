/** The daily mistakes of the trade, each put right through the API in a few steps, with a preview. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lateMarker } from '../../ingest/dirty.ts';
import { dayStart } from '../../sql/local-day.ts';
import type { Ask } from '../billing/face.ts';
import { type BilledPark, openBilledPark } from './billed-park.ts';

const STEP = 5 * 60_000;
const HOUR = 12 * STEP;
const DAY = 24 * HOUR;
const ZONE = 'Asia/Shanghai';
/** Local midnight of 2026-11-10; it is noon four days later. */
const T = dayStart(ZONE, '2026-11-10');
const NOW = T + 4 * DAY + 12 * HOUR;
const iso = (ms: number) => new Date(ms).toISOString();
/** Wh in one step of a shop that uses the same all day: 288 steps a day. */
const A_DAY = 288;

let park: BilledPark;
let ask: Ask;
/** Each story's shops and readings are entered before the first is told: built and settled once. */
const begins: (() => Promise<void>)[] = [];
beforeAll(async () => {
  park = await openBilledPark({ nowMs: NOW });
  ask = park.as('energy-manager');
  for (const begin of begins) await begin();
  await park.work();
});
type Shop = Awaited<ReturnType<BilledPark['shop']>>;
/** Readings of a shop, there from the beginning. */
function shopOf(
  samples: (
    shop: Shop,
  ) =>
    | Promise<readonly { ms: number; register: number }[]>
    | readonly { ms: number; register: number }[],
  { from = T, ...more }: { from?: number; ct?: number; first_register?: number } = {},
): Shop {
  const shop: Shop = { pointId: '', meterId: '', installationId: '', accountId: '' };
  begins.push(async () => {
    Object.assign(shop, await park.shop(from, more));
    await park.say(shop.meterId, await samples(shop));
  });
  return shop;
}
afterAll(() => park.close());

/** Readings every five minutes of a register that grows by `wh` with each. */
const line = (fromMs: number, untilMs: number, wh: number, begin = 100_000, origin = T) =>
  Array.from({ length: (untilMs - fromMs) / STEP }, (_, i) => {
    const ms = fromMs + i * STEP;
    return { ms, register: begin + ((ms - origin) / STEP) * wh };
  });
const made = async (path: string, body: unknown) => {
  const answer = await ask('POST', path, body);
  if (answer.status !== 201) throw new Error(`POST ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
};
/** Tries an act, does it, settles; what was foreseen must be what has come of it. */
async function correct(act: { act: string; [key: string]: unknown }, path: string) {
  const preview = await made('/interval-previews', act);
  const before = new Map<string, number>();
  for (const { pointId } of preview.points) before.set(pointId, await total(pointId));
  const effect = await ask('GET', `/interval-previews/${preview.id}/effect`);
  const chargedBefore = await chargedByAll();
  await made(path, act.with);
  await park.work();
  const minor = Math.round(Number(effect.body.total.amount) * 100);
  expect((await chargedByAll()) - chargedBefore).toBe(minor);
  for (const { pointId, energyBefore, energyAfter } of preview.points) {
    expect(await total(pointId)).toBe((before.get(pointId) ?? 0) + energyAfter - energyBefore);
  }
  return preview;
}
/** Takes the newest change of a point's installations back; it costs what was foreseen, and all is as it was. */
async function takeBack(pointId: string) {
  const changesOf = async () =>
    (await ask('GET', `/installation-changes?pointId=${pointId}`)).body.data;
  const change = (await changesOf()).at(-1);
  const path = `/installation-changes/${change.id}/withdrawals`;
  const body = { reason: 'it was the other shop' };
  await correct({ act: 'take-back', changeId: change.id, with: body }, path);
  expect(await ask('POST', path, body)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  expect((await changesOf()).at(-1)).toMatchObject({
    ...{ madeBy: 'energy-manager', withdrawnBy: 'energy-manager', withdrawalReason: body.reason },
  });
  return change;
}
const installedAt = async (pointId: string) =>
  (await ask('GET', `/installations?pointId=${pointId}`)).body.data;
const chargedByAll = async () => {
  const { rows } = await park.owner.query<{ sum: string }>(
    'SELECT sum(posted_minor)::text AS sum FROM posted_totals WHERE project_id = $1',
    [park.projectId],
  );
  return Number(rows[0]?.sum);
};
const total = async (pointId: string) =>
  (await park.intervals(pointId)).reduce((sum, [, quantity]) => sum + Number(quantity ?? 0), 0);

const noted = { first_register: 100_000 };

describe('a wrong ratio for a time', () => {
  const shop = shopOf(() => line(T, NOW, 10), { ...noted, ct: 40 });
  const short = shopOf(() => line(T + HOUR, T + DAY, 10), { from: T + HOUR });

  it('is corrected over its dates, and the difference is charged', async () => {
    const { installationId, accountId } = shop;
    expect(await park.charged(accountId)).toBe(4 * A_DAY * 10 * 40 * 0.1);
    const body = { from: iso(T + DAY), to: iso(T + 3 * DAY), ct: 60, reason: 'CT plate says 60' };
    const installed = await installedAt(shop.pointId);
    const preview = await correct(
      { act: 'correct-ratio', installationId, with: body },
      `/installations/${installationId}/ratios`,
    );
    expect(preview.points).toMatchObject([{ slots: 2 * 96, energyBefore: 2 * A_DAY * 400 }]);
    expect(await park.charged(accountId)).toBe((2 * 40 + 2 * 60) * A_DAY * 10 * 0.1);
    // Three parts now; corrected once more, the first correction is no longer the newest.
    const [, middle] = await installedAt(shop.pointId);
    const again = { from: iso(T + 2 * DAY), to: iso(T + 3 * DAY), ct: 50, reason: 'second plate' };
    await made(`/installations/${middle.id}/ratios`, again);
    const { body: changes } = await ask('GET', `/installation-changes?pointId=${shop.pointId}`);
    const first = `/installation-changes/${changes.data[0].id}/withdrawals`;
    expect(await ask('POST', first, { reason: 'r' })).toMatchObject({
      ...{ status: 409, body: { code: 'conflict' } },
    });
    await park.work();
    await takeBack(shop.pointId);
    await made(first, { reason: 'the first plate was right' });
    await park.work();
    expect(await park.charged(accountId)).toBe(4 * A_DAY * 10 * 40 * 0.1);
    expect(await installedAt(shop.pointId)).toEqual(installed);
  });

  it('is refused where no reading tells the register, and outside of the installation', async () => {
    const path = `/installations/${short.installationId}/ratios`;
    const late = { from: iso(T + 2 * DAY), ct: 60, reason: 'r' };
    expect(await ask('POST', path, late)).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    const early = { ...late, from: iso(T) };
    expect(await ask('POST', path, early)).toMatchObject({ status: 400 });
    const crooked = { ...late, from: iso(T + 2 * HOUR + 1000) };
    expect(await ask('POST', path, crooked)).toMatchObject({ status: 400 });
  });
});

describe('two shops whose meters are swapped', () => {
  const pairs = [0, 1].map((day) => ({
    day,
    a: shopOf(() => line(T, NOW, 20)),
    b: shopOf(() => line(T, NOW, 50, 700_000)),
  }));

  it.each(pairs)('from day $day on, pay for their own', async ({ day, a, b }) => {
    const body = { pointIds: [a.pointId, b.pointId], from: iso(T + day * DAY), reason: 'mixed up' };
    const installed = [await installedAt(a.pointId), await installedAt(b.pointId)];
    await correct({ act: 'swap-meters', with: body }, '/installation-swaps');
    expect(await park.charged(a.accountId)).toBe((day * 20 + (4 - day) * 50) * A_DAY * 0.1);
    expect(await park.charged(b.accountId)).toBe((day * 50 + (4 - day) * 20) * A_DAY * 0.1);
    if (day === 0) return;
    expect(await takeBack(b.pointId)).toMatchObject({ kind: 'swap', reason: 'mixed up' });
    expect(await park.charged(a.accountId)).toBe(4 * 20 * A_DAY * 0.1);
    expect(await park.charged(b.accountId)).toBe(4 * 50 * A_DAY * 0.1);
    expect([await installedAt(a.pointId), await installedAt(b.pointId)]).toEqual(installed);
  });
});

describe('a meter that is replaced', () => {
  const at = T + DAY + 10 * HOUR + 7 * 60_000;
  const near = T + DAY + 10 * HOUR;
  const registerAt = (ms: number) => 100_000 + Math.round(((ms - T) / STEP) * 10);
  const fresh = { overlapping: '', late: '', both: '', pause: '' };
  const withNew = (name: keyof typeof fresh, begin: number, oldUntil: number, wh = 10) =>
    shopOf(async () => {
      fresh[name] = await park.meter();
      await park.say(fresh[name], line(begin, NOW, wh, 500, begin));
      return line(T, oldUntil, 10);
    }, noted);
  // Both were there for an hour: what they say then must not be counted twice.
  const overlapping = withNew('overlapping', near - HOUR, near + HOUR);
  const late = withNew('late', near + 2 * HOUR, near);
  const both = withNew('both', near, near + 3 * HOUR, 20);
  const pause = withNew('pause', near + 5 * HOUR, near);
  const replace = async (shop: Shop, body: object) => {
    const act = { act: 'replace-meter', pointId: shop.pointId, with: { reason: 'due', ...body } };
    return correct(act, `/points/${shop.pointId}/replacements`);
  };

  it('while the old one still counted: each counts to the same instant', async () => {
    await replace(overlapping, { at: iso(near), meterId: fresh.overlapping });
    expect(await park.charged(overlapping.accountId)).toBe(4 * A_DAY);
  });

  it('two hours before the new one spoke: in between nothing was counted', async () => {
    const noted = { lastRegister: registerAt(near), firstRegister: 500 };
    await replace(late, { at: iso(near), meterId: fresh.late, ...noted });
    expect(await park.charged(late.accountId)).toBe(4 * A_DAY - 24);
  });

  it('with both in place for three hours: the old one counts until it is removed', async () => {
    const { pointId, accountId } = both;
    const installed = await installedAt(pointId);
    const removed = at + 2 * HOUR;
    // What the display showed when it was put in, seven minutes after it first spoke at 500.
    const registers = { lastRegister: registerAt(removed), firstRegister: 528 };
    const dates = { at: iso(at), removedAt: iso(removed), meterId: fresh.both };
    await replace(both, { ...dates, ...registers });
    // The old one 10 a step until then, the new one 20 from then on.
    const steps = (T + 4 * DAY - removed) / STEP;
    expect(await park.charged(accountId)).toBe(Math.round((4 * A_DAY * 10 + steps * 10) * 0.1));
    const [old, next] = await installedAt(pointId);
    expect([old.to, next.from]).toEqual([iso(removed), iso(removed)]);
    expect([old.lastRegister, next.firstRegister]).toEqual([registerAt(removed), 1008]);
    expect(await takeBack(pointId)).toMatchObject({ kind: 'replacement', reason: 'due' });
    expect(await installedAt(pointId)).toEqual(installed);
    const { rows } = await park.owner.query(
      "SELECT action, actor_name, detail ->> 'reason' AS reason FROM audit WHERE subject_id = ANY($1) ORDER BY id",
      [[old.id, next.id]],
    );
    expect(rows.map((r) => [r.action, r.actor_name, r.reason])).toEqual([
      ['installation.ended', 'Name of energy-manager', 'due'],
      ['installation.created', 'Name of energy-manager', 'due'],
      ['installation.change-taken-back', 'Name of energy-manager', 'it was the other shop'],
    ]);
  });

  it('by one that is entered with it, read at the old one’s place on the line', async () => {
    const { pointId } = late;
    const [, { meterId: oldId }] = await installedAt(pointId);
    const path = `/points/${pointId}/replacements`;
    const of = { at: iso(near + DAY), lastRegister: 900, firstRegister: 0, reason: 'blind' };
    const both = { ...of, meterId: fresh.pause, newMeter: { serial: 'NEW-7' } };
    expect((await ask('POST', path, both)).body.detail).toMatch(
      /json\/meterId: name the new meter/,
    );
    const takes = { ...of, newMeter: { serial: 'NEW-7' }, takesPlace: true };
    // It hangs on no line: there is nothing to take over.
    expect((await ask('POST', path, takes)).body.code).toBe('conflict');
    const { body: gateway } = await ask('POST', '/gateways', { name: 'Box' });
    const { body: bus } = await ask('POST', `/gateways/${gateway.id}/buses`, {
      ...{ name: 'Bus 1', framing: 'tcp', host: '127.0.0.1', port: 1502 },
    });
    await ask('PATCH', `/meters/${oldId}`, { busId: bus.id, unit: 9 });
    const { status, body } = await ask('POST', path, takes);
    expect(status).toBe(201);
    const [was, is] = await Promise.all(
      [oldId, body.meterId].map((id) => ask('GET', `/meters/${id}`)),
    );
    expect(was?.body).toMatchObject({ busId: null, unit: null });
    expect(is?.body).toMatchObject({ serial: 'NEW-7', busId: bus.id, unit: 9, pointId });
  });

  it('with a pause between: it is estimated, and the registers say the total', async () => {
    const { pointId } = pause;
    const [spoke, placed] = [near + 5 * HOUR, near + 5 * HOUR - 7 * 60_000];
    const dates = { at: iso(placed), removedAt: iso(near), meterId: fresh.pause };
    const path = `/points/${pointId}/replacements`;
    const unknown = await ask('POST', path, { ...dates, reason: 'due' });
    expect(unknown.body.detail).toMatch(/json\/firstRegister: with a pause/);
    const without = await ask('POST', path, { ...dates, reason: ' ' });
    expect(without.body.detail).toMatch(/json\/reason/);
    const before = await park.intervals(pointId);
    await replace(pause, { ...dates, lastRegister: registerAt(near), firstRegister: 480 });
    const rows = await park.intervals(pointId);
    const within = rows.filter(([ms]) => ms >= near && ms + 3 * STEP <= placed);
    expect(new Set(within.map(([, quantity, quality]) => `${quantity}/${quality}`))).toEqual(
      new Set(['0/estimated:linear']),
    );
    const end = (rows.at(-1)?.[0] as number) + 3 * STEP;
    const newest = 500 + ((end - spoke) / STEP) * 10;
    expect(await total(pointId)).toBe(registerAt(near) - 100_000 + (newest - 480));
    await takeBack(pointId);
    expect((await park.intervals(pointId)).map((r) => r.slice(0, 3))).toEqual(
      before.map((r) => r.slice(0, 3)),
    );
    const { body } = await ask('GET', `/manual-readings?meterId=${fresh.pause}`);
    expect(body.data).toMatchObject([{ register: 480, withdrawnAt: expect.any(String) }]);
  });
});

describe('a register that rolled over', () => {
  const span = 2 ** 32 * 10;
  const shop = shopOf(() =>
    line(T, NOW, 10, span - 3000).map((s) => ({ ...s, register: s.register % span })),
  );

  it('is billed on, and told', async () => {
    expect(await park.charged(shop.accountId)).toBe(4 * A_DAY);
    const { rows } = await park.owner.query(
      "SELECT FROM events WHERE kind = 'register.rolled-over' AND subject_id = $1",
      [shop.meterId],
    );
    expect(rows).toHaveLength(1);
  });
});

describe('a gateway silent for three days that then delivers all', () => {
  const uneven = line(T, NOW, 10).map(({ ms, register }) => ({
    ms,
    register: register + (new Date(ms).getUTCHours() % 7),
  }));
  const buffered = uneven.filter(({ ms }) => ms >= T + HOUR && ms < T + 3 * DAY + HOUR);
  const shop = shopOf(() => uneven.filter((s) => !buffered.includes(s)), noted);

  it('leaves the same charges as if it had never been silent', async () => {
    const { pointId, meterId, accountId } = shop;
    const bridged = await park.intervals(pointId);
    expect(bridged.filter(([, , quality]) => quality === 'estimated:linear')).toHaveLength(289);
    expect(await park.charged(accountId)).toBe(4 * A_DAY);
    const { projectId } = park;
    await park.say(meterId, buffered);
    const rows = buffered.map(({ ms: atMs }) => ({ projectId, meterId, atMs }));
    await lateMarker(park.db)(rows as unknown as Parameters<ReturnType<typeof lateMarker>>[0]);
    await park.work();
    const full = await park.intervals(pointId);
    expect(full.every(([, , quality]) => quality === 'measured')).toBe(true);
    expect(await park.charged(accountId)).toBe(4 * A_DAY);
  });
});

describe('a gateway that sends another value for an instant that is billed', () => {
  const shop = shopOf(() => line(T, NOW, 10), noted);
  const at = T + DAY + STEP;

  it('is told as a conflict, and the ledger stays as it is', async () => {
    const { pointId, meterId } = shop;
    const { projectId } = park;
    const ledger = async () => {
      const { rows } = await park.owner.query(
        `SELECT count(*)::text AS transactions, (SELECT count(*)::text FROM entries WHERE project_id = $1)
           AS entries, (SELECT count(*)::text FROM settlements WHERE project_id = $1) AS settlements
         FROM transactions WHERE project_id = $1`,
        [projectId],
      );
      return rows;
    };
    const [before, intervals] = [await ledger(), await park.intervals(pointId)];
    await park.say(meterId, [{ ms: at, register: 100_000 }]);
    const forged = [{ projectId, meterId, atMs: at }];
    await lateMarker(park.db)(forged as unknown as Parameters<ReturnType<typeof lateMarker>>[0]);
    await park.work();
    const { body } = await ask('GET', `/exceptions?pointId=${pointId}&rule=conflict`);
    expect(
      body.data.map((e: { detail: { register: number } }) => e.detail.register).sort(),
    ).toEqual([100_000, 100_000 + A_DAY * 10 + 10]);
    expect(await park.intervals(pointId)).toEqual(intervals);
    expect(await ledger()).toEqual(before);
  });
});

describe('a meter that was read by hand', () => {
  const shop = shopOf(() => line(T, T + 2 * DAY + 6 * HOUR, 10), noted);

  it('is charged to the last unit, and no more once the reading is withdrawn', async () => {
    const { pointId, meterId, accountId } = shop;
    expect(await park.charged(accountId)).toBe(2 * A_DAY);
    const body = {
      meterId,
      at: iso(NOW - HOUR),
      register: 115_000,
      reason: 'display read on site',
    };
    await correct({ act: 'read-by-hand', with: body }, '/manual-readings');
    const rows = await park.intervals(pointId);
    expect(await total(pointId)).toBe(15_000);
    expect(rows.at(3 * 96)?.[2]).toBe('estimated:linear');
    expect(rows.at(-1)?.[2]).toBe('missing');
    const again = await ask('POST', '/manual-readings', body);
    expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const future = { ...body, at: iso(NOW + HOUR) };
    expect(await ask('POST', '/manual-readings', future)).toMatchObject({ status: 400 });
    const { body: list } = await ask('GET', `/manual-readings?meterId=${meterId}`);
    expect(list.data).toMatchObject([{ register: 115_000, readBy: 'energy-manager' }]);
    // A minute later: what is known when tells what a settlement knew.
    park.clock.now = new Date(NOW + 60_000);
    await made(`/manual-readings/${list.data[0].id}/withdrawals`, { reason: 'wrong meter' });
    await park.work();
    expect(await total(pointId)).toBe((2 * 96 + 23) * 30);
    // What stood on it stays charged until a register comes, and says so: its days wait, and are explained as changed.
    const { body: waits } = await ask('GET', '/settlement-waits');
    expect(
      waits.data.flatMap((w: { pointId: string; localDay: string }) =>
        w.pointId === pointId ? [w.localDay] : [],
      ),
    ).toEqual(['2026-11-12', '2026-11-13']);
    const { rows: settled } = await park.owner.query<{ id: string }>(
      "SELECT id::text FROM settlements WHERE scope_id = $1 AND local_day = '2026-11-12'",
      [pointId],
    );
    const { body: explained } = await ask('GET', `/settlements/${settled[0]?.id}/explain`);
    expect(explained.agrees).toBe(false);
    expect(new Set(explained.differences.map((d: { reason: string }) => d.reason))).toEqual(
      new Set(['changed-since']),
    );
  });
});

describe('a clock that was an hour off', () => {
  // Ten by day, a hundred in the hour before noon.
  const used = (ms: number) => (Math.floor((ms - T) / HOUR) % 24 === 11 ? 100 : 10);
  let register = 100_000;
  const truth = line(T, NOW, 0).map(({ ms }) => {
    const sample = { ms, register };
    register += used(ms);
    return sample;
  });
  // It was an hour slow for a day; where it was set right, an hour is missing.
  const [from, to] = [T + DAY, T + 2 * DAY];
  const slow = truth
    .filter(({ ms }) => ms < from || ms >= to || ms >= from + HOUR)
    .map((s) => (s.ms >= from + HOUR && s.ms < to ? { ...s, ms: s.ms - HOUR } : s));
  const [right, wrong] = [shopOf(() => truth), shopOf(() => slow)];

  it('is set right for its time, and everything lies where it was used', async () => {
    const rowsOf = async (id: string) => (await park.intervals(id)).map((r) => r.slice(0, 2));
    const expected = await rowsOf(right.pointId);
    expect(await rowsOf(wrong.pointId)).not.toEqual(expected);
    const body = {
      ...{ kind: 'clock', meterId: wrong.meterId, shiftS: 3600, reason: 'an hour slow' },
      ...{ from: iso(from), to: iso(to - HOUR) },
    };
    await correct({ act: 'correct-meter', with: body }, '/meter-corrections');
    expect(await rowsOf(wrong.pointId)).toEqual(expected);
  });
});

describe('a meter that was proven four per cent fast', () => {
  const shop = shopOf(() => line(T, NOW, 10), noted);

  it('is corrected for the later half of the time, each quarter-hour rounded by itself', async () => {
    const { pointId, meterId, accountId } = shop;
    const body = {
      ...{ kind: 'error', meterId, errorPercent: 4, sinceProven: iso(T) },
      ...{ to: iso(T + 4 * DAY), reason: 'proven on the bench' },
    };
    const preview = await correct({ act: 'correct-meter', with: body }, '/meter-corrections');
    expect(preview.points).toMatchObject([{ slots: 2 * 96, from: iso(T + 2 * DAY) }]);
    // 30 / 1.04 = 28.85
    const isCorrected = (ms: number) => ms >= T + 2 * DAY && ms < T + 4 * DAY;
    const rows = await park.intervals(pointId);
    expect(new Set(rows.map(([ms, quantity]) => `${isCorrected(ms)}/${quantity}`))).toEqual(
      new Set(['false/30', 'true/29']),
    );
    expect(await park.charged(accountId)).toBe(Math.round((2 * 96 * 30 + 2 * 96 * 29) * 0.1));
    const overlap = await ask('POST', '/meter-corrections', { ...body, errorPercent: -2 });
    expect(overlap).toMatchObject({ status: 409, body: { code: 'overlap' } });
    const { body: list } = await ask('GET', `/meter-corrections?meterId=${meterId}`);
    expect(list.data).toMatchObject([
      { errorPercent: 4, from: iso(T + 2 * DAY), withdrawnAt: null },
    ]);
    await made(`/meter-corrections/${list.data[0].id}/withdrawals`, { reason: 'the bench erred' });
    await park.work();
    expect(await park.charged(accountId)).toBe(4 * A_DAY);
  });
});
