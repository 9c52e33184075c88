/**
 * A file of the bank or of a channel: what would become of every line, and the same done, all of it or nothing. Lines
 * that are there already add nothing; what no rule knows is written down as unidentified.
 */
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { record } from '../sql/audit.ts';
import type { Clock } from '../sql/clock.ts';
import { type Answer, once } from '../sql/idempotency.ts';
import { type LocalDay, localDayOf } from '../sql/local-day.ts';
import { formatMinor, type Money, money } from '../sql/money.ts';
import { personOf } from '../sql/permission.ts';
import { type Db, type Queryable, type Tx, violatedConstraint } from '../sql/postgres.ts';
import { type Fault, Problem } from '../sql/problem.ts';
import { bankFiles } from '../sql/schema/index.ts';
import { candidatesFor } from './bank-candidates.ts';
import { type BankFault, type FileLine, readBankFile } from './bank-file.ts';
import { knownLines } from './bank-known.ts';
import {
  type ActKind,
  type ActRule,
  holdBank,
  legsOfMove,
  placeOfSource,
  standsAgainst,
  targetColumn,
} from './bank-line.ts';
import { type Candidate, type CandidateKind, type Match, matchLines } from './bank-match.ts';
import type { BankMapping, BankSource } from './bank-template.ts';
import { moveCash } from './cash.ts';
import { type By, only } from './fields.ts';
import { accountingDateOf, closedMonths, postAll } from './ledger.ts';
import { type ProjectTerms, readProject } from './project.ts';

export const lineFates = [
  'match',
  'ambiguous',
  'unknown',
  'duplicate',
  'skipped',
  'error',
] as const;
export type LineFate = (typeof lineFates)[number];

/** Wrong lines that a refusal names; the preview names them all. */
const FAULTS_TOLD = 100;

export interface GivenFile {
  name: string;
  content: string;
  source: BankSource;
  template: string;
  mapping: BankMapping;
}

export interface ShownLine {
  row: number;
  day: LocalDay;
  time: string | null;
  amount: Money;
  fee: Money;
  reference: string | null;
  order: string | null;
  payer: string | null;
  text: string | null;
  fate: LineFate;
  rule: ActRule | null;
  target: { kind: CandidateKind; id: string; label: string } | null;
  /** How many it may be, where a person has to decide. */
  candidates: number;
  faults: BankFault[];
}

export interface ShownImport {
  /** Null before it is imported, and where it adds nothing. */
  fileId: string | null;
  name: string;
  source: BankSource;
  sha256: string;
  digest: string;
  counts: Record<LineFate, number>;
  /** Of the lines that it adds. */
  income: Money;
  expense: Money;
  fee: Money;
  /** The same bytes, imported before. */
  before: { fileId: string; importedAt: string; importedBy: string } | null;
}

export interface ShownPreview extends ShownImport {
  lines: ShownLine[];
}

interface Planned {
  line: FileLine;
  fate: LineFate;
  match: Match | null;
}

/** What would become of a file; nothing stays of it. Throws Problem `import-refused`, `too-large`. */
export async function previewBankFile(
  db: Db,
  { projectId, file, clock }: { projectId: string; file: GivenFile; clock: Clock },
): Promise<ShownPreview> {
  const project = await readProject(db, projectId);
  const { sha256, planned } = await plan(db, { project, file, now: clock() });
  return await shown(db, { project, file, sha256, planned });
}

/**
 * Imports a file once per key as it was previewed. Throws Problem `import-refused` while any line is wrong,
 * `preview-outdated` when its lines would become something else by now, `conflict` for the same file read otherwise.
 */
export async function importBankFile(
  db: Db,
  {
    projectId,
    file,
    digest,
    key,
    by,
    clock,
  }: {
    projectId: string;
    file: GivenFile;
    digest: string;
    key: string | undefined;
    by: By;
    clock: Clock;
  },
): Promise<Answer<ShownImport>> {
  const request = { ...file, digest };
  const given = { projectId, route: 'POST /bank-files', key, actorId: by.actor.id, request };
  return await once(db, given, async (tx) => {
    const project = await readProject(tx, projectId);
    const now = clock();
    await holdBank(tx, projectId);
    const { sha256, planned } = await plan(tx, { project, file, now });
    assertSound(planned);
    const { lines: _, ...seen } = await shown(tx, { project, file, sha256, planned });
    if (seen.digest !== digest) {
      const detail = 'What becomes of the lines has changed since the preview: look at it again.';
      throw new Problem('preview-outdated', detail);
    }
    const added = planned.filter(isAdded);
    if (added.length === 0) return { status: 201, body: seen };
    if (seen.before) {
      throw new Problem(
        'conflict',
        `This file was imported as ${seen.before.fileId} by ${seen.before.importedBy}, by other columns.`,
      );
    }
    const fileId = await write(tx, { project, file, sha256, planned, added, by, now });
    await record(tx, {
      ...{ projectId, ...by, action: 'bank-file.imported' },
      ...{ subjectKind: 'bank-file', subjectId: fileId },
      detail: { name: file.name, source: file.source, sha256, counts: seen.counts },
    });
    return { status: 201, body: { ...seen, fileId } };
  });
}

const isAdded = ({ fate }: Planned) =>
  fate === 'match' || fate === 'ambiguous' || fate === 'unknown';

async function plan(
  db: Queryable,
  { project, file, now }: { project: ProjectTerms; file: GivenFile; now: Date },
): Promise<{ sha256: string; planned: Planned[] }> {
  const { source, mapping } = file;
  const today = localDayOf(project.zone, now.getTime());
  const terms = { source, mapping, currency: project.currency, today };
  const { sha256, lines } = await readBankFile(file.content, terms);
  const known = await knownLines(db, { projectId: project.id, source, lines });
  const fresh = lines.filter(
    (line) => line.hash !== null && line.faults.length === 0 && !known.has(line),
  );
  const days = fresh.map(({ day }) => day).sort();
  const candidates = await candidatesFor(db, {
    ...{ project, source, amounts: fresh.map(({ amountMinor }) => amountMinor) },
    ...{ from: days[0] ?? today, to: days.at(-1) ?? today },
  });
  const matches = matchLines(fresh, candidates);
  const matchOf = new Map(fresh.map((line, i) => [line, matches[i]]));
  return {
    sha256,
    planned: lines.map((line) => {
      const match = matchOf.get(line) ?? null;
      if (match) return { line, fate: match.fate, match };
      if (line.faults.length > 0) return { line, fate: 'error', match };
      return { line, fate: line.hash === null ? 'skipped' : 'duplicate', match };
    }),
  };
}

function assertSound(planned: readonly Planned[]): void {
  const wrong = planned.filter(({ fate }) => fate === 'error');
  if (wrong.length === 0) return;
  const faults = wrong.slice(0, FAULTS_TOLD).flatMap(({ line }): Fault[] =>
    line.faults.map(({ code, value, expected }) => ({
      at: `row ${line.row}`,
      message: `${code}: “${value}”${expected === null ? '' : `, expected ${expected}`}`,
      ...{ code, parameters: { value, expected: expected ?? '' } },
    })),
  );
  const [first] = faults;
  throw new Problem(
    'import-refused',
    `${wrong.length} of the lines are wrong, nothing was imported. First ${first?.at}: ${first?.message}`,
    { faults },
  );
}

async function shown(
  db: Queryable,
  {
    project,
    file,
    sha256,
    planned,
  }: {
    project: ProjectTerms;
    file: GivenFile;
    sha256: string;
    planned: readonly Planned[];
  },
): Promise<ShownPreview> {
  const { currency } = project;
  const lines = planned.map((one) => shownLine(one, currency));
  const counts = { match: 0, ambiguous: 0, unknown: 0, duplicate: 0, skipped: 0, error: 0 };
  for (const { fate } of planned) counts[fate]++;
  const added = planned.filter(isAdded).map(({ line }) => line);
  const total = (minors: readonly bigint[]) => money(sumOf(minors), currency);
  const found = await db.execute<{ id: string; at: string; by: string }>(sql`
    SELECT id::text, imported_at AS at, imported_by AS by FROM bank_files
    WHERE project_id = ${project.id}::bigint AND sha256 = ${sha256}`);
  const before = found.rows[0];
  return {
    ...{ fileId: null, name: file.name, source: file.source, sha256 },
    digest: createHash('sha256')
      .update(JSON.stringify([sha256, lines]))
      .digest('hex'),
    counts,
    income: total(added.flatMap(({ amountMinor: m }) => (m > 0n ? m : []))),
    expense: total(added.flatMap(({ amountMinor: m }) => (m < 0n ? -m : []))),
    fee: total(added.map(({ feeMinor }) => feeMinor)),
    before: before
      ? { fileId: before.id, importedAt: new Date(before.at).toISOString(), importedBy: before.by }
      : null,
    lines,
  };
}

const sumOf = (minors: readonly bigint[]): bigint => minors.reduce((a, b) => a + b, 0n);

function shownLine({ line, fate, match }: Planned, currency: string): ShownLine {
  const candidate = match?.fate === 'match' ? match.candidate : null;
  return {
    ...{ row: line.row, day: line.day, time: line.time },
    amount: money(line.amountMinor, currency),
    fee: money(line.feeMinor, currency),
    ...{ reference: line.reference, order: line.order, payer: line.payer, text: line.text },
    fate,
    rule: ruleOf(match),
    target: candidate && { kind: candidate.kind, id: candidate.id, label: candidate.label },
    candidates: match && match.fate !== 'match' ? match.candidates.length : 0,
    faults: line.faults,
  };
}

const ruleOf = (match: Match | null): ActRule | null => {
  if (!match) return null;
  return match.fate === 'match' ? match.rule : match.fate;
};

/** The file, its lines, what each is, and the postings that follow. */
async function write(
  tx: Tx,
  {
    project,
    file,
    sha256,
    planned,
    added,
    by,
    now,
  }: {
    project: ProjectTerms;
    file: GivenFile;
    sha256: string;
    planned: readonly Planned[];
    added: readonly Planned[];
    by: By;
    now: Date;
  },
): Promise<string> {
  const { id: projectId, currency } = project;
  const days = added.map(({ line }) => line.day).sort();
  const [first] = days;
  const last = days.at(-1);
  if (!first || !last) throw new Error('a file without lines is not written');
  const fateCount = (fate: LineFate) => planned.filter((one) => one.fate === fate).length;
  const made = await tx
    .insert(bankFiles)
    .values({
      ...{ projectId, source: file.source, name: file.name, sha256, template: file.template },
      ...{ mapping: { ...file.mapping }, currency, lines: added.length },
      ...{ duplicates: fateCount('duplicate'), skipped: fateCount('skipped') },
      ...{ fromDay: first, toDay: last },
      amountMinor: sumOf(added.map(({ line }) => line.amountMinor)),
      feeMinor: sumOf(added.map(({ line }) => line.feeMinor)),
      ...{ importedById: personOf(by.actor), importedBy: by.actor.name, importedAt: now },
    })
    .returning({ id: bankFiles.id });
  const fileId = only(made).id;
  const lineIds = await writeLines(tx, { projectId, fileId, file, currency, added });
  const closed = await closedMonths(tx, projectId, ['closed', 'soft-closed']);
  const dated = (day: LocalDay) => accountingDateOf(day, closed);
  const steps: Step[] = [];
  for (const { line, match } of added) {
    const id = lineIds.get(line.hash ?? '');
    if (id === undefined || match === null) throw new Error('a line was not inserted');
    steps.push(await stepOf(tx, { project, file, id, line, match, by, now }));
  }
  const moves = steps.filter(({ legs }) => legs.length > 0);
  const posted = await postAll(tx, {
    ...{ projectId, currency },
    postings: moves.map(({ id, day, legs }) => ({
      head: {
        ...{ kind: 'transfer', accountId: null, accountingDate: dated(day), postedAt: now },
        cause: { bankLine: id, file: fileId },
        idempotencyKey: `bank-line/${id}/1`,
      },
      legs,
    })),
  });
  const transactionOf = new Map(moves.map(({ id }, i) => [id, posted[i]]));
  const acts = steps.map(({ legs: _, day: __, ...step }) => ({
    ...step,
    transactionId: transactionOf.get(step.id) ?? null,
  }));
  await tx.execute(sql`
    INSERT INTO bank_line_acts (project_id, line_id, ordinal, kind, rule, sale_id, refund_id, movement_id,
      deposit_id, residual_act_id, payout_file_id, returned_line_id, is_automatic, acted_by_id, acted_by,
      acted_at, transaction_id)
    SELECT ${projectId}::bigint, id::bigint, 1, kind, rule, "saleId"::bigint, "refundId"::bigint,
      "movementId"::bigint, "depositId"::bigint, "residualActId"::bigint, "payoutFileId"::bigint,
      "returnedLineId"::bigint, true, ${personOf(by.actor)}, ${by.actor.name},
      ${now.toISOString()}::timestamptz, "transactionId"::bigint
    FROM jsonb_to_recordset(${JSON.stringify(acts)}::jsonb) AS t (id text, kind text, rule text,
      "saleId" text, "refundId" text, "movementId" text, "depositId" text, "residualActId" text,
      "payoutFileId" text, "returnedLineId" text, "transactionId" text)`);
  await postFees(tx, { project, file, fileId, added, dated, now });
  return fileId;
}

async function writeLines(
  tx: Tx,
  {
    projectId,
    fileId,
    file,
    currency,
    added,
  }: {
    projectId: string;
    fileId: string;
    file: GivenFile;
    currency: string;
    added: readonly Planned[];
  },
): Promise<ReadonlyMap<string, string>> {
  const rows = added.map(({ line }, i) => ({
    ...{ i, row: line.row, hash: line.hash, day: line.day, time: line.time },
    ...{ amount: line.amountMinor.toString(), fee: line.feeMinor.toString() },
    ...{ reference: line.reference, order: line.order, payer: line.payer, text: line.text },
  }));
  const made = await tx
    .execute<{ id: string; hash: string }>(sql`
      INSERT INTO bank_lines (project_id, file_id, source, row, hash, booked_on, booked_time,
        amount_minor, fee_minor, currency, reference, order_number, payer, text)
      SELECT ${projectId}::bigint, ${fileId}::bigint, ${file.source}, "row", hash, day, "time",
        amount::bigint, fee::bigint, ${currency}, reference, "order", payer, "text"
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (i int, "row" int, hash text,
        day date, "time" text, amount text, fee text, reference text, "order" text, payer text,
        "text" text)
      ORDER BY i RETURNING id::text, hash`)
    .catch((error: unknown) => {
      if (!violatedConstraint(error)?.includes('hash')) throw error;
      throw new Problem('conflict', 'A line of the file was imported just now.', { cause: error });
    });
  return new Map(made.rows.map(({ hash, id }) => [hash, id]));
}

type Step = {
  id: string;
  day: LocalDay;
  kind: ActKind;
  rule: ActRule;
  legs: ReturnType<typeof legsOfMove>;
} & Partial<Record<(typeof targetColumn)[CandidateKind], string>>;

/** What a line is from now on, and the legs of its money; cash that it says has arrived is moved here. */
async function stepOf(
  tx: Tx,
  {
    project,
    file: { source },
    id,
    line: { day, amountMinor },
    match,
    by,
    now,
  }: {
    project: ProjectTerms;
    file: GivenFile;
    id: string;
    line: FileLine;
    match: Match;
    by: By;
    now: Date;
  },
): Promise<Step> {
  const place = placeOfSource(source);
  if (match.fate !== 'match') {
    const legs = legsOfMove(amountMinor, place, 'unidentified');
    return { id, day, kind: 'suspend', rule: match.fate, legs };
  }
  const { candidate, rule } = match;
  if (candidate === null) {
    const legs = legsOfMove(amountMinor, place, 'channel-fee');
    return { id, day, kind: 'fee', rule, legs };
  }
  const isPayout = candidate.kind === 'payout';
  const to = standsAgainst(source, { kind: 'match', isPayout });
  if (to === 'wallet') throw new Error('a match has no wallet');
  const target = await bookedTarget(tx, { project, candidate, by, now });
  const legs = legsOfMove(amountMinor, place, to);
  return { id, day, kind: 'match', rule, legs, [targetColumn[candidate.kind]]: target };
}

/** The id of what a line matches; cash on its way to the bank arrives by it. */
export async function bookedTarget(
  tx: Tx,
  {
    project,
    candidate: { kind, id, amountMinor },
    by,
    now,
  }: { project: ProjectTerms; candidate: Candidate; by: By; now: Date },
): Promise<string> {
  if (kind !== 'cash-deposit') return id;
  const arrival = { kind: 'arrival', depositId: id, amountMinor, note: null } as const;
  return await moveCash(tx, { project, ...arrival, by, now });
}

/** What the channel kept, a posting for each day of the file. */
async function postFees(
  tx: Tx,
  {
    project,
    file,
    fileId,
    added,
    dated,
    now,
  }: {
    project: ProjectTerms;
    file: GivenFile;
    fileId: string;
    added: readonly Planned[];
    dated: (day: LocalDay) => LocalDay;
    now: Date;
  },
): Promise<void> {
  const { id: projectId, currency } = project;
  const byDay = new Map<LocalDay, bigint>();
  for (const { line } of added) {
    byDay.set(line.day, (byDay.get(line.day) ?? 0n) + line.feeMinor);
  }
  const fees = [...byDay].filter(([, fee]) => fee !== 0n);
  if (fees.length === 0) return;
  const ids = await postAll(tx, {
    ...{ projectId, currency },
    postings: fees.map(([day, fee]) => ({
      head: {
        ...{ kind: 'transfer', accountId: null, accountingDate: dated(day), postedAt: now },
        cause: { bankFile: fileId, fee: formatMinor(fee, currency), day },
        idempotencyKey: `bank-file/${fileId}/${day}`,
      },
      legs: [
        { code: 'channel-fee', accountId: null, amountMinor: fee },
        { code: placeOfSource(file.source), accountId: null, amountMinor: -fee },
      ],
    })),
  });
  const rows = fees.map(([day, fee], i) => ({ day, fee: fee.toString(), id: ids[i] }));
  await tx.execute(sql`
    INSERT INTO bank_file_fees (project_id, file_id, local_day, fee_minor, transaction_id)
    SELECT ${projectId}::bigint, ${fileId}::bigint, day, fee::bigint, id::bigint
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (day date, fee text, id text)`);
}
