/** The rules of quality: each sees its fault and nothing else, prices it, and lets go when it is over. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settleDue } from '../../billing/settle.ts';
import { writePrices, writeStakes } from '../../billing/stakes.ts';
import { runQuality } from '../../ingest/quality.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { addDays, dayNumber, dayStart, type LocalDay } from '../../sql/local-day.ts';
import type { Ask } from '../billing/face.ts';
import { type BilledPark, openBilledPark } from './billed-park.ts';

const SLOT = 15 * 60_000;
const HOUR = 4 * SLOT;
const ZONE = 'Asia/Shanghai';
const DAY: LocalDay = '2026-11-10';
const T = dayStart(ZONE, DAY);
const NOW = T + 25 * HOUR;
/** What every point uses in a quarter-hour, Wh. */
const USUAL = 100;

let park: BilledPark;
let ask: Ask;
type Shop = Awaited<ReturnType<BilledPark['shop']>>;
const shops = new Map<string, Shop>();
const codes = new Map<string, string>();

type Channels = Record<string, number>;
/** What a fault looks like: quarter-hours of the day, and samples every five minutes of some hours. */
interface Story {
  quantity?: (slot: number) => number | null;
  reverse?: (slot: number) => number;
  samples?: [fromHour: number, toHour: number, (step: number) => Channels];
  clockS?: number;
  install?: Record<string, unknown>;
}
const three = (name: string, unit: string, [a, b, c]: [number, number, number]): Channels => ({
  ...{ [`${name}_a_${unit}`]: a, [`${name}_b_${unit}`]: b, [`${name}_c_${unit}`]: c },
});
const stories: Record<string, Story> = {
  rating: {
    quantity: (slot) => (slot === 40 ? 20_000 : USUAL),
    install: { rated_per_hour: 52_800 },
  },
  spike: { quantity: (slot) => (slot === 50 ? 2_000 : USUAL) },
  negative: { reverse: (slot) => (slot < 6 ? 100 : 0) },
  stuck: { samples: [2, 6, () => ({ active_wh: 5_000, power_w: 1_000 })] },
  flat: { quantity: () => 0 },
  tou: {
    samples: [
      ...([0, 24] as const),
      (step) => ({
        ...{ active_wh: step * 40, active_spike_wh: 0, active_peak_wh: step * 20 },
        ...{ active_flat_wh: step * 10, active_valley_wh: step * 5 },
      }),
    ],
  },
  clock: { samples: [0, 2, (step) => ({ active_wh: step * 10 })], clockS: 600 },
  phase: {
    samples: [
      ...([3, 5] as const),
      (step) => ({
        ...{ active_wh: step * 250, power_w: 3_000, ...three('voltage', 'v', [230, 0.5, 231]) },
      }),
    ],
  },
  'reversed-ct': {
    samples: [
      ...([3, 5] as const),
      (step) => ({ active_wh: step * 130, ...three('power', 'w', [1_000, -400, 1_000]) }),
    ],
  },
  imbalance: {
    samples: [3, 5, (step) => ({ active_wh: step * 130, ...three('current', 'a', [30, 5, 5]) })],
  },
  'open-relay': {
    samples: [3, 4, (step) => ({ active_wh: step * 10, power_w: 100, status_a: 16 })],
  },
  gap: { quantity: (slot) => (slot >= 30 && slot < 40 ? null : USUAL) },
  ratio: {
    samples: [1, 2, (step) => ({ active_wh: step * 10, ct: 60, pt: 1 })],
    install: { ct: 40 },
  },
  'main-sub': { quantity: () => 2 * USUAL },
  part: {},
};

async function tell(shop: Shop, { quantity, reverse, samples, clockS }: Story) {
  const { projectId } = park;
  const lines: string[] = [];
  for (let back = 7; back >= 0; back--) {
    const day = addDays(DAY, -back);
    for (let slot = 0; slot < 96; slot++) {
      const wh = back === 0 && quantity ? quantity(slot) : USUAL;
      const value = wh === null ? '' : `quantity=${wh}i,`;
      const back_wh = back === 0 && reverse ? reverse(slot) : 0;
      lines.push(
        `intervals,project=${projectId},point=${shop.pointId},quality=${wh === null ? 'missing' : 'measured'} ` +
          `local_day=${dayNumber(day)}i,local_slot=${slot}i,${value}reverse_quantity=${back_wh}i,version=1i,` +
          `known_at=${T}000t ${dayStart(ZONE, day) + slot * SLOT}000000\n`,
      );
    }
  }
  if (samples) {
    const [from, to, channelsOf] = samples;
    for (let step = from * 12; step < to * 12; step++) {
      const ms = T + (step * SLOT) / 3;
      const fields = Object.entries(channelsOf(step)).map(([name, value]) =>
        /_(v|a|w)$/.test(name) && name !== 'status_a' ? `${name}=${value}` : `${name}=${value}i`,
      );
      if (clockS) fields.push(`device_clock=${ms + clockS * 1000}000t`);
      lines.push(
        `samples,project=${projectId},meter=${shop.meterId},quality=ok digest=${step}i,${fields.join()} ${ms}000000\n`,
      );
    }
  }
  await park.questdb.write(lines.join(''));
}

beforeAll(async () => {
  park = await openBilledPark({ nowMs: NOW });
  ask = park.as('energy-manager');
  for (const [name, story] of Object.entries(stories)) {
    const shop = await park.shop(T - 7 * 24 * HOUR, story.install);
    shops.set(name, shop);
    codes.set(shop.pointId, name);
    await tell(shop, story);
  }
  await park.owner.query("UPDATE points SET role = 'building-main' WHERE id = $1", [
    shops.get('main-sub')?.pointId,
  ]);
  await park.owner.query('UPDATE points SET parent_id = $1 WHERE id = $2', [
    ...[shops.get('main-sub')?.pointId, shops.get('part')?.pointId],
  ]);
  await park.questdb.settled(['samples', 'intervals']);
});
afterAll(() => park.close());

const run = () => runQuality({ ...park.deps, folder: park.deps.folder });
const exceptions = async (query = '') => {
  const { status, body } = await ask('GET', `/exceptions?limit=1000${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.data as {
    id: string;
    rule: string;
    kind: string;
    pointId: string;
    from: string;
    energyAtStake: number | null;
    moneyAtStake: { amount: string } | null;
  }[];
};
const today = async () => (await exceptions()).filter(({ from }) => Date.parse(from) >= T);

describe('the rules', () => {
  it('each see their fault, how long and how much, and nothing else', async () => {
    for (let i = 0; i < 6; i++) if ((await run()).days === 0) break;
    const found = await today();
    expect(
      found.map((e) => [codes.get(e.pointId), e.rule, e.kind, e.energyAtStake]).sort(),
    ).toEqual(
      [
        ['clock', 'clock', 'finding', null],
        ['flat', 'flat', 'finding', 9_600],
        ['gap', 'gap', 'finding', 1_000],
        ['imbalance', 'imbalance', 'finding', null],
        ['main-sub', 'main-sub', 'finding', 9_600],
        ['negative', 'negative', 'finding', 600],
        ['open-relay', 'open-relay', 'finding', 100],
        ['phase', 'phase', 'finding', 3_000],
        ['rating', 'rating', 'finding', 6_800],
        ['rating', 'spike', 'finding', 19_900],
        ['ratio', 'ratio', 'quarantine', null],
        ['reversed-ct', 'reversed-ct', 'finding', 1_600],
        ['spike', 'spike', 'finding', 1_900],
        ['stuck', 'stuck', 'finding', 4_000 - 250],
        ['tou', 'tou', 'finding', 287 * 5],
      ].sort(),
    );
  });

  it('run again, find nothing new', async () => {
    const before = await exceptions();
    const shop = shops.get('spike') as Shop;
    await touch(shop);
    expect(await run()).toMatchObject({ days: 1, raised: 0, cleared: 0 });
    expect(await exceptions()).toEqual(before);
  });

  it('are priced by what the point pays, and the dearest comes first', async () => {
    const project = { id: park.projectId, zone: ZONE, currency: 'CNY' };
    const terms = { ...project, name: 'Park', legalEntityId: '0' };
    expect((await exceptions())[0]?.moneyAtStake).toBeNull();
    expect((await settleDue(park.settlement, project)).outcome).toBe('settled');
    await writePrices(park.postgres.db, terms, park.clock.now);
    await writeStakes(park.postgres.db, terms, park.clock.now);
    const found = await exceptions();
    const spike = found.find((e) => codes.get(e.pointId) === 'spike' && e.rule === 'spike');
    expect(spike?.moneyAtStake).toEqual({ amount: '1.90', currency: 'CNY' });
    const minors = found.map((e) => (e.moneyAtStake ? Number(e.moneyAtStake.amount) : -1));
    expect(minors).toEqual([...minors].sort((a, b) => b - a));
    // A day of the whole point, held back since.
    expect(found.find((e) => e.rule === 'ratio')?.energyAtStake).toBe(9_600);
    const pages: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await ask('GET', `/exceptions?limit=4${cursor && `&cursor=${cursor}`}`);
      pages.push(...body.data.map((e: { id: string }) => e.id));
      if (body.nextCursor === null) break;
      cursor = body.nextCursor;
    }
    expect(pages).toEqual(found.map((e) => e.id));
    expect((await ask('GET', '/exceptions?cursor=x')).status).toBe(400);
  });

  it('let go when the data no longer shows it, and keep quiet where a person has said it is in order', async () => {
    const spike = (await today()).find((e) => codes.get(e.pointId) === 'spike');
    const dismiss = { decision: 'dismiss', reason: 'a trade fair' };
    const path = `/exceptions/${spike?.id}/decision`;
    expect(await ask('POST', path, dismiss)).toMatchObject({
      status: 201,
      body: { state: 'dismissed' },
    });
    expect(await ask('POST', path, dismiss)).toMatchObject({ status: 409 });
    const mended = shops.get('negative') as Shop;
    await tell(mended, {});
    await park.questdb.settled(['intervals']);
    await touch(mended);
    expect(await run()).toMatchObject({ days: 1, raised: 0, cleared: 1 });
    const rules = (await today()).map((e) => codes.get(e.pointId));
    expect(rules).not.toContain('negative');
    expect(rules).not.toContain('spike');
    expect(await exceptions('&state=dismissed')).toMatchObject([{ id: spike?.id }]);
    const withdrawn = await exceptions('&state=withdrawn');
    expect(withdrawn.map((e) => [codes.get(e.pointId), e.rule])).toEqual([
      ['negative', 'negative'],
    ]);
    expect(await exceptions('&state=all')).toHaveLength((await exceptions()).length + 2);
  });

  it('leave a history: who, when and why, filtered as it is asked for', async () => {
    const history = async (query = '') =>
      (await ask('GET', `/exception-history?limit=1000${query}`)).body.data as {
        id: string;
        rule: string;
        decision: string;
        decidedBy: string;
        reason: string;
      }[];
    const all = await history();
    expect(all.map(({ id }) => Number(id))).toEqual(
      all.map(({ id }) => Number(id)).sort((a, b) => b - a),
    );
    expect(await history('&by=person')).toMatchObject([
      { ...{ kind: 'finding', rule: 'spike', decision: 'dismissed', reason: 'a trade fair' } },
    ]);
    expect(await history('&decision=cleared')).toMatchObject([
      { rule: 'negative', decidedBy: 'system', reason: 'the data no longer shows it' },
    ]);
    expect(await history('&kind=quarantine')).toEqual([]);
    expect(await history('&to=2020-01-01T00:00:00Z')).toEqual([]);
    const { body } = await ask('GET', '/exception-history?limit=1');
    expect(body.nextCursor).toBe(all[0]?.id);
  });
});

describe('a meter whose own ratio differs', () => {
  it('holds its point back until someone signs, or the installation is right', async () => {
    const shop = shops.get('ratio') as Shop;
    const [found] = await exceptions('&kind=quarantine');
    const path = `/quarantines/${found?.id}/decisions`;
    const exclude = await ask('POST', path, { decision: 'exclude', reason: 'r' });
    expect(exclude).toMatchObject({ status: 409, body: { code: 'conflict' } });
    await park.tick();
    // The last quarter-hour of its samples has no end.
    const held = async () =>
      (await park.intervals(shop.pointId)).filter(
        ([ms, q]) => ms >= T + HOUR && ms < T + HOUR + 3 * SLOT && q === null,
      );
    expect(await held()).toHaveLength(3);
    await ask('PATCH', `/installations/${shop.installationId}`, { ct: 60 });
    await touch(shop);
    await run();
    await park.tick();
    expect(await exceptions('&kind=quarantine')).toEqual([]);
    expect(await held()).toHaveLength(0);
    expect(await park.tick()).toMatchObject({ intervals: 0 });
  });
});

/** A point's day has changed. */
async function touch({ pointId }: Shop) {
  const days = [{ pointId, localDay: DAY }];
  await markDirty(park.db, { projectId: park.projectId, days, who: 'test', why: 'test' });
}
