/**
 * What meters that hold money are told: prices and tables of the tariff in force, thresholds of the account, the limit
 * of the point. Told anew when it changes; a tariff that one of them cannot hold is refused where it would begin.
 */
import { sql } from 'drizzle-orm';
import { type Obstacle, obstacleProblem, requestCommand } from '../sql/commands.ts';
import { type LocalDay, localDayOf } from '../sql/local-day.ts';
import type { Actor } from '../sql/permission.ts';
import type { Queryable, Tx } from '../sql/postgres.ts';
import { type Fault, Problem } from '../sql/problem.ts';
import {
  type MeterObstacle,
  type MeterTerms,
  meterSentences,
  meterTermsOf,
} from './meter-terms.ts';
import { type MeterWallet, openWallets } from './meter-wallet.ts';
import { openPriceBook } from './price-book.ts';
import { type ProjectTerms, readProject } from './project.ts';
import { parseTariff } from './tariff.ts';

type Place = Pick<MeterWallet, 'accountId' | 'pointId'>;
type Fit =
  | { terms: MeterTerms; obstacle: null }
  | { terms: null; obstacle: MeterObstacle | 'no-tariff' };
/** Why the meter of a point cannot hold money. */
export type Hindrance = Obstacle | MeterObstacle | 'no-tariff' | 'no-meter';

/** What meters of points can be told on a day, by point. */
export async function fitsOf(
  db: Queryable,
  { project, places, day }: { project: ProjectTerms; places: readonly Place[]; day: LocalDay },
): Promise<Map<string, Fit>> {
  if (places.length === 0) return new Map();
  const book = await openPriceBook(db, { projectId: project.id, zone: project.zone });
  const versionOf = new Map(
    places.map(({ accountId, pointId }) => [
      pointId,
      book.find({ pointId, accountId, commodity: 'electricity', day })?.versionId,
    ]),
  );
  const versionIds = [...versionOf.values()].filter((id) => id !== undefined);
  const fits = await fitsOfVersions(db, { project, versionIds });
  return new Map(
    [...versionOf].map(([pointId, id]): [string, Fit] => [
      pointId,
      fits.get(id ?? '') ?? { terms: null, obstacle: 'no-tariff' },
    ]),
  );
}

/** What a meter can be told of versions, by version. */
export async function fitsOfVersions(
  db: Queryable,
  { project, versionIds }: { project: ProjectTerms; versionIds: readonly string[] },
): Promise<Map<string, Fit>> {
  const found = await db.execute<{ id: string; definition: unknown }>(sql`
    SELECT id::text, definition FROM tariff_versions WHERE project_id = ${project.id}::bigint
      AND id = ANY (${`{${[...new Set(versionIds)].join()}}`}::bigint[])`);
  return new Map(
    found.rows.map(({ id, definition }) => [
      id,
      meterTermsOf(parseTariff(definition), project.zone),
    ]),
  );
}

/** The sentence of why a meter cannot hold money. */
export function sentenceOf(why: Hindrance): string {
  if (why === 'no-tariff') return 'no tariff holds';
  if (why === 'no-meter') return 'no meter is installed';
  return isOfTariff(why)
    ? `its meter cannot hold the tariff: ${meterSentences[why]}`
    : obstacleProblem(why).detail;
}

const isOfTariff = (why: Hindrance): why is MeterObstacle => Object.hasOwn(meterSentences, why);

/**
 * Holds a change of tariffs, made in this transaction, against the meters that hold money. Throws Problem
 * `meter-mode-impossible` with a fault for each whose tariff on that day does not fit.
 */
export async function assertMetersHold(
  tx: Tx,
  { projectId, day }: { projectId: string; day: LocalDay },
): Promise<void> {
  const wallets = await openWallets(tx, { projectId });
  if (wallets.length === 0) return;
  const project = await readProject(tx, projectId);
  const fits = await fitsOf(tx, { project, places: wallets, day });
  const codes = await tx.execute<{ id: string; code: string }>(sql`
    SELECT p.id::text, p.code FROM points p WHERE p.project_id = ${projectId}::bigint
      AND p.id = ANY (${`{${wallets.map((w) => w.pointId).join()}}`}::bigint[])`);
  const faults: Fault[] = codes.rows.flatMap(({ id, code }) => {
    const obstacle = fits.get(id)?.obstacle ?? null;
    if (obstacle === null || obstacle === 'no-tariff') return [];
    const message = `${code}: ${sentenceOf(obstacle)}`;
    return [{ at: code, message, code: obstacle, parameters: { point: code } }];
  });
  if (faults.length === 0) return;
  const told = faults.map(({ message }) => message).join('; ');
  throw new Problem('meter-mode-impossible', `${told}.`, { faults });
}

/**
 * What terms rest on, as one text: versions, assignments, thresholds, who holds what, the day, what meters were asked
 * for. While it is the same there is nothing to tell anybody.
 */
export async function termsRestOn(
  db: Queryable,
  { project, now }: { project: ProjectTerms; now: Date },
): Promise<string> {
  const id = sql`${project.id}::bigint`;
  const found = await db.execute<{ rests: string }>(sql`
    SELECT md5(ROW(${localDayOf(project.zone, now.getTime())}::text,
      (SELECT ROW(count(*), max(v.id)) FROM tariff_versions v WHERE v.project_id = ${id}),
      (SELECT ROW(count(*), sum(hashtextextended(ROW(t.id, t.valid_from, t.valid_to)::text, 0)::numeric))
        FROM tariff_assignments t WHERE t.project_id = ${id}),
      (SELECT ROW(p.alarm1_minor, p.alarm2_minor) FROM projects p WHERE p.id = ${id}),
      (SELECT sum(hashtextextended(ROW(w.id, a.alarm1_minor, a.alarm2_minor, t.overload_w,
          (SELECT max(c.sequence) FROM commands c
            WHERE c.project_id = w.project_id AND c.meter_id = w.meter_id))::text, 0)::numeric)
        FROM meter_wallets w
        JOIN accounts a ON a.project_id = w.project_id AND a.id = w.account_id
        JOIN points t ON t.project_id = w.project_id AND t.id = w.point_id
        WHERE w.project_id = ${id} AND w.closed_at IS NULL))::text) AS rests`);
  return found.rows[0]?.rests ?? '';
}

/** Whom commands come from when nobody asked. */
const BILLING: Actor = { kind: 'system', id: 'billing', name: 'Billing' };

/**
 * Tells meters what differs from what they were last told; a command that failed is not repeated by itself. Returns how
 * many commands that took.
 */
export async function issueTerms(
  tx: Tx,
  {
    project,
    wallets,
    now,
    actor = BILLING,
    reason,
  }: {
    project: ProjectTerms;
    wallets: readonly MeterWallet[];
    now: Date;
    actor?: Actor;
    reason: string;
  },
): Promise<number> {
  const projectId = project.id;
  const day = localDayOf(project.zone, now.getTime());
  const fits = await fitsOf(tx, { project, places: wallets, day });
  const settings = await settingsOf(tx, { projectId, wallets });
  const told = await lastTold(tx, { projectId, wallets });
  let asked = 0;
  for (const { meterId, pointId, accountId } of wallets) {
    const terms = fits.get(pointId)?.terms;
    const wanted = [
      ...(terms
        ? ([
            ['tou-table', terms.table],
            ['issue-price', { prices: terms.prices }],
          ] as const)
        : []),
      ['issue-settings', settings.get(meterId)] as const,
    ];
    for (const [name, args] of wanted) {
      if (!args || told.get(`${meterId}/${name}`) === canonical(args)) continue;
      await requestCommand(tx, {
        ...{ projectId, meterId, actor, at: now, reason, function: name, arguments: args },
        cause: { account: accountId },
      });
      asked++;
    }
  }
  return asked;
}

/** What a meter is told of thresholds and limit. */
export interface MeterSettings extends Record<string, number | null | undefined> {
  alarm1Minor: number;
  alarm2Minor: number;
  overloadW: number | null;
}

/**
 * Thresholds of the account, else of the project; the lower of the point's limit and what was agreed when the account
 * was opened. A meter's registers know no debt.
 */
export async function settingsOf(
  tx: Tx,
  { projectId, wallets }: { projectId: string; wallets: readonly MeterWallet[] },
): Promise<Map<string, MeterSettings>> {
  const found = await tx.execute<{
    meter_id: string;
    alarm1: string;
    alarm2: string;
    overload: number | null;
  }>(sql`
    SELECT w.meter_id::text, coalesce(a.alarm1_minor, p.alarm1_minor)::text AS alarm1,
      coalesce(a.alarm2_minor, p.alarm2_minor)::text AS alarm2, least(t.overload_w, (
        SELECT min((agreed ->> 'overloadW')::integer)
        FROM account_openings o, jsonb_array_elements(o.content -> 'points') AS agreed
        WHERE o.project_id = w.project_id AND o.account_id = w.account_id
          AND agreed ->> 'pointId' = w.point_id::text)) AS overload
    FROM meter_wallets w
    JOIN accounts a ON a.project_id = w.project_id AND a.id = w.account_id
    JOIN points t ON t.project_id = w.project_id AND t.id = w.point_id
    JOIN projects p ON p.id = w.project_id
    WHERE w.project_id = ${projectId}::bigint
      AND w.id = ANY (${`{${wallets.map(({ id }) => id).join()}}`}::bigint[])`);
  return new Map(
    found.rows.map(({ meter_id: meterId, alarm1, alarm2, overload }) => {
      const alarm2Minor = Math.max(0, Number(alarm2));
      const alarm1Minor = Math.max(alarm2Minor, Number(alarm1));
      return [meterId, { alarm1Minor, alarm2Minor, overloadW: overload }];
    }),
  );
}

/** The arguments of the newest command of each kind, by 'meter/function'. */
async function lastTold(
  tx: Tx,
  { projectId, wallets }: { projectId: string; wallets: readonly MeterWallet[] },
): Promise<Map<string, string>> {
  const found = await tx.execute<{ meter_id: string; function: string; arguments: unknown }>(sql`
    SELECT DISTINCT ON (c.meter_id, c.function) c.meter_id::text, c.function,
      -- An overdraft comes and goes with hours without cuts (meter-no-cut).
      c.arguments - 'overdraftMinor' AS arguments
    FROM commands c JOIN meter_wallets w ON w.project_id = c.project_id AND w.meter_id = c.meter_id
      AND c.requested_at >= w.opened_at
    WHERE c.project_id = ${projectId}::bigint AND c.function IN ('tou-table', 'issue-price', 'issue-settings')
      AND w.id = ANY (${`{${wallets.map(({ id }) => id).join()}}`}::bigint[])
    ORDER BY c.meter_id, c.function, c.sequence DESC`);
  return new Map(
    found.rows.map((row) => [`${row.meter_id}/${row.function}`, canonical(row.arguments)]),
  );
}

/** One text for equal values, whatever the order of their keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
