/**
 * What a project wants done about arrears: a versioned policy, of which the newest holds. Without any nothing is
 * done by itself. And what holds for one account instead.
 */
import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import { isoOrNull } from '../sql/clock.ts';
import { type Money, money } from '../sql/money.ts';
import { type Db, type Queryable, violatedConstraint } from '../sql/postgres.ts';
import { type Fault, Problem } from '../sql/problem.ts';
import { daySchema, moneySchema } from '../sql/route.ts';
import { creditPolicies } from '../sql/schema/index.ts';
import { type By, minorOf } from './fields.ts';
import { type ProjectTerms, readProject } from './project.ts';

const clockTime = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'a time is written HH:MM, 00:00 to 24:00');
export const ladderLevels = ['alarm1', 'alarm2', 'arrears', 'final'] as const;
export type LadderLevel = (typeof ladderLevels)[number];

export const creditPolicySchema = z
  .strictObject({
    mode: z.enum(['off', 'propose', 'automatic']).openapi({
      description: 'propose: a person trips what is proposed; restoring is by itself in both',
    }),
    graceHours: z.number().int().min(0).max(720),
    creditLimit: moneySchema.openapi({ description: 'A balance below minus this is in arrears' }),
    restoreAt: moneySchema.openapi({ description: 'Live balance from which supply comes back' }),
    noCutHours: z
      .array(z.strictObject({ from: clockTime, to: clockTime }))
      .max(8)
      .openapi({
        description: 'By the wall clock; one that ends before it begins goes over midnight',
      }),
    noCutDays: z.strictObject({
      weekdays: z.array(z.number().int().min(1).max(7)).max(7),
      holidays: z
        .boolean()
        .openapi({ description: 'Holidays of the project’s usual tariff of electricity' }),
      dates: z.array(daySchema).max(400),
    }),
    ladder: z
      .array(
        z.strictObject({
          level: z.enum(ladderLevels),
          hoursBeforeTrip: z.number().int().min(0).max(720),
          proof: z.enum(['none', 'handed-over', 'delivered']),
        }),
      )
      .max(ladderLevels.length)
      .openapi({
        description:
          'What has to be told, how long before a trip, and how that is proven. A notice of a worse level tells a better one too.',
      }),
    otherDebtNoticeDays: z.number().int().min(0).max(92).openapi({
      description:
        'Corrections, fees, demand and minimums of so many days cut no energy: they have their own notice days',
    }),
    brake: z
      .strictObject({
        tripsPerHour: z.number().int().min(1).max(10_000),
        sharePercentPerHour: z.number().int().min(1).max(100),
      })
      .openapi({ description: 'Above either, automatic trips stop and a person is called' }),
    silent: z.strictObject({
      minutes: z.number().int().min(5).max(10_080),
      exposure: moneySchema.openapi({
        description: 'From what may have been used unseen a silent meter is an alarm',
      }),
    }),
    orderQueryMinutes: z.number().int().min(1).max(1440),
    cutWater: z.boolean().default(false),
  })
  .openapi('CreditPolicy');
export type CreditPolicy = z.output<typeof creditPolicySchema>;

const MINUTES_A_DAY = 1440;
export const minutesOf = (time: string): number =>
  Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** What holds where nobody has said anything: nothing is done, and what a first version is begun from. */
export function usualPolicy(currency: string): CreditPolicy {
  const zero = money(0n, currency);
  const fifty = money(minorOf({ amount: '50', currency }, currency), currency);
  return {
    mode: 'off',
    graceHours: 24,
    ...{ creditLimit: zero, restoreAt: zero },
    noCutHours: [{ from: '17:00', to: '08:00' }],
    noCutDays: { weekdays: [5, 6, 7], holidays: true, dates: [] },
    ladder: [
      { level: 'alarm2', hoursBeforeTrip: 48, proof: 'none' },
      { level: 'final', hoursBeforeTrip: 24, proof: 'handed-over' },
    ],
    otherDebtNoticeDays: 14,
    brake: { tripsPerHour: 10, sharePercentPerHour: 5 },
    silent: { minutes: 60, exposure: fifty },
    orderQueryMinutes: 15,
    cutWater: false,
  };
}

/** What contradicts itself, each at its place; empty when it holds. Throws Problem `invalid-amount`. */
export function policyFaults(policy: CreditPolicy, currency: string): Fault[] {
  const faults: Fault[] = [];
  const say = (at: string, message: string) => faults.push({ at: `json/policy/${at}`, message });
  const [limit, restoreAt, exposure] = [
    policy.creditLimit,
    policy.restoreAt,
    policy.silent.exposure,
  ].map((amount) => minorOf(amount, currency)) as [bigint, bigint, bigint]; // As many as given.
  if (limit < 0n) say('creditLimit', 'a limit is not below zero');
  if (exposure < 0n) say('silent/exposure', 'an exposure is not below zero');
  if (restoreAt < -limit) {
    say('restoreAt', 'supply would come back while it is still to be cut');
  }
  policy.noCutHours.forEach(({ from, to }, i) => {
    if (from === to) say(`noCutHours/${i}`, 'a range has a beginning and another end');
  });
  const levels = policy.ladder.map(({ level }) => level);
  levels.forEach((level, i) => {
    if (levels.indexOf(level) !== i) say(`ladder/${i}`, `${level} stands in the ladder twice`);
  });
  if (new Set(policy.noCutDays.weekdays).size === 7) {
    say('noCutDays/weekdays', 'a day of the week has to be left on which is cut; else choose off');
  }
  if (isAlwaysNoCut(policy)) {
    say('noCutHours', 'a minute of the day has to be left in which is cut; else choose off');
  }
  return faults;
}

function isAlwaysNoCut({ noCutHours }: CreditPolicy): boolean {
  const cut = new Uint8Array(MINUTES_A_DAY);
  for (const { from, to } of noCutHours) {
    const [start, end] = [minutesOf(from), minutesOf(to)];
    if (start < end) cut.fill(1, start, end);
    else if (start > end) cut.fill(1, start).fill(1, 0, end);
  }
  return !cut.includes(0);
}

export interface PolicyVersion {
  policy: CreditPolicy;
  /** 0 where nobody has written one. */
  version: number;
  since: string | null;
  by: string | null;
  reason: string | null;
}

type Row = {
  policy: unknown;
  version: number;
} & Record<'set_at' | 'set_by' | 'reason', string>;

const shown = (row: Row): PolicyVersion => ({
  policy: creditPolicySchema.parse(row.policy),
  version: row.version,
  since: isoOrNull(row.set_at),
  by: row.set_by,
  reason: row.reason,
});

/** The policy in force. */
export async function readPolicy(
  db: Queryable,
  { id, currency }: Pick<ProjectTerms, 'id' | 'currency'>,
): Promise<PolicyVersion> {
  const [newest] = await listPolicies(db, { projectId: id, before: null, limit: 1 });
  return (
    newest ?? { policy: usualPolicy(currency), version: 0, since: null, by: null, reason: null }
  );
}

/** Versions of a project, newest first, before one. */
export async function listPolicies(
  db: Queryable,
  { projectId, before, limit }: { projectId: string; before: number | null; limit: number },
): Promise<PolicyVersion[]> {
  const found = await db.execute<Row>(sql`
    SELECT policy, version, set_at, set_by, reason FROM credit_policies
    WHERE project_id = ${projectId}::bigint AND (${before}::int IS NULL OR version < ${before}::int)
    ORDER BY version DESC LIMIT ${limit}`);
  return found.rows.map(shown);
}

/**
 * Writes the version after `version`. Throws Problem `invalid-request` with the faults, `invalid-amount`, `conflict`
 * when another was written meanwhile.
 */
export async function writePolicy(
  db: Db,
  {
    projectId,
    policy,
    reason,
    version,
    by,
    at,
  }: {
    projectId: string;
    policy: CreditPolicy;
    reason: string;
    version: number;
    by: By;
    at: Date;
  },
): Promise<PolicyVersion> {
  const project = await readProject(db, projectId);
  const faults = policyFaults(policy, project.currency);
  const [first] = faults;
  if (first) throw new Problem('invalid-request', `${first.at}: ${first.message}`, { faults });
  const outdated = () =>
    new Problem('conflict', 'Another version was written meanwhile. Look at it, then write anew.');
  return await db.transaction(async (tx) => {
    const before = await readPolicy(tx, project);
    if (before.version !== version) throw outdated();
    await tx
      .insert(creditPolicies)
      .values({
        ...{ projectId, version: version + 1, policy: { ...policy }, reason },
        ...{ setById: by.actor.id, setBy: by.actor.name, setAt: at },
      })
      .catch((error: unknown) => {
        throw violatedConstraint(error) ? outdated() : error;
      });
    await record(tx, {
      ...{ projectId, ...by, action: 'credit-policy.changed' },
      ...{ subjectKind: 'project', subjectId: projectId },
      detail: { version: version + 1, from: before.policy, to: policy, reason },
    });
    return await readPolicy(tx, project);
  });
}

/** Minor units of the policy's amounts, which were checked when it was written. */
export const policyMinor = (amount: Money, currency: string): bigint => minorOf(amount, currency);
