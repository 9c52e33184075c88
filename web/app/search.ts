/** What of a page's state lives in its address: parsed here, defaults left out, nonsense dropped. */
import type { Commodity, EnergyAgainst, EnergyBy, EnergyUnit, PointState } from './api.ts';
import type { DifferenceKind } from './books.ts';
import { type CommandFunction, commandFunctions } from './command-shapes.ts';
import {
  type CaseState,
  type CreditDecision,
  caseStates,
  creditDecisions,
} from './credit-shapes.ts';
import {
  type NoticeChannel,
  type NoticeKind,
  type NoticeState,
  noticeChannels,
  noticeKinds,
  noticeStates,
} from './notices.ts';
import { type Mistake, mistakes } from './pages/exceptions/mistakes.ts';
import { type Preset, presets } from './range.ts';

type Raw = Record<string, unknown>;

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== ''
    ? value
    : typeof value === 'number'
      ? String(value)
      : undefined;

const oneOf = <Choice extends string>(
  choices: readonly Choice[],
  value: unknown,
): Choice | undefined => choices.find((choice) => choice === value);

const localDay = (value: unknown): string | undefined => {
  const day = text(value);
  return day && /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day)) ? day : undefined;
};

const pointStates = ['opened', 'alarm1', 'alarm2', 'arrears', 'notOpened', 'lostContact'] as const;

export interface ListSearch {
  q?: string;
  building?: string;
  state?: PointState;
  kind?: 'mains' | 'water' | 'all';
  sort?: string;
  from?: string;
  to?: string;
  show?: 'all';
  sale?: boolean;
  /** An account is being opened. */
  opening?: boolean;
}

export const listSearch = (raw: Raw): ListSearch => ({
  q: text(raw.q),
  building: text(raw.building),
  state: oneOf(pointStates, raw.state),
  kind: oneOf(['mains', 'water', 'all'], raw.kind),
  sort: text(raw.sort),
  from: localDay(raw.from),
  to: localDay(raw.to),
  show: oneOf(['all'], raw.show),
  sale: raw.sale === true ? true : undefined,
  opening: raw.opening === true ? true : undefined,
});

export interface LogSearch {
  q?: string;
  /** One act only: 'sale.posted'. */
  act?: string;
  from?: string;
  to?: string;
  /** Also what belongs to no project or to others. */
  show?: 'all';
}

export const logSearch = (raw: Raw): LogSearch => ({
  q: text(raw.q),
  act: text(raw.act),
  from: localDay(raw.from),
  to: localDay(raw.to),
  show: oneOf(['all'], raw.show),
});

export const configurationTabs = [
  ...(['places', 'lines', 'meters', 'points', 'models', 'defaults'] as const),
] as const;

export interface ConfigurationSearch {
  tab?: (typeof configurationTabs)[number];
  /** What is out of use is shown, too. */
  retired?: boolean;
  sort?: string;
  /** The place or point that is opened. */
  open?: string;
}

export const configurationSearch = (raw: Raw): ConfigurationSearch => ({
  tab: oneOf(configurationTabs, raw.tab),
  retired: raw.retired === true ? true : undefined,
  sort: text(raw.sort),
  open: text(raw.open),
});

export interface ClosedSearch {
  tab?: 'closings' | 'openings';
  sort?: string;
}

export const closedSearch = (raw: Raw): ClosedSearch => ({
  tab: oneOf(['closings', 'openings'], raw.tab),
  sort: text(raw.sort),
});

/** Sales with what became of them, and shifts. */
export interface CounterSearch {
  q?: string;
  from?: string;
  to?: string;
  show?: 'refunds' | 'reversals' | 'cash';
  sort?: string;
  /** The row that is opened. */
  open?: string;
  sale?: boolean;
}

export const counterSearch = (raw: Raw): CounterSearch => ({
  q: text(raw.q),
  from: localDay(raw.from),
  to: localDay(raw.to),
  show: oneOf(['refunds', 'reversals', 'cash'], raw.show),
  sort: text(raw.sort),
  open: text(raw.open),
  sale: raw.sale === true ? true : undefined,
});

/** Lines of the bank and of channels, and their files. */
export interface BankSearch {
  q?: string;
  from?: string;
  to?: string;
  show?: 'files';
  source?: 'bank' | 'channel';
  state?: 'unidentified' | 'matched' | 'claimed' | 'returned';
  /** The file whose lines alone are shown. */
  file?: string;
  sort?: string;
  open?: string;
}

export const bankSearch = (raw: Raw): BankSearch => ({
  q: text(raw.q),
  from: localDay(raw.from),
  to: localDay(raw.to),
  show: oneOf(['files'], raw.show),
  source: oneOf(['bank', 'channel'], raw.source),
  state: oneOf(['unidentified', 'matched', 'claimed', 'returned'], raw.state),
  file: text(raw.file),
  sort: text(raw.sort),
  open: text(raw.open),
});

export interface BillSearch {
  /** The first local day of the month. */
  month?: string;
  /** Ids with commas between them; left out: all. */
  accounts?: string;
}

export const billSearch = (raw: Raw): BillSearch => {
  const month = localDay(raw.month);
  const accounts = text(raw.accounts);
  return {
    month: month && `${month.slice(0, 7)}-01`,
    accounts: accounts && /^[\d,]+$/.test(accounts) ? accounts : undefined,
  };
};

export const recordTabs = ['lost', 'openings', 'closings', 'commands'] as const;

export interface RecordSearch {
  tab?: (typeof recordTabs)[number];
  q?: string;
  from?: string;
  to?: string;
  /** What they are narrowed to: a kind or a state. */
  only?: string;
  sort?: string;
}

export const recordSearch = (raw: Raw): RecordSearch => ({
  tab: oneOf(recordTabs, raw.tab),
  q: text(raw.q),
  from: localDay(raw.from),
  to: localDay(raw.to),
  only: text(raw.only),
  sort: text(raw.sort),
});

/** Recharges of meters, and the comparison with them. */
export interface RechargeSearch {
  q?: string;
  from?: string;
  to?: string;
  show?: 'compared';
  state?: string;
  sort?: string;
  /** The row that is opened. */
  open?: string;
}

export const rechargeSearch = (raw: Raw): RechargeSearch => ({
  q: text(raw.q),
  from: localDay(raw.from),
  to: localDay(raw.to),
  show: oneOf(['compared'], raw.show),
  state: text(raw.state),
  sort: text(raw.sort),
  open: text(raw.open),
});

export interface HomeSearch {
  bars?: 'month';
  building?: string;
}

export const homeSearch = (raw: Raw): HomeSearch => ({
  bars: oneOf(['month'], raw.bars),
  building: text(raw.building),
});

export interface BuildingSearch {
  bars?: 'month';
  commodity?: 'water';
}

export const buildingSearch = (raw: Raw): BuildingSearch => ({
  bars: oneOf(['month'], raw.bars),
  commodity: oneOf(['water'], raw.commodity),
});

export interface ExceptionSearch {
  show?: 'decided' | 'withdrawn' | 'edits' | 'history';
  /** Of the history: what was decided, and by whom. */
  decision?: string;
  by?: 'person' | 'system';
  rule?: string;
  sort?: string;
  /** The row that is opened. */
  open?: string;
}

export const exceptionSearch = (raw: Raw): ExceptionSearch => ({
  show: oneOf(['decided', 'withdrawn', 'edits', 'history'], raw.show),
  decision: text(raw.decision),
  by: oneOf(['person', 'system'], raw.by),
  rule: text(raw.rule),
  sort: text(raw.sort),
  open: text(raw.open),
});

export interface ControlSearch {
  building?: string;
  floor?: string;
  model?: string;
  state?: PointState;
  /** What is about to be asked of the chosen meters. */
  function?: CommandFunction;
  /** The batch that is followed. */
  batch?: string;
}

export const controlSearch = (raw: Raw): ControlSearch => ({
  building: text(raw.building),
  floor: text(raw.floor),
  model: text(raw.model),
  state: oneOf(pointStates, raw.state),
  function: oneOf(commandFunctions, raw.function),
  batch: text(raw.batch),
});

export interface MeterSearch {
  day?: string;
  curve?: 'P' | 'U' | 'I' | 'PF';
  /** The mistake that is being corrected. */
  correct?: Mistake;
  /** The command that is being asked for. */
  command?: CommandFunction;
}

export const meterSearch = (raw: Raw): MeterSearch => ({
  day: localDay(raw.day),
  curve: oneOf(['P', 'U', 'I', 'PF'], raw.curve),
  correct: oneOf(mistakes, raw.correct),
  command: oneOf(commandFunctions, raw.command),
});

export interface AccountSearch {
  tab?: 'charges' | 'sales' | 'corrections';
  month?: string;
  open?: string;
  sale?: boolean;
  /** The account is being closed. */
  closing?: boolean;
  /** What is said of it is being changed. */
  edit?: boolean;
}

export const accountSearch = (raw: Raw): AccountSearch => ({
  tab: oneOf(['charges', 'sales', 'corrections'], raw.tab),
  month: localDay(raw.month),
  open: text(raw.open),
  sale: raw.sale === true ? true : undefined,
  closing: raw.closing === true ? true : undefined,
  edit: raw.edit === true ? true : undefined,
});

/** Times: a named range moves with the days, `from` and `to` stand. */
interface RangeSearch {
  range?: Preset;
  from?: string;
  to?: string;
}

const timesOf = (raw: Raw): RangeSearch => ({
  range: oneOf(presets, raw.range),
  from: localDay(raw.from),
  to: localDay(raw.to),
});

/** A journal position or an instant, at which it was known. */
interface KnownSearch {
  asKnownAt?: string;
}

const knownOf = (raw: Raw): KnownSearch => ({ asKnownAt: text(raw.asKnownAt) });

export interface ReportSearch extends RangeSearch, KnownSearch {
  unit?: 'day' | 'month' | 'year' | 'total';
  by?: 'project' | 'building' | 'point' | 'account' | 'channel' | 'cashier';
  step?: 'minute' | 'quarter' | 'hour' | 'day';
  show?: 'postings' | 'all' | 'least' | 'duration';
  building?: string;
  point?: string;
  /** Of the sales report; a cashier by the name that stands on the receipts. */
  channel?: 'cash' | 'transfer' | 'online';
  cashier?: string;
  commodity?: Commodity;
  sort?: string;
  /** The row that is opened. */
  open?: string;
}

export const reportSearch = (raw: Raw): ReportSearch => ({
  ...timesOf(raw),
  ...knownOf(raw),
  unit: oneOf(['day', 'month', 'year', 'total'], raw.unit),
  by: oneOf(['project', 'building', 'point', 'account', 'channel', 'cashier'], raw.by),
  step: oneOf(['minute', 'quarter', 'hour', 'day'], raw.step),
  show: oneOf(['postings', 'all', 'least', 'duration'], raw.show),
  building: text(raw.building),
  point: text(raw.point),
  channel: oneOf(['cash', 'transfer', 'online'], raw.channel),
  cashier: text(raw.cashier),
  commodity: oneOf(['electricity', 'water'], raw.commodity),
  sort: text(raw.sort),
  open: text(raw.open),
});

export interface EnergySearch extends RangeSearch, KnownSearch {
  unit?: EnergyUnit;
  by?: EnergyBy;
  against?: EnergyAgainst;
  building?: string;
  point?: string;
  commodity?: Commodity;
  sort?: string;
  /** The building whose floors are shown. */
  open?: string;
}

export const energySearch = (raw: Raw): EnergySearch => ({
  ...timesOf(raw),
  ...knownOf(raw),
  unit: oneOf(['hour', 'day', 'week', 'month', 'year'], raw.unit),
  by: oneOf(['project', 'building', 'floor', 'account', 'point'], raw.by),
  against: oneOf(['previous', 'year', 'none'], raw.against),
  building: text(raw.building),
  point: text(raw.point),
  commodity: oneOf(['electricity', 'water'], raw.commodity),
  sort: text(raw.sort),
  open: text(raw.open),
});

export interface TariffSearch {
  tariff?: string;
  version?: string;
  season?: string;
}

export interface AlarmSearch {
  show?: 'new' | 'cleared' | 'all';
  kind?: string;
  /** Of alarms that are over: raised on these days. */
  from?: string;
  to?: string;
  sort?: string;
  /** The row that is opened. */
  open?: string;
}

export const alarmSearch = (raw: Raw): AlarmSearch => ({
  show: oneOf(['new', 'cleared', 'all'], raw.show),
  kind: text(raw.kind),
  from: localDay(raw.from),
  to: localDay(raw.to),
  sort: text(raw.sort),
  open: text(raw.open),
});

export interface NoticeSearch {
  q?: string;
  state?: NoticeState;
  channel?: NoticeChannel;
  kind?: NoticeKind;
  from?: string;
  to?: string;
  sort?: string;
  /** The row that is opened. */
  open?: string;
}

export const noticeSearch = (raw: Raw): NoticeSearch => ({
  q: text(raw.q),
  state: oneOf(noticeStates, raw.state),
  channel: oneOf(noticeChannels, raw.channel),
  kind: oneOf(noticeKinds, raw.kind),
  from: localDay(raw.from),
  to: localDay(raw.to),
  sort: text(raw.sort),
  open: text(raw.open),
});

/** Which templates are shown, in which language they are written, and which is opened. */
export interface TemplateSearch {
  channel?: 'email';
  language?: 'en' | 'zh';
  open?: string;
}

export const templateSearch = (raw: Raw): TemplateSearch => ({
  channel: oneOf(['email'], raw.channel),
  language: oneOf(['en', 'zh'], raw.language),
  open: text(raw.open),
});

export const creditTabs = ['cases', 'decisions', 'policy'] as const;

export interface CreditSearch {
  tab?: (typeof creditTabs)[number];
  q?: string;
  state?: CaseState;
  decision?: CreditDecision;
  from?: string;
  to?: string;
  sort?: string;
  /** The account whose case is opened, and the decision that is. */
  open?: string;
  row?: string;
}

export const creditSearch = (raw: Raw): CreditSearch => ({
  tab: oneOf(creditTabs, raw.tab),
  q: text(raw.q),
  state: oneOf(caseStates, raw.state),
  decision: oneOf(creditDecisions, raw.decision),
  from: localDay(raw.from),
  to: localDay(raw.to),
  sort: text(raw.sort),
  open: text(raw.open),
  row: text(raw.row),
});

/** Which version is begun from; without a tariff a new one is made. */
export interface TariffEditSearch {
  tariff?: string;
  base?: string;
}

export const tariffEditSearch = (raw: Raw): TariffEditSearch => ({
  tariff: text(raw.tariff),
  base: text(raw.base),
});

export const tariffSearch = (raw: Raw): TariffSearch => ({
  tariff: text(raw.tariff),
  version: text(raw.version),
  season: text(raw.season),
});

export interface BooksSearch extends RangeSearch {
  account?: string;
  point?: string;
  kind?: DifferenceKind;
  show?: 'unexplained';
  sort?: string;
  /** The row that is opened; of months `none` where the one to be closed next is not. */
  open?: string;
}

export const booksSearch = (raw: Raw): BooksSearch => ({
  ...timesOf(raw),
  account: text(raw.account),
  point: text(raw.point),
  kind: oneOf(['main-sub', 'intervals-charges', 'charges-ledger'], raw.kind),
  show: oneOf(['unexplained'], raw.show),
  sort: text(raw.sort),
  open: text(raw.open),
});

/** As of when the ledger is asked; wall time in the project's zone. */
export interface LedgerSearch {
  tab?: 'journal' | 'chart';
  as?: 'position' | 'instant' | 'date';
  position?: string;
  date?: string;
  time?: string;
  sort?: string;
}

export const ledgerSearch = (raw: Raw): LedgerSearch => {
  const position = text(raw.position);
  const time = text(raw.time);
  return {
    tab: oneOf(['journal', 'chart'], raw.tab),
    as: oneOf(['position', 'instant', 'date'], raw.as),
    position: position && /^\d{1,18}$/.test(position) ? position : undefined,
    date: localDay(raw.date),
    time: time && /^([01]\d|2[0-3]):[0-5]\d$/.test(time) ? time : undefined,
    sort: text(raw.sort),
  };
};
