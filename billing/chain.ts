/**
 * Days of an account that depend on each other: walks them in order of time, carrying what steps,
 * allowances and demand have cumulated, rates those that are asked for, and names later ones that are thereby
 * rated differently. Pure: what it needs of the stores was read before (`chain-store.ts`).
 */
import {
  addDays,
  addMonths,
  type DaySpan,
  type LocalDay,
  localDayOf,
  monthOf,
} from '../sql/local-day.ts';
import { type Counter, type DayPart, type RatedPart, rateParts } from './account-day.ts';
import type { Priced } from './components.ts';
import type { PointDay } from './due.ts';
import { type Counted, feeOf, freeIn, freeOf, minimumOf } from './fees.ts';
import type { Holdings } from './holdings.ts';
import type { Matrix } from './intervals.ts';
import { type Completeness, completeness, partsOfDay, type WaitReason } from './parts.ts';
import type { DayTerms, PriceBook, Rated } from './price-book.ts';
import type { Line, SlotRanges } from './rate.ts';
import { type Head, NOT_HELD } from './revision.ts';
import { limitsOn, partedAlike, stepPeriod } from './steps.ts';

/** What headers in force of a scope add up to in a month, before the walk begins. */
export interface MonthSum {
  month: LocalDay;
  quantity: number;
  stepQuantity: number;
  demand: number;
}

export interface ChainAccount {
  id: string;
  openedOn: LocalDay;
  /** Every point it has ever held, in order of id. */
  points: readonly string[];
  /** The first day that is walked. */
  from: LocalDay;
  /** Headers in force from then on, by `scope/day`. */
  heads: ReadonlyMap<string, Head>;
  /** By scope, for the days before. */
  before: ReadonlyMap<string, readonly MonthSum[]>;
  /** Of its scopes' days that wait: `scope/day`. */
  waiting: ReadonlySet<string>;
  /** What stands charged in the months walked, by header. */
  charged: ReadonlyMap<string, { scopeId: string; localDay: LocalDay; counted: Counted[] }>;
}

export interface ChainTerms {
  zone: string;
  book: PriceBook;
  holdings: Holdings;
  spanOf: (day: LocalDay) => DaySpan;
  cellsOf: (pointId: string, day: LocalDay) => { matrix: Matrix; row: number } | undefined;
  /** Days after it are not over: no minimum is charged for their month. */
  lastDay: LocalDay;
  /**
   * settle: days are complete or wait, and settled ones that are touched are named. balance: what is there is
   * rated, and settled days stay as they are. sample: the same of a whole month, with its minimum.
   */
  purpose: 'settle' | 'balance' | 'sample';
}

/** A scope's day as it is rated now. */
export interface ChainedDay {
  scopeId: string;
  localDay: LocalDay;
  lines: Line[];
  head: Head | undefined;
  /** Null for a day of the account itself. */
  part: {
    versionId: string;
    plain: boolean;
    slots: SlotRanges;
    matrix: Matrix;
    row: number;
    counts: Omit<Completeness, 'wait'>;
    rated: RatedPart;
    monthBefore: number;
    demandBefore: number;
    hasSteps: boolean;
  } | null;
}

export interface Walked {
  days: ChainedDay[];
  notHeld: Head[];
  waits: Map<string, PointDay & { reason: WaitReason }>;
  /** The account's own days that were looked at. */
  accountDays: LocalDay[];
  /** Settled days that are rated differently now: to be asked for in the next walk. */
  affected: PointDay[];
  /** Unsettled days that cumulate with days asked for: to be asked for if ever anything was read. */
  siblings: PointDay[];
}

/** A point's day within the walk. */
interface Entry {
  pointId: string;
  commodity: 'electricity' | 'water';
  slots: SlotRanges;
  rated: Rated | undefined;
  terms: DayTerms | null;
  head: Head | undefined;
  asked: boolean;
  paysFees: boolean;
}

/** Walks an account's days; `asked` are `point/day`, and their cells have been read. */
export function walk(account: ChainAccount, asked: ReadonlySet<string>, terms: ChainTerms): Walked {
  const { book, holdings } = terms;
  const provisional = terms.purpose !== 'settle';
  const askedDays = new Set([...asked].map(dayOfKey));
  const walked: Walked = {
    days: [],
    notHeld: [],
    waits: new Map(),
    accountDays: [],
    affected: [],
    siblings: [],
  };
  const counters = new Map<string, Counter>();
  const months = new Map<string, { month: LocalDay; quantity: number; demand: number }>();

  const entriesOn = (day: LocalDay): Entry[] =>
    heldOn(account, day, terms).map(({ pointId, slots, paysFees }) => {
      const commodity = holdings.commodities.get(pointId) ?? 'electricity';
      const rated = book.find({ pointId, accountId: account.id, commodity, day });
      const key = `${pointId}/${day}`;
      return {
        ...{ pointId, commodity, slots, rated, paysFees },
        terms: rated?.on(day) ?? null,
        head: account.heads.get(key),
        asked: asked.has(key),
      };
    });

  const counterOf = (rated: Rated, entry: Entry, day: LocalDay): Counter | null => {
    if (!rated.steps) return null;
    const { from } = stepPeriod(rated.steps, day);
    const ofAccount = rated.steps.scope === 'account';
    const key = `${ofAccount ? entry.commodity : entry.pointId}/${from}`;
    let counter = counters.get(key);
    if (!counter) {
      const scopes = ofAccount
        ? account.points.filter((p) => holdings.commodities.get(p) === entry.commodity)
        : [entry.pointId];
      let used = 0;
      for (const sum of scopes.flatMap((scope) => account.before.get(scope) ?? [])) {
        if (sum.month >= from) used += sum.stepQuantity;
      }
      counter = { used };
      counters.set(key, counter);
    }
    return counter;
  };

  const monthOfPoint = (pointId: string, day: LocalDay) => {
    const month = monthOf(day);
    const known = months.get(pointId);
    if (known?.month === month) return known;
    const before = account.before.get(pointId)?.find((sum) => sum.month === month);
    const state = { month, quantity: before?.quantity ?? 0, demand: before?.demand ?? 0 };
    months.set(pointId, state);
    return state;
  };

  const isJoint = ({ rated }: Entry) => rated?.steps?.scope === 'account';

  /** What holds an asked entry back, by itself. */
  const heldBack = (entry: Entry, day: LocalDay): WaitReason | null => {
    if (!entry.rated) return 'no-tariff';
    if (!entry.terms) return 'no-index';
    const cells = terms.cellsOf(entry.pointId, day);
    if (!cells) throw new Error(`the quarter-hours of ${entry.pointId} on ${day} were not read`);
    if (provisional) return null;
    return completeness(cells.matrix, cells.row, entry.slots).wait;
  };

  const wait = (pointId: string, localDay: LocalDay, reason: WaitReason) =>
    walked.waits.set(`${pointId}/${localDay}`, { pointId, localDay, reason });

  const walkDay = (day: LocalDay): void => {
    const entries = entriesOn(day);
    if (!provisional) {
      for (const entry of entries.filter(isJoint)) {
        const mates = entries.filter((e) => isJoint(e) && e.commodity === entry.commodity);
        if (entry.asked || !mates.some((mate) => mate.asked)) continue;
        const list = entry.head ? walked.affected : walked.siblings;
        list.push({ pointId: entry.pointId, localDay: day });
      }
    }
    const ready = new Set<Entry>();
    for (const entry of entries) {
      if (!entry.asked) continue;
      const reason = heldBack(entry, day);
      if (reason) wait(entry.pointId, day, reason);
      else ready.add(entry);
    }
    if (!provisional) {
      for (const entry of [...ready].filter(isJoint)) {
        const held = entries.some(
          (e) => isJoint(e) && e.commodity === entry.commodity && e.asked && !ready.has(e),
        );
        if (held) {
          ready.delete(entry);
          wait(entry.pointId, day, 'other-points');
        }
      }
    }
    const parts: { entry: Entry; part: DayPart; before: { month: number; demand: number } }[] = [];
    for (const entry of entries) {
      const { rated, pointId, head } = entry;
      const month = monthOfPoint(pointId, day);
      const before = { month: month.quantity, demand: month.demand };
      const openedOn = openedOnOf(account, pointId, terms);
      const counter = rated ? counterOf(rated, entry, day) : null;
      const opened = rated?.steps?.scope === 'account' ? account.openedOn : openedOn;
      const limits = rated?.steps ? limitsOn(rated.steps, { day, openedOn: opened }) : [];
      const cells = terms.cellsOf(pointId, day);
      if (ready.has(entry) && entry.terms && cells) {
        const part: DayPart = {
          localDay: day,
          quantities: cells.matrix.quantities,
          row: cells.row,
          slots: entry.slots,
          ranks: entry.terms.ranks,
          prices: entry.terms.prices,
          steps: counter ? { counter, limits } : null,
          monthBefore: month.quantity,
          demandBefore: month.demand,
          openedOn,
          paysFees: entry.paysFees,
        };
        parts.push({ entry, part, before });
        continue;
      }
      if (!head) continue;
      // Before it is rated together with others its share is counted; nobody else reads the counter now.
      const usedBefore = counter?.used ?? 0;
      if (!entry.asked && !provisional && entry.terms) {
        const joint = isJoint(entry) ? jointQuantity(entries, entry) : Number(head.stepQuantity);
        const same =
          (!counter ||
            partedAlike(limits, {
              quantity: joint,
              before: Number(head.stepQuantityBefore),
              now: isJoint(entry) ? usedAtDawn(entry) : usedBefore,
            })) &&
          carriedAlike(entry.terms.prices, { head, before, day, openedOn });
        if (!same) walked.affected.push({ pointId, localDay: day });
      }
      if (counter) counter.used += Number(head.stepQuantity);
      month.quantity += Number(head.quantity);
      month.demand = Math.max(month.demand, Number(head.demand));
    }
    const rated = rateParts(parts.map(({ part }) => part));
    parts.forEach(({ entry, part, before }, n) => {
      const result = rated[n] as RatedPart; // one for each part
      const month = monthOfPoint(entry.pointId, day);
      month.quantity += result.quantity;
      month.demand = Math.max(month.demand, demandOf(part.prices, result));
      const cells = terms.cellsOf(entry.pointId, day);
      if (!cells || !entry.rated) throw new Error('a part was rated without its cells');
      const { wait: _, ...counts } = completeness(cells.matrix, cells.row, entry.slots);
      walked.days.push({
        scopeId: entry.pointId,
        localDay: day,
        lines: result.lines,
        head: entry.head,
        part: {
          versionId: entry.rated.versionId,
          plain: entry.rated.plain,
          slots: entry.slots,
          ...cells,
          counts,
          rated: { ...result, demand: demandOf(part.prices, result) },
          monthBefore: before.month,
          demandBefore: before.demand,
          hasSteps: part.steps !== null,
        },
      });
    });
    for (const pointId of account.points) {
      const head = account.heads.get(`${pointId}/${day}`);
      const held = entries.some((e) => e.pointId === pointId);
      if (!head || held || !asked.has(`${pointId}/${day}`)) continue;
      if (head.inputsDigest !== NOT_HELD) walked.notHeld.push(head);
    }
    if (askedDays.has(day)) ofAccountOn(day);
    function usedAtDawn(entry: Entry): number {
      // Heads of a joint day are counted one after the other: what was there before the first of them.
      let used = entry.rated ? (counterOf(entry.rated, entry, day)?.used ?? 0) : 0;
      for (const mate of entries) {
        if (mate === entry) break;
        if (isJoint(mate) && mate.commodity === entry.commodity) {
          used -= Number(mate.head?.stepQuantity ?? 0);
        }
      }
      return used;
    }
  };

  /** The account's own lines of a day, as its header will say; none where it holds no such version. */
  function ofAccountOn(day: LocalDay): void {
    if (walked.accountDays.includes(day)) return;
    walked.accountDays.push(day);
    const head = account.heads.get(`${account.id}/${day}`);
    const components = ofAccountAt(account, day, terms);
    if (components.length === 0) {
      if (head && head.inputsDigest !== NOT_HELD) walked.notHeld.push(head);
      return;
    }
    const lines = components.flatMap((priced) => feeOf(priced, day));
    walked.days.push({ scopeId: account.id, localDay: day, lines, head, part: null });
  }

  const days = new Set(askedDays);
  for (const head of account.heads.values()) {
    if (head.scopeId !== account.id) days.add(head.localDay);
  }
  const ordered = [...days].sort();
  for (const day of ordered) walkDay(day);
  if (book.hasMinimum && terms.purpose !== 'balance') {
    for (const month of new Set([...askedDays].map(monthOf))) {
      chargeMinimums(account, month, { terms, walked, asked, ofAccountOn, wait });
    }
  }
  return walked;
}

/** The day of a `scope/day`. */
const dayOfKey = (key: string): LocalDay => key.slice(key.indexOf('/') + 1);

/** Step quantities of a joint day's headers: what steps cumulate on it. */
function jointQuantity(entries: readonly Entry[], of: Entry): number {
  return entries
    .filter((e) => e.rated?.steps?.scope === 'account' && e.commodity === of.commodity)
    .reduce((sum, e) => sum + Number(e.head?.stepQuantity ?? 0), 0);
}

/** A day's demand where the tariff charges it, else 0. */
const demandOf = (prices: readonly Priced[], { demand }: RatedPart): number =>
  prices.some((p) => p.kind === 'demand') ? demand : 0;

/** True when allowance and demand lines of a standing day are the same after what now lies before it. */
function carriedAlike(
  prices: readonly Priced[],
  {
    head,
    before,
    day,
    openedOn,
  }: {
    head: Head;
    before: { month: number; demand: number };
    day: LocalDay;
    openedOn: LocalDay;
  },
): boolean {
  return prices.every((priced) => {
    if (priced.kind === 'demand') {
      const rise = (from: number) => Math.max(0, Number(head.demand) - from);
      return rise(Number(head.demandBefore)) === rise(before.demand);
    }
    if (priced.kind !== 'allowance') return true;
    const free = freeIn(priced, { day, openedOn });
    const quantity = Number(head.quantity);
    return (
      freeOf(free, { before: Number(head.monthQuantityBefore), quantity }) ===
      freeOf(free, { before: before.month, quantity })
    );
  });
}

/** What an account holds of its points on a day, points in order of id. */
function heldOn(account: ChainAccount, day: LocalDay, { holdings, spanOf }: ChainTerms) {
  return account.points.flatMap((pointId) => {
    const parts = partsOfDay(spanOf(day), {
      tenancies: holdings.tenancies.get(pointId) ?? [],
      installations: holdings.installations.get(pointId) ?? [],
    });
    const first = parts.reduce<(typeof parts)[number] | undefined>(
      (best, p) => (!best || startOf(p) < startOf(best) ? p : best),
      undefined,
    );
    return parts
      .filter((p) => p.accountId === account.id)
      .map(({ slots }) => ({ pointId, slots, paysFees: first?.accountId === account.id }));
  });
}

const startOf = ({ slots }: { slots: SlotRanges }): number => slots[0]?.[0] ?? 0;

/** The first day on which the account held the point. */
function openedOnOf(
  account: ChainAccount,
  pointId: string,
  { holdings, zone }: ChainTerms,
): LocalDay {
  const starts = (holdings.tenancies.get(pointId) ?? [])
    .filter((t) => t.accountId === account.id)
    .map((t) => t.fromMs);
  return starts.length > 0 ? localDayOf(zone, Math.min(...starts)) : account.openedOn;
}

/** Components that belong to the account itself, of each version that it holds on a day. */
function ofAccountAt(account: ChainAccount, day: LocalDay, terms: ChainTerms): Priced[] {
  const versions = new Map<string, Rated>();
  for (const { pointId } of heldOn(account, day, terms)) {
    const commodity = terms.holdings.commodities.get(pointId) ?? 'electricity';
    const rated = terms.book.find({ pointId, accountId: account.id, commodity, day });
    if (rated) versions.set(rated.versionId, rated);
  }
  return [...versions.values()].flatMap((rated) => rated.ofAccount);
}

/**
 * Adds what minimums lack to the last day held in a month, of points and of the account, once everything
 * before it is settled; until then that day waits.
 */
function chargeMinimums(
  account: ChainAccount,
  month: LocalDay,
  {
    terms,
    walked,
    asked,
    ofAccountOn,
    wait,
  }: {
    terms: ChainTerms;
    walked: Walked;
    asked: ReadonlySet<string>;
    ofAccountOn: (day: LocalDay) => void;
    wait: (scopeId: string, day: LocalDay, reason: WaitReason) => void;
  },
): void {
  const days = heldIn(account, month, terms);
  const inMonth = (key: string) => monthOf(dayOfKey(key)) === month;
  const unsettled = (scopes: readonly string[]) =>
    [...account.waiting, ...walked.waits.keys()].some((key) => {
      const [scope = ''] = key.split('/');
      if (!scopes.includes(scope) || !inMonth(key)) return false;
      return walked.waits.has(key) || !asked.has(key);
    });
  const countedOf = (scopes: readonly string[]): Counted[] => {
    const now = new Map(
      [...walked.days, ...walked.notHeld.map((head) => ({ ...head, lines: [] as Line[] }))]
        .filter((d) => scopes.includes(d.scopeId) && monthOf(d.localDay) === month)
        .map((d) => [`${d.scopeId}/${d.localDay}`, d.lines]),
    );
    const standing = [...account.charged.values()].filter(
      (c) => scopes.includes(c.scopeId) && !now.has(`${c.scopeId}/${c.localDay}`),
    );
    return [
      ...standing.filter((c) => monthOf(c.localDay) === month).flatMap((c) => c.counted),
      ...[...now.values()].flat().map(({ priced, exact, taxExact }) => ({
        component: priced.component,
        kind: priced.kind,
        taxIncluded: priced.taxIncluded,
        exact,
        taxExact,
      })),
    ];
  };

  for (const [pointId, held] of days) {
    const last = held.at(-1);
    const first = held[0];
    if (!last || !first || last > terms.lastDay) continue;
    const key = `${pointId}/${last}`;
    const commodity = terms.holdings.commodities.get(pointId) ?? 'electricity';
    const rated = terms.book.find({ pointId, accountId: account.id, commodity, day: last });
    const minimums = (rated?.on(last)?.prices ?? []).filter(
      ({ source }) => source.kind === 'minimum' && source.scope === 'point',
    );
    if (minimums.length === 0) continue;
    if (!asked.has(key)) {
      if (account.heads.has(key)) walked.affected.push({ pointId, localDay: last });
      continue;
    }
    const index = walked.days.findIndex((d) => d.scopeId === pointId && d.localDay === last);
    const day = walked.days[index];
    if (!day) continue;
    if (unsettled([pointId])) {
      walked.days.splice(index, 1);
      wait(pointId, last, 'earlier-days');
      continue;
    }
    const counted = countedOf([pointId]);
    for (const priced of minimums) {
      day.lines.push(...minimumOf(priced, { from: first, to: last, counted }));
    }
  }

  const all = [...days.values()].flat().sort();
  const [first, last] = [all[0], all.at(-1)];
  if (!first || !last || last > terms.lastDay) return;
  const minimums = ofAccountAt(account, last, terms).filter((p) => p.kind === 'minimum');
  if (minimums.length === 0) return;
  const key = `${account.id}/${last}`;
  const lastIsSettled = account.points.some((p) => account.heads.has(`${p}/${last}`));
  if (!walked.accountDays.includes(last)) {
    // Before the month's last day is due there is nothing to say of it.
    if (!account.heads.has(key) && !account.waiting.has(key) && !lastIsSettled) return;
    ofAccountOn(last);
  }
  const index = walked.days.findIndex((d) => d.scopeId === account.id && d.localDay === last);
  const day = walked.days[index];
  if (!day) return;
  if (unsettled(account.points)) {
    walked.days.splice(index, 1);
    wait(account.id, last, 'earlier-days');
    return;
  }
  const counted = countedOf([...account.points, account.id]);
  for (const priced of minimums) {
    day.lines.push(...minimumOf(priced, { from: first, to: last, counted }));
  }
}

/** The days of a month on which the account holds each point, those of none left out. */
function heldIn(
  account: ChainAccount,
  month: LocalDay,
  terms: ChainTerms,
): Map<string, LocalDay[]> {
  const days = new Map<string, LocalDay[]>();
  const end = addMonths(month, 1);
  for (let day = month; day < end; day = addDays(day, 1)) {
    for (const { pointId } of heldOn(account, day, terms)) {
      const list = days.get(pointId);
      if (list) list.push(day);
      else days.set(pointId, [day]);
    }
  }
  return days;
}
