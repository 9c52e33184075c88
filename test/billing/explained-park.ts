/**
 * A park of shops of which each has its own story on a day of 25 hours in Berlin: replaced, rolled over, silent, corrected,
 * edited, under every kind of component. Settled; then people act, and it is settled anew.
 */
import { dayStart } from '../../sql/local-day.ts';
import { type BilledPark, openBilledPark } from '../ingest/billed-park.ts';
import type { Ask } from './face.ts';

export const STEP = 5 * 60_000;
export const HOUR = 12 * STEP;
export const SLOT = 3 * STEP;
const ZONE = 'Europe/Berlin';
/** 2026-10-25 has 25 hours in Berlin. */
export const DAY = '2026-10-25';
export const T = dayStart(ZONE, DAY);
const END = dayStart(ZONE, '2026-10-26');
const NOW = END + 12 * HOUR;
/** 2026-03-29 has 23. */
export const SPRING = '2026-03-29';
const SPRING_T = dayStart(ZONE, SPRING);
const FROM = T - 2 * HOUR;
/** Eight in the morning, the ninth hour of that day. */
export const EIGHT = T + 9 * HOUR;
export const replacedAt = T + 10 * HOUR + 7 * 60_000;
const iso = (ms: number) => new Date(ms).toISOString();

export type Shop = Awaited<ReturnType<BilledPark['shop']>>;
export const stories = [
  ...([
    'plain',
    'bridged',
    'replaced',
    'ratio',
    'across',
    'tampered',
    'altered',
    'spring',
    'rolled',
  ] as const),
  ...(['clock', 'fast', 'edited', 'hand', 'reset', 'spike', 'doubted', 'rich', 'mates'] as const),
  ...(['index', 'events'] as const),
] as const;
export type Story = (typeof stories)[number];

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
/** The same over two points that cumulate together, without a minimum. */
const joint = { ...rich, components: rich.components.filter(({ kind }) => kind !== 'minimum') };
const energy = { kind: 'usage', code: 'energy', name: 'Energy' };
const indexed = {
  components: [{ ...energy, price: '0.4', follows: { index: 'coal', as: 'factor' } }],
};
const season = (type: string, rank: number) => ({
  ...{ type, bands: [{ from: '00:00', to: '24:00', rank }] },
});
const eventful = {
  calendar: {
    eventDays: 'hot',
    seasons: [
      {
        ...{ name: 'year', from: '01-01', to: '12-31' },
        days: [season('everyday', 3), season('event', 1)],
      },
    ],
  },
  components: [
    { ...energy, prices: { 1: '3', 3: '1' } },
    { ...energy, code: 'heat', name: 'Heat', price: '0.25', onlyOnEventDays: 'hot' },
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
/** What most shops' meters say. */
export const usual = () => readings(FROM + 60_000, NOW);

/** Opens it with everything settled twice. */
export async function openExplainedPark() {
  const park = await openBilledPark({ nowMs: NOW, prices: 'two', zone: ZONE });
  const ask = park.as('energy-manager');
  const shops = {} as Record<Story, Shop>; // each is entered below
  const { add, projectId } = park;
  const shop = async (
    story: Story,
    samples: readonly { ms: number; register: number }[],
    more = {},
  ) => {
    shops[story] = await park.shop(samples[0] && samples[0].ms < FROM ? SPRING_T : FROM, more);
    await park.say(shops[story].meterId, samples);
  };
  const pays = async (story: Story, definition: unknown) => {
    const tariffId = await add('tariffs', {
      ...{ project_id: projectId, name: story, commodity: 'electricity' },
    });
    await add('tariff_versions', {
      ...{ project_id: projectId, tariff_id: tariffId, version: 1, effective_from: '2000-01-01' },
      ...{ definition: JSON.stringify(definition), created_by: 'test' },
    });
    await add('tariff_assignments', {
      ...{ project_id: projectId, tariff_id: tariffId, commodity: 'electricity' },
      ...{ account_id: shops[story].accountId, valid_from: '2000-01-01' },
    });
  };

  for (const story of [
    'plain',
    'altered',
    'fast',
    'edited',
    'doubted',
    'index',
    'events',
  ] as const) {
    await shop(story, usual());
  }
  await shop('tampered', readings(FROM, NOW));
  await shop('ratio', usual(), { ct: 40 });
  const isSilent = (ms: number) => ms > T + 5 * HOUR && ms < T + 7 * HOUR;
  await shop(
    'bridged',
    usual().filter(({ ms }) => !isSilent(ms)),
  );
  // Forty minutes are missing around eight, when the price changes.
  await shop(
    'across',
    usual().filter(({ ms }) => ms < EIGHT - 25 * 60_000 || ms >= EIGHT + 15 * 60_000),
  );
  const span = 2 ** 32 * 10;
  await shop(
    'rolled',
    readings(FROM + 60_000, NOW, span - 3000).map((r) => ({ ...r, register: r.register % span })),
  );
  // Seven minutes slow for three hours: what was read then lies seven minutes early.
  const slow = (ms: number) => ms >= T + 2 * HOUR && ms < T + 5 * HOUR;
  await shop(
    'clock',
    usual()
      .filter(({ ms }) => slow(ms) || ms < T + 2 * HOUR - 7 * 60_000 || ms >= T + 5 * HOUR)
      .map((r) => (slow(r.ms) ? { ...r, ms: r.ms - 7 * 60_000 } : r)),
  );
  // Silent from ten on, and read by hand the next morning.
  await shop(
    'hand',
    usual().filter(({ ms }) => ms < T + 10 * HOUR),
  );
  // It lost its register at noon.
  await shop(
    'reset',
    usual().map((r) => (r.ms < T + 12 * HOUR ? r : { ...r, register: r.register - 100_000 })),
  );
  const atSpike = T + 12 * HOUR + 60_000;
  await shop(
    'spike',
    usual().map((r) => (r.ms === atSpike ? { ...r, register: r.register + 50_000_000 } : r)),
  );
  // Replaced within the day and within a quarter-hour, both registers noted.
  const before = readings(FROM, replacedAt);
  const last = (before.at(-1)?.register ?? 0) + 10;
  await shop('replaced', before, { valid_to: new Date(replacedAt), last_register: last });
  const fresh = await park.meter();
  const meters = [shops.replaced.meterId, fresh];
  await park.install(shops.replaced.pointId, fresh, replacedAt, { first_register: 500 });
  await park.say(fresh, readings(replacedAt + 2 * 60_000, NOW, 510));
  const gone = new Date(SPRING_T + 47 * HOUR);
  await shop('spring', readings(SPRING_T + 60_000, SPRING_T + 47 * HOUR), { valid_to: gone });
  await park.owner.query('UPDATE tenancies SET valid_to = $2 WHERE point_id = $1', [
    ...[shops.spring.pointId, gone],
  ]);

  await shop('rich', usual());
  await park.owner.query(
    'UPDATE tenancies SET valid_from = $2, valid_to = $3 WHERE point_id = $1',
    [...[shops.rich.pointId, new Date(T), new Date(END)]],
  );
  await shop('mates', usual());
  const second = await park.point();
  const meterId = await park.meter();
  await park.install(second, meterId, FROM);
  await park.say(meterId, usual());
  // Their day is parted from eight on.
  await add('tenancies', {
    ...{ project_id: projectId, account_id: shops.mates.accountId, point_id: second },
    valid_from: new Date(T + 8 * HOUR),
  });
  await pays('rich', rich);
  await pays('mates', joint);
  await pays('index', indexed);
  await pays('events', eventful);
  for (const [month, value] of [['2026-10-01', '1.17']]) {
    await add('price_indexes', {
      ...{ project_id: projectId, code: 'coal', month, value, created_by: 'test' },
    });
  }
  await add('event_days', { project_id: projectId, list: 'hot', day: DAY, created_by: 'test' });
  await park.work();

  park.clock.now = new Date(NOW + HOUR);
  await act(ask, park.as('finance'), shops);
  // Both meters were wrong, also in the quarter-hour in which one took the other's place.
  for (const [i, errorPercent] of [4, -10].entries()) {
    const range = { from: iso(T + 9 * HOUR), to: iso(T + 11 * HOUR) };
    const body = { kind: 'error', meterId: meters[i], errorPercent, reason: 'proven', ...range };
    const { status } = await ask('POST', '/meter-corrections', body);
    if (status !== 201) throw new Error(`error of a replaced meter: ${status}`);
  }
  await park.work();
  return { park, ask, shops };
}

/** What people say of what was measured, a day later. */
async function act(ask: Ask, second: Ask, shops: Record<Story, Shop>): Promise<void> {
  const made = async (path: string, body: unknown) => {
    const answer = await ask('POST', path, body);
    if (answer.status !== 201) throw new Error(`POST ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await made('/meter-corrections', {
    ...{ kind: 'clock', meterId: shops.clock.meterId, shiftS: 420, reason: 'seven minutes slow' },
    ...{ from: iso(T + 2 * HOUR - 7 * 60_000), to: iso(T + 5 * HOUR - 7 * 60_000) },
  });
  await made('/meter-corrections', {
    ...{ kind: 'error', meterId: shops.fast.meterId, errorPercent: 4, reason: 'proven fast' },
    ...{ from: iso(T + 6 * HOUR), to: iso(T + 18 * HOUR) },
  });
  const edit = await made('/interval-edits', {
    ...{ pointId: shops.edited.pointId, from: iso(T + 4 * HOUR), to: iso(T + 5 * HOUR) },
    ...{ method: 'set', quantity: 500, reason: 'seen on the display' },
  });
  const decision = { decision: 'approve', reason: 'seen too' };
  if (edit.state === 'waiting')
    await second('POST', `/interval-edits/${edit.id}/decision`, decision);
  await made('/manual-readings', {
    ...{ meterId: shops.hand.meterId, at: iso(END + 9 * HOUR), register: 120_000 },
    reason: 'read on site',
  });
  const { body } = await ask('GET', '/quarantines');
  const decisions = { reset: 'new-base', spike: 'exclude' } as const;
  for (const [story, decision] of Object.entries(decisions)) {
    const { pointId } = shops[story as keyof typeof decisions]; // its own key
    const found = body.data.find((q: { pointId: string }) => q.pointId === pointId);
    await made(`/quarantines/${found?.id}/decisions`, { decision, reason: 'looked at' });
  }
}
