/** What the things in the system log are called now, and which of them are called so: ids say nothing to a reader. */
import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../sql/postgres.ts';
import { matches } from '../sql/search.ts';

/** What a thing of a project is called, by its kind; each has `project_id` and `id`. */
const ofProject = {
  account: { table: sql`accounts`, name: sql`concat_ws(' ', t.number, t.name)` },
  meter: { table: sql`meters`, name: sql`t.serial` },
  point: { table: sql`points`, name: sql`t.code` },
  building: { table: sql`buildings`, name: sql`t.name` },
  floor: { table: sql`floors`, name: sql`t.name` },
  room: { table: sql`rooms`, name: sql`t.name` },
  gateway: { table: sql`gateways`, name: sql`t.name` },
  bus: { table: sql`buses`, name: sql`t.name` },
  tariff: { table: sql`tariffs`, name: sql`t.name` },
  shift: { table: sql`shifts`, name: sql`t.cashier` },
} satisfies Record<string, { table: SQL; name: SQL }>;

/** The same of what belongs to no project. */
const ofNone = {
  user: { table: sql`users`, name: sql`t.name` },
  role: { table: sql`roles`, name: sql`t.name` },
  project: { table: sql`projects`, name: sql`t.name` },
  group: { table: sql`groups`, name: sql`t.name` },
  key: { table: sql`api_keys`, name: sql`t.name` },
  'legal-entity': { table: sql`legal_entities`, name: sql`t.name` },
} satisfies Record<string, { table: SQL; name: SQL }>;

interface Subject {
  projectId: string | null;
  subjectKind: string;
  subjectId: string;
}

const keyOf = ({ projectId, subjectKind, subjectId }: Subject, isOfProject: boolean) =>
  `${isOfProject ? projectId : ''}/${subjectKind}/${subjectId}`;

/** Names of the subjects of lines, in one statement; null of what has none or is gone. */
export async function subjectNames(
  db: Queryable,
  lines: readonly Subject[],
): Promise<(line: Subject) => string | null> {
  const parts: SQL[] = [];
  const idsOf = (kind: string) =>
    JSON.stringify(
      lines
        .filter((line) => line.subjectKind === kind)
        .filter(({ subjectId }) => kind === 'user' || /^\d{1,18}$/.test(subjectId))
        .map(({ projectId, subjectId }) => ({ project: projectId, id: subjectId })),
    );
  const present = new Set(lines.map(({ subjectKind }) => subjectKind));
  for (const [kind, { table, name }] of Object.entries(ofProject)) {
    if (!present.has(kind)) continue;
    parts.push(sql`SELECT t.project_id::text || ${`/${kind}/`} || t.id AS key, ${name} AS name
      FROM jsonb_to_recordset(${idsOf(kind)}::jsonb) AS s (project bigint, id bigint)
      JOIN ${table} t ON t.project_id = s.project AND t.id = s.id`);
  }
  for (const [kind, { table, name }] of Object.entries(ofNone)) {
    if (!present.has(kind)) continue;
    const type = kind === 'user' ? sql`text` : sql`bigint`;
    parts.push(sql`SELECT ${`/${kind}/`} || t.id AS key, ${name} AS name
      FROM jsonb_to_recordset(${idsOf(kind)}::jsonb) AS s (project bigint, id ${type})
      JOIN ${table} t ON t.id = s.id`);
  }
  if (parts.length === 0) return () => null;
  const { rows } = await db.execute<{ key: string; name: string }>(
    sql.join(parts, sql` UNION ALL `),
  );
  const names = new Map(rows.map(({ key, name }) => [key, name]));
  return (line) => names.get(keyOf(line, line.subjectKind in ofProject)) ?? null;
}

/** For WHERE: whether a line's thing is called so; `project`, `kind` and `id` are its columns. */
export function calledSo(
  q: string,
  { project, kind, id }: { project: SQL; kind: SQL; id: SQL },
): SQL {
  // Not by line: each table is read once, and what was found is looked up.
  const here = Object.entries(ofProject).map(
    ([each, { table, name }]) => sql`(${kind} = ${each} AND (${project}, ${id}) IN (
      SELECT t.project_id, t.id::text FROM ${table} t WHERE ${matches(q, name)}))`,
  );
  const elsewhere = Object.entries(ofNone).map(
    ([each, { table, name }]) => sql`(${kind} = ${each} AND ${id} IN (
      SELECT t.id::text FROM ${table} t WHERE ${matches(q, name)}))`,
  );
  return sql.join([...here, ...elsewhere], sql` OR `);
}
