/**
 * Openings that are prepared ahead: a draft that is edited or withdrawn until it is carried out, all of it in
 * one transaction – account, tenancies, tariffs, contract, deposit, first sale, settings of the meters.
 */
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { commandObstacles, type Obstacle, requestCommands } from '../sql/commands.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { localDayOf, SLOT_MS } from '../sql/local-day.ts';
import type { Money } from '../sql/money.ts';
import type { Db, Queryable, Tx } from '../sql/postgres.ts';
import { type Fault, notFound, Problem } from '../sql/problem.ts';
import { accountOpenings } from '../sql/schema/index.ts';
import { openAccount } from './accounts.ts';
import type { Channel } from './channel.ts';
import { makeContract, type NewContract } from './contract.ts';
import { moveDeposit, type ShownDeposit } from './deposit.ts';
import { type By, minorOf, only } from './fields.ts';
import { letMetersHold } from './meter-mode.ts';
import { openWallets } from './meter-wallet.ts';
import { openingFaults } from './opening-faults.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { sell } from './sale.ts';
import type { ShownSale } from './sale-list.ts';
import { assign } from './tariff-store.ts';
import { beginTenancy, boundaryMs } from './tenancies.ts';

/** A first payment: what is sold, or taken as deposit. */
interface Payment {
  channel: Channel;
  amount: Money;
  note: string | null;
}

/** In meter mode `pointId` is whose meter it goes to; null leaves it in the wallet. */
type FirstSale = Payment & { pointId: string | null };

/** What is to be opened. */
export interface OpeningContent {
  number: string | null;
  name: string;
  nameZh: string | null;
  /** A local day (its midnight) or a quarter-hour; null: the quarter-hour in which it is opened. */
  from: string | null;
  alarm1: Money | null;
  alarm2: Money | null;
  person: { name: string; phone: string | null; email: string | null } | null;
  /** `tariffId`: of this point alone, else what the account or the project has. */
  points: { pointId: string; tariffId: string | null; overloadW: number | null }[];
  /** Tariffs of the account, one a commodity at most. */
  tariffIds: string[];
  /** Who holds its money. */
  creditMode: 'platform' | 'meter';
  firstSale: FirstSale | null;
  deposit: Payment | null;
  contract: NewContract | null;
}

/** What opening did, kept with it and printed as its confirmation. */
export interface OpeningResult {
  openedAt: string;
  openedBy: string;
  /** When the tenancies began. */
  from: string;
  sale: ShownSale | null;
  deposit: ShownDeposit | null;
  /** Of each point with an overload power: the command, or why its meter cannot be told. */
  settings: {
    pointId: string;
    commandId: string | null;
    obstacle: Obstacle | 'no-meter' | 'forbidden' | null;
  }[];
}

export interface ShownOpening {
  id: string;
  state: 'prepared' | 'opened' | 'withdrawn';
  content: OpeningContent;
  preparedBy: string;
  preparedAt: string;
  changedBy: string;
  changedAt: string;
  accountId: string | null;
  result: OpeningResult | null;
  /** What keeps it from being opened, as things stand now; none once it is opened. */
  faults: Fault[];
}

/** Keeps a draft, whatever is still wrong with it. Returns its id. */
export async function prepareOpening(
  db: Db,
  {
    projectId,
    content,
    by,
    now,
  }: { projectId: string; content: OpeningContent; by: By; now: Date },
): Promise<string> {
  return await db.transaction(async (tx) => {
    const made = await tx
      .insert(accountOpenings)
      .values({
        ...{ projectId, content: { ...content } },
        ...{ preparedBy: by.actor.name, preparedAt: now },
        ...{ changedBy: by.actor.name, changedAt: now },
      })
      .returning({ id: accountOpenings.id });
    const { id } = only(made);
    await tell(tx, { projectId, id, by, action: 'opening.prepared', name: content.name });
    return id;
  });
}

/** Changes a draft, or withdraws it (null). Throws `not-found`, `conflict` once it is opened or withdrawn. */
export async function changeOpening(
  db: Db,
  {
    projectId,
    id,
    content,
    by,
    now,
  }: { projectId: string; id: string; content: OpeningContent | null; by: By; now: Date },
): Promise<void> {
  await db.transaction(async (tx) => {
    const { state, content: before } = await take(tx, { projectId, id });
    if (state !== 'prepared') throw over(state);
    const after = content === null ? null : JSON.stringify(content);
    await tx.execute(sql`
      UPDATE account_openings SET state = ${after === null ? 'withdrawn' : 'prepared'},
        content = coalesce(${after}::jsonb, content), changed_by = ${by.actor.name},
        changed_at = ${now.toISOString()}::timestamptz
      WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
    const action = content === null ? 'opening.withdrawn' : 'opening.changed';
    await tell(tx, { projectId, id, by, action, name: content?.name ?? before.name });
  });
}

async function tell(
  tx: Tx,
  {
    projectId,
    id,
    by,
    ...act
  }: { projectId: string; id: string; by: By } & Record<'action' | 'name', string>,
): Promise<void> {
  const subject = { subjectKind: 'opening', subjectId: id, detail: { name: act.name } };
  await record(tx, { projectId, ...by, action: act.action, ...subject });
}

const over = (state: string): Problem =>
  new Problem('conflict', `The opening is ${state} already: nothing in it can be changed.`);

/** The opening, locked until commit. Throws Problem `not-found`. */
async function take(
  tx: Tx,
  { projectId, id }: { projectId: string; id: string },
): Promise<{ state: ShownOpening['state']; content: OpeningContent }> {
  const found = await tx.execute<{ state: ShownOpening['state']; content: Kept }>(sql`
    SELECT state, content FROM account_openings
    WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint FOR UPDATE`);
  const row = found.rows[0];
  if (!row) throw notFound('opening');
  return { state: row.state, content: whole(row.content) };
}

/** A draft that was kept before meters could hold the money says nothing of it. */
function whole({ creditMode = 'platform', firstSale, ...kept }: Kept): OpeningContent {
  const pointId = firstSale?.pointId ?? null;
  return { ...kept, creditMode, firstSale: firstSale && { ...firstSale, pointId } };
}

type Kept = Omit<OpeningContent, 'creditMode' | 'firstSale'> & {
  creditMode?: OpeningContent['creditMode'];
  firstSale: (Payment & { pointId?: string | null }) | null;
};

/**
 * Opens what was prepared, all of it or nothing; opened before, it says what was done then. Throws Problem
 * `invalid-opening` with every fault at its place, `conflict` when it was withdrawn, and what a sale, a
 * tenancy or an assignment throws.
 */
export async function carryOut(
  db: Db,
  {
    projectId,
    id,
    key,
    by,
    clock,
    mayCommand,
  }: {
    projectId: string;
    id: string;
    key: string | undefined;
    by: By;
    clock: Clock;
    /** Whether the opener may send settings to meters. */
    mayCommand: boolean;
  },
): Promise<Answer<{ accountId: string }>> {
  const route = `POST /accounts/openings/${id}/open`;
  const given = { projectId, route, key, actorId: by.actor.id, request: { id } };
  return await once(db, given, async (tx) => {
    const { state, content } = await take(tx, { projectId, id });
    if (state === 'opened') return { status: 200, body: await openedAs(tx, { projectId, id }) };
    if (state !== 'prepared') throw over(state);
    const project = await readProject(tx, projectId);
    const now = clock();
    const [faults = []] = await openingFaults(tx, { project, contents: [content], now });
    const first = faults[0];
    if (first) throw new Problem('invalid-opening', `${first.at}: ${first.message}`, { faults });
    const body = await open(tx, { project, id, content, by, clock, now, mayCommand });
    return { status: 201, body };
  });
}

async function openedAs(tx: Tx, { projectId, id }: { projectId: string; id: string }) {
  const found = await tx.execute<{ account_id: string }>(sql`
    SELECT account_id::text FROM account_openings
    WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
  return { accountId: only(found.rows).account_id };
}

/** When an opening takes hold, epoch ms. */
const openingMs = (from: string | null, { zone, now }: { zone: string; now: Date }) =>
  from === null ? now.getTime() - (now.getTime() % SLOT_MS) : boundaryMs(from, zone);

async function open(
  tx: Tx,
  {
    project,
    id,
    content,
    by,
    clock,
    now,
    mayCommand,
  }: {
    project: ProjectTerms;
    id: string;
    content: OpeningContent;
    by: By;
    clock: Clock;
    now: Date;
    mayCommand: boolean;
  },
): Promise<{ accountId: string }> {
  const projectId = project.id;
  // What begins a transaction of its own begins a savepoint here.
  const within = tx as unknown as Db;
  const fromMs = openingMs(content.from, { zone: project.zone, now });
  const day = localDayOf(project.zone, fromMs);
  const { name, nameZh, alarm1, alarm2, person } = content;
  const accountId = await openAccount(within, {
    projectId,
    account: {
      ...{ number: content.number ?? undefined, name, nameZh, openedOn: day },
      creditMode: 'platform' as const,
      ...{ alarm1, alarm2, person, pointIds: [] },
    },
    ...{ by, clock },
  });
  const assigning = (tariffId: string, pointId: string | null) =>
    assign(tx, {
      projectId,
      assignment: {
        ...{ tariffId, pointId, accountId: pointId === null ? accountId : null },
        ...{ from: day, to: null, correction: null },
      },
      by,
    });
  for (const tariffId of content.tariffIds) await assigning(tariffId, null);
  for (const { pointId, tariffId } of content.points) {
    const tenancy = { accountId, pointId, fromMs, toMs: null };
    await beginTenancy(tx, { project, tenancy, by, now });
    if (tariffId !== null && !(await holds(tx, { projectId, pointId, tariffId, day }))) {
      await assigning(tariffId, pointId);
    }
  }
  if (content.contract) {
    await makeContract(tx, { projectId, accountId, contract: content.contract, by });
  }
  const { deposit, firstSale } = content;
  if (content.creditMode === 'meter') {
    await letMetersHold(tx, { project, accountId, by, now, reason: `opening of ${name}` });
  }
  const taken = deposit
    ? await moveDeposit(tx, {
        kind: 'taken',
        ...{ project, accountId, by, now },
        amountMinor: minorOf(deposit.amount, project.currency),
        ...{ channel: deposit.channel, note: deposit.note },
      })
    : null;
  const sold = firstSale
    ? await sell(within, {
        ...{ projectId, accountId, by, clock },
        sale: {
          ...{ channel: firstSale.channel, amount: firstSale.amount, note: firstSale.note },
          ...{ soldAt: null, reference: null, quantity: null },
          meterId: await meterOf(tx, { projectId, accountId, pointId: firstSale.pointId }),
        },
        key: `opening/${id}`,
      })
    : null;
  const result: OpeningResult = {
    ...{ openedAt: now.toISOString(), openedBy: by.actor.name },
    ...{ from: new Date(fromMs).toISOString(), sale: sold?.body ?? null, deposit: taken },
    settings: await settingsFor(tx, { project, id, accountId, content, by, now, mayCommand }),
  };
  await tx.execute(sql`
    UPDATE account_openings SET state = 'opened', account_id = ${accountId}::bigint,
      result = ${JSON.stringify(result)}::jsonb, changed_by = ${by.actor.name},
      changed_at = ${now.toISOString()}::timestamptz
    WHERE project_id = ${projectId}::bigint AND id = ${id}::bigint`);
  await tell(tx, { projectId, id, by, action: 'opening.opened', name });
  return { accountId };
}

/** The meter that a first sale goes to; null: to none. */
async function meterOf(
  tx: Tx,
  {
    projectId,
    accountId,
    pointId,
  }: { projectId: string; accountId: string; pointId: string | null },
): Promise<string | null> {
  if (pointId === null) return null;
  const wallets = await openWallets(tx, { projectId, accountId });
  return wallets.find((wallet) => wallet.pointId === pointId)?.meterId ?? null;
}

/** True when the tariff holds for the point already, from that day on. */
async function holds(
  tx: Tx,
  of: { projectId: string; pointId: string; tariffId: string; day: string },
): Promise<boolean> {
  const found = await tx.execute(sql`
    SELECT FROM tariff_assignments WHERE project_id = ${of.projectId}::bigint
      AND point_id = ${of.pointId}::bigint AND tariff_id = ${of.tariffId}::bigint
      AND valid_from <= ${of.day}::date AND valid_to IS NULL`);
  return found.rows.length > 0;
}

/** Tells meters their overload power and the account's thresholds, where they can be told. */
async function settingsFor(
  tx: Tx,
  {
    project,
    id,
    accountId,
    content,
    by,
    now,
    mayCommand,
  }: {
    project: ProjectTerms;
    id: string;
    accountId: string;
    content: OpeningContent;
    by: By;
    now: Date;
    mayCommand: boolean;
  },
): Promise<OpeningResult['settings']> {
  const limited = content.points.filter(({ overloadW }) => overloadW !== null);
  if (limited.length === 0) return [];
  const projectId = project.id;
  const found = await tx.execute<{
    point_id: string;
    meter_id: string;
    alarm1: string;
    alarm2: string;
  }>(sql`
    SELECT i.point_id::text, i.meter_id::text,
      coalesce(a.alarm1_minor, p.alarm1_minor)::text AS alarm1,
      coalesce(a.alarm2_minor, p.alarm2_minor)::text AS alarm2
    FROM accounts a JOIN projects p ON p.id = a.project_id
    JOIN installations i ON i.project_id = a.project_id
      AND i.valid_from <= ${now.toISOString()}::timestamptz
      AND (i.valid_to IS NULL OR i.valid_to > ${now.toISOString()}::timestamptz)
    WHERE a.project_id = ${projectId}::bigint AND a.id = ${accountId}::bigint
      AND i.point_id = ANY(${`{${limited.map((p) => p.pointId).join()}}`}::bigint[])`);
  const meters = new Map(found.rows.map((row) => [row.point_id, row]));
  const obstacles = await commandObstacles(tx, {
    function: 'issue-settings',
    ...{ projectId, at: now },
    meterIds: found.rows.map((row) => row.meter_id),
  });
  const settings: OpeningResult['settings'] = [];
  for (const { pointId, overloadW } of limited) {
    const meter = meters.get(pointId);
    const obstacle = !meter
      ? 'no-meter'
      : mayCommand
        ? obstacles.get(meter.meter_id)
        : ('forbidden' as const);
    if (!meter || obstacle) {
      settings.push({ pointId, commandId: null, obstacle: obstacle ?? null });
      continue;
    }
    const [made] = await requestCommands(tx, {
      ...{ projectId, actor: by.actor, at: now, meterIds: [meter.meter_id] },
      function: 'issue-settings',
      arguments: {
        alarm1Minor: Number(meter.alarm1),
        alarm2Minor: Number(meter.alarm2),
        overloadW,
      },
      reason: `opening of ${content.name}`,
      cause: { opening: id, accountId },
    });
    settings.push({ pointId, commandId: made?.id ?? null, obstacle: null });
  }
  return settings;
}

/** Openings, newest first, after `cursor` (an id); each with what keeps it from being opened now. */
export async function listOpenings(
  db: Queryable,
  {
    projectId,
    id = null,
    state = null,
    cursor = null,
    limit,
    now,
  }: {
    projectId: string;
    id?: string | null;
    state?: ShownOpening['state'] | null | undefined;
    cursor?: string | null | undefined;
    limit: number;
    now: Date;
  },
): Promise<ShownOpening[]> {
  const project = await readProject(db, projectId);
  const found = await db.execute<{
    id: string;
    state: ShownOpening['state'];
    content: Kept;
    prepared_by: string;
    prepared_at: string;
    changed_by: string;
    changed_at: string;
    account_id: string | null;
    result: OpeningResult | null;
  }>(sql`
    SELECT id::text, state, content, prepared_by, prepared_at, changed_by, changed_at,
      account_id::text, result
    FROM account_openings WHERE project_id = ${projectId}::bigint
      AND (${id}::bigint IS NULL OR id = ${id}::bigint)
      AND (${state}::text IS NULL OR state = ${state})
      AND (${cursor}::bigint IS NULL OR id < ${cursor}::bigint)
    ORDER BY account_openings.id DESC LIMIT ${limit}`);
  const waiting = found.rows.filter((row) => row.state === 'prepared');
  const contents = waiting.map((row) => whole(row.content));
  const faults = await openingFaults(db, { project, contents, now });
  const faultsOf = new Map(waiting.map((row, i) => [row.id, faults[i] ?? []]));
  return found.rows.map((row) => ({
    ...{ id: row.id, state: row.state, content: whole(row.content), accountId: row.account_id },
    ...{ preparedBy: row.prepared_by, preparedAt: new Date(row.prepared_at).toISOString() },
    ...{ changedBy: row.changed_by, changedAt: new Date(row.changed_at).toISOString() },
    result: row.result,
    faults: faultsOf.get(row.id) ?? [],
  }));
}
