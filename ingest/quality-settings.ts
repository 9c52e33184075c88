/** What a project has chosen for quality and estimation: a part of its settings, each value with a default. */
import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';
import { notFound } from '../sql/problem.ts';
import { projects } from '../sql/schema/index.ts';

const share = z.number().min(0).max(1);
const hours = z.number().min(0.25).max(48);

export const qualitySettingsSchema = z
  .object({
    /** Days without a register after which a point's day is estimated. */
    estimateAfterDays: z.number().int().min(1).max(60).default(3),
    /** Effect of an edit above which a second person approves, minor units. */
    approvalAboveMinor: z.number().int().min(0).max(1e12).default(5_000),
    /** A quarter-hour above so many times the most that is usual is a spike. */
    spikeFactor: z.number().min(1.1).max(100).default(4),
    /** What is less than this in base units (a day) is not worth a finding. */
    leastQuantity: z.number().int().min(1).max(1e9).default(500),
    /** A power that a register must show within the time named by `stuckHours`. */
    stuckHours: hours.default(1),
    /** Tariff registers and total may differ by so much. */
    touShare: share.default(0.01),
    /** Main and sub-meters may differ by so much. */
    lossShare: share.default(0.15),
    /** A meter's clock may be off by so many seconds. */
    clockSeconds: z.number().int().min(10).max(86_400).default(300),
    /** A phase below this share of the highest has failed. */
    phaseVoltageShare: share.default(0.6),
    /** The mean phase and one of three may differ by so much. */
    imbalanceShare: share.default(0.6),
    /** Watts of one phase, before CT/PT, that count as flowing back, or through an open relay. */
    leastPowerW: z.number().min(1).max(1e6).default(50),
    /** For how long a condition of voltage, current or power must hold. */
    conditionHours: hours.default(1),
  })
  .openapi('QualitySettings');
export type QualitySettings = z.output<typeof qualitySettingsSchema>;

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
  return { ...row, id, settings: settingsOf(row.settings) };
}

/** What is stored, the rest by default; what cannot be read counts as not said. */
export function settingsOf(stored: Record<string, unknown>): QualitySettings {
  const parsed = qualitySettingsSchema.safeParse(stored.quality ?? {});
  return parsed.success ? parsed.data : qualitySettingsSchema.parse({});
}
