/** Customers: opened with their person and points, changed, closed when they hold nothing any more. */
import { and, eq, sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { tell } from '../sql/events.ts';
import { dayStart, type LocalDay, localDayOf } from '../sql/local-day.ts';
import { formatMinor, type Money, money } from '../sql/money.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { violatedConstraint } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { accounts, people } from '../sql/schema/index.ts';
import { matches } from '../sql/search.ts';
import { ALARM_MINOR_MAX, type By, minorOf, moneyOrNull, only } from './fields.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { beginTenancy } from './tenancies.ts';

export interface NewAccount {
  number: string | undefined;
  name: string;
  nameZh: string | null;
  openedOn: LocalDay;
  creditMode: 'platform' | 'meter';
  alarm1: Money | null;
  alarm2: Money | null;
  person: Contact | null;
  pointIds: readonly string[];
}

/** Furthest ahead that an account may be opened. */
export const AHEAD_DAYS_MAX = 366;

/**
 * Opens an account and, with it, the tenancies of its points from local midnight of that day. Returns
 * its id. Throws Problem `conflict` (number taken), `overlap` (a point is held), `invalid-amount`.
 */
export async function openAccount(
  db: Db,
  {
    projectId,
    account,
    by,
    clock,
  }: { projectId: string; account: NewAccount; by: By; clock: Clock },
): Promise<string> {
  return await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    refuseFarAhead(account.openedOn, project, now);
    const { alarm1, alarm2 } = await alarmsOf(tx, project, account);
    let personId: string | null = null;
    if (account.person) {
      const made = await tx
        .insert(people)
        .values({ projectId, ...account.person })
        .returning({ id: people.id });
      personId = only(made).id;
    }
    const { id } = only(
      await tx
        .insert(accounts)
        .values({
          projectId,
          number: account.number ?? sql<string>`'N' || currval('ids')`,
          name: account.name,
          nameZh: account.nameZh,
          personId,
          openedOn: account.openedOn,
          creditMode: account.creditMode,
          alarm1Minor: alarm1,
          alarm2Minor: alarm2,
        })
        .returning({ id: accounts.id })
        .catch((error: unknown) => {
          if (violatedConstraint(error)?.includes('number')) {
            throw new Problem('conflict', `There is an account ${account.number} already.`, {
              cause: error,
            });
          }
          throw error;
        }),
    );
    for (const pointId of account.pointIds) {
      await beginTenancy(tx, {
        project,
        tenancy: {
          accountId: id,
          pointId,
          fromMs: dayStart(project.zone, account.openedOn),
          toMs: null,
        },
        by,
        now,
      });
    }
    await record(tx, {
      projectId,
      ...by,
      action: 'account.opened',
      subjectKind: 'account',
      subjectId: id,
      detail: { name: account.name, openedOn: account.openedOn, points: account.pointIds.length },
    });
    await tell(tx, [{ projectId, kind: 'account.opened', subjectId: id }]);
    return id;
  });
}

function refuseFarAhead(day: LocalDay, { zone }: ProjectTerms, now: Date): void {
  if (day <= localDayOf(zone, now.getTime() + AHEAD_DAYS_MAX * 86_400_000)) return;
  throw new Problem('invalid-request', 'An account is opened within the next year at most.');
}

/**
 * What was sent of the two alarms. What is not sent stays as it was, null is the project's default; alarm 1
 * comes first in any case. Throws Problem `invalid-amount`.
 */
async function alarmsOf(
  tx: Tx,
  { id: projectId, currency }: ProjectTerms,
  sent: { alarm1?: Money | null; alarm2?: Money | null },
  before: { alarm1: bigint | null; alarm2: bigint | null } = { alarm1: null, alarm2: null },
): Promise<{ alarm1: bigint | null | undefined; alarm2: bigint | null | undefined }> {
  const minor = (amount: Money | null | undefined) => {
    if (!amount) return amount;
    const value = minorOf(amount, currency);
    if (value >= 0n && value <= ALARM_MINOR_MAX) return value;
    const most = formatMinor(ALARM_MINOR_MAX, currency);
    throw new Problem('invalid-amount', `An alarm lies between zero and ${most} ${currency}.`);
  };
  const own = { alarm1: minor(sent.alarm1), alarm2: minor(sent.alarm2) };
  if (own.alarm1 === undefined && own.alarm2 === undefined) return own;
  const found = await tx.execute<{ alarm1: string; alarm2: string }>(sql`
    SELECT alarm1_minor::text AS alarm1, alarm2_minor::text AS alarm2 FROM projects
    WHERE id = ${projectId}::bigint`);
  const inForce = (name: 'alarm1' | 'alarm2') =>
    (own[name] === undefined ? before[name] : own[name]) ?? BigInt(found.rows[0]?.[name] ?? 0);
  const [first, second] = [inForce('alarm1'), inForce('alarm2')];
  if (first < second) {
    const [low, high] = [first, second].map((value) => formatMinor(value, currency));
    const detail = `Alarm 1 comes first: at ${low} it would lie below alarm 2 at ${high}.`;
    throw new Problem('invalid-amount', detail);
  }
  return own;
}

/** Whom the office speaks with. */
export interface Contact {
  name: string;
  phone: string | null;
  email: string | null;
}

export interface AccountChange {
  name?: string;
  nameZh?: string | null;
  alarm1?: Money | null;
  alarm2?: Money | null;
  person?: Contact;
  closedOn?: LocalDay;
}

/** Changes an account. Closing it is refused (`conflict`) while it holds a point on or after that day. */
export async function changeAccount(
  db: Db,
  { projectId, id, change, by }: { projectId: string; id: string; change: AccountChange; by: By },
): Promise<void> {
  await db.transaction(async (tx) => {
    const project = await readProject(tx, projectId);
    const found = await tx.execute<Record<string, unknown>>(sql`
      SELECT name, name_zh, alarm1_minor, alarm2_minor, opened_on::text, closed_on::text, person_id::text
      FROM accounts WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint FOR UPDATE`);
    const row = found.rows[0];
    if (!row) throw notFound('account');
    const { person_id: personId, ...before } = row;
    if (change.closedOn !== undefined) {
      if (change.closedOn < String(before.opened_on)) {
        throw new Problem('conflict', 'An account does not close before it opened.');
      }
      const end = new Date(dayStart(project.zone, change.closedOn)).toISOString();
      const held = await tx.execute(sql`
        SELECT 1 FROM tenancies WHERE project_id = ${projectId}::bigint
          AND account_id = ${id}::bigint AND (valid_to IS NULL OR valid_to > ${end}::timestamptz)`);
      if (held.rows.length > 0) {
        throw new Problem('conflict', 'The account still holds a point: end its tenancies first.');
      }
    }
    const held = (minor: unknown) => (minor === null ? null : BigInt(String(minor)));
    const { alarm1, alarm2 } = await alarmsOf(tx, project, change, {
      ...{ alarm1: held(before.alarm1_minor), alarm2: held(before.alarm2_minor) },
    });
    await tx
      .update(accounts)
      .set({
        number: sql`number`, // an empty change is a change of nothing
        name: change.name,
        nameZh: change.nameZh,
        alarm1Minor: alarm1,
        alarm2Minor: alarm2,
        closedOn: change.closedOn,
      })
      .where(and(eq(accounts.projectId, projectId), eq(accounts.id, id)));
    const { person, ...to } = change;
    const contact = person && (await setContact(tx, { projectId, id, personId, person }));
    await record(tx, {
      projectId,
      ...by,
      action: change.closedOn === undefined ? 'account.changed' : 'account.closed',
      subjectKind: 'account',
      subjectId: id,
      // Of the contact only what changed of it: the system log keeps no phone.
      detail: { from: before, to, ...(contact && { contact }) },
    });
    if (change.closedOn !== undefined) {
      await tell(tx, [{ projectId, kind: 'account.closed', subjectId: id }]);
    }
  });
}

/** Enters whom the office speaks with, or changes it; returns the fields that are another now. */
async function setContact(
  tx: Tx,
  {
    projectId,
    id,
    personId,
    person,
  }: { projectId: string; id: string; personId: unknown; person: Contact },
): Promise<(keyof Contact)[]> {
  const fields = ['name', 'phone', 'email'] as const;
  if (typeof personId !== 'string') {
    const made = await tx
      .insert(people)
      .values({ projectId, ...person })
      .returning({ id: people.id });
    await tx
      .update(accounts)
      .set({ personId: only(made).id })
      .where(and(eq(accounts.projectId, projectId), eq(accounts.id, id)));
    return fields.filter((field) => person[field] !== null);
  }
  const which = and(eq(people.projectId, projectId), eq(people.id, personId));
  const before = only(await tx.select().from(people).where(which).for('update'));
  await tx
    .update(people)
    .set({ ...person })
    .where(which);
  return fields.filter((field) => person[field] !== before[field]);
}

/** Whom the office speaks with about an account; null where nobody was written down. */
export async function contactOf(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
): Promise<Contact | null> {
  const found = await db.execute<{ name: string; phone: string | null; email: string | null }>(sql`
    SELECT p.name, p.phone, p.email FROM accounts a
    JOIN people p ON p.project_id = a.project_id AND p.id = a.person_id
    WHERE a.project_id = ${projectId}::bigint AND a.id = ${accountId}::bigint`);
  return found.rows[0] ?? null;
}

/** An account as the API shows it; its balance is of the newest generation, null before one. */
export interface ShownAccount {
  id: string;
  number: string;
  name: string;
  nameZh: string | null;
  openedOn: LocalDay;
  closedOn: LocalDay | null;
  creditMode: 'platform' | 'meter';
  alarm1: Money | null;
  alarm2: Money | null;
  points: ShownHolding[];
  balance: ShownBalance | null;
}
interface ShownHolding {
  id: string;
  code: string;
  commodity: 'electricity' | 'water';
  tenancyId: string;
  from: string;
  to: string | null;
}
export interface ShownBalance {
  settled: Money;
  provisional: Money;
  live: Money;
  settledTo: LocalDay | null;
  newestSampleAt: string | null;
  ageS: number | null;
  hoursLeft: number | null;
  computedAt: string | null;
}

interface Row extends Record<string, unknown> {
  id: string;
  number: string;
  name: string;
  name_zh: string | null;
  opened_on: string;
  closed_on: string | null;
  credit_mode: 'platform' | 'meter';
  alarm1_minor: string | null;
  alarm2_minor: string | null;
  points: ShownHolding[];
  currency: string;
  settled_minor: string | null;
  provisional_minor: string;
  settled_to: string | null;
  newest_sample_at: string | Date | null;
  hours_left: string | null;
  computed_at: string | Date;
}

/** The states that accounts are shown in: the first that holds, a threshold that is reached is passed. */
export const accountStates = ['notOpened', 'arrears', 'alarm2', 'alarm1', 'opened'] as const;

export interface AccountFilter {
  /** A part of the number, a name or the code of a point, in any case. */
  q?: string | undefined;
  show?: 'open' | 'all' | undefined;
  state?: (typeof accountStates)[number] | undefined;
}

/** Accounts in order of id after `cursor`; points are those held now or from now on. */
export async function listAccounts(
  db: Queryable,
  {
    projectId,
    ids,
    cursor,
    limit,
    now,
    filter = {},
  }: {
    projectId: string;
    ids?: readonly string[];
    cursor?: string;
    limit: number;
    now: Date;
    filter?: AccountFilter;
  },
): Promise<ShownAccount[]> {
  const only = ids ? sql`AND a.id = ANY(${`{${ids.join()}}`}::bigint[])` : sql``;
  const { q = '', show = 'all', state = null } = filter;
  const live = sql`(b.settled_minor - b.provisional_minor)`;
  const found = await db.execute<Row>(sql`
    SELECT a.id::text, a.number, a.name, a.name_zh, a.opened_on::text, a.closed_on::text,
      a.credit_mode, a.alarm1_minor::text, a.alarm2_minor::text, r.currency, held.points,
      b.settled_minor::text, b.provisional_minor::text, b.settled_to::text, b.newest_sample_at,
      b.hours_left::text, g.computed_at
    FROM accounts a
    JOIN projects r ON r.id = a.project_id
    LEFT JOIN live_balance_generations g ON g.project_id = a.project_id
    LEFT JOIN live_balances b ON b.project_id = a.project_id AND b.generation = g.generation
      AND b.account_id = a.id
    LEFT JOIN LATERAL (
      SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id::text, 'code', p.code,
        'commodity', p.commodity, 'tenancyId', t.id::text, 'from', t.valid_from, 'to', t.valid_to)
        ORDER BY p.code), '[]'::jsonb) AS points, string_agg(p.code, chr(10)) AS codes
      FROM tenancies t JOIN points p ON p.project_id = t.project_id AND p.id = t.point_id
      WHERE t.project_id = a.project_id AND t.account_id = a.id
        AND (t.valid_to IS NULL OR t.valid_to > ${now.toISOString()}::timestamptz)) held ON true
    WHERE a.project_id = ${projectId}::bigint AND a.id > ${cursor ?? '0'}::bigint ${only}
      AND (${show} = 'all' OR a.closed_on IS NULL)
      AND ${matches(q, sql`a.number, a.name, a.name_zh, held.codes`)}
      AND (${state}::text IS NULL OR ${state} = CASE
        WHEN a.closed_on IS NOT NULL OR held.codes IS NULL THEN 'notOpened'
        WHEN b.settled_minor IS NULL THEN 'opened'
        WHEN ${live} < 0 THEN 'arrears'
        WHEN ${live} <= coalesce(a.alarm2_minor, r.alarm2_minor) THEN 'alarm2'
        WHEN ${live} <= coalesce(a.alarm1_minor, r.alarm1_minor) THEN 'alarm1'
        ELSE 'opened' END)
    ORDER BY a.id LIMIT ${limit}`);
  return found.rows.map((row) => renderAccount(row, now));
}

function renderAccount(row: Row, now: Date): ShownAccount {
  const { currency } = row;
  return {
    id: row.id,
    number: row.number,
    name: row.name,
    nameZh: row.name_zh,
    openedOn: row.opened_on,
    closedOn: row.closed_on,
    creditMode: row.credit_mode,
    alarm1: moneyOrNull(row.alarm1_minor, currency),
    alarm2: moneyOrNull(row.alarm2_minor, currency),
    points: row.points.map((p) => ({
      ...p,
      from: new Date(p.from).toISOString(),
      to: p.to && new Date(p.to).toISOString(),
    })),
    balance:
      row.settled_minor === null
        ? null
        : renderBalance({ ...row, settled_minor: row.settled_minor }, now),
  };
}

/** A row of live balances as the API shows it. */
export function renderBalance(
  row: {
    currency: string;
    settled_minor: string;
    provisional_minor: string;
    settled_to: string | null;
    newest_sample_at: string | Date | null;
    hours_left: string | null;
    computed_at: string | Date | null;
  },
  now: Date,
): ShownBalance {
  const settled = BigInt(row.settled_minor);
  const provisional = BigInt(row.provisional_minor);
  const newest = row.newest_sample_at && new Date(row.newest_sample_at);
  return {
    settled: money(settled, row.currency),
    provisional: money(provisional, row.currency),
    live: money(settled - provisional, row.currency),
    settledTo: row.settled_to,
    newestSampleAt: newest ? newest.toISOString() : null,
    ageS: newest ? Math.max(0, Math.round((now.getTime() - newest.getTime()) / 1000)) : null,
    hoursLeft: row.hours_left === null ? null : Number(row.hours_left),
    computedAt: row.computed_at ? new Date(row.computed_at).toISOString() : null,
  };
}
