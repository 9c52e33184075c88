/** What is wrong with a prepared opening as things stand now: every fault at its place, with a code. */
import { sql } from 'drizzle-orm';
import { isLocalDay, type LocalDay, localDayOf, SLOT_MS } from '../sql/local-day.ts';
import { type Money, parseMinor } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Fault } from '../sql/problem.ts';
import { AHEAD_DAYS_MAX } from './accounts.ts';
import { ALARM_MINOR_MAX } from './fields.ts';
import type { OpeningContent } from './opening.ts';
import { meterFaults } from './opening-meters.ts';
import type { Commodity } from './price-book.ts';
import type { ProjectTerms } from './project.ts';
import { SALE_MINOR_MAX } from './sale.ts';
import { boundaryMs } from './tenancies.ts';

export interface KnownPoint {
  code: string;
  commodity: Commodity;
  retired: boolean;
  /** Who holds it, each until when (epoch ms; null: until further notice). */
  held: { account: string; fromMs: number; toMs: number | null }[];
  /** Tariffs of the point itself. */
  tariffs: { tariffId: string; from: LocalDay; to: LocalDay | null }[];
  /** Days that were charged to an account: at the day of opening another tariff cannot begin. */
  lastCharged: LocalDay | null;
}

export interface Known {
  points: Map<string, KnownPoint>;
  /** First day of the first version. */
  tariffs: Map<string, { commodity: Commodity; from: LocalDay | null }>;
  defaults: {
    tariffId: string;
    commodity: Commodity;
    from: LocalDay;
    to: LocalDay | null;
  }[];
  numbers: Set<string>;
  contracts: Set<string>;
  alarm1: bigint;
  alarm2: bigint;
}

/** The faults of each content, in their order. */
export async function openingFaults(
  db: Queryable,
  {
    project,
    contents,
    now,
  }: { project: ProjectTerms; contents: readonly OpeningContent[]; now: Date },
): Promise<Fault[][]> {
  if (contents.length === 0) return [];
  const known = await readKnown(db, { projectId: project.id, contents });
  const ofMeters = await meterFaults(db, { project, known, contents, now });
  return contents.map((content, i) => [
    ...faultsOf(content, { project, known, now }),
    ...(ofMeters[i] ?? []),
  ]);
}

function faultsOf(
  content: OpeningContent,
  { project, known, now }: { project: ProjectTerms; known: Known; now: Date },
): Fault[] {
  const faults: Fault[] = [];
  const fault = (
    at: string,
    code: string,
    message: string,
    parameters: Record<string, string | number> = {},
  ) => faults.push({ at, code, message, parameters });
  const minor = (at: string, sent: Money | null, most: bigint | null = null): bigint | null => {
    if (sent === null) return null;
    const { currency } = project;
    const amount = sent.currency === currency ? parseMinor(sent.amount, currency) : undefined;
    const isPayment = most !== null;
    const upTo = most ?? ALARM_MINOR_MAX;
    if (amount === undefined || amount < 0n || amount > upTo || (isPayment && amount === 0n)) {
      const message = isPayment
        ? `An amount in ${currency} above zero and below ten million.`
        : `An amount in ${currency}, not below zero and below twenty million.`;
      fault(at, isPayment ? 'opening-payment' : 'opening-amount', message, { currency });
      return null;
    }
    return amount;
  };

  const { from } = content;
  const isOff = from !== null && !isLocalDay(from) && Date.parse(from) % SLOT_MS !== 0;
  if (isOff) fault('from', 'opening-boundary', 'An account begins at a quarter-hour or a day.');
  const nowMs = now.getTime();
  const fromMs =
    from === null || isOff ? nowMs - (nowMs % SLOT_MS) : boundaryMs(from, project.zone);
  const day = localDayOf(project.zone, fromMs);
  if (day > localDayOf(project.zone, nowMs + AHEAD_DAYS_MAX * 86_400_000)) {
    fault('from', 'opening-far', 'An account is opened within the next year at most.');
  }

  if (content.number !== null && known.numbers.has(content.number)) {
    const message = `There is an account ${content.number} already.`;
    fault('number', 'opening-number', message, { number: content.number });
  }
  const alarm1 = minor('alarm1', content.alarm1);
  const alarm2 = minor('alarm2', content.alarm2);
  if ((alarm2 ?? known.alarm2) > (alarm1 ?? known.alarm1)) {
    const message = 'Alarm 1 comes first: alarm 2 must not be above it.';
    fault(content.alarm2 === null ? 'alarm1' : 'alarm2', 'opening-alarms', message);
  }
  minor('firstSale/amount', content.firstSale?.amount ?? null, SALE_MINOR_MAX);
  minor('deposit/amount', content.deposit?.amount ?? null, SALE_MINOR_MAX);

  const commodities = new Set<Commodity>();
  const ofAccount = new Map<Commodity, string>();
  const tariff = (at: string, tariffId: string): Commodity | null => {
    const found = known.tariffs.get(tariffId);
    if (!found) {
      fault(at, 'opening-tariff-unknown', 'There is no such tariff.');
      return null;
    }
    if (found.from === null || found.from > day) {
      const message = `The tariff has no version on ${day} yet.`;
      fault(at, 'opening-tariff-early', message, { day });
    }
    return found.commodity;
  };
  content.tariffIds.forEach((tariffId, i) => {
    const commodity = tariff(`tariffIds/${i}`, tariffId);
    if (!commodity) return;
    if (ofAccount.has(commodity)) {
      const message = 'An account has one tariff of a commodity.';
      fault(`tariffIds/${i}`, 'opening-tariff-twice', message, { commodity });
    }
    ofAccount.set(commodity, tariffId);
  });

  if (content.points.length === 0) {
    fault('points', 'opening-no-points', 'An account holds one point at least.');
  }
  const seen = new Set<string>();
  content.points.forEach(({ pointId, tariffId, overloadW }, i) => {
    const at = `points/${i}`;
    const point = known.points.get(pointId);
    if (!point) {
      fault(`${at}/pointId`, 'opening-point-unknown', 'There is no such point.');
      return;
    }
    const { code } = point;
    if (seen.has(pointId)) {
      fault(`${at}/pointId`, 'opening-point-twice', `${code} is named twice.`, { code });
    }
    seen.add(pointId);
    commodities.add(point.commodity);
    if (point.retired) {
      fault(`${at}/pointId`, 'opening-point-retired', `${code} is retired.`, { code });
    }
    const holder = point.held.find(({ toMs }) => toMs === null || toMs > fromMs);
    if (holder) {
      const message = `${holder.account} holds ${code} in this time.`;
      fault(`${at}/pointId`, 'opening-point-held', message, { code, account: holder.account });
    }
    if (overloadW !== null && point.commodity !== 'electricity') {
      const message = `${code} measures water: it has no overload power.`;
      fault(`${at}/overloadW`, 'opening-overload', message, { code });
    }
    const own = point.tariffs.find(({ to }) => to === null || to > day);
    if (tariffId !== null) {
      const commodity = tariff(`${at}/tariffId`, tariffId);
      if (commodity && commodity !== point.commodity) {
        const message = `A tariff for ${commodity} does not hold for ${code}.`;
        fault(`${at}/tariffId`, 'opening-tariff-commodity', message, { code, commodity });
      }
      if (own && own.tariffId !== tariffId) {
        const message = `${code} has a tariff of its own already: end it first.`;
        fault(`${at}/tariffId`, 'opening-tariff-held', message, { code });
      }
      if (!own && point.lastCharged !== null && point.lastCharged >= day) {
        const message = `${point.lastCharged} is charged already: another tariff of the point begins after it.`;
        const parameters = { code, day: point.lastCharged };
        fault(`${at}/tariffId`, 'opening-tariff-charged', message, parameters);
      }
    }
    const isPriced =
      tariffId !== null ||
      (own && own.from <= day) ||
      ofAccount.has(point.commodity) ||
      known.defaults.some(
        (d) => d.commodity === point.commodity && d.from <= day && (d.to === null || d.to > day),
      );
    if (!isPriced) {
      fault(`${at}/tariffId`, 'opening-no-tariff', `No tariff holds for ${code}.`, { code });
    }
  });
  content.tariffIds.forEach((tariffId, i) => {
    const commodity = known.tariffs.get(tariffId)?.commodity;
    if (!commodity || content.points.length === 0 || commodities.has(commodity)) return;
    const message = `The account has no point for ${commodity}.`;
    fault(`tariffIds/${i}`, 'opening-tariff-unused', message, { commodity });
  });

  const { contract } = content;
  if (contract) {
    if (contract.to !== null && contract.to <= contract.from) {
      fault('contract/to', 'opening-contract-ends', 'A contract ends after it begins.');
    }
    if (known.contracts.has(contract.number)) {
      const message = `There is a contract ${contract.number} already.`;
      fault('contract/number', 'opening-contract-number', message, { number: contract.number });
    }
  }
  return faults;
}

/** What contents name, read set-based. */
async function readKnown(
  db: Queryable,
  { projectId, contents }: { projectId: string; contents: readonly OpeningContent[] },
): Promise<Known> {
  const points = contents.flatMap((c) => c.points.map((p) => p.pointId));
  const tariffIds = contents.flatMap((c) => [
    ...c.tariffIds,
    ...c.points.flatMap((p) => p.tariffId ?? []),
  ]);
  const ids = (list: readonly string[]) => sql`${`{${[...new Set(list)].join()}}`}::bigint[]`;
  const texts = (list: readonly (string | undefined | null)[]) =>
    sql`ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(list.filter((t) => t))}::jsonb))`;
  const foundPoints = await db.execute<{
    id: string;
    code: string;
    commodity: Commodity;
    retired: boolean;
    held: { account: string; from_ms: number; to_ms: number | null }[];
    tariffs: { tariff: string; from: LocalDay; to: LocalDay | null }[];
    last_charged: LocalDay | null;
  }>(sql`
    SELECT p.id::text, p.code, p.commodity, p.retired_at IS NOT NULL AS retired,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('account', a.number || ' ' || a.name,
          'from_ms', (extract(epoch FROM t.valid_from) * 1000)::bigint,
          'to_ms', (extract(epoch FROM t.valid_to) * 1000)::bigint)), '[]'::jsonb)
        FROM tenancies t JOIN accounts a ON a.project_id = t.project_id AND a.id = t.account_id
        WHERE t.project_id = p.project_id AND t.point_id = p.id) AS held,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('tariff', t.tariff_id::text,
          'from', t.valid_from, 'to', t.valid_to)), '[]'::jsonb)
        FROM tariff_assignments t
        WHERE t.project_id = p.project_id AND t.point_id = p.id) AS tariffs,
      (SELECT max(s.local_day)::text FROM settlements s
        WHERE s.project_id = p.project_id AND s.scope_id = p.id) AS last_charged
    FROM points p WHERE p.project_id = ${projectId}::bigint AND p.id = ANY(${ids(points)})`);
  const foundTariffs = await db.execute<{ id: string; commodity: Commodity; first: string | null }>(
    sql`SELECT f.id::text, f.commodity, min(v.effective_from)::text AS first
      FROM tariffs f LEFT JOIN tariff_versions v ON v.project_id = f.project_id AND v.tariff_id = f.id
      WHERE f.project_id = ${projectId}::bigint AND f.id = ANY(${ids(tariffIds)}) GROUP BY f.id, 2`,
  );
  const defaults = await db.execute<{
    tariff: string;
    commodity: Commodity;
    from: LocalDay;
    to: LocalDay | null;
  }>(sql`
    SELECT tariff_id::text AS tariff, commodity, valid_from::text AS from, valid_to::text AS to
    FROM tariff_assignments
    WHERE project_id = ${projectId}::bigint AND point_id IS NULL AND account_id IS NULL`);
  const numbers = await db.execute<{ number: string }>(sql`
    SELECT number FROM accounts WHERE project_id = ${projectId}::bigint
      AND number = ANY(${texts(contents.map((c) => c.number))})`);
  const contracts = await db.execute<{ number: string }>(sql`
    SELECT number FROM supply_contracts WHERE project_id = ${projectId}::bigint
      AND number = ANY(${texts(contents.map((c) => c.contract?.number))})`);
  const alarms = await db.execute<{ alarm1: string; alarm2: string }>(sql`
    SELECT alarm1_minor::text AS alarm1, alarm2_minor::text AS alarm2 FROM projects
    WHERE id = ${projectId}::bigint`);
  return {
    points: new Map(
      foundPoints.rows.map((row) => [
        row.id,
        {
          ...{ code: row.code, commodity: row.commodity, retired: row.retired },
          held: row.held.map((h) => ({ account: h.account, fromMs: h.from_ms, toMs: h.to_ms })),
          tariffs: row.tariffs.map(({ tariff: tariffId, from, to }) => ({ tariffId, from, to })),
          lastCharged: row.last_charged,
        },
      ]),
    ),
    tariffs: new Map(
      foundTariffs.rows.map((row) => [row.id, { commodity: row.commodity, from: row.first }]),
    ),
    defaults: defaults.rows.map(({ tariff: tariffId, ...row }) => ({ tariffId, ...row })),
    numbers: new Set(numbers.rows.map((row) => row.number)),
    contracts: new Set(contracts.rows.map((row) => row.number)),
    alarm1: BigInt(alarms.rows[0]?.alarm1 ?? 0),
    alarm2: BigInt(alarms.rows[0]?.alarm2 ?? 0),
  };
}
