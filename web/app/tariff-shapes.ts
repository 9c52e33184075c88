/** The shapes of tariffs as the API speaks of them: definition, checks, sample month, what is published. */
import type { Money } from './api.ts';

export type Rank = '1' | '2' | '3' | '4' | '5';
export type DayType = 'everyday' | 'weekday' | 'weekend' | 'holiday' | 'event';

export interface BandText {
  /** HH:MM; a band that ends before it begins goes over midnight. */
  from: string;
  to: string;
  rank: number;
}

export interface Season {
  name: string;
  nameZh?: string;
  /** MM-DD, the last day included; may run over the new year. */
  from: string;
  to: string;
  days: { type: DayType; bands: BandText[] }[];
}

export interface TariffCalendar {
  seasons: Season[];
  /** 1 Monday to 7 Sunday. */
  weekend: number[];
  holidays: string[];
  workdays: string[];
  /** standard: bands keep to the zone's standard time all year. */
  clock?: 'local' | 'standard';
  /** The list whose days have the bands of `event`. */
  eventDays?: string;
}

interface Common {
  code: string;
  name: string;
  nameZh?: string;
  treatment?: 'revenue' | 'on-behalf';
  taxCode?: string;
  /** '0.13' is 13 %. */
  taxRate?: string;
  taxIncluded?: boolean;
}

type ByRank = Partial<Record<Rank, string>>;
export type Scope = 'point' | 'account';

export interface Usage extends Common {
  kind: 'usage';
  /** Per 1,000 base units, as all prices here. */
  price?: string;
  prices?: ByRank;
  stepPrices?: string[];
  /** With price or prices: added by step. */
  stepAdders?: string[];
  /** With stepPrices: multiplied by period. */
  periodFactors?: ByRank;
  follows?: { index: string; as: 'factor' | 'adder' };
  onlyOnEventDays?: string;
}
export interface Fixed extends Common {
  kind: 'fixed';
  per: 'day' | 'month';
  amount: string;
  scope: Scope;
}
export interface Demand extends Common {
  kind: 'demand';
  price: string;
}
export interface Allowance extends Common {
  kind: 'allowance';
  /** Base units a month. */
  quantity: number;
  price: string;
  proRata: 'none' | 'days';
}
export interface Minimum extends Common {
  kind: 'minimum';
  amount: string;
  scope: Scope;
  /** Codes of the components that count towards it; all where it is left out. */
  of?: string[];
}
export type Component = Usage | Fixed | Demand | Allowance | Minimum;
export type ComponentKind = Component['kind'];

export interface Steps {
  period: 'month' | 'year';
  yearStart?: string;
  scope: Scope;
  /** Base units, ascending. */
  limits: number[];
  proRata: 'none' | 'months' | 'days';
  order: 'tou-then-steps' | 'steps-then-tou';
}

export interface TariffDefinition {
  components: Component[];
  calendar?: TariffCalendar;
  labels?: Partial<Record<Rank, { name: string; nameZh?: string }>>;
  steps?: Steps;
  noticeDays?: number;
}

/** One wrong place; `at` is a JSON pointer into the definition. */
export interface Fault {
  at: string;
  /** In English, whole. */
  message: string;
  /** What `saidFault` says it by in the language of the page. */
  code?: string;
  parameters?: Record<string, string | number>;
}

export interface BillLine {
  component: string;
  name: string;
  kind: ComponentKind;
  period: number | null;
  step: number;
  quantity: number;
  unit: 'wh' | 'l' | 'day' | 'w';
  price: string;
  amount: Money;
}
export interface Bill {
  lines: BillLine[];
  total: Money;
  tax: Money;
}
export interface Sample {
  month: string;
  before: Bill | null;
  after: Bill;
  difference: Money | null;
}

export interface TariffAssignment {
  id: string;
  tariffId: string;
  commodity: 'electricity' | 'water';
  pointId: string | null;
  accountId: string | null;
  from: string;
  to: string | null;
}

/** A published value of a month; the newest row of a month holds. */
export interface PriceIndex {
  id: string;
  code: string;
  month: string;
  value: string;
  /** False once another value of the month was published. */
  holds: boolean;
  publishedBy: string;
  at: string;
}
export interface EventDay {
  id: string;
  list: string;
  day: string;
  publishedBy: string;
  at: string;
}

export interface HolidayWords {
  /** An event with one of them is a make-up workday. */
  workday: string[];
  /** An event with one of them is no holiday at all. */
  none: string[];
}

export interface ParsedHolidays {
  format: 'csv' | 'icalendar';
  days: {
    date: string;
    kind: 'holiday' | 'workday';
    name: string;
    line: number;
    /** What made an event a workday; null where it is the rule. */
    word: string | null;
  }[];
  faults: Fault[];
  leftOut: { line: number; name: string; word: string }[];
  /** Those that held. */
  words: HolidayWords;
}
