/** A month of an account through the rating core alone: no database, the same walk and rounding as settlement. */
import { type ChainAccount, walk } from '../../billing/chain.ts';
import { rememberedSpans } from '../../billing/chains.ts';
import { type Matrix, MEASURED, MISSING, NONE } from '../../billing/intervals.ts';
import { openVersion } from '../../billing/price-book.ts';
import { type Line, rate, SLOTS_MAX } from '../../billing/rate.ts';
import { accrue, nothingPosted, type Posted } from '../../billing/rounding.ts';
import { parseTariff } from '../../billing/tariff.ts';
import { addDays, type LocalDay } from '../../sql/local-day.ts';
import { exponentOf, formatMinor } from '../../sql/money.ts';
import type { Fixture } from './fixtures.ts';
import type { Use } from './recomputation.ts';

/** Opens a fixture as a price book does. */
export function openFixture({ definition, zone, hot = [] }: Fixture) {
  const published = { indexes: new Map(), lists: new Map([['hot', new Set(hot)]]) };
  const parsed = parseTariff(definition);
  const version = { id: '1', commodity: 'electricity' as const, definition: parsed };
  return openVersion(version, { zone, published });
}

/** Quantities of points and days as settlement reads them; points are p0, p1 … */
function matrixOf(uses: readonly Use[], days: readonly LocalDay[]): Matrix {
  const dayIndex = new Map(days.map((day, i) => [day, i]));
  const rowOf = (point: string, day: LocalDay) =>
    Number(point.slice(1)) * days.length + (dayIndex.get(day) ?? Number.NaN);
  const cells = uses.length * days.length * SLOTS_MAX;
  const quantities = new Float64Array(cells).fill(Number.NaN);
  const qualities = new Uint8Array(cells).fill(NONE);
  uses.forEach((use, p) => {
    for (const [day, values] of use) {
      values.forEach((wh, slot) => {
        const cell = rowOf(`p${p}`, day) * SLOTS_MAX + slot;
        qualities[cell] = wh === null ? MISSING : MEASURED;
        if (wh !== null) quantities[cell] = wh;
      });
    }
  });
  return { quantities, qualities, knownMs: new Float64Array(uses.length * days.length), rowOf };
}

/** The lines of all days, walked as an account's, with the point (or 'account') of each. */
export function linesOf(
  fixture: Fixture,
  { uses, days }: { uses: readonly Use[]; days: readonly LocalDay[] },
): { name: string; day: LocalDay; line: Line }[] {
  const rated = openFixture(fixture);
  const matrix = matrixOf(uses, days);
  const points = uses.map((_, p) => `p${p}`);
  const account: ChainAccount = {
    ...{ id: 'account', openedOn: '2000-01-01', points, from: days[0] ?? '' },
    heads: new Map(),
    before: new Map(),
    waiting: new Set(),
    charged: new Map(),
  };
  const always = [{ accountId: 'account', fromMs: 0, toMs: null }];
  const ofAll = <Value>(value: Value) => new Map(points.map((p) => [p, value]));
  const walked = walk(account, new Set(points.flatMap((p) => days.map((day) => `${p}/${day}`))), {
    zone: fixture.zone,
    book: {
      find: () => rated,
      plain: rated.plain,
      yearStarts: [],
      hasMinimum: true,
      joint: true,
      component: () => {
        throw new Error('nothing is taken back here');
      },
      title: () => ({ tariffName: null, tariffVersion: null }),
    },
    holdings: {
      tenancies: ofAll(always),
      installations: ofAll(always),
      commodities: ofAll('electricity' as const),
      codes: new Map(),
    },
    spanOf: rememberedSpans(fixture.zone),
    cellsOf: (point, day) => ({ matrix, row: matrix.rowOf(point, day) }),
    lastDay: addDays(days.at(-1) ?? '', 0),
    purpose: 'sample',
  });
  const lines = walked.days.flatMap(({ scopeId: name, localDay: day, lines: own }) =>
    own.map((line) => ({ name, day, line })),
  );
  if (rated.plain) {
    // The fast way of plain tariffs says the same.
    const fast = points.flatMap((name) =>
      days.flatMap((day) => {
        const terms = rated.on(day);
        if (!terms) throw new Error('a plain tariff follows no index');
        const slots: [number, number][] = [[0, SLOTS_MAX]];
        return rate(matrix.quantities, {
          row: matrix.rowOf(name, day),
          slots,
          ...terms,
          ranks: terms.ranks,
        }).map((line) => ({ name, day, line }));
      }),
    );
    const told = (list: typeof lines) =>
      list.map(({ name, day, line }) => `${name} ${day} ${line.period} ${line.exact}`).sort();
    if (told(fast).join() !== told(lines).join()) throw new Error('two ways of rating differ');
  }
  return lines;
}

/** The month's bill, rounded as postings are: `point/code/rank/step` → amount (tax). */
export function coreBill(
  fixture: Fixture,
  { uses, days, month }: { uses: readonly Use[]; days: readonly LocalDay[]; month: string },
): Map<string, string> {
  const posted = new Map<string, Posted>();
  for (const { name, day, line } of linesOf(fixture, { uses, days })) {
    if (!day.startsWith(month)) continue;
    const key = `${name}/${line.priced.component}/${line.period}/${line.step}`;
    const before = posted.get(key) ?? nothingPosted;
    posted.set(key, accrue(before, line.exact, line.priced, exponentOf(fixture.currency)));
  }
  const text = (minor: bigint) => formatMinor(minor, fixture.currency);
  return new Map(
    [...posted].map(([key, p]) => [key, `${text(p.postedMinor)} (${text(p.taxMinor)})`]),
  );
}
