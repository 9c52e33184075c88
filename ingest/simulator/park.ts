/**
 * The demo park as data, drawn from a seed: Suzhong Mould Park, five buildings, three collection boxes, nine buses,
 * 154 tenants' meters, 6 mains and 20 water meters. The same seed gives the same park to the last watt.
 */

import type { Profile } from './profile.ts';
import { chance, whole } from './seed.ts';

export type Framing = 'tcp' | 'rtu-over-tcp';
type Role = 'tenant' | 'building-main' | 'park-main' | 'water';

export interface ParkBuilding {
  code: string;
  name: string;
  nameZh: string;
  floors: { level: number; name: string; nameZh: string }[];
}

export interface ParkBus {
  code: string;
  name: string;
  nameZh: string;
  framing: Framing;
}

export interface ParkGateway {
  code: string;
  name: string;
  nameZh: string;
  /** Where the box hangs. */
  building: string;
  buses: ParkBus[];
}

export interface ParkMeter {
  /** Twelve digits. */
  serial: string;
  model: 'DTSY1352-SIM' | 'DTSD1352-SIM' | 'WATER-SIM';
  bus: string;
  unit: number;
  role: Role;
  commodity: 'electricity' | 'water';
  building: string | null;
  floor: number | null;
  /** Code of its point: A101, A-MAIN, PARK-MAIN, A-W1. */
  label: string;
  name: string;
  nameZh: string;
  /** Label of the main meter above it. */
  parent: string | null;
  profile: Profile | 'sum';
  ct: number;
  pt: number;
  /** Rate at the busiest minute, primary: W or L/h. For a main the bound is the sum of its consumers. */
  peak: number;
  /** Turn of its replay in minutes: whole weeks plus a few minutes. */
  turnMinutes: number;
  /** The day it was put up; its register begins at zero there. */
  installedOn: string;
  /** Losses on the way to the consumers, for mains. */
  loss: number;
  /** Lost contact so long before the park's first start. */
  silentBeforeMinutes: number | null;
}

export interface Park {
  seed: string;
  buildings: ParkBuilding[];
  gateways: ParkGateway[];
  meters: ParkMeter[];
}

/** Units on each floor, ground floor first; 154 in all. */
const unitsByFloor: Record<string, number[]> = {
  A: [12, 12, 12],
  B: [12, 12, 10],
  C: [10, 10, 10],
  D: [12, 10, 10],
  E: [11, 11],
};

/** Which boxes and buses serve a building; its meters are dealt out over its buses in order. */
const wiring: { gateway: string; building: string; buses: Framing[] }[] = [
  { gateway: 'G1', building: 'A', buses: ['tcp', 'tcp'] },
  { gateway: 'G2', building: 'B', buses: ['tcp', 'tcp'] },
  { gateway: 'G2', building: 'C', buses: ['tcp', 'rtu-over-tcp'] },
  { gateway: 'G3', building: 'D', buses: ['tcp', 'tcp'] },
  { gateway: 'G3', building: 'E', buses: ['rtu-over-tcp'] },
];

const gatewayBuildings: Record<string, string> = { G1: 'A', G2: 'B', G3: 'D' };

/** Meters that have fallen silent: minutes before the first start. */
const silent: Record<string, number> = { B203: 285, C302: 190, D111: 62 };

const WATER_METERS_PER_BUILDING = 4;
export const METERS_PER_BUS_MAX = 32;
/** The park that everyone sees who does not name a seed: about 3 MW by day and 40 MWh on a working day. */
export const DEFAULT_SEED = 'suzhong-2';
/** The park opened on this day: the mains count from here. */
const OPENED_ON = '2025-01-01';

/** The whole park of a seed. */
export function buildPark(seed: string): Park {
  const buildings = Object.entries(unitsByFloor).map(([code, floors]) => ({
    code,
    name: `Building ${code}`,
    nameZh: `${code}栋`,
    floors: floors.map((_, index) => ({
      level: index + 1,
      name: `${index + 1}F`,
      nameZh: `${index + 1}层`,
    })),
  }));
  return { seed, buildings, gateways: gatewaysOf(), meters: wired(buildings.flatMap(metersOf)) };

  function metersOf({ code }: ParkBuilding): ParkMeter[] {
    const tenants = (unitsByFloor[code] ?? []).flatMap((units, floor) =>
      Array.from({ length: units }, (_, unit) => tenantMeter(seed, { code, floor, unit })),
    );
    const water = Array.from({ length: WATER_METERS_PER_BUILDING }, (_, index) =>
      waterMeter(seed, { code, index }),
    );
    const main = mainMeter(seed, { code, peak: sumOfPeaks(tenants) });
    return [...parkMainOf(code), main, ...tenants, ...water];
  }

  /** The park's main hangs on the first bus of building A. */
  function parkMainOf(code: string): ParkMeter[] {
    return code === 'A' ? [mainMeter(seed, { code: null, peak: PARK_PEAK_W })] : [];
  }
}

/** Rating of the park's main: 5000/5 A at 380 V. */
const PARK_PEAK_W = 3_300_000;

/** A main's consumers never peak in the same minute. */
const COINCIDENCE = 0.9;

function sumOfPeaks(meters: ParkMeter[]): number {
  return Math.round(COINCIDENCE * meters.reduce((sum, { peak }) => sum + peak, 0));
}

function gatewaysOf(): ParkGateway[] {
  return Object.entries(gatewayBuildings).map(([code, building]) => {
    const served = wiring.filter(({ gateway }) => gateway === code);
    const names = served.map((row) => row.building).join('–');
    const framings = served.flatMap((row) => row.buses);
    return {
      code,
      name: `Collection box ${code}, ${names}`,
      nameZh: `采集箱 ${code}（${names}栋）`,
      building,
      buses: framings.map((framing, index) => ({
        code: `${code}-${index + 1}`,
        name: `${code} bus ${index + 1}`,
        nameZh: `${code} 第${index + 1}路总线`,
        framing,
      })),
    };
  });
}

/** Deals the meters of each building out over its buses and numbers them from 1 on each. */
function wired(meters: ParkMeter[]): ParkMeter[] {
  const busesSoFar: Record<string, number> = {};
  return wiring.flatMap(({ gateway, building, buses }) => {
    const first = busesSoFar[gateway] ?? 0;
    busesSoFar[gateway] = first + buses.length;
    const here = meters.filter(({ building: place }) => (place ?? 'A') === building);
    const perBus = Math.ceil(here.length / buses.length);
    return here.map((meter, index) => ({
      ...meter,
      bus: `${gateway}-${first + Math.floor(index / perBus) + 1}`,
      unit: (index % perBus) + 1,
    }));
  });
}

/** Sizes of tenants, by share: from a small office to a hall of presses. */
const sizes: {
  upTo: number;
  ct: number;
  peakKw: { low: number; high: number };
  profiles: Profile[];
}[] = [
  { upTo: 0.3, ct: 1, peakKw: { low: 3, high: 9 }, profiles: ['office', 'office', 'day-shift'] },
  {
    upTo: 0.8,
    ct: 1,
    peakKw: { low: 8, high: 27 },
    profiles: ['day-shift', 'day-shift', 'two-shift', 'compressor', 'office'],
  },
  {
    upTo: 0.93,
    ct: 40,
    peakKw: { low: 38, high: 78 },
    profiles: ['two-shift', 'day-shift', 'continuous', 'compressor'],
  },
  {
    upTo: 0.98,
    ct: 60,
    peakKw: { low: 75, high: 115 },
    profiles: ['two-shift', 'continuous', 'day-shift'],
  },
  { upTo: 1, ct: 100, peakKw: { low: 130, high: 190 }, profiles: ['continuous', 'two-shift'] },
];

function tenantMeter(
  seed: string,
  { code, floor, unit }: { code: string; floor: number; unit: number },
): ParkMeter {
  const label = `${code}${floor + 1}${String(unit + 1).padStart(2, '0')}`;
  const share = chance(seed, label, 'size');
  const size = sizes.find(({ upTo }) => share < upTo) ?? sizes[0];
  if (!size) throw new Error('park: no sizes');
  const { low, high } = size.peakKw;
  return {
    ...blank,
    serial: serialOf(seed, { label, kind: '01' }),
    model: 'DTSY1352-SIM',
    role: 'tenant',
    building: code,
    floor: floor + 1,
    label,
    name: `Unit ${label}`,
    nameZh: `${label}室`,
    parent: `${code}-MAIN`,
    profile:
      size.profiles[Math.floor(chance(seed, label, 'profile') * size.profiles.length)] ?? 'office',
    ct: size.ct,
    peak: 10 * whole({ low: low * 100, high: high * 100 }, seed, label, 'peak'),
    turnMinutes: turnOf(seed, label),
    installedOn: installedOn(seed, label),
    silentBeforeMinutes: silent[label] ?? null,
  };
}

function waterMeter(seed: string, { code, index }: { code: string; index: number }): ParkMeter {
  const label = `${code}-W${index + 1}`;
  return {
    ...blank,
    serial: serialOf(seed, { label, kind: '03' }),
    model: 'WATER-SIM',
    role: 'water',
    commodity: 'water',
    building: code,
    floor: 1,
    label,
    name: `Water ${code} ${index + 1}`,
    nameZh: `${code}栋 ${index + 1}号水表`,
    profile: 'water',
    peak: whole({ low: 300, high: 2_400 }, seed, label, 'peak'),
    turnMinutes: turnOf(seed, label),
    installedOn: installedOn(seed, label),
  };
}

/** CT ratios for mains, with the power each carries at 380 V and 5 A secondary. */
const mainRatios = [200, 300, 400, 500, 600, 800, 1_000];
const MAIN_W_PER_RATIO = 3 * 220 * 5;

function mainMeter(seed: string, { code, peak }: { code: string | null; peak: number }): ParkMeter {
  const label = code ? `${code}-MAIN` : 'PARK-MAIN';
  return {
    ...blank,
    serial: serialOf(seed, { label, kind: '02' }),
    model: 'DTSD1352-SIM',
    role: code ? 'building-main' : 'park-main',
    building: code,
    floor: code ? 1 : null,
    label,
    name: code ? `Building ${code} main` : 'Park main',
    nameZh: code ? `${code}栋总表` : '园区总表',
    parent: code ? 'PARK-MAIN' : null,
    profile: 'sum',
    ct: mainRatios.find((ratio) => ratio * MAIN_W_PER_RATIO >= peak) ?? 1_000,
    peak,
    // The park's cables carry the buildings' losses too, so its main never counts less than the sum of theirs.
    loss: code ? 0.01 + 0.02 * chance(seed, label, 'loss') : 0.035 + 0.01 * chance(seed, 'loss'),
  };
}

const blank: ParkMeter = {
  serial: '',
  model: 'DTSY1352-SIM',
  bus: '',
  unit: 0,
  role: 'tenant',
  commodity: 'electricity',
  building: null,
  floor: null,
  label: '',
  name: '',
  nameZh: '',
  parent: null,
  profile: 'sum',
  ct: 1,
  pt: 1,
  peak: 0,
  turnMinutes: 0,
  installedOn: OPENED_ON,
  loss: 0,
  silentBeforeMinutes: null,
};

/** Year and kind of the meter, then the place (letter as two digits, unit), then three drawn digits: unique by place. */
function serialOf(seed: string, { label, kind }: { label: string; kind: string }): string {
  const letter = String((label.codePointAt(0) ?? 0) % 100).padStart(2, '0');
  const place = label.replace(/\D/g, '').padStart(3, '0');
  const drawn = String(whole({ low: 0, high: 999 }, seed, label, 'serial')).padStart(3, '0');
  return `24${kind}${letter}${place}${drawn}`;
}

function turnOf(seed: string, label: string): number {
  const weeks = whole({ low: 0, high: 7 }, seed, label, 'week');
  return weeks * 7 * 1_440 + whole({ low: -14, high: 14 }, seed, label, 'minutes');
}

/** Put up in the months after the park opened. */
function installedOn(seed: string, label: string): string {
  const days = whole({ low: 0, high: 240 }, seed, label, 'installed');
  return new Date(Date.parse(OPENED_ON) + days * 86_400_000).toISOString().slice(0, 10);
}
