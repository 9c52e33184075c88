/** The policy as it is typed: from a policy, what is wrong with it and where, and back. Pure. */
import type { Money } from '../../api.ts';
import {
  type CreditPolicy,
  type LadderLevel,
  ladderLevels,
  type Proof,
} from '../../credit-shapes.ts';

export interface RungDraft {
  level: LadderLevel;
  isUsed: boolean;
  hours: string;
  proof: Proof;
}

export interface PolicyDraft {
  mode: CreditPolicy['mode'];
  graceHours: string;
  creditLimit: string;
  restoreAt: string;
  noCutHours: { from: string; to: string }[];
  weekdays: number[];
  holidays: boolean;
  dates: string[];
  ladder: RungDraft[];
  otherDebtNoticeDays: string;
  tripsPerHour: string;
  sharePercent: string;
  silentMinutes: string;
  silentExposure: string;
  orderQueryMinutes: string;
  cutWater: boolean;
}

/** Bounds of what is counted; both ends are allowed. */
const bounds = {
  graceHours: { least: 0, most: 720 },
  otherDebtNoticeDays: { least: 0, most: 92 },
  tripsPerHour: { least: 1, most: 10_000 },
  sharePercent: { least: 1, most: 100 },
  silentMinutes: { least: 5, most: 10_080 },
  orderQueryMinutes: { least: 1, most: 1440 },
} as const;
const RUNG_HOURS_MOST = 720;
export const WINDOWS_MAX = 8;
export const DATES_MAX = 400;
const DAY_MIN = 1440;

/** A fault: its place, its word, and what the word tells. */
export interface PolicyFault {
  at: string;
  code: string;
  parameters?: Record<string, string | number>;
}

export function draftOf(policy: CreditPolicy): PolicyDraft {
  return {
    mode: policy.mode,
    graceHours: String(policy.graceHours),
    creditLimit: policy.creditLimit.amount,
    restoreAt: policy.restoreAt.amount,
    noCutHours: policy.noCutHours.map(({ from, to }) => ({
      from: typedClock(from),
      to: typedClock(to),
    })),
    weekdays: [...policy.noCutDays.weekdays],
    holidays: policy.noCutDays.holidays,
    dates: [...policy.noCutDays.dates],
    ladder: ladderLevels.map((level) => {
      const rung = policy.ladder.find((each) => each.level === level);
      return {
        ...{ level, isUsed: rung !== undefined, proof: rung?.proof ?? 'none' },
        hours: rung ? String(rung.hoursBeforeTrip) : '',
      };
    }),
    otherDebtNoticeDays: String(policy.otherDebtNoticeDays),
    tripsPerHour: String(policy.brake.tripsPerHour),
    sharePercent: String(policy.brake.sharePercentPerHour),
    silentMinutes: String(policy.silent.minutes),
    silentExposure: policy.silent.exposure.amount,
    orderQueryMinutes: String(policy.orderQueryMinutes),
    cutWater: policy.cutWater,
  };
}

/** A field for a time knows no 24:00; an end at 00:00 is the same. */
const typedClock = (clock: string): string => (clock === '24:00' ? '00:00' : clock);

/** Money as people type it, zero allowed and a sign where `signed`; null when it is none. */
export function cleanMoney(typed: string, { signed }: { signed: boolean }): string | null {
  const text = typed
    .trim()
    .replace(/[,，\s]/g, '')
    .replace('。', '.')
    .replace(/^−/, '-');
  const parts = /^(-?)(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text);
  if (!parts) return null;
  const [, sign = '', whole = '0', fraction = ''] = parts;
  if (sign && !signed) return null;
  const clean = `${whole.replace(/^0+(?=\d)/, '')}.${fraction.padEnd(2, '0')}`;
  return sign && /[1-9]/.test(clean) ? `-${clean}` : clean;
}

const hasTooManyDecimals = (typed: string): boolean => /[.。]\d{3,}/.test(typed);

const wholeOf = (typed: string): number | null =>
  /^\d{1,6}$/.test(typed.trim()) ? Number(typed.trim()) : null;

/** Minutes of the day that a window covers, its end not among them; one over midnight in two parts. */
function partsOf({ from, to }: { from: string; to: string }): [number, number][] {
  const [start, end] = [minuteOf(from), minuteOf(to)];
  if (start === null || end === null || start === end) return [];
  if (end === 0) return [[start, DAY_MIN]];
  return start < end
    ? [[start, end]]
    : [
        [start, DAY_MIN],
        [0, end],
      ];
}

const minuteOf = (clock: string): number | null => {
  const parts = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(clock);
  return parts ? Number(parts[1]) * 60 + Number(parts[2]) : null;
};

/** Whether a window ends on the day after it began. */
export const isOverMidnight = ({ from, to }: { from: string; to: string }): boolean =>
  from > to && to !== '00:00';

/** What is wrong with a draft, where it was typed. */
export function faultsOf(draft: PolicyDraft): PolicyFault[] {
  return [
    ...moneyFaults(draft),
    ...countFaults(draft),
    ...windowFaults(draft),
    ...dayFaults(draft),
    ...ladderFaults(draft.ladder),
  ];
}

function moneyFaults(draft: PolicyDraft): PolicyFault[] {
  const faults: PolicyFault[] = [];
  const fields = {
    creditLimit: { typed: draft.creditLimit, signed: false },
    restoreAt: { typed: draft.restoreAt, signed: true },
    silentExposure: { typed: draft.silentExposure, signed: false },
  };
  for (const [at, { typed, signed }] of Object.entries(fields)) {
    if (cleanMoney(typed, { signed }) !== null) continue;
    faults.push({ at, code: hasTooManyDecimals(typed) ? 'decimals' : 'money' });
  }
  const limit = cleanMoney(draft.creditLimit, { signed: false });
  const restore = cleanMoney(draft.restoreAt, { signed: true });
  // Supply that comes back where it is cut goes off again at once.
  if (limit !== null && restore !== null && Number(restore) < -Number(limit))
    faults.push({ at: 'restoreAt', code: 'upsideDown' });
  return faults;
}

function countFaults(draft: PolicyDraft): PolicyFault[] {
  return Object.entries(bounds).flatMap(([at, { least, most }]) => {
    // The keys of the bounds are fields of the draft that are typed as text.
    const value = wholeOf(draft[at as keyof typeof bounds]);
    return value === null || value < least || value > most
      ? [{ at, code: 'count', parameters: { least, most } }]
      : [];
  });
}

function windowFaults({ noCutHours }: PolicyDraft): PolicyFault[] {
  const faults: PolicyFault[] = [];
  const covered = new Uint8Array(DAY_MIN);
  noCutHours.forEach((window, index) => {
    const at = `noCutHours/${index}`;
    const isTyped = minuteOf(window.from) !== null && minuteOf(window.to) !== null;
    if (!isTyped) faults.push({ at, code: 'clock' });
    else if (window.from === window.to) faults.push({ at, code: 'sameClock' });
    const parts = partsOf(window);
    if (parts.some(([from, to]) => covered.subarray(from, to).includes(1)))
      faults.push({ at, code: 'overlap' });
    for (const [from, to] of parts) covered.fill(1, from, to);
  });
  if (noCutHours.length > 0 && !covered.includes(0))
    faults.push({ at: 'noCutHours', code: 'wholeDay' });
  return faults;
}

function dayFaults({ weekdays, dates }: PolicyDraft): PolicyFault[] {
  const faults: PolicyFault[] = [];
  if (weekdays.length === 7) faults.push({ at: 'weekdays', code: 'everyDay' });
  dates.forEach((date, index) => {
    const at = `dates/${index}`;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) faults.push({ at, code: 'date' });
    else if (dates.indexOf(date) < index) faults.push({ at, code: 'twice' });
  });
  return faults;
}

/** Later rungs stand nearer to the cut. */
function ladderFaults(ladder: readonly RungDraft[]): PolicyFault[] {
  const faults: PolicyFault[] = [];
  let before: number | null = null;
  for (const rung of ladder.filter(({ isUsed }) => isUsed)) {
    const at = `ladder/${rung.level}`;
    const hours = wholeOf(rung.hours);
    if (hours === null || hours > RUNG_HOURS_MOST) {
      faults.push({ at, code: 'count', parameters: { least: 0, most: RUNG_HOURS_MOST } });
      continue;
    }
    if (before !== null && hours > before)
      faults.push({ at, code: 'ladder', parameters: { hours: before } });
    before = hours;
  }
  return faults;
}

/** The policy that a draft says; null while anything is wrong with it. */
export function policyOf(draft: PolicyDraft, currency: string): CreditPolicy | null {
  if (faultsOf(draft).length > 0) return null;
  // Without faults every one of them is money.
  const money = (typed: string): Money => ({
    amount: cleanMoney(typed, { signed: true }) ?? '0.00',
    currency,
  });
  return {
    mode: draft.mode,
    graceHours: Number(draft.graceHours),
    creditLimit: money(draft.creditLimit),
    restoreAt: money(draft.restoreAt),
    noCutHours: draft.noCutHours.map(({ from, to }) => ({ from, to })),
    noCutDays: {
      weekdays: draft.weekdays.toSorted((a, b) => a - b),
      holidays: draft.holidays,
      dates: draft.dates.toSorted(),
    },
    ladder: draft.ladder
      .filter(({ isUsed }) => isUsed)
      .map(({ level, hours, proof }) => ({ level, hoursBeforeTrip: Number(hours), proof })),
    otherDebtNoticeDays: Number(draft.otherDebtNoticeDays),
    brake: {
      tripsPerHour: Number(draft.tripsPerHour),
      sharePercentPerHour: Number(draft.sharePercent),
    },
    silent: { minutes: Number(draft.silentMinutes), exposure: money(draft.silentExposure) },
    orderQueryMinutes: Number(draft.orderQueryMinutes),
    cutWater: draft.cutWater,
  };
}
