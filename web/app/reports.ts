/** The reports' answers as the app sees them: one envelope, and the rows of each question. */
import type { Commodity, Money, PointRole } from './api.ts';

/** What every report says about itself beside its rows. */
export interface Report<Row, Totals = Record<string, unknown>> {
  zone: string;
  asOf: string;
  ageS: number;
  /** Null: as it is known now. */
  asKnownAt?: { position: string; sealedAt: string } | null;
  parameters: Record<string, unknown>;
  rowCount: number;
  totals: Totals;
  data: Row[];
}

/** A place as reports name it. */
export interface Named {
  code: string;
  label: string;
  labelZh: string | null;
}

export interface RankingRow extends Named {
  rank: number;
  key: string | null;
  /** Base units (Wh, litres). */
  quantity: number | null;
  /** 0 to 1 of the whole. */
  share: number | null;
  cumulativeShare: number | null;
  previous: number | null;
  previousRank: number | null;
  missing: number;
  estimated: number;
}

export interface RankingTotals {
  quantity: number | null;
  keys: number;
}

export interface LoadRow {
  startsAt: string;
  averagePowerW: number | null;
  minPowerW: number | null;
  maxPowerW: number | null;
  quantity: number | null;
  measured: number;
  estimated: number;
  missing: number;
}

export interface LoadTotals {
  quantity: number | null;
  maxPowerW: number | null;
  maxAt: string | null;
  averagePowerW: number | null;
  loadFactor: number | null;
}

export interface DurationRow {
  /** Part of the time, 0 to 1. */
  share: number;
  hours: number;
  /** Reached at least that part of the time. */
  powerW: number | null;
}

export interface DurationTotals {
  slots: number;
  maxPowerW: number | null;
  minPowerW: number | null;
  averagePowerW: number | null;
}

export interface DemandRow extends Named {
  period: string;
  key: string | null;
  demandW: number | null;
  at: string | null;
  quantity: number | null;
  loadFactor: number | null;
  slots: number;
  missing: number;
}

export type Suspicion = 'none' | 'watch' | 'suspect' | 'incomplete';

export interface LossRow extends Named {
  period: string;
  mainId: string;
  role: PointRole;
  mainQuantity: number | null;
  subQuantity: number | null;
  subCount: number;
  difference: number | null;
  /** 0 to 1 of the main meter. */
  lossShare: number | null;
  /** The usual: median of the 14 days before. */
  baselineShare: number | null;
  missing: number;
  estimated: number;
  suspicion: Suspicion;
  reason: string | null;
}

export interface QualityRow extends Named {
  day: string;
  pointId: string;
  buildingId: string | null;
  /** Numbers of quarter-hours. */
  measured: number;
  estimated: number;
  missing: number;
  expected: number;
  longestGapS: number;
  quarantines: number;
}

export interface QualityTotals {
  measured: number;
  estimated: number;
  missing: number;
  expected: number;
  completeness: number | null;
}

export interface PowerQualityRow extends Named {
  pointId: string;
  day: string | null;
  samples: number;
  voltageMinV: number | null;
  voltageMaxV: number | null;
  voltageAvgV: number | null;
  voltageLow: number;
  voltageHigh: number;
  /** 0 to 1 of the samples with a voltage. */
  voltageOutShare: number | null;
  currentMaxA: number | null;
  unbalanceMaxPct: number | null;
  powerMaxW: number | null;
  powerMaxAt: string | null;
  factorAvg: number | null;
  factorMin: number | null;
  factorLowShare: number | null;
}

export interface IntegratedMoney {
  openingBalance: Money | null;
  topUps: Money | null;
  charges: Money | null;
  corrections: Money | null;
  other: Money | null;
  closingBalance: Money | null;
}

export interface IntegratedTotals extends IntegratedMoney {
  registerDifference: number | null;
  /** From replaced meters and registers that ran over. */
  replaced: number | null;
  quantity: number | null;
  chargedQuantity: number | null;
  missing: number;
  estimated: number;
}

export interface IntegratedRow extends IntegratedTotals {
  accountId: string | null;
  number: string;
  label: string;
  labelZh: string | null;
  points: number | null;
  /** Null by account. */
  pointId: string | null;
  pointCode: string | null;
  openingRegister: number | null;
  closingRegister: number | null;
  foots: boolean;
  reason: string | null;
}

export interface FinanceFigures {
  receipts: number;
  cash: Money;
  transfer: Money;
  online: Money;
  sales: Money;
  refunds: Money;
  reversals: Money;
  net: Money;
  /** Above zero: charged. This and what follows belong to no channel or cashier: null of one. */
  charges: Money | null;
  taxOfCharges: Money | null;
  corrections: Money | null;
  /** Into the wallets, above zero. */
  otherPostings: Money | null;
}

export interface FinanceRow extends FinanceFigures {
  period: string;
  key: string | null;
  label: string;
  netSince: Money | null;
}

/** What one channel or one cashier took. */
export interface FinancePart {
  key: string | null;
  label: string;
  receipts: number;
  sales: Money;
  net: Money;
}

export interface FinanceReport extends Report<FinanceRow, FinanceFigures> {
  /** The same sum three ways, and what parts them; null of a channel or cashier. */
  proof: {
    rows: Money;
    ledger: Money;
    receipts: Money;
    difference: Money;
    reasons: { code: string; amount: Money; count: number | null }[];
    first: string | null;
    last: string | null;
    count: number;
    /** Numbers that no receipt has. */
    gaps: { from: string; to: string }[];
    gapsMore: boolean;
    doubles: number;
  } | null;
  byChannel: FinancePart[];
  byCashier: FinancePart[];
  /** How many. */
  returns: { refunds: number; reversals: number };
  /** Used but not settled; null unless today lies in the range. */
  provisional: { amount: Money; accounts: number; settledTo: string | null } | null;
}

/** What the reports are answered from. */
export interface Warehouse {
  version: number;
  /** Null: it is being built. */
  asOf: string | null;
  ageS: number | null;
  tables: {
    name: string;
    days: number | null;
    files: number;
    rows: number;
    bytes: number;
    /** Days whose file is damaged and whose source no longer holds them. */
    lost: string[];
  }[];
  checkWished: boolean;
  lastCheck: {
    at: string;
    daysChecked: number;
    differenceCount: number;
    /** The first ones. */
    differences: {
      table: string;
      day: string | null;
      what: string;
      ours: string | null;
      theirs: string | null;
    }[];
  } | null;
}

export interface ReportQuery {
  from: string;
  to: string;
  unit?: string;
  by?: string;
  step?: string;
  per?: string;
  top?: number;
  order?: string;
  against?: string;
  floorId?: string;
  only?: string;
  mainId?: string;
  buildingId?: string;
  accountId?: string;
  pointId?: string;
  channel?: string;
  cashier?: string;
  commodity?: Commodity;
}
