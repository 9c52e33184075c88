/** Dated supply contracts and where notices under them go; the newest of an account holds. */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { LocalDay } from '../sql/local-day.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { violatedConstraint } from '../sql/postgres.ts';
import { notFound, Problem } from '../sql/problem.ts';
import { type addressKinds, supplyContracts } from '../sql/schema/index.ts';
import { type By, only } from './fields.ts';

export interface NewContract {
  number: string;
  from: LocalDay;
  /** Exclusive; null: until further notice. */
  to: LocalDay | null;
  notices: { kind: (typeof addressKinds)[number]; address: string }[];
}

export interface ShownContract extends NewContract {
  id: string;
  accountId: string;
  accountNumber: string;
  accountName: string;
  createdBy: string;
  createdAt: string;
}

/**
 * Makes a contract within `tx`; returns its id. Throws Problem `invalid-request` (it ends before it begins),
 * `account-closed`, `not-found`, `conflict` (its number is taken).
 */
export async function makeContract(
  tx: Tx,
  {
    projectId,
    accountId,
    contract,
    by,
  }: { projectId: string; accountId: string; contract: NewContract; by: By },
): Promise<string> {
  const { number, from, to, notices } = contract;
  if (to !== null && to <= from) {
    throw new Problem('invalid-request', 'A contract ends after it begins.');
  }
  const found = await tx.execute<{ closed_on: string | null }>(sql`
    SELECT closed_on::text FROM accounts
    WHERE project_id = ${projectId}::bigint AND id = ${accountId}::bigint FOR SHARE`);
  const account = found.rows[0];
  if (!account) throw notFound('account');
  if (account.closed_on !== null) {
    throw new Problem('account-closed', `The account was closed on ${account.closed_on}.`);
  }
  const made = await tx
    .insert(supplyContracts)
    .values({
      ...{ projectId, accountId, number, validFrom: from, validTo: to, notices },
      createdBy: by.actor.name,
    })
    .returning({ id: supplyContracts.id })
    .catch((error: unknown) => {
      if (!violatedConstraint(error)?.includes('number')) throw error;
      throw new Problem('conflict', `There is a contract ${number} already.`, { cause: error });
    });
  const { id } = only(made);
  const detail = { contract: id, number, from, to, notices: notices.length };
  const subject = { subjectKind: 'account', subjectId: accountId, detail };
  await record(tx, { projectId, ...by, action: 'contract.made', ...subject });
  return id;
}

/** Contracts, newest first, after `cursor` (an id). */
export async function listContracts(
  db: Queryable,
  {
    projectId,
    accountId = null,
    id = null,
    cursor = null,
    limit,
  }: {
    projectId: string;
    accountId?: string | null | undefined;
    id?: string | null;
    cursor?: string | null;
    limit: number;
  },
): Promise<ShownContract[]> {
  const found = await db.execute<{
    id: string;
    account_id: string;
    account_number: string;
    name: string;
    number: string;
    valid_from: LocalDay;
    valid_to: LocalDay | null;
    notices: NewContract['notices'];
    created_by: string;
    created_at: string;
  }>(sql`
    SELECT c.id::text, c.account_id::text, a.number AS account_number, a.name, c.number,
      c.valid_from::text, c.valid_to::text, c.notices, c.created_by, c.created_at
    FROM supply_contracts c JOIN accounts a ON a.project_id = c.project_id AND a.id = c.account_id
    WHERE c.project_id = ${projectId}::bigint
      AND (${accountId}::bigint IS NULL OR c.account_id = ${accountId}::bigint)
      AND (${id}::bigint IS NULL OR c.id = ${id}::bigint)
      AND (${cursor}::bigint IS NULL OR c.id < ${cursor}::bigint)
    ORDER BY c.id DESC LIMIT ${limit}`);
  return found.rows.map((row) => ({
    ...{ id: row.id, accountId: row.account_id, accountNumber: row.account_number },
    ...{ accountName: row.name, number: row.number, from: row.valid_from, to: row.valid_to },
    ...{ notices: row.notices, createdBy: row.created_by },
    createdAt: new Date(row.created_at).toISOString(),
  }));
}
