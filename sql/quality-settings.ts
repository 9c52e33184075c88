/** What a project has chosen for quality and estimation: a part of its settings, each value with a default. */
import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Queryable } from './postgres.ts';
import { notFound } from './problem.ts';
import { projects } from './schema/index.ts';

const share = z.number().min(0).max(1);
const hours = z.number().min(0.25).max(48);

export const qualitySettingsSchema = z
  .strictObject({
    /** Days without a register after which a point's day is estimated. */
    estimateAfterDays: z.number().int().min(1).max(60),
    /** Effect of an edit above which a second person approves, minor units. */
    approvalAboveMinor: z.number().int().min(0).max(1e12),
    /** A quarter-hour above so many times the most that is usual is a spike. */
    spikeFactor: z.number().min(1.1).max(100),
    /** What is less than this in base units (a day) is not worth a finding. */
    leastQuantity: z.number().int().min(1).max(1e9),
    /** For how long a register may stand still while the meter shows power. */
    stuckHours: hours,
    /** Tariff registers and total may differ by so much. */
    touShare: share,
    /** Main and sub-meters may differ by so much. */
    lossShare: share,
    /** A meter's clock may be off by so many seconds. */
    clockSeconds: z.number().int().min(10).max(86_400),
    /** A phase below this share of the highest has failed. */
    phaseVoltageShare: share,
    /** The current of a phase may differ from the mean by so much. */
    imbalanceShare: share,
    /** Watts, before CT/PT, that count as flowing back in a phase, or through an open relay. */
    leastPowerW: z.number().min(1).max(1e6),
    /** For how long a condition of voltage, current or power must hold. */
    conditionHours: hours,
  })
  .openapi('QualitySettings');
export type QualitySettings = z.output<typeof qualitySettingsSchema>;

const DEFAULTS: QualitySettings = {
  estimateAfterDays: 3,
  approvalAboveMinor: 5_000,
  spikeFactor: 4,
  leastQuantity: 500,
  stuckHours: 1,
  touShare: 0.01,
  lossShare: 0.15,
  clockSeconds: 300,
  phaseVoltageShare: 0.6,
  imbalanceShare: 0.6,
  leastPowerW: 50,
  conditionHours: 1,
};

/** Some of them, as a project changes them. */
export const qualityChangesSchema = qualitySettingsSchema.partial();

export interface QualityProject {
  id: string;
  zone: string;
  currency: string;
  settings: QualitySettings;
}

/** A project with its settings of quality. Throws Problem `not-found`. */
export async function readQualityProject(tx: Queryable, id: string): Promise<QualityProject> {
  const { zone, currency, settings } = projects;
  const [row] = await tx
    .select({ zone, currency, settings })
    .from(projects)
    .where(sql`${projects.id} = ${id}::bigint`);
  if (!row) throw notFound('project');
  return { ...row, id, settings: qualitySettingsOf(row.settings) };
}

/** What is stored, the rest by default; what cannot be read counts as not said. */
export function qualitySettingsOf(stored: Record<string, unknown>): QualitySettings {
  const parsed = qualityChangesSchema.safeParse(stored.quality ?? {});
  return parsed.success ? { ...DEFAULTS, ...parsed.data } : DEFAULTS;
}
