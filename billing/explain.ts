/**
 * Why an amount is what it is: from a charge back to the tariff's rule, the quarter-hours and the readings they
 * rest on, each step worked out once more and held against what is stored.
 */
import { daySpan, localDayOf } from '../sql/local-day.ts';
import { notFound } from '../sql/problem.ts';
import { exactOf, exactText } from './exact.ts';
import { type Header, readCharges, readHeader, readVersions } from './explain-header.ts';
import {
  compareSlots,
  type ExplainedSlot,
  type Recomputed,
  readStoredSlots,
  recomputeSlots,
} from './explain-intervals.ts';
import {
  type ExplainDeps,
  type Metered,
  minimumOf,
  ranksOf,
  type WorkedLine,
  workedLines,
} from './explain-lines.ts';
import { type DayReadings, readDay } from './explain-readings.ts';
import { type ExplainedLine, roundingOf, ruleOf } from './explain-rule.ts';
import { holdingsOf } from './holdings.ts';
import { partsOfDay } from './parts.ts';
import { readPublished } from './price-book.ts';
import { parseTariff } from './tariff.ts';

/** A line, or all of them: what is not said is not asked for. */
export interface LineAsked {
  component?: string | undefined;
  period?: number | undefined;
  step?: number | undefined;
}

/** Why a line is not what it is worked out to be. */
export const lineReasons = [
  'line-differs',
  /** Its quarter-hours give a line that is not there. */
  'line-missing',
  /** The days before it come to something else than it took from them. */
  'earlier-days',
] as const;
type LineReason = (typeof lineReasons)[number];

export interface Explanation {
  header: Header;
  lines: ExplainedLine[];
  /** The quarter-hours that these lines count; of a fee there are none. */
  slots: (ExplainedSlot & { rank: number | null })[];
  day: DayReadings | null;
  recomputed: Recomputed[];
  /** True: every step was worked out again to the same; null: some of it has no readings any more. */
  agrees: boolean | null;
  /** Lines that come about otherwise, or are not there. */
  lineDifferences: {
    component: string;
    period: number;
    step: number;
    stored: string | null;
    worked: string | null;
    reason: LineReason;
  }[];
}

/** Explains a settlement or some lines of it. Throws Problem `not-found`. */
export async function explain(
  deps: ExplainDeps,
  { projectId, settlementId, ...asked }: { projectId: string; settlementId: string } & LineAsked,
): Promise<Explanation> {
  const { db } = deps;
  const header = await readHeader(db, { projectId, settlementId });
  // At once: a quarter-hour is mostly asked for, and what it costs is the way to the databases.
  const [all, published, measured] = await Promise.all([
    readCharges(db, { projectId, header }),
    readPublished(db, projectId),
    header.scope_id === header.account_id ? null : readMetered(deps, { projectId, header }),
  ]);
  const charges = all.filter((c) => isAsked(c, asked));
  if (charges.length === 0 && Object.values(asked).some((value) => value !== undefined)) {
    throw notFound('charge');
  }
  const ids = [...new Set(all.map((c) => c.version_id))];
  const versions = await readVersions(db, { projectId, ids });
  const definitions = new Map(
    [...versions].map(([id, row]) => [id, parseTariff(row.definition, row.commodity)]),
  );
  const counts = charges.some(({ kind }) => kind !== 'fixed' && kind !== 'minimum');
  const metered = counts || charges.length === 0 ? measured : null;
  const of = { header, definitions, published, metered };
  const worked = await workedLines(deps, { projectId, ...of });
  const lines: ExplainedLine[] = [];
  for (const charge of charges) {
    const version = versions.get(charge.version_id);
    const definition = definitions.get(charge.version_id);
    const component = definition?.components.find(({ code }) => code === charge.component);
    if (!version || !definition || !component) throw new Error('a charge without its component');
    const again = worked.find((w) => isLine(w, charge) && w.versionId === charge.version_id);
    const minimum = await minimumOf(deps, { projectId, header, charge, component, definitions });
    const result = minimum ?? again ?? null;
    const openedOn = (definition.steps?.scope === 'point' && metered?.openedOn) || header.opened_on;
    const told = { charge, component, definition, header, published, again, minimum, openedOn };
    lines.push({
      charge,
      component,
      tariff: {
        ...{ id: version.tariff_id, name: version.name, versionId: version.id },
        ...{ version: version.version, effectiveFrom: version.effective_from },
      },
      ...ruleOf(told),
      worked: result && {
        quantity: `${result.quantity}`,
        price: result.price,
        exact: exactText(result.exact),
      },
      agrees:
        result !== null &&
        result.quantity === BigInt(charge.quantity) &&
        result.exact === exactOf(charge.exact),
      rounding: roundingOf(header, charge, component),
    });
  }
  const lineDifferences: Explanation['lineDifferences'] = lines
    .filter(({ agrees }) => !agrees)
    .map(({ charge, worked: w }) => ({
      ...lineOf(charge),
      ...{ stored: charge.exact, worked: w?.exact ?? null },
      reason: tookOther(
        header,
        worked.find((x) => isLine(x, charge)),
      )
        ? 'earlier-days'
        : 'line-differs',
    }));
  // What its quarter-hours give and no line says.
  for (const w of worked) {
    if (!isAsked(w, asked) || w.kind === 'fixed' || all.some((c) => isLine(w, c))) continue;
    const reason = tookOther(header, w) ? 'earlier-days' : 'line-missing';
    lineDifferences.push({ ...lineOf(w), stored: null, worked: exactText(w.exact), reason });
  }
  const [first] = definitions.values();
  const ranks = ranksOf(first?.calendar, { header, published });
  const slots = slotsOf(lines, { metered, ranks });
  const wrong = slots.some(({ reason }) => reason !== null && reason !== 'samples-gone');
  const gone = slots.some(({ reason }) => reason === 'samples-gone');
  return {
    ...{ header, lines, slots, lineDifferences },
    day: metered?.day ?? null,
    recomputed: metered?.recomputed ?? [],
    agrees: wrong || lineDifferences.length > 0 ? false : gone ? null : true,
  };
}

const isAsked = (
  line: { component: string; period: number; step: number },
  { component, period, step }: LineAsked,
): boolean =>
  (component === undefined || line.component === component) &&
  (period === undefined || line.period === period) &&
  (step === undefined || line.step === step);

type Key = { component: string; period: number; step: number };
const isLine = (a: Key, b: Key): boolean =>
  a.component === b.component && a.period === b.period && a.step === b.step;
const lineOf = ({ component, period, step }: Key): Key => ({ component, period, step });

/** True where a line depends on days before it, and they come to something else than was taken from them. */
function tookOther(header: Header, worked: WorkedLine | undefined): boolean {
  if (!worked) return false;
  const { kind, step, earlier } = worked;
  if (kind === 'demand') return earlier.demand !== BigInt(header.demand_before);
  if (kind === 'allowance') return earlier.month !== BigInt(header.month_before);
  return step > 0 && earlier.step !== BigInt(header.step_before);
}

async function readMetered(
  { db, questdb }: ExplainDeps,
  { projectId, header }: { projectId: string; header: Header },
): Promise<Metered> {
  const span = daySpan(header.zone, header.local_day);
  const pointId = header.scope_id;
  const of = { projectId, pointId, span };
  const [day, stored, holdings] = await Promise.all([
    readDay({ db, questdb }, of),
    readStoredSlots(questdb, { ...of, knownMs: header.known_ms }),
    holdingsOf(db, { projectId, points: [pointId] }),
  ]);
  const tenancies = holdings.tenancies.get(pointId) ?? [];
  const parts = partsOfDay(span, {
    tenancies,
    installations: holdings.installations.get(pointId) ?? [],
  });
  const own = parts.find(({ accountId }) => accountId === header.account_id)?.slots ?? [];
  const pays = new Set(
    own.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)),
  );
  const starts = tenancies.filter((t) => t.accountId === header.account_id).map((t) => t.fromMs);
  const recomputed = recomputeSlots(span, day);
  return {
    ...{ span, day, recomputed, pays },
    slots: compareSlots(span, { stored, recomputed, ...day }),
    openedOn: starts.length > 0 ? localDayOf(header.zone, Math.min(...starts)) : header.opened_on,
  };
}

/** The quarter-hours that lines count: all that are paid, or those of their periods. */
function slotsOf(
  lines: readonly ExplainedLine[],
  { metered, ranks }: { metered: Metered | null; ranks: Int8Array | null },
): Explanation['slots'] {
  if (!metered) return [];
  const periods = new Set(
    lines.filter(({ charge }) => charge.kind !== 'fixed').map((l) => l.charge.period),
  );
  const all = periods.size === 0 || periods.has(0);
  return metered.slots
    .map((slot) => ({ ...slot, rank: ranks?.[slot.slot] ?? null }))
    .filter(({ slot, rank }) => metered.pays.has(slot) && (all || periods.has(rank ?? 0)));
}
