/** The lines of a settlement worked out once more: what they need is read, what they come to is in explain-amount. */
import { daySpan, type LocalDay, monthOf } from '../sql/local-day.ts';
import { type Calendar, openCalendar } from '../sql/period-calendar.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Questdb } from '../sql/questdb.ts';
import { exactOf } from './exact.ts';
import {
  type CountedSum,
  lackOf,
  type PaidSlot,
  partSteps,
  type Worked,
  workOut,
} from './explain-amount.ts';
import {
  type Earlier,
  type Header,
  readCounted,
  readEarlier,
  readMates,
  readVersions,
  type StoredCharge,
} from './explain-header.ts';
import { type ExplainedSlot, type Recomputed, readStoredSlots } from './explain-intervals.ts';
import type { DayReadings } from './explain-readings.ts';
import type { WorkedMinimum } from './explain-rule.ts';
import { holdingsOf } from './holdings.ts';
import { partsOfDay } from './parts.ts';
import type { Published } from './price-book.ts';
import { daysFrom, limitsOn, stepPeriod } from './steps.ts';
import { type Component, parseTariff, type TariffDefinition } from './tariff.ts';

/** Deps of an explanation: one session of Postgres at a time, and QuestDB. */
export interface ExplainDeps {
  db: Queryable;
  questdb: Questdb;
}

/** A point's day with everything that it was measured by. */
export interface Metered {
  span: ReturnType<typeof daySpan>;
  day: DayReadings;
  recomputed: Recomputed[];
  slots: ExplainedSlot[];
  /** Slots that the account pays for. */
  pays: ReadonlySet<number>;
  openedOn: LocalDay;
}

export type WorkedLine = Worked & { versionId: string; earlier: Earlier };

/** The lines that the day's versions give for its quarter-hours as they were settled. */
export async function workedLines(
  deps: ExplainDeps,
  {
    projectId,
    header,
    definitions,
    published,
    metered,
  }: {
    projectId: string;
    header: Header;
    definitions: ReadonlyMap<string, TariffDefinition>;
    published: Published;
    metered: Metered | null;
  },
): Promise<WorkedLine[]> {
  const day = header.local_day;
  const lines: WorkedLine[] = [];
  for (const [versionId, definition] of definitions) {
    const isHeld = (component: Component) =>
      component.kind !== 'usage' ||
      component.onlyOnEventDays === undefined ||
      published.lists.get(component.onlyOnEventDays)?.has(day) === true;
    const components = definition.components.filter(isHeld);
    if (!metered) {
      const fees = { ...definition, components: components.filter(({ kind }) => kind === 'fixed') };
      const of = { versionId, earlier: NOTHING };
      lines.push(...workOut(fees, noQuantity(header)).map((w) => ({ ...w, ...of })));
      continue;
    }
    const earlier = await earlierOf(deps, { projectId, header, definition });
    const of = { projectId, header, definition, published, metered, earlier };
    const inputs = {
      ...{ day, slots: await paidSlots(deps, of), openedOn: metered.openedOn },
      ...{ monthQuantityBefore: earlier.month, demandBefore: earlier.demand },
      indexOf: indexOf(published, day),
    };
    const worked = workOut({ ...definition, components }, inputs);
    lines.push(...worked.map((w) => ({ ...w, versionId, earlier })));
  }
  return lines;
}

const NOTHING: Earlier = { step: 0n, month: 0n, demand: 0n };

/** Of the days before; not asked for where no line depends on it. */
async function earlierOf(
  { db }: ExplainDeps,
  {
    projectId,
    header,
    definition: { steps, components },
  }: { projectId: string; header: Header; definition: TariffDefinition },
): Promise<Earlier> {
  const takes = components.some(({ kind }) => kind === 'demand' || kind === 'allowance');
  if (!steps && !takes) return NOTHING;
  const { local_day: day } = header;
  const stepFrom = steps ? stepPeriod(steps, day).from : monthOf(day);
  return readEarlier(db, { projectId, header, stepFrom, ofAccount: steps?.scope === 'account' });
}

const noQuantity = (header: Header) => ({
  ...{ day: header.local_day, slots: [], openedOn: header.opened_on, indexOf: () => undefined },
  ...{ monthQuantityBefore: 0n, demandBefore: 0n },
});

const indexOf = (published: Published, day: LocalDay) => (code: string) =>
  published.indexes.get(code)?.get(monthOf(day));

/** The quarter-hours that the account pays for, with their rank and the steps that they fall in. */
async function paidSlots(
  deps: ExplainDeps,
  {
    projectId,
    header,
    definition,
    published,
    metered,
    earlier,
  }: {
    projectId: string;
    header: Header;
    definition: TariffDefinition;
    published: Published;
    metered: Metered;
    earlier: Earlier;
  },
): Promise<PaidSlot[]> {
  const { local_day: day, scope_id: pointId } = header;
  const ranks = ranksOf(definition.calendar, { header, published });
  const paid = metered.slots.flatMap(({ slot, used }) =>
    metered.pays.has(slot) && used?.quantity != null
      ? [{ slot, quantity: used.quantity, pointId }]
      : [],
  );
  const { steps } = definition;
  const parted = new Map<string, [number, bigint][]>();
  if (steps) {
    const mates = steps.scope === 'account' ? await mateSlots(deps, { projectId, header }) : [];
    const openedOn = steps.scope === 'account' ? header.opened_on : metered.openedOn;
    const limits = limitsOn(steps, { day, openedOn });
    for (const [key, parts] of partSteps([...paid, ...mates], { limits, before: earlier.step }))
      parted.set(key, parts);
  }
  return paid.map(({ slot, quantity }) => ({
    ...{ slot, quantity, rank: ranks?.[slot] ?? 0 },
    steps: steps ? (parted.get(`${pointId}/${slot}`) ?? []) : [[0, quantity]],
  }));
}

export const ranksOf = (
  calendar: Calendar | undefined,
  { header, published }: { header: Header; published: Published },
): Int8Array | null =>
  calendar
    ? openCalendar(
        calendar,
        header.zone,
        published.lists.get(calendar.eventDays ?? ''),
      )(header.local_day)
    : null;

/** Quarter-hours of the account's other points that cumulate steps with this one, as they were settled. */
async function mateSlots(
  { db, questdb }: ExplainDeps,
  { projectId, header }: { projectId: string; header: Header },
): Promise<{ slot: number; quantity: bigint; pointId: string }[]> {
  const span = daySpan(header.zone, header.local_day);
  const mates = await readMates(db, { projectId, header });
  const holdings = await holdingsOf(db, { projectId, points: mates.map((m) => m.scopeId) });
  const slots: { slot: number; quantity: bigint; pointId: string }[] = [];
  for (const { scopeId: pointId, knownMs } of mates) {
    const { settled } = await readStoredSlots(questdb, { projectId, pointId, span, knownMs });
    const own = partsOfDay(span, {
      tenancies: holdings.tenancies.get(pointId) ?? [],
      installations: holdings.installations.get(pointId) ?? [],
    }).find(({ accountId }) => accountId === header.account_id);
    const pays = (slot: number) => own?.slots.some(([from, to]) => from <= slot && slot < to);
    for (const [slot, { quantity }] of settled) {
      if (quantity !== null && pays(slot)) slots.push({ slot, quantity, pointId });
    }
  }
  return slots;
}

/** A minimum's line, worked out from what was charged in its month. */
export async function minimumOf(
  { db }: ExplainDeps,
  {
    projectId,
    header,
    charge,
    component,
    definitions,
  }: {
    projectId: string;
    header: Header;
    charge: StoredCharge;
    component: Component;
    definitions: ReadonlyMap<string, TariffDefinition>;
  },
): Promise<WorkedMinimum | null> {
  if (component.kind !== 'minimum') return null;
  const { sums, firstHeld } = await readCounted(db, { projectId, header });
  const missing = [...new Set(sums.map((s) => s.versionId))].filter((id) => !definitions.has(id));
  const others = await readVersions(db, { projectId, ids: missing });
  const counted = sums.flatMap((s): CountedSum[] => {
    const other = others.get(s.versionId);
    const definition =
      definitions.get(s.versionId) ?? (other && parseTariff(other.definition, other.commodity));
    const found = definition?.components.find(({ code }) => code === s.component);
    if (!found) return [];
    const { kind, taxIncluded } = found;
    return [
      {
        component: s.component,
        kind,
        taxIncluded,
        exact: exactOf(s.exact),
        taxExact: exactOf(s.taxExact),
      },
    ];
  });
  const heldDays = daysFrom(firstHeld, header.local_day) + 1;
  const lack = lackOf(component, { day: header.local_day, heldDays, counted });
  return { ...lack, heldDays, quantity: BigInt(charge.quantity), exact: exactOf(lack.price) };
}
