/**
 * What is doubted of readings and what people said instead: corrections, readings by hand, edits, findings.
 * Owner: ingest; what is at stake is priced by billing.
 */
import {
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
} from 'drizzle-orm/pg-core';
import { createdAt, decided, decimal, exact, id, instant, ownId } from './columns.ts';
import { meters, points } from './devices.ts';
import { projects } from './places.ts';

/**
 * What a meter said in a stretch of time is to be read otherwise, with a reason. Ranges of one kind do not
 * overlap for a meter, unless withdrawn.
 */
export const meterCorrections = pgTable(
  'meter_corrections',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    meterId: id('meter_id').notNull(),
    /** error: it counts too much, parts per million (negative: too little) · clock: its samples are moved, ms. */
    kind: text({ enum: ['error', 'clock'] }).notNull(),
    validFrom: instant('valid_from').notNull(),
    validTo: instant('valid_to').notNull(),
    value: exact().notNull(),
    reason: text().notNull(),
    madeBy: text('made_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.meterId),
    foreignKey({
      columns: [t.projectId, t.meterId],
      foreignColumns: [meters.projectId, meters.id],
    }),
  ],
);

/** A register that a person read at the meter; it counts like a sample. */
export const manualReadings = pgTable(
  'manual_readings',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    meterId: id('meter_id').notNull(),
    at: instant('at').notNull(),
    /** The billing register, base units before CT/PT. */
    register: exact().notNull(),
    reason: text().notNull(),
    readBy: text('read_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.meterId),
    foreignKey({
      columns: [t.projectId, t.meterId],
      foreignColumns: [meters.projectId, meters.id],
    }),
  ],
);

/**
 * A ratio corrected, two meters swapped, a meter replaced: the installations as they were and as they came to be,
 * so that the act can be taken back exactly.
 */
export const installationChanges = pgTable(
  'installation_changes',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    id: ownId(),
    kind: text({ enum: ['ratio', 'swap', 'replacement'] }).notNull(),
    before: jsonb().$type<InstallationRow[]>().notNull(),
    /** Those that are in `before`, altered, and those that were made. */
    after: jsonb().$type<InstallationRow[]>().notNull(),
    /** What was asked for: dates, ratios, registers. */
    detail: jsonb().$type<Record<string, unknown>>().notNull(),
    reason: text().notNull(),
    madeBy: text('made_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] })],
);

/** An installation with its instants as RFC 3339 and its registers as numbers, base units before CT/PT. */
export interface InstallationRow {
  id: string;
  pointId: string;
  meterId: string;
  from: string;
  to: string | null;
  firstRegister: number | null;
  lastRegister: number | null;
  ct: number;
  pt: number;
  basis: 'primary' | 'secondary';
  registerSpan: number | null;
  ratedPerHour: number | null;
}

/** A correction of a meter, a reading by hand, or a change of installations no longer holds. */
export const correctionWithdrawals = pgTable(
  'correction_withdrawals',
  {
    projectId: id('project_id').notNull(),
    /** Of meter_corrections, manual_readings or installation_changes; no two things share an id. */
    correctionId: id('correction_id').notNull(),
    reason: text().notNull(),
    withdrawnBy: text('withdrawn_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.correctionId] })],
);

/** Quarter-hours of a point as a person, or the rule for days without a register, says they were. */
export const intervalEdits = pgTable(
  'interval_edits',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    pointId: id('point_id').notNull(),
    fromAt: instant('from_at').notNull(),
    toAt: instant('to_at').notNull(),
    method: text({ enum: ['set', 'linear', 'like-day', 'profile'] }).notNull(),
    /** [start of the slot, epoch ms; base units; base units as built before, null: missing]. */
    slots: jsonb().$type<[number, number, number | null][]>().notNull(),
    /** 0 to 100. */
    confidence: smallint().notNull(),
    reason: text().notNull(),
    proposedBy: text('proposed_by').notNull(),
    energyBefore: exact('energy_before').notNull(),
    energyAfter: exact('energy_after').notNull(),
    /** Why a second person must approve; null: none needs to. */
    approval: text({ enum: ['amount', 'no-price'] }),
    exceptionId: id('exception_id'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.pointId, t.fromAt),
    foreignKey({
      columns: [t.projectId, t.pointId],
      foreignColumns: [points.projectId, points.id],
    }),
  ],
);

/** What became of an edit; the newest row holds. Without one it waits. */
export const intervalEditDecisions = pgTable(
  'interval_edit_decisions',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    editId: id('edit_id').notNull(),
    decision: text({ enum: ['approve', 'reject', 'withdraw', 'take-back'] }).notNull(),
    ...decided(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.editId),
    foreignKey({
      columns: [t.projectId, t.editId],
      foreignColumns: [intervalEdits.projectId, intervalEdits.id],
    }),
  ],
);

/** What a rule of quality saw on a point's local day. It bills, and is seen. */
export const qualityFindings = pgTable(
  'quality_findings',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    rule: text().notNull(),
    pointId: id('point_id').notNull(),
    /** The meter that it was seen at; null where it is of the point. */
    meterId: id('meter_id'),
    localDay: date('local_day', { mode: 'string' }).notNull(),
    fromAt: instant('from_at').notNull(),
    toAt: instant('to_at').notNull(),
    /** Base units that may be wrong or lost; null: it says nothing of a quantity. */
    energy: exact(),
    detail: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.localDay),
    foreignKey({
      columns: [t.projectId, t.pointId],
      foreignColumns: [points.projectId, points.id],
    }),
  ],
);

/** cleared: the data no longer shows it · dismissed: a person says it is in order. The newest row holds. */
export const qualityFindingDecisions = pgTable(
  'quality_finding_decisions',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    findingId: id('finding_id').notNull(),
    decision: text({ enum: ['cleared', 'dismissed', 'reopened'] }).notNull(),
    ...decided(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index().on(t.projectId, t.findingId),
    foreignKey({
      columns: [t.projectId, t.findingId],
      foreignColumns: [qualityFindings.projectId, qualityFindings.id],
    }),
  ],
);

/** When the rules last looked at a local day. */
export const qualityRuns = pgTable(
  'quality_runs',
  {
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id),
    localDay: date('local_day', { mode: 'string' }).notNull(),
    ranAt: instant('ran_at').notNull(),
    /** Dirty rows of the day that there were; more of them, and it is looked at again. */
    dirtyRows: integer('dirty_rows').notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.localDay] })],
);

/** Quarter-hours that an act would change, computed and taken back: what a bill is previewed with. */
export const intervalPreviews = pgTable(
  'interval_previews',
  {
    projectId: id('project_id').notNull(),
    id: ownId(),
    act: text().notNull(),
    /** Point by point: [start of the slot, epoch ms; base units after, null: missing; before]. */
    changes: jsonb()
      .$type<{ pointId: string; slots: [number, number | null, number | null][] }[]>()
      .notNull(),
    madeBy: text('made_by').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] })],
);

/** What a point pays on average for 1,000 base units, from its newest settled days. Owner: billing. */
export const pointPrices = pgTable(
  'point_prices',
  {
    projectId: id('project_id').notNull(),
    pointId: id('point_id').notNull(),
    price: decimal().notNull(),
    computedAt: instant('computed_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.pointId] }),
    foreignKey({
      columns: [t.projectId, t.pointId],
      foreignColumns: [points.projectId, points.id],
    }),
  ],
);

/** What an open exception is worth. Owner: billing. */
export const exceptionStakes = pgTable(
  'exception_stakes',
  {
    projectId: id('project_id').notNull(),
    /** Of quarantines or quality_findings; no two things share an id. */
    exceptionId: id('exception_id').notNull(),
    /** Base units. */
    energy: exact(),
    /** Minor units; null where the point has no price. */
    moneyMinor: exact('money_minor'),
    computedAt: instant('computed_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.exceptionId] }),
    index().on(t.projectId, t.moneyMinor),
  ],
);
