/** The energy report against an independent sum over the same intervals. */
import { afterAll, beforeAll, expect, test } from 'vitest';
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
}, 120_000);
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
