/**
 * Which lines of a file are there already. A line with a number of its own is known by it. One without is known by what
 * it says and the balance behind it; where no balance is stated, by how many say the same: of two files the larger count.
 */
import { sql } from 'drizzle-orm';
import type { LocalDay } from '../sql/local-day.ts';
import type { Queryable } from '../sql/postgres.ts';
import { type FileLine, hashOfSaid, saidBy } from './bank-file.ts';
import type { BankSource } from './bank-template.ts';

/** Those of the lines that were imported before. */
export async function knownLines(
  db: Queryable,
  {
    projectId,
    source,
    lines,
  }: { projectId: string; source: BankSource; lines: readonly FileLine[] },
): Promise<ReadonlySet<FileLine>> {
  const hashes = lines.flatMap(({ hash }) => hash ?? []);
  const found = await db.execute<{ hash: string }>(sql`
    SELECT hash FROM bank_lines WHERE project_id = ${projectId}::bigint
      AND hash = ANY (${`{${hashes.join()}}`}::text[])`);
  const there = new Set(found.rows.map(({ hash }) => hash));
  const known = new Set<FileLine>();
  const alike = new Map<string, FileLine[]>();
  for (const line of lines) {
    if (line.hash === null) continue;
    if (line.alike === null) {
      if (there.has(line.hash)) known.add(line);
      continue;
    }
    const others = alike.get(line.alike.said);
    if (others) others.push(line);
    else alike.set(line.alike.said, [line]);
  }
  if (alike.size === 0) return known;
  const imported = await importedAlike(db, {
    projectId,
    source,
    lines: [...alike.values()].flat(),
  });
  for (const [said, group] of alike) {
    const before = imported.get(said) ?? new Set<string>();
    const exact = group.filter(({ hash }) => hash !== null && before.has(hash));
    for (const line of exact) known.add(line);
    // What was imported without a balance may be any of those that have one, and the other way round.
    const unplaced = [...before].filter((_, i) => before.has(hashOfSaid(said, i + 1))).length;
    let mayBe = { placed: unplaced, unplaced: before.size };
    for (const line of group) {
      const kind = line.alike?.hasBalance ? 'placed' : 'unplaced';
      if (kind === 'placed' && known.has(line)) continue;
      if (mayBe[kind] === 0) continue;
      known.add(line);
      mayBe = { ...mayBe, [kind]: mayBe[kind] - 1 };
    }
  }
  return known;
}

/** Hashes of lines without a number on the days of a file, by what they say. */
async function importedAlike(
  db: Queryable,
  {
    projectId,
    source,
    lines,
  }: { projectId: string; source: BankSource; lines: readonly FileLine[] },
): Promise<ReadonlyMap<string, Set<string>>> {
  const days = [...new Set(lines.map(({ day }) => day))];
  const found = await db.execute<{
    hash: string;
    day: LocalDay;
    time: string | null;
    amount: string;
    order: string | null;
    payer: string | null;
    text: string | null;
  }>(sql`
    SELECT hash, booked_on::text AS day, booked_time AS time, amount_minor::text AS amount,
      order_number AS "order", payer, text
    FROM bank_lines WHERE project_id = ${projectId}::bigint AND source = ${source}
      AND reference IS NULL AND booked_on = ANY (${`{${days.join()}}`}::date[])`);
  const bySaid = new Map<string, Set<string>>();
  for (const { hash, amount, ...row } of found.rows) {
    const said = saidBy(source, { ...row, reference: null, amountMinor: BigInt(amount) });
    const others = bySaid.get(said);
    if (others) others.add(hash);
    else bySaid.set(said, new Set([hash]));
  }
  return bySaid;
}
