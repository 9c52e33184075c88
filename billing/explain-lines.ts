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
  type Header,
  readCounted,
  readMates,
  readVersions,
  type StoredCharge,
} from './explain-header.ts';
import { type ExplainedSlot, type Recomputed, readStoredSlots } from './explain-intervals.ts';
import type { DayReadings } from './explain-readings.ts';
import type { WorkedMinimum } from './explain-rule.ts';
import type { Published } from './price-book.ts';
import { daysFrom, limitsOn } from './steps.ts';
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

type WorkedLine = Worked & { versionId: string };

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
      lines.push(...workOut(fees, noQuantity(header)).map((w) => ({ ...w, versionId })));
      continue;
    }
    const slots = await paidSlots(deps, { projectId, header, definition, published, metered });
    const inputs = {
      ...{ day, slots, openedOn: metered.openedOn },
      monthQuantityBefore: BigInt(header.month_before),
      demandBefore: BigInt(header.demand_before),
      indexOf: indexOf(published, day),
    };
    lines.push(...workOut({ ...definition, components }, inputs).map((w) => ({ ...w, versionId })));
  }
  return lines;
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
  }: {
    projectId: string;
    header: Header;
    definition: TariffDefinition;
    published: Published;
    metered: Metered;
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
    const before = BigInt(header.step_before);
    for (const [key, parts] of partSteps([...paid, ...mates], { limits, before }))
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
  const slots: { slot: number; quantity: bigint; pointId: string }[] = [];
  for (const { scopeId: pointId, knownMs } of mates) {
    const { settled } = await readStoredSlots(questdb, { projectId, pointId, span, knownMs });
    for (const [slot, { quantity }] of settled) {
      if (quantity !== null) slots.push({ slot, quantity, pointId });
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
