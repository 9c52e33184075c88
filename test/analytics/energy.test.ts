/** The energy report against an independent sum over the same intervals. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rowsOf } from '../../sql/duckdb.ts';
import { daySpan, daysBetween } from '../../sql/local-day.ts';
import { openPark, type Park, type TestInterval } from './park.ts';

const zone = 'Asia/Shanghai';
let park: Park;
let projectId: string;
const ids: Record<string, string> = {};
const intervals: TestInterval[] = [];

beforeAll(async () => {
  park = await openPark();
  projectId = await park.project(zone);
  const at = { project_id: projectId };
  for (const code of ['A', 'B']) {
    ids[code] = await park.insert('buildings', { ...at, code, name: `Building ${code}` });
  }
  const point = async (code: string, more: Record<string, unknown>) => {
    ids[code] = await park.insert('points', {
      ...at,
      code,
      name: `Shop ${code}`,
      commodity: 'electricity',
      ...more,
    });
    const meter = await park.insert('meters', { ...at, serial: `m-${code}`, model: 'DTSY1352' });
    await park.insert('installations', {
      ...at,
      point_id: ids[code],
      meter_id: meter,
      valid_from: '2026-10-19T16:00:00Z',
    });
  };
  await point('a1', { building_id: ids.A });
  await point('a2', { building_id: ids.A });
  await point('b1', { building_id: ids.B });
  await point('main-a', { building_id: ids.A, role: 'building-main' });
  await point('park', { role: 'park-main' });
  await point('w1', { building_id: ids.A, commodity: 'water' });
  ids.acme = await park.insert('accounts', {
    ...at,
    number: '001',
    name: '=ACME',
    opened_on: '2026-10-20',
  });
  ids.bolt = await park.insert('accounts', {
    ...at,
    number: '002',
    name: 'Bolt, "Nuts"',
    opened_on: '2026-10-20',
  });
  const tenancy = (point: string, account: string, from: string, to: string | null) =>
    park.insert('tenancies', {
      ...at,
      point_id: ids[point],
      account_id: ids[account],
      valid_from: from,
      valid_to: to,
    });
  await tenancy('a1', 'acme', '2026-10-19T16:00:00Z', null);
  // a2 changes hands at 10:00 on 12 November, in the middle of a local day.
  await tenancy('a2', 'acme', '2026-10-19T16:00:00Z', '2026-11-12T02:00:00Z');
  await tenancy('a2', 'bolt', '2026-11-12T02:00:00Z', null);
  const tariff = await park.insert('tariffs', { ...at, name: 'TOU', commodity: 'electricity' });
  await park.insert('tariff_versions', {
    ...at,
    tariff_id: tariff,
    version: 1,
    effective_from: '2026-10-01',
    definition: JSON.stringify({
      components: [],
      calendar: {
        seasons: [
          {
            name: 'year',
            from: '01-01',
            to: '12-31',
            days: [
              {
                type: 'everyday',
                bands: [
                  { from: '22:00', to: '08:00', rank: 4 },
                  { from: '08:00', to: '12:00', rank: 2 },
                  { from: '12:00', to: '22:00', rank: 3 },
                ],
              },
            ],
          },
        ],
        weekend: [6, 7],
        holidays: [],
        workdays: [],
      },
    }),
    created_by: 'test',
  });
  await park.insert('tariff_assignments', {
    ...at,
    tariff_id: tariff,
    commodity: 'electricity',
    valid_from: '2026-10-01',
  });

  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed;
  };
  for (const day of daysBetween('2026-10-20', '2026-11-24')) {
    for (const code of ['a1', 'a2', 'b1', 'main-a', 'park', 'w1']) {
      for (let slot = 0; slot < daySpan(zone, day).slots; slot++) {
        if (code === 'b1' && day === '2026-11-05' && slot >= 40 && slot < 50) continue;
        const missing = code === 'a1' && day === '2026-11-06' && slot < 4;
        const estimated = code === 'a2' && day === '2026-11-07' && slot < 6;
        intervals.push({
          point: ids[code] ?? '',
          day,
          slot,
          quantity: missing ? null : random() % 5000,
          quality: missing ? 'missing' : estimated ? 'estimated:linear' : 'measured',
        });
      }
    }
  }
  // Today, up to 14:15.
  for (const code of ['a1', 'a2', 'b1']) {
    for (let slot = 0; slot < 57; slot++) {
      intervals.push({ point: ids[code] ?? '', day: '2026-11-24', slot, quantity: 1000 });
    }
  }
  await park.writeIntervals(projectId, zone, intervals);
  const begun = performance.now();
  await park.export(projectId, zone, true);
  console.log(`35 days exported in ${Math.round(performance.now() - begun)} ms`);
});
afterAll(() => park?.close());

interface Row {
  period: string;
  key: string | null;
  label: string;
  quantity: number | null;
  ranks: Record<string, number> | null;
  estimatedQuantity: number | null;
  measured: number;
  estimated: number;
  missing: number;
  previous: number | null;
}
interface Report {
  totals: Omit<Row, 'period' | 'key' | 'label'>;
  data: Row[];
  comparison: { kind: string; from: string; to: string; beyond: number | null } | null;
  asOf: string;
  ageS: number;
  zone: string;
  rowCount: number;
}

async function report(query: string): Promise<Report> {
  const response = await park.get(`/projects/${projectId}/reports/energy?${query}`);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as Report;
}

function sumOf(wanted: (i: TestInterval) => boolean): number | null {
  const values = intervals.filter((i) => wanted(i) && i.quantity !== null);
  return values.length === 0 ? null : values.reduce((sum, i) => sum + (i.quantity ?? 0), 0);
}
const units = () => new Set([ids.a1, ids.a2, ids.b1]);
const rankOf = (slot: number) => (slot < 32 || slot >= 88 ? 4 : slot < 48 ? 2 : 3);

test('energy of the project by day is the sum of its units, in all and by period', async () => {
  const { data, totals } = await report('from=2026-11-01&to=2026-12-01&unit=day&by=project');
  expect(data).toHaveLength(30);
  for (const row of data) {
    const mine = (i: TestInterval) => i.day === row.period && units().has(i.point);
    expect(row.quantity).toBe(sumOf(mine));
    for (const rank of [2, 3, 4]) {
      const part = sumOf((i) => mine(i) && rankOf(i.slot) === rank);
      expect(row.ranks?.[rank] ?? null).toBe(part);
    }
    const parts = Object.values(row.ranks ?? {});
    expect(parts.length === 0 ? null : parts.reduce((a, b) => a + b, 0)).toBe(row.quantity);
  }
  expect(data.at(-1)?.quantity).toBeNull();
  expect(totals.quantity).toBe(sumOf((i) => i.day >= '2026-11-01' && units().has(i.point)));
});

test('by hour and by month the same energy is cut differently', async () => {
  const hours = await report('from=2026-11-10&to=2026-11-12&unit=hour&by=project');
  expect(hours.data).toHaveLength(48);
  const row = hours.data[24 + 13];
  expect(row?.period).toBe('2026-11-11T13:00+08:00');
  const mine = (i: TestInterval) => units().has(i.point) && i.day === '2026-11-11';
  expect(row?.quantity).toBe(sumOf((i) => mine(i) && Math.floor(i.slot / 4) === 13));
  expect(row?.ranks).toEqual({ 3: row?.quantity });

  const months = await report('from=2026-10-25&to=2026-12-01&unit=month&by=project');
  expect(months.data.map((r) => r.period)).toEqual(['2026-10', '2026-11']);
  expect(months.data[0]?.quantity).toBe(
    sumOf((i) => units().has(i.point) && i.day >= '2026-10-25' && i.day < '2026-11-01'),
  );
});

test('a main is reported when asked for, and never added to its parts', async () => {
  const range = 'from=2026-11-02&to=2026-11-04&unit=month';
  const inRange = (i: TestInterval) => i.day >= '2026-11-02' && i.day < '2026-11-04';
  const buildings = await report(`${range}&by=building`);
  expect(buildings.data.map((r) => r.label)).toEqual(['Building A', 'Building B']);
  expect(buildings.data[0]?.quantity).toBe(
    sumOf((i) => inRange(i) && (i.point === ids.a1 || i.point === ids.a2)),
  );
  const mains = await report(`${range}&by=building&role=building-main`);
  expect(mains.data.map((r) => r.quantity)).toEqual([
    sumOf((i) => inRange(i) && i.point === ids['main-a']),
  ]);
  const one = await report(`${range}&by=point&pointId=${ids.park}`);
  expect(one.totals.quantity).toBe(sumOf((i) => inRange(i) && i.point === ids.park));
  const points = await report(`${range}&by=point`);
  expect(points.data.map((r) => r.label)).toEqual(['Shop a1', 'Shop a2', 'Shop b1']);
});

test('water is reported on its own, in litres and without periods', async () => {
  const { data, totals } = await report(
    'from=2026-11-02&to=2026-11-03&unit=day&by=project&commodity=water',
  );
  const expected = sumOf((i) => i.day === '2026-11-02' && i.point === ids.w1);
  expect([data[0]?.quantity, data[0]?.ranks]).toEqual([expected, null]);
  expect((await report(`from=2026-11-02&to=2026-11-03&pointId=${ids.w1}`)).totals).toEqual(totals);
});

test('a point that changes hands within a day counts for each account while it holds it', async () => {
  const { data } = await report('from=2026-11-12&to=2026-11-13&unit=day&by=account');
  const mine = (i: TestInterval) => i.day === '2026-11-12';
  expect(data.map((r) => [r.label, r.quantity])).toEqual([
    ['=ACME', sumOf((i) => mine(i) && (i.point === ids.a1 || (i.point === ids.a2 && i.slot < 40)))],
    ['Bolt, "Nuts"', sumOf((i) => mine(i) && i.point === ids.a2 && i.slot >= 40)],
  ]);
  const whole = await report('from=2026-11-01&to=2026-12-01&unit=month&by=account');
  expect(whole.totals.quantity).toBe(
    sumOf((i) => i.day >= '2026-11-01' && (i.point === ids.a1 || i.point === ids.a2)),
  );
  const bolt = await report(
    `from=2026-11-12&to=2026-11-13&unit=hour&by=point&accountId=${ids.bolt}`,
  );
  expect(bolt.data[9]?.quantity).toBeNull();
  expect(bolt.data[10]?.quantity).toBe(
    sumOf((i) => mine(i) && i.point === ids.a2 && Math.floor(i.slot / 4) === 10),
  );
});

test('measured, estimated and missing quarter-hours are counted, also those without a row', async () => {
  const { data } = await report('from=2026-11-05&to=2026-11-08&unit=day&by=project');
  expect(data.map((r) => [r.measured, r.estimated, r.missing])).toEqual([
    [278, 0, 10],
    [284, 0, 4],
    [282, 6, 0],
  ]);
  expect(data[2]?.estimatedQuantity).toBe(
    sumOf((i) => i.point === ids.a2 && i.day === '2026-11-07' && i.slot < 6),
  );
  const hours = await report(`from=2026-11-05&to=2026-11-06&unit=hour&by=point&pointId=${ids.b1}`);
  expect(hours.data.slice(10, 13).map((r) => [r.quantity === null, r.missing])).toEqual([
    [true, 4],
    [true, 4],
    [false, 2],
  ]);
});

test('today shows what there is so far; what is not yet due is not missing', async () => {
  const { data, ageS } = await report('from=2026-11-24&to=2026-11-25&unit=hour&by=project');
  expect(data).toHaveLength(24);
  expect([data[13]?.quantity, data[14]?.quantity, data[15]?.quantity]).toEqual([12000, 3000, null]);
  expect(data.every((r) => r.missing === 0)).toBe(true);
  expect(data[13]?.previous).toBe(
    sumOf((i) => units().has(i.point) && i.day === '2026-11-23' && Math.floor(i.slot / 4) === 13),
  );
  expect(ageS).toBe(0);
});

test('a whole month is compared with the month before, part of one with its same days', async () => {
  const whole = await report('from=2026-11-01&to=2026-12-01&unit=day&by=project');
  expect(whole.comparison).toMatchObject({ kind: 'months', from: '2026-10-01', to: '2026-11-01' });
  expect(whole.data[23]?.previous).toBe(
    sumOf((i) => units().has(i.point) && i.day === '2026-10-24'),
  );
  const before = sumOf((i) => units().has(i.point) && i.day < '2026-11-01');
  expect(whole.totals.previous).toBe(before);
  // 31 October has no counterpart among the 30 days of November, and is said.
  const beyond = sumOf((i) => units().has(i.point) && i.day === '2026-10-31');
  expect(whole.comparison?.beyond).toBe(beyond);
  const shown = whole.data.reduce((sum, r) => sum + (r.previous ?? 0), 0);
  expect(shown + (beyond ?? 0)).toBe(before);
  const byMonth = await report('from=2026-11-01&to=2026-12-01&unit=month&by=project');
  expect(byMonth.data[0]?.previous).toBe(before);

  const part = await report('from=2026-11-01&to=2026-11-25&unit=day&by=project');
  expect(part.comparison).toMatchObject({ from: '2026-10-01', to: '2026-10-25', beyond: null });
  const days = await report('from=2026-11-09&to=2026-11-16&unit=day&by=project');
  expect(days.comparison).toMatchObject({ kind: 'days', from: '2026-11-02', to: '2026-11-09' });
  expect(days.data[0]?.previous).toBe(sumOf((i) => units().has(i.point) && i.day === '2026-11-02'));
  const none = await report('from=2026-11-09&to=2026-11-16&unit=day&by=project&against=none');
  expect([none.comparison, none.totals.previous]).toEqual([null, null]);
});

test('whatever the rows are, they add up to the same totals', async () => {
  const range = 'from=2026-10-28&to=2026-11-20';
  const totals = [];
  for (const unit of ['hour', 'day', 'week', 'month', 'year']) {
    for (const by of ['project', 'building', 'floor', 'point']) {
      const answer = await report(`${range}&unit=${unit}&by=${by}`);
      expect(answer.data.reduce((sum, r) => sum + (r.quantity ?? 0), 0)).toBe(
        answer.totals.quantity,
      );
      totals.push(answer.totals);
    }
  }
  for (const one of totals) expect(one).toEqual(totals[0]);
});

test('a file is made in parts, and says the rows and totals of the page', async () => {
  const path = `/projects/${projectId}/reports/energy`;
  const rowsIn = async (query: string) => {
    const page = await report(query);
    const response = await park.get(`${path}?${query}&format=json`);
    const file = JSON.parse(await response.text());
    expect(file.totals).toMatchObject(page.totals);
    expect([file.comparison, file.rowCount]).toEqual([page.comparison, page.rowCount]);
    expect(
      file.data.map((r: Record<string, unknown>) => [
        ...[r.period, r.key, r.quantity, r.peak, r.missing, r.previous],
      ]),
    ).toEqual(
      page.data.map((r) => [
        ...[r.period, r.key, r.quantity, r.ranks?.[2] ?? null, r.missing, r.previous],
      ]),
    );
    return page.rowCount;
  };
  // 31 October has no counterpart; months and accounts change within a part.
  for (const by of ['project', 'point', 'account']) {
    await rowsIn(`from=2026-11-01&to=2026-12-01&unit=day&by=${by}`);
    await rowsIn(`from=2026-10-24&to=2026-11-24&unit=hour&by=${by}`);
  }
  expect(await rowsIn('from=2017-01-01&to=2026-12-01&unit=day&by=point')).toBe(3 * 3621);
  expect(await rowsIn('from=2016-12-01&to=2026-12-01&unit=month&by=account')).toBe(2 * 120);
});

test('a page of more than 200,000 cells is refused, and as a file it is there', async () => {
  const many = await park.project(zone, 'Many');
  const { rows: points } = await park.owner.query<{ id: string }>(
    `INSERT INTO points (project_id, code, name, commodity)
     SELECT $1, 'p' || n, 'Shop', 'electricity' FROM generate_series(1, 100) n RETURNING id`,
    [many],
  );
  const used = points.map(({ id }, i) => ({ point: id, day: '2026-11-20', slot: 9, quantity: i }));
  await park.writeIntervals(many, zone, used);
  await park.export(many, zone, true);
  const query = 'from=2021-02-20&to=2026-11-25&unit=day&by=point&against=none';
  const path = `/projects/${many}/reports/energy?${query}`;
  const page = await park.get(path);
  expect([page.status, (await page.json()).code]).toEqual([422, 'range-too-long']);
  const text = await (await park.get(`${path}&format=csv`)).text();
  const rows = 100 * daysBetween('2021-02-20', '2026-11-25').length;
  expect(rows).toBeGreaterThan(200_000);
  expect(text).toContain(`# rows = ${rows} (complete)\r\n`);
  expect(text).toContain('# total quantity = 4950\r\n');
  expect(text.split('\r\n').filter((line) => line.startsWith('"2026-11-20"'))).toHaveLength(100);
});

test('CSV read by DuckDB equals the JSON, and names cannot run as formulas', async () => {
  const query = 'from=2026-11-10&to=2026-11-14&unit=day&by=account';
  const json = await report(query);
  const response = await park.get(`/projects/${projectId}/reports/energy?${query}&format=csv`);
  expect(response.headers.get('content-type')).toContain('text/csv');
  const text = await response.text();
  const asked = await park.get(`/projects/${projectId}/reports/energy?${query}`, {
    headers: { accept: 'text/csv' },
  });
  expect(await asked.text()).toBe(text);
  const file = `${park.dataDir}/report.csv`;
  writeFileSync(file, text);
  const connection = await park.duckdb.connect();
  const rows = await rowsOf<Record<string, unknown>>(
    connection,
    "SELECT * FROM read_csv($file::VARCHAR, comment = '#', header = true, all_varchar = true)",
    { file },
  );
  connection.closeSync();
  const cell = (value: number | null | undefined) => (value == null ? null : String(value));
  expect(
    rows.map((r) => [
      r.period,
      r.key,
      r.label,
      r.quantity,
      r.peak,
      r.valley,
      r.measured,
      r.missing,
      r.previous,
    ]),
  ).toEqual(
    json.data.map((r) => [
      r.period,
      r.key,
      r.label.replace(/^=/, "'="),
      cell(r.quantity),
      cell(r.ranks?.[2]),
      cell(r.ranks?.[4]),
      cell(r.measured),
      cell(r.missing),
      cell(r.previous),
    ]),
  );
  expect(text).toContain(`# total quantity = ${json.totals.quantity}\r\n`);
  expect(text).toContain('# zone = Asia/Shanghai\r\n');
  expect(text).toContain(`# rows = ${json.data.length} (complete)\r\n`);
});

test('a question that cannot be answered says why', async () => {
  const ask = async (query: string, project = projectId) => {
    const response = await park.get(`/projects/${project}/reports/energy?${query}`);
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    return [response.status, code, detail];
  };
  const day = 'from=2026-11-01&to=2026-11-02';
  expect((await ask('from=2026-11-02&to=2026-11-02')).slice(0, 2)).toEqual([
    400,
    'invalid-request',
  ]);
  expect((await ask('from=2026-02-30&to=2026-11-02')).slice(0, 2)).toEqual([
    400,
    'invalid-request',
  ]);
  expect((await ask('from=2025-01-01&to=2026-11-02&unit=hour')).slice(0, 2)).toEqual([
    422,
    'range-too-long',
  ]);
  expect((await ask(`${day}&by=moon`)).slice(0, 2)).toEqual([400, 'invalid-request']);
  for (const what of ['buildingId', 'floorId', 'accountId', 'pointId']) {
    expect((await ask(`${day}&${what}=999`)).slice(0, 2)).toEqual([404, 'not-found']);
  }
  expect((await ask(day, '999')).slice(0, 2)).toEqual([404, 'not-found']);
  const empty = await park.project('Europe/Berlin', 'New');
  expect((await ask(day, empty)).slice(0, 2)).toEqual([503, 'not-built']);
});

test('another project neither answers with these data nor knows these places', async () => {
  const other = await park.project(zone, 'Other');
  const point = await park.insert('points', {
    project_id: other,
    code: 'o1',
    name: 'Other shop',
    commodity: 'electricity',
  });
  await park.writeIntervals(other, zone, [{ point, day: '2026-11-10', slot: 3, quantity: 7 }]);
  await park.export(other, zone, true);
  const ask = (query: string) =>
    park.get(`/projects/${other}/reports/energy?from=2026-11-01&to=2026-12-01&${query}`);
  const own = (await (await ask('unit=month&by=point')).json()) as Report;
  expect(own.data.map((r) => [r.label, r.quantity])).toEqual([['Other shop', 7]]);
  for (const foreign of [`pointId=${ids.a1}`, `accountId=${ids.acme}`, `buildingId=${ids.A}`]) {
    expect((await ask(foreign)).status).toBe(404);
  }
  const mine = await report('from=2026-11-01&to=2026-12-01&unit=month&by=point');
  expect(mine.data.map((r) => r.label)).not.toContain('Other shop');
});

test('several questions at once are answered alike, and one that is given up harms none', async () => {
  const path = `/projects/${projectId}/reports/energy?from=2026-11-01&to=2026-12-01&unit=day&by=point`;
  const gone = new AbortController();
  const abandoned = park.get(path, { signal: gone.signal });
  const answers = Array.from({ length: 8 }, () => park.get(path).then((r) => r.text()));
  gone.abort();
  expect((await abandoned).status).toBe(499);
  expect(new Set(await Promise.all(answers)).size).toBe(1);
});

test('on the day of 25 hours each of the two equal hours has its own energy', async () => {
  const berlin = await park.project('Europe/Berlin', 'Berlin');
  const point = await park.insert('points', {
    project_id: berlin,
    code: 'p',
    name: 'Shop',
    commodity: 'electricity',
  });
  const rows = Array.from({ length: 100 }, (_, slot) => ({
    point,
    day: '2026-10-25',
    slot,
    quantity: slot,
  }));
  await park.writeIntervals(berlin, 'Europe/Berlin', rows);
  await park.export(berlin, 'Europe/Berlin', true);
  const ask = async (query: string) =>
    (await (await park.get(`/projects/${berlin}/reports/energy?${query}`)).json()) as Report;
  const hours = await ask('from=2026-10-25&to=2026-10-26&unit=hour');
  expect(hours.data.slice(2, 4).map((r) => [r.period, r.quantity])).toEqual([
    ['2026-10-25T02:00+02:00', 8 + 9 + 10 + 11],
    ['2026-10-25T02:00+01:00', 12 + 13 + 14 + 15],
  ]);
  expect([hours.data.length, hours.totals.quantity, hours.totals.measured]).toEqual([
    25, 4950, 100,
  ]);
  const next = await ask('from=2026-10-26&to=2026-10-27&unit=hour');
  expect([next.data[2]?.previous, next.comparison?.beyond, next.totals.previous]).toEqual([
    38, 54, 4950,
  ]);
});

test('a range between instants has its quarter-hours, and as many before to compare with', async () => {
  const { data, totals, comparison } = await report(
    'from=2026-11-10T23:30:00%2B08:00&to=2026-11-12T02:15:00%2B08:00&unit=day&by=account',
  );
  const from = Date.parse('2026-11-10T15:30:00Z');
  const to = Date.parse('2026-11-11T18:15:00Z');
  const at = (i: TestInterval) => daySpan(zone, i.day).startMs + i.slot * 900_000;
  const within = (first: number, end: number) => (i: TestInterval) =>
    (i.point === ids.a1 || i.point === ids.a2) && at(i) >= first && at(i) < end;
  expect(data.map((r) => [r.period, r.label])).toEqual([
    ['2026-11-10', '=ACME'],
    ['2026-11-11', '=ACME'],
    ['2026-11-12', '=ACME'],
  ]);
  expect([totals.quantity, totals.measured]).toEqual([sumOf(within(from, to)), 2 * 107]);
  expect(totals.previous).toBe(sumOf(within(from - (to - from), from)));
  expect(comparison).toEqual({
    ...{ kind: 'time', beyond: null },
    ...{ from: '2026-11-09T12:45:00.000Z', to: '2026-11-10T15:30:00.000Z' },
  });
  const hours = await report(
    'from=2026-11-10T14:15:00%2B08:00&to=2026-11-10T15:30:00%2B08:00&unit=hour&pointId='.concat(
      ids.b1 ?? '',
    ),
  );
  const slots = (first: number, end: number) =>
    sumOf((i) => i.point === ids.b1 && i.day === '2026-11-10' && i.slot >= first && i.slot < end);
  expect(hours.data.map((r) => [r.period, r.quantity, r.previous])).toEqual([
    ['2026-11-10T14:00+08:00', slots(57, 60), slots(52, 55)],
    ['2026-11-10T15:00+08:00', slots(60, 62), slots(55, 57)],
  ]);
  const quarters = await report('from=2026-11-10&to=2026-11-11&unit=quarter&by=project');
  expect(quarters.data[57]?.period).toBe('2026-11-10T14:15+08:00');
  const all = quarters.data.map((r) => r.quantity);
  expect(all).toEqual(
    Array.from({ length: 96 }, (_, slot) =>
      sumOf((i) => units().has(i.point) && i.day === '2026-11-10' && i.slot === slot),
    ),
  );
  // From midnight to midnight is whole days, in every respect.
  const days = 'unit=month&by=point';
  expect(await report(`from=2026-10-31T16:00:00Z&to=2026-11-23T16:00:00Z&${days}`)).toEqual(
    await report(`from=2026-11-01&to=2026-11-24&${days}`),
  );
});

test('a range that is cut into two adds up to the whole, by every unit and key', async () => {
  for (const by of ['project', 'point', 'account']) {
    for (const unit of ['hour', 'day', 'month']) {
      const ask = (range: string) => report(`${range}&unit=${unit}&by=${by}&against=year`);
      const whole = await ask('from=2026-11-05&to=2026-11-14');
      const first = await ask('from=2026-11-05&to=2026-11-12T10:15:00%2B08:00');
      const last = await ask('from=2026-11-12T10:15:00%2B08:00&to=2026-11-14');
      for (const key of [
        'quantity',
        'estimatedQuantity',
        'measured',
        'estimated',
        'missing',
      ] as const) {
        const sum = Number(first.totals[key]) + Number(last.totals[key]);
        expect([by, unit, key, sum]).toEqual([by, unit, key, Number(whole.totals[key])]);
      }
    }
  }
  const compared = await report(
    'from=2026-11-12T10:15:00%2B08:00&to=2026-11-14&unit=day&against=year',
  );
  expect(compared.comparison).toMatchObject({
    ...{ kind: 'years', from: '2025-11-12T02:15:00.000Z', to: '2025-11-13T16:00:00.000Z' },
  });
});

test('an instant between quarter-hours is refused, unless it is the current minute', async () => {
  const ask = async (from: string, to: string) => {
    const answer = await park.get(
      `/projects/${projectId}/reports/energy?from=${from}&to=${to}&unit=quarter`,
    );
    const body = await answer.json();
    return [answer.status, body.code ?? body.rowCount];
  };
  const refused = [400, 'invalid-request'];
  expect(await ask('2026-11-24T06:01:00Z', '2026-11-24T06:30:00Z')).toEqual(refused);
  expect(await ask('2026-11-24T06:00:00Z', '2026-11-24T06:29:00Z')).toEqual(refused);
  expect(await ask('2026-11-24T06:30:00Z', '2026-11-24T06:30:00Z')).toEqual(refused);
  expect(await ask('2026-11-24T06:45:00Z', '2026-11-24T06:30:00Z')).toEqual(refused);
  expect(await ask('2026-11-24T06:30:00', '2026-11-24T06:45:00Z')).toEqual(refused);
  // It is 06:32.
  expect(await ask('2026-11-24T06:00:00Z', '2026-11-24T06:32:00Z')).toEqual([200, 3]);
  expect(await ask('2026-11-24T06:30:00Z', '2026-11-24T06:32:00Z')).toEqual([200, 1]);
});

test('on days of 23 and 25 hours whole days between instants are the same report', async () => {
  const york = await park.project('America/New_York', 'New York');
  const point = await park.insert('points', {
    ...{ project_id: york, code: 'p', name: 'Shop', commodity: 'electricity' },
  });
  const rows = ['2026-03-07', '2026-03-08', '2026-03-09', '2026-10-31', '2026-11-01'].flatMap(
    (day) =>
      Array.from({ length: daySpan('America/New_York', day).slots }, (_, slot) => ({
        ...{ point, day, slot, quantity: slot + 1 },
      })),
  );
  await park.writeIntervals(york, 'America/New_York', rows);
  await park.export(york, 'America/New_York', true);
  const ask = async (query: string) =>
    (await (await park.get(`/projects/${york}/reports/energy?${query}`)).json()) as Report;
  for (const unit of ['quarter', 'hour', 'day']) {
    const spring = await ask(`from=2026-03-08T05:00:00Z&to=2026-03-09T04:00:00Z&unit=${unit}`);
    expect(spring).toEqual(await ask(`from=2026-03-08&to=2026-03-09&unit=${unit}`));
    expect([spring.totals.quantity, spring.totals.measured]).toEqual([(92 * 93) / 2, 92]);
    const autumn = await ask(`from=2026-11-01T04:00:00Z&to=2026-11-02T05:00:00Z&unit=${unit}`);
    expect(autumn).toEqual(await ask(`from=2026-11-01&to=2026-11-02&unit=${unit}`));
    expect([autumn.totals.quantity, autumn.totals.measured]).toEqual([5050, 100]);
  }
  // Pieces of the day of 25 hours, read by quarter-hour, and as many quarter-hours before them.
  const pieces = await Promise.all(
    [
      '2026-11-01T04:00:00Z&to=2026-11-01T07:30:00Z',
      '2026-11-01T07:30:00Z&to=2026-11-02T05:00:00Z',
    ].map((range) => ask(`from=${range}&unit=day`)),
  );
  expect(pieces.map(({ totals }) => totals.quantity)).toEqual([105, 5050 - 105]);
  expect(pieces[0]?.totals.previous).toBe(
    Array.from({ length: 14 }, (_, i) => 96 - i).reduce((a, b) => a + b),
  );
});
