/**
 * As known at: what reports said of a settled month at a position comes again to the cent and the
 * watt-hour after late data, an edit, another tariff and another holder, also from compacted and re-made files.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routes } from '../../analytics/routes.ts';
import { compactProject, exportProject, type WarehouseParts } from '../../analytics/warehouse.ts';
import { seal } from '../../billing/seal.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { openDuckdb } from '../../sql/duckdb.ts';
import { dayNumber, daySpan, daysBetween, type LocalDay, SLOT_MS } from '../../sql/local-day.ts';
import { openPostgres } from '../../sql/postgres.ts';
import { Problem, problems, renderProblem } from '../../sql/problem.ts';
import type { RouteEnv } from '../../sql/route.ts';
import { openFace } from '../billing/face.ts';
import { jiangsu } from '../billing/jiangsu.ts';
import { openPark, type Park } from '../billing/park.ts';

const month = daysBetween('2026-01-01', '2026-02-01');
const inMonth = 'from=2026-01-01&to=2026-02-01';

/** As it is stored once it was entered. */
const tariff = {
  ...jiangsu,
  calendar: { ...jiangsu.calendar, weekend: [6, 7], holidays: [], workdays: [] },
};

let park: Park;
let parts: WarehouseParts;
let app: OpenAPIHono<RouteEnv>;
let closeAll: () => Promise<void>;
let position = '';
let sealedAt = '';
let noted: Record<string, unknown>;

beforeAll(async () => {
  park = await openPark({ points: 3, accounts: 3, definition: tariff });
  const postgres = openPostgres({ url: park.urls.analytics, max: 3 });
  const duckdb = await openDuckdb({ memory: '512MB', threads: 2 });
  const { pool, db } = postgres;
  const clock = () => park.now;
  parts = { pool, db, questdb: park.questdb, duckdb, clock, dataDir: park.folder };
  app = new OpenAPIHono<RouteEnv>();
  app.use('*', async (c, next) => {
    c.set('access', { actor: { kind: 'user', id: 'u', name: 'Chen Li' }, may: () => 'allowed' });
    await next();
  });
  app.onError((error, c) => {
    if (!(error instanceof Problem)) throw error;
    return c.json(renderProblem(error, 'trace'), problems[error.code].status as 400);
  });
  app.route('/', routes({ db, questdb: park.questdb, clock, dataDir: park.folder }));
  closeAll = async () => {
    duckdb.close();
    await postgres.close();
    await park.close();
  };

  // The first point measures what the others use.
  const [main, ...units] = park.points;
  await park.rows("UPDATE points SET role = 'main' WHERE id = $1", [main]);
  await park.rows('UPDATE points SET parent_id = $1 WHERE id = ANY($2::bigint[])', [main, units]);
  park.after('2026-01-31');
  for (const [i, point] of park.points.entries()) {
    for (const day of month) {
      // Of the third point two days come late.
      if (i === 2 && (day === '2026-01-20' || day === '2026-01-31')) continue;
      await write(point, day, (slot) => 100 + ((slot * 7 + i) % 13));
    }
  }
  await settleDue(park.deps, park.project);
  await sealAll();
  await exportAll();
  ({ position, sealedAt } = await ledgerHead());
  noted = await everything();
}, 300_000);
afterAll(() => closeAll());

/** Quarter-hours of a day in both tables of QuestDB, known now. */
async function write(
  point: string,
  day: LocalDay,
  quantityOf: (slot: number) => number | null,
  { version = 1, quality = 'measured' } = {},
): Promise<void> {
  const { startMs, slots } = daySpan(park.project.zone, day);
  const rows = Array.from({ length: slots }, (_, slot) => {
    const quantity = quantityOf(slot);
    if (quantity === null) return '';
    return `,project=${park.project.id},point=${point},quality=${quality} local_day=${dayNumber(day)}i,local_slot=${slot}i,quantity=${quantity}i,reverse_quantity=0i,gap_s=0i,version=${version}i,known_at=${park.now.getTime()}000t ${startMs + slot * SLOT_MS}000000\n`;
  }).filter(Boolean);
  for (const table of ['interval_versions', 'intervals']) {
    await park.questdb.write(rows.map((row) => table + row).join(''));
  }
}

const sealAll = () => seal(park.postgres.db, { projectId: park.project.id, at: park.now });

async function exportAll(): Promise<void> {
  await park.questdb.settled(['intervals', 'interval_versions']);
  let report = await exportProject(parts, park.project, { thorough: true });
  while (report?.more)
    report = await exportProject(parts, park.project, { thorough: true, goOn: true });
}

async function ledgerHead(): Promise<{ position: string; sealedAt: string }> {
  const [head] = await park.rows(
    `SELECT position::text, sealed_at FROM seals WHERE project_id = $1 ORDER BY seals.position DESC LIMIT 1`,
    [park.project.id],
  );
  if (!head) throw new Error('nothing is sealed');
  // node-postgres makes a Date of it.
  return { position: String(head.position), sealedAt: (head.sealed_at as Date).toISOString() };
}

const reports = [
  `energy?${inMonth}&by=point`,
  `energy?${inMonth}&by=account`,
  `energy?${inMonth}&unit=month`,
  'energy?from=2026-01-20&to=2026-01-21&unit=hour&by=point',
  `ranking?${inMonth}`,
  `losses?${inMonth}&unit=total`,
  `demand?${inMonth}&by=point`,
  `load-profile?${inMonth}&step=day`,
  `load-duration?${inMonth}`,
  `quality?${inMonth}`,
  `finance?${inMonth}`,
  `integrated?${inMonth}`,
  `intervals?from=2026-01-15&to=2026-01-17`,
  `charges?${inMonth}&revisions=all`,
  `charges?${inMonth}`,
  `entries?from=2026-01-01&to=2026-03-01`,
];

async function ask(report: string, asKnownAt?: string) {
  const at = asKnownAt === undefined ? '' : `&asKnownAt=${encodeURIComponent(asKnownAt)}`;
  const response = await app.request(`/projects/${park.project.id}/reports/${report}${at}`);
  return { status: response.status, body: await response.json() };
}

/** Rows, totals and what is beside them, without what tells of the time of asking. */
async function everything(asKnownAt?: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const report of reports) {
    const { status, body } = await ask(report, asKnownAt);
    expect(status, `${report}: ${body.detail}`).toBe(200);
    const { data, totals, proof, byChannel, columns } = body;
    // Of raw rows no order is promised.
    if (/^(charges|entries|intervals)/.test(report)) data.sort(byText);
    found[report] = { data, totals, proof, byChannel, columns };
  }
  return found;
}

const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Registers are told of now only; here there were none. */
const withoutReasons = (found: Record<string, unknown>) => {
  const { [`integrated?${inMonth}`]: integrated, ...others } = found;
  const { data, totals } = integrated as { data: Record<string, unknown>[]; totals: object };
  const rows = data.map(({ foots: _f, reason: _r, ...row }) => row);
  const { foots: _f, footing: _g, notFooting: _n, ...sums } = totals as Record<string, unknown>;
  return { ...others, integrated: { rows, sums } };
};

test('a month comes out as it was noted, and now otherwise', async () => {
  expect(await ask(`finance?${inMonth}`, position)).toMatchObject({
    body: { asKnownAt: { position, sealedAt }, asOf: sealedAt },
  });

  // Eleven days later: two days have come, a quarter of a day was edited, a tariff was wrong.
  park.after('2026-02-10');
  const [first, second, third] = park.points as [string, string, string];
  await write(third, '2026-01-20', () => 55);
  await write(third, '2026-01-31', () => 66);
  await write(first, '2026-01-16', (slot) => (slot < 24 ? 500 : null), {
    version: 2,
    quality: 'edited',
  });
  await park.rows(
    `INSERT INTO dirty_days (project_id, point_id, local_day, who, why)
     VALUES ($1, $2, '2026-01-20', 'billing', 'late'), ($1, $2, '2026-01-31', 'billing', 'late'),
       ($1, $3, '2026-01-16', 'billing', 'edited')`,
    [park.project.id, third, first],
  );
  const face = openFace(park);
  // Winter has the bands of spring, and its peak another price.
  const other = structuredClone(tariff);
  const [, , winter, spring] = other.calendar.seasons;
  if (winter && spring) winter.days = spring.days;
  Object.assign(other.components[0] ?? {}, {
    prices: { '2': '1.5', '3': '0.6400', '4': '0.3828' },
  });
  const corrected = await face('POST', `/tariffs/${park.tariff}/versions`, {
    effectiveFrom: '2026-01-10',
    definition: other,
    correction: { reason: 'wrong tariff' },
  });
  expect(corrected.status, JSON.stringify(corrected.body)).toBe(201);
  // Another account turns out to have held the second point since the middle of the month.
  const [tenancy] = await park.rows(
    'SELECT id::text FROM tenancies WHERE project_id = $1 AND point_id = $2',
    [park.project.id, second],
  );
  const moved = await face('PATCH', `/tenancies/${tenancy?.id}`, {
    to: '2026-01-15T16:00:00.000Z',
    correction: { reason: 'moved out in the middle of the month' },
  });
  expect(moved.status, JSON.stringify(moved.body)).toBe(200);
  const begun = await face('POST', '/tenancies', {
    accountId: park.accounts[0],
    pointId: second,
    from: '2026-01-15T16:00:00.000Z',
  });
  expect(begun.status, JSON.stringify(begun.body)).toBe(201);
  await park.questdb.settled(['intervals', 'interval_versions']);
  await settleDirty(park.deps, park.project);
  await settleDue(park.deps, park.project);

  // Posted, not sealed: after every position.
  await exportAll();
  const then = withoutReasons(await everything(position));
  expect(then).toEqual(withoutReasons(noted));
  await sealAll();
  expect(await ledgerHead()).not.toMatchObject({ position });
  const now = withoutReasons(await everything());
  for (const report of Object.keys(then)) {
    if (report === `finance?${inMonth}`) continue; // Corrections lie in February.
    expect(now[report as keyof typeof now], report).not.toEqual(then[report as keyof typeof then]);
  }
  // An instant is the position sealed by then, and the newest is what is known now.
  const instant = new Date(Date.parse(sealedAt) + 3_600_000).toISOString();
  expect((await ask(`finance?${inMonth}`, instant)).body).toMatchObject({
    asKnownAt: { position, sealedAt },
    totals: (noted[`finance?${inMonth}`] as { totals: object }).totals,
  });
  const { position: last } = await ledgerHead();
  park.now = new Date(park.now.getTime() + 120_000);
  await exportAll();
  for (const report of [`charges?${inMonth}`, `energy?${inMonth}&by=account`]) {
    const [newest, current] = [await ask(report, last), await ask(report)];
    expect(newest.body.totals, report).toEqual(current.body.totals);
    expect(newest.body.data.sort(byText), report).toEqual(current.body.data.sort(byText));
  }
}, 300_000);

test('over a compacted month, and a warehouse that was made again', async () => {
  let compacted = 0;
  while (await compactProject(parts, park.project)) compacted += 1;
  expect(compacted).toBeGreaterThan(0);
  expect(withoutReasons(await everything(position))).toEqual(withoutReasons(noted));
  await rm(join(park.folder, 'warehouse'), { recursive: true });
  await exportAll();
  expect(withoutReasons(await everything(position))).toEqual(withoutReasons(noted));
}, 300_000);

test('files say on which position they stand', async () => {
  for (const report of ['finance', 'energy']) {
    const response = await app.request(
      `/projects/${park.project.id}/reports/${report}?${inMonth}&asKnownAt=${position}&format=csv`,
    );
    const text = await response.text();
    expect(text).toContain(`journal position ${position}; sealed ${sealedAt}`);
  }
});

test('what cannot be known then is refused, never answered as of now', async () => {
  const code = async (report: string, at: string) => (await ask(report, at)).body.code;
  for (const report of ['power-quality', 'registers', 'samples']) {
    expect(await code(`${report}?${inMonth}`, position), report).toBe('not-known-then');
  }
  const minutes = `load-profile?from=2026-01-20&to=2026-01-21&step=minute&pointId=${park.points[0]}`;
  expect(await code(minutes, position)).toBe('not-known-then');
  for (const report of [`finance?${inMonth}`, `energy?${inMonth}`]) {
    expect(await code(report, '9999999')).toBe('not-found');
    expect(await code(report, '2025-12-31T00:00:00Z')).toBe('not-found');
    expect(await code(report, '2030-01-01T00:00:00Z')).toBe('invalid-request');
    expect(await code(report, 'January')).toBe('invalid-request');
  }
  // A version that QuestDB has lost is missed, not passed over.
  await park.questdb.exec('TRUNCATE TABLE interval_versions');
  await park.questdb.settled(['interval_versions']);
  expect(await code(`energy?${inMonth}`, position)).toBe('not-known-then');
});
