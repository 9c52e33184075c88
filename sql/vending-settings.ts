/** What a project has chosen for its counter: a part of its settings, each value with a default. */
import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Queryable } from './postgres.ts';
import { notFound } from './problem.ts';
import { projects } from './schema/index.ts';

/** What an account in meter mode can owe in its wallet, in the usual order of collecting. */
export const debtCodes = ['correction', 'fee', 'demand', 'other'] as const;
export type DebtCode = (typeof debtCodes)[number];

export const vendingSettingsSchema = z
  .strictObject({
    /** Whether cash is taken and given in an open shift alone. */
    cashNeedsShift: z.boolean(),
    /** A reversal above it is approved by a second person, minor units. */
    reversalApprovalMinor: z.number().int().min(0).max(1e12),
    /** Whether who wants a reversal, or is over or short, may agree to it alone; the decision says so. */
    singlePersonApproves: z.boolean(),
    /** Hours for which an online payment does not count as cleared. */
    unclearedHours: z.number().int().min(0).max(720),
    /** Meter mode: how far a meter and its sub-account may be apart before it is an alarm, minor units. */
    meterToleranceMinor: z.number().int().min(0).max(1e9),
    /** Meter mode: most of a sale that stays in the wallet for debts, and which debts come first. */
    debtSharePercent: z.number().int().min(0).max(100),
    debtPriority: z.array(z.enum(debtCodes)).max(debtCodes.length),
  })
  .openapi('VendingSettings');
export type VendingSettings = z.output<typeof vendingSettingsSchema>;

/** Of a project that has said nothing, as all have that are older than shifts. */
const DEFAULTS: VendingSettings = {
  cashNeedsShift: false,
  reversalApprovalMinor: 50_000,
  singlePersonApproves: false,
  unclearedHours: 24,
  meterToleranceMinor: 200,
  debtSharePercent: 50,
  debtPriority: [...debtCodes],
};

/** What a new project begins with where it says nothing else. */
export const NEW_PROJECT: Partial<VendingSettings> = { cashNeedsShift: true };

/** Some of them, as a project changes them. */
export const vendingChangesSchema = vendingSettingsSchema.partial();

/** Throws Problem `not-found`. */
export async function readVendingSettings(tx: Queryable, id: string): Promise<VendingSettings> {
  const [row] = await tx
    .select({ settings: projects.settings })
    .from(projects)
    .where(sql`${projects.id} = ${id}::bigint`);
  if (!row) throw notFound('project');
  return vendingSettingsOf(row.settings);
}

/** What is stored, the rest by default; what cannot be read counts as not said. */
export function vendingSettingsOf(stored: Record<string, unknown>): VendingSettings {
  const parsed = vendingChangesSchema.safeParse(stored.vending ?? {});
  return parsed.success ? { ...DEFAULTS, ...parsed.data } : DEFAULTS;
}
