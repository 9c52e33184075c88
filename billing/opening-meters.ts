/** What keeps meters from holding the money of a prepared opening: each point whose meter or tariff cannot, by name. */
import { sql } from 'drizzle-orm';
import { commandObstacles } from '../sql/commands.ts';
import { localDayOf } from '../sql/local-day.ts';
import { exponentOf } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import type { Fault } from '../sql/problem.ts';
import { fitsOfVersions, type Hindrance, sentenceOf } from './meter-issue.ts';
import { METER_EXPONENT } from './meter-mode.ts';
import type { OpeningContent } from './opening.ts';
import type { Known } from './opening-faults.ts';
import type { ProjectTerms } from './project.ts';
import { boundaryMs } from './tenancies.ts';

/** What is found of the points that contents name. */
interface Found {
  project: ProjectTerms;
  known: Known;
  now: Date;
  /** By point: why its meter cannot be recharged. */
  unable: ReadonlyMap<string, Hindrance>;
  /** By tariff: why meters cannot hold the version of today; null where they can. */
  unfit: ReadonlyMap<string, Hindrance | null>;
}

/** Faults of meter mode of each content, in their order; none of those that the platform holds the money of. */
export async function meterFaults(
  db: Queryable,
  {
    contents,
    ...asked
  }: {
    project: ProjectTerms;
    known: Known;
    contents: readonly OpeningContent[];
    now: Date;
  },
): Promise<Fault[][]> {
  const wanted = contents.filter(({ creditMode }) => creditMode === 'meter');
  const points = wanted.flatMap((content) => content.points.map(({ pointId }) => pointId));
  const found: Found = {
    ...asked,
    unable: points.length > 0 ? await unableAt(db, { ...asked, points }) : new Map(),
    unfit: points.length > 0 ? await unfitTariffs(db, { ...asked, contents: wanted }) : new Map(),
  };
  return contents.map((content) => faultsOf(content, found));
}

function faultsOf(content: OpeningContent, found: Found): Fault[] {
  const { creditMode, from, points, firstSale } = content;
  const { project, known, now } = found;
  const faults: Fault[] = [];
  const fault = (at: string, code: string, message: string, parameters: Fault['parameters'] = {}) =>
    faults.push({ at, code, message, parameters });
  const electric = points.filter(
    ({ pointId }) => known.points.get(pointId)?.commodity === 'electricity',
  );
  const target = firstSale?.pointId ?? null;
  if (target !== null && !(creditMode === 'meter' && electric.some((p) => p.pointId === target))) {
    const message = 'A first sale goes to a meter of the account, where its meters hold the money.';
    fault('firstSale/pointId', 'opening-sale-meter', message);
  }
  if (creditMode === 'platform') return faults;
  const { currency, zone } = project;
  if (exponentOf(currency) !== METER_EXPONENT) {
    const message = `Meters count hundredths, ${currency} has others.`;
    fault('creditMode', 'opening-meter-currency', message, { currency });
  }
  if (from !== null && boundaryMs(from, zone) > now.getTime()) {
    const message = 'Meters are told when it is opened: it cannot begin later.';
    fault('creditMode', 'opening-meter-later', message);
  }
  if (points.length > 0 && electric.length === 0) {
    fault('creditMode', 'opening-meter-none', 'No electric point: no meter takes its money.');
  }
  points.forEach((point, i) => {
    if (!electric.includes(point)) return;
    const code = known.points.get(point.pointId)?.code ?? point.pointId;
    const unable = found.unable.get(point.pointId);
    const tariffId = tariffOf(content, point, found);
    const unfit = tariffId === undefined ? null : found.unfit.get(tariffId);
    for (const [at, why] of [
      [`points/${i}/pointId`, unable],
      [`points/${i}/tariffId`, unfit],
    ] as const) {
      if (!why) continue;
      fault(at, 'opening-meter-mode', `${code}: ${sentenceOf(why)}.`, { code, why });
    }
  });
  return faults;
}

/** The tariff that will hold for an electric point: its own, that of the account, the project's. */
function tariffOf(
  content: Pick<OpeningContent, 'tariffIds'>,
  { pointId, tariffId }: OpeningContent['points'][number],
  { project, known, now }: Pick<Found, 'project' | 'known' | 'now'>,
): string | undefined {
  const day = localDayOf(project.zone, now.getTime());
  const holds = (each: { from: string; to: string | null }) =>
    each.from <= day && (each.to === null || each.to > day);
  const isElectric = (id: string) => known.tariffs.get(id)?.commodity === 'electricity';
  return (
    tariffId ??
    known.points.get(pointId)?.tariffs.find(holds)?.tariffId ??
    content.tariffIds.find(isElectric) ??
    known.defaults.find((each) => each.commodity === 'electricity' && holds(each))?.tariffId
  );
}

/** Points whose meter takes no recharge, or that have none. */
async function unableAt(
  db: Queryable,
  { project, points, now }: { project: ProjectTerms; points: readonly string[]; now: Date },
): Promise<Map<string, Hindrance>> {
  const projectId = project.id;
  const at = sql`${now.toISOString()}::timestamptz`;
  const found = await db.execute<{ point_id: string; meter_id: string }>(sql`
    SELECT point_id::text, meter_id::text FROM installations
    WHERE project_id = ${projectId}::bigint AND point_id = ANY (${`{${points.join()}}`}::bigint[])
      AND valid_from <= ${at} AND (valid_to IS NULL OR valid_to > ${at})`);
  const meterOf = new Map(found.rows.map((row) => [row.point_id, row.meter_id]));
  const meterIds = [...meterOf.values()];
  const asked = { projectId, function: 'recharge' as const, meterIds, at: now };
  const obstacles = await commandObstacles(db, asked);
  return new Map(
    points.flatMap((pointId): [string, Hindrance][] => {
      const meterId = meterOf.get(pointId);
      const why = meterId === undefined ? 'no-meter' : obstacles.get(meterId);
      return why ? [[pointId, why]] : [];
    }),
  );
}

/** Tariffs of these contents, each with what of its version of today a meter cannot hold. */
async function unfitTariffs(
  db: Queryable,
  { contents, ...asked }: Omit<Found, 'unable' | 'unfit'> & { contents: readonly OpeningContent[] },
): Promise<Map<string, Hindrance | null>> {
  const { project, now } = asked;
  const tariffs = contents.flatMap((content) =>
    content.points.flatMap((point) => tariffOf(content, point, asked) ?? []),
  );
  const day = localDayOf(project.zone, now.getTime());
  const found = await db.execute<{ tariff: string; version: string }>(sql`
    SELECT DISTINCT ON (tariff_id) tariff_id::text AS tariff, id::text AS version FROM tariff_versions
    WHERE project_id = ${project.id}::bigint AND effective_from <= ${day}::date
      AND tariff_id = ANY (${`{${[...new Set(tariffs)].join()}}`}::bigint[])
    ORDER BY tariff_id, effective_from DESC, version DESC`);
  const versionIds = found.rows.map(({ version }) => version);
  const fits = await fitsOfVersions(db, { project, versionIds });
  return new Map(
    found.rows.map(({ tariff, version }) => [tariff, fits.get(version)?.obstacle ?? null]),
  );
}
