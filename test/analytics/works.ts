/**
 * A park for the tests of the reports on energy: two buildings under a park main, one with its parts
 * named and one without, a meter that was replaced, a point that was retired, one that changed hands,
 * gaps of every kind. Its intervals are made here, so a test can add them up by itself.
 */
import { daySpan, daysBetween, type LocalDay, SLOT_MS } from '../../sql/local-day.ts';
import { openPark, type Park, type TestInterval } from './park.ts';

export const zone = 'Asia/Shanghai';
export const FIRST = '2026-11-01';
/** Of which there is data until 14:15. */
export const TODAY = '2026-11-24';

export interface Works {
  park: Park;
  projectId: string;
  /** By code of building, point, or short name of account. */
  ids: Record<string, string>;
  intervals: TestInterval[];
  /** GET of a report; throws unless 200. */
  report: (name: string, query: string) => Promise<Report>;
  /** Status and problem of a report that is refused. */
  refusal: (name: string, query: string) => Promise<[number, string]>;
}

// What a report's rows hold is what the tests are about.
export type Row = Record<string, unknown>;
export interface Report {
  zone: string;
  asOf: string;
  rowCount: number;
  columns: { name: string; unit: string | null }[];
  totals: Row;
  data: Row[];
}

/** Numbers that look like chance and are the same each time. */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}

const at = (day: LocalDay, clock: string) => new Date(`${day}T${clock}:00+08:00`).toISOString();

/** Days on which the losses of a building are not what they were. */
export const thefts = { jump: '2026-11-18', night: '2026-11-20', negative: '2026-11-19' } as const;

export async function openWorks(): Promise<Works> {
  const park = await openPark();
  const projectId = await park.project(zone);
  const here = { project_id: projectId };
  const ids: Record<string, string> = {};
  for (const code of ['A', 'B']) {
    ids[code] = await park.insert('buildings', { ...here, code, name: `Building ${code}` });
  }
  const install = async (code: string, meter: string, from: string, to: string | null) => {
    const meterId = await park.insert('meters', { ...here, serial: meter, model: 'DTSY1352' });
    ids[meter] = meterId;
    await park.insert('installations', {
      ...here,
      point_id: ids[code],
      meter_id: meterId,
      valid_from: from,
      valid_to: to,
    });
  };
  const point = async (code: string, more: Record<string, unknown>, to: string | null = null) => {
    ids[code] = await park.insert('points', {
      ...here,
      code,
      name: `Shop ${code}`,
      commodity: 'electricity',
      retired_at: to,
      ...more,
    });
    if (code !== 'a2') await install(code, `m-${code}`, at(FIRST, '00:00'), to);
  };
  await point('park', { role: 'park-main' });
  await point('main-a', { building_id: ids.A, role: 'building-main', parent_id: ids.park });
  await point('main-b', { building_id: ids.B, role: 'building-main' });
  await point('a1', { building_id: ids.A, parent_id: ids['main-a'] });
  await point('a2', { building_id: ids.A, parent_id: ids['main-a'] });
  await install('a2', 'm-a2-old', at(FIRST, '00:00'), at('2026-11-10', '09:07'));
  await install('a2', 'm-a2', at('2026-11-10', '09:07'), null);
  await point('a3', { building_id: ids.A, parent_id: ids['main-a'] }, at('2026-11-15', '10:00'));
  await point('b1', { building_id: ids.B });
  await point('b2', { building_id: ids.B });
  await point('w1', { building_id: ids.A, commodity: 'water' });
  // It has a meter and has never been read.
  await point('w2', { building_id: ids.A, commodity: 'water' });
  for (const [short, number] of [
    ['acme', '001'],
    ['bolt', '002'],
  ] as const) {
    ids[short] = await park.insert('accounts', {
      ...here,
      number,
      name: `Account ${short}`,
      opened_on: FIRST,
    });
  }
  const tenancy = (code: string, account: string, from: string, to: string | null) =>
    park.insert('tenancies', {
      ...here,
      point_id: ids[code],
      account_id: ids[account],
      valid_from: from,
      valid_to: to,
    });
  await tenancy('a1', 'acme', at(FIRST, '00:00'), at('2026-11-12', '10:00'));
  await tenancy('a1', 'bolt', at('2026-11-12', '10:00'), null);
  await tenancy('b1', 'bolt', at(FIRST, '00:00'), null);

  const intervals = intervalsOf(ids);
  await park.writeIntervals(projectId, zone, intervals);
  await park.export(projectId, zone, true);
  const path = (name: string, query: string) => `/projects/${projectId}/reports/${name}?${query}`;
  return {
    park,
    projectId,
    ids,
    intervals,
    report: async (name, query) => {
      const response = await park.get(path(name, query));
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${name}?${query}: ${text}`);
      return JSON.parse(text) as Report;
    },
    refusal: async (name, query) => {
      const response = await park.get(path(name, query));
      return [response.status, ((await response.json()) as { code: string }).code];
    },
  };
}

function intervalsOf(ids: Record<string, string>): TestInterval[] {
  const below = numbersFrom(7);
  const rows: TestInterval[] = [];
  for (const day of [...daysBetween(FIRST, TODAY), TODAY]) {
    const slots = day === TODAY ? 57 : 96;
    for (let slot = 0; slot < slots; slot++) {
      const used = new Map<string, number>();
      for (const code of ['a1', 'a2', 'a3', 'b1', 'b2', 'w1']) {
        if (code === 'a3' && (day > '2026-11-15' || (day === '2026-11-15' && slot >= 40))) continue;
        // More by day than by night.
        used.set(code, below(slot >= 32 && slot < 72 ? 5_000 : 1_000) + 200);
      }
      const of = (...codes: string[]) => codes.reduce((sum, c) => sum + (used.get(c) ?? 0), 0);
      const isNight = slot < 20;
      const lossA = day === thefts.jump ? 0.3 : day === thefts.night && isNight ? 0.25 : 0.02;
      const lossB = day === thefts.negative ? -0.1 : 0.03;
      used.set('main-a', Math.round(of('a1', 'a2', 'a3') * (1 + lossA + below(100) / 50_000)));
      used.set('main-b', Math.round(of('b1', 'b2') * (1 + lossB)));
      used.set('park', Math.round(of('main-a', 'main-b') * 1.01));
      for (const [code, quantity] of used) {
        if (code === 'b1' && day === '2026-11-05' && slot >= 40 && slot < 50) continue;
        const missing = code === 'a1' && day === '2026-11-06' && slot < 4;
        const estimated = code === 'a2' && day === '2026-11-07' && slot >= 8 && slot < 14;
        rows.push({
          point: ids[code] ?? '',
          ...{ day, slot, quantity: missing ? null : quantity },
          quality: missing ? 'missing' : estimated ? 'estimated:linear' : 'measured',
          gapS: estimated ? 5_460 : missing ? 0 : 60,
        });
      }
    }
  }
  return rows;
}

const starts = new Map<LocalDay, number>();

/** Start of a slot, RFC 3339. */
export function startOf(day: LocalDay, slot: number): string {
  const startMs = starts.get(day) ?? daySpan(zone, day).startMs;
  starts.set(day, startMs);
  return new Date(startMs + slot * SLOT_MS).toISOString();
}

/** Sum of what is known of the intervals wanted; null where nothing is. */
export function sumOf(
  intervals: readonly TestInterval[],
  wanted: (i: TestInterval) => boolean,
): number | null {
  let sum: number | null = null;
  for (const i of intervals) {
    if (i.quantity !== null && wanted(i)) sum = (sum ?? 0) + i.quantity;
  }
  return sum;
}
