/**
 * 500 simulated points with faults in three zones, over the days on which the clock changes: settled, and
 * settled anew under every tariff of the world in turn, each time equal to the cent to the independent
 * recomputation. What a tariff charged is taken back whole by the next one.
 */
import Decimal from 'decimal.js';
import { expect, test } from 'vitest';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { addDays, dayStart } from '../../sql/local-day.ts';
import { postedBills, sorted } from './bills.ts';
import { fixtures } from './fixtures.ts';
import { faultsOf, openPark, type Park } from './park.ts';
import { accountBill, clocksOf, type Spec, type Use } from './recomputation.ts';

const POINTS = 167;
/** Writes to QuestDB under way at once. */
const WRITES = 16;
const zones: [zone: string, days: string[], quarterHours: number[]][] = [
  ['Europe/Berlin', ['2026-03-29', '2026-10-25'], [92, 100]],
  // The clock goes back at midnight, so that the day before is longer, and forward at midnight.
  ['America/Sao_Paulo', ['2018-02-17', '2018-11-04'], [100, 92]],
  // By half an hour.
  ['Australia/Lord_Howe', ['2026-04-05', '2026-10-04'], [98, 94]],
];

/** A day of a point as it is read at first, and what is known of it in the end. */
interface Day {
  first: (number | null | 'missing')[];
  last: (number | null | 'missing')[];
  quality: string;
  /** What can be charged of it: nothing while a quarter-hour within it is missing. */
  charged: (number | null)[];
}

function simulate(zone: string, day: string, random: (below: number) => number): Day {
  const clocks = clocksOf(zone, day);
  const scale = 1 + random(30_000);
  const fault = random(20);
  // Stuck: it stands still. Late: it began to be read in the course of the day.
  const wh: (number | null | 'missing')[] = clocks.map(() => (fault === 0 ? 0 : random(scale)));
  const begun = fault === 1 ? 1 + random(90) : 0;
  const last = wh.map((value, slot) => (slot < begun ? null : value));
  // A hole that is never filled, or an end that is never read: the day waits.
  if (fault === 2) last[40] = 'missing';
  if (fault === 3) last.splice(70, last.length - 70, ...last.slice(70).map(() => null));
  const first = [...last];
  // A spike, and a hole, that are put right later.
  if (fault === 4) first[random(96 - 8)] = 900_000;
  if (fault === 5) first[random(96 - 8)] = 'missing';
  const waits = fault === 2 || fault === 3;
  return {
    ...{ first, last, quality: fault === 6 ? 'estimated:linear' : 'measured' },
    charged: last.map((value) => (waits || value === 'missing' ? null : value)),
  };
}

test.each(zones)(
  '%s: every tariff on its longest and shortest day, to the cent',
  async (zone, days, quarterHours) => {
    expect(days.map((day) => clocksOf(zone, day).length)).toEqual(quarterHours);
    let state = 20260328;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 0x80000000) * below);
    };
    const simulated = Array.from(
      { length: POINTS },
      () => new Map(days.map((day) => [day, simulate(zone, day, random)])),
    );
    const [first] = fixtures;
    const park = await openPark({
      ...{ zone, currency: 'EUR', points: POINTS, from: days[0] },
      definition: first?.definition,
    });
    try {
      await holdOnly(park, days);
      await write(park, simulated, 'first');
      park.after(days.at(-1) ?? '');
      await settleDue(park.deps, park.project);
      await write(park, simulated, 'last');
      for (const [n, { name, definition, spec }] of fixtures.entries()) {
        if (n > 0) await follow(park, { n, definition });
        await dirtyAll(park, days);
        expect(await settleDirty(park.deps, park.project)).toMatchObject({ outcome: 'settled' });
        for (const month of new Set(days.map((day) => day.slice(0, 7)))) {
          const posted = await postedBills(park, month);
          const differing = park.accounts.flatMap((account, i) => {
            const use = new Map([...(simulated[i] ?? [])].map(([day, d]) => [day, d.charged]));
            const own = { ...spec, ...feeOf(spec, use, month) };
            const bill = accountBill({ [`p${i}`]: use }, { zone, days, month, spec: own });
            const [found, expected] = [sorted(posted.get(account) ?? new Map()), sorted(bill)];
            return JSON.stringify(found) === JSON.stringify(expected) ? [] : [{ found, expected }];
          });
          expect([name, month, differing]).toEqual([name, month, []]);
        }
      }
      expect(await faultsOf(park)).toEqual([]);
      await dirtyAll(park, days);
      expect(await settleDirty(park.deps, park.project)).toMatchObject({ headers: 0 });
    } finally {
      await park.close();
    }
  },
);

/** Accounts hold their points on these two days alone. */
async function holdOnly(park: Park, days: readonly string[]): Promise<void> {
  const { zone, id } = park.project;
  const [early, late] = days.map((day) => [
    new Date(dayStart(zone, day)),
    new Date(dayStart(zone, addDays(day, 1))),
  ]);
  await park.rows('UPDATE tenancies SET valid_to = $2 WHERE project_id = $1', [id, early?.[1]]);
  await park.rows(
    `INSERT INTO tenancies (project_id, account_id, point_id, valid_from, valid_to)
     SELECT project_id, account_id, point_id, $2, $3 FROM tenancies WHERE project_id = $1`,
    [id, late?.[0], late?.[1]],
  );
}

async function write(
  park: Park,
  simulated: readonly ReadonlyMap<string, Day>[],
  which: 'first' | 'last',
): Promise<void> {
  const jobs = simulated.flatMap((own, i) =>
    [...own].flatMap(([day, d]) =>
      which === 'last' && JSON.stringify(d.first) === JSON.stringify(d.last)
        ? []
        : [{ point: park.points[i] ?? '', day, values: d[which], quality: d.quality }],
    ),
  );
  for (let n = 0; n < jobs.length; n += WRITES) {
    await Promise.all(
      jobs.slice(n, n + WRITES).map(({ point, day, values, quality }) =>
        park.intervals(point, day, (slot) => values[slot] ?? null, {
          ...{ quality, version: which === 'first' ? 1 : 2 },
        }),
      ),
    );
  }
}

/** The same tariff with other terms from a day before everything: they are what holds now. */
const follow = (park: Park, { n, definition }: { n: number; definition: unknown }) =>
  park.rows(
    `INSERT INTO tariff_versions (project_id, tariff_id, version, effective_from, definition,
       created_by) VALUES ($1, $2, $3, '2000-01-01'::date + $3::int, $4, 'test')`,
    [park.project.id, park.tariff, n + 1, JSON.stringify(definition)],
  );

const dirtyAll = (park: Park, days: readonly string[]) =>
  markDirty(park.postgres.db, {
    ...{ projectId: park.project.id, who: 'billing', why: 'another tariff' },
    days: park.points.flatMap((pointId) => days.map((localDay) => ({ pointId, localDay }))),
  });

/** The days' shares of a month's fee: of those that are charged. */
function feeOf({ fee }: Spec, use: Use, month: string): Pick<Spec, 'fee'> {
  if (!fee) return {};
  const [year = 0, m = 1] = month.split('-').map(Number);
  const whole = new Date(Date.UTC(year, m, 0)).getUTCDate();
  const due = (day: number) =>
    new Decimal(fee.amount).times(day).dividedBy(whole).toDecimalPlaces(8, Decimal.ROUND_DOWN);
  let amount = new Decimal(0);
  for (const [day, values] of use) {
    if (!day.startsWith(month) || values.every((value) => value === null)) continue;
    const ordinal = Number(day.slice(8));
    amount = amount.plus(due(ordinal)).minus(due(ordinal - 1));
  }
  return { fee: { ...fee, amount: amount.toFixed(8) } };
}
