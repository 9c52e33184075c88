/** The API as the app sees it: one typed fetch client and the shapes of what it returns. */
import type { Fault, TariffDefinition } from './tariff-shapes.ts';

/** An amount in major units as exact text, never a float. */
export interface Money {
  amount: string;
  currency: string;
}

export interface Page<Row, Totals = Record<string, unknown>> {
  data: Row[];
  nextCursor: string | null;
  totals: Totals | null;
}

export interface Project {
  id: string;
  name: string;
  nameZh: string | null;
  zone: string;
  currency: string;
  language: string;
  groupId: string;
  groupName: string;
  permissions: string[];
}

/** What a project sets for all its accounts and meters. */
export interface ProjectSettings {
  id: string;
  alarm1: Money;
  alarm2: Money;
  pollSeconds: number;
  vending: VendingSettings;
  quality: QualitySettings;
}

/** What the project has chosen for its counter. */
export interface VendingSettings {
  cashNeedsShift: boolean;
  /** Minor units. */
  reversalApprovalMinor: number;
  singlePersonApproves: boolean;
  unclearedHours: number;
}

/** From when on something counts as wrong; shares of one, money in minor units, quantities in Wh and litres. */
export interface QualitySettings {
  estimateAfterDays: number;
  approvalAboveMinor: number;
  spikeFactor: number;
  leastQuantity: number;
  stuckHours: number;
  touShare: number;
  lossShare: number;
  clockSeconds: number;
  phaseVoltageShare: number;
  imbalanceShare: number;
  leastPowerW: number;
  conditionHours: number;
}

export interface Session {
  user: { id: string; name: string; email: string | null; secondFactor: boolean };
  projects: Project[];
  /** Permissions that hold outside of projects, too. */
  everywhere: string[];
}

export type PointState = 'opened' | 'alarm1' | 'alarm2' | 'arrears' | 'notOpened' | 'lostContact';
export type Commodity = 'electricity' | 'water';
export type PointRole = 'unit' | 'building-main' | 'park-main';

export interface LivePoint {
  pointId: string;
  code: string;
  name: string;
  nameZh: string | null;
  buildingId: string | null;
  floorId: string | null;
  level: number | null;
  role: PointRole;
  commodity: Commodity;
  meterId: string | null;
  state: PointState;
  /** A tag hangs there: nothing closes it. */
  lockedOut: boolean;
  powerW: number | null;
  overloadW: number | null;
  lastSampleAt: string | null;
  ageS: number | null;
  accountId: string | null;
  accountName: string | null;
  accountNameZh: string | null;
  liveBalance: Money | null;
}

export interface Live {
  asOf: string;
  zone: string;
  data: LivePoint[];
  counts: Partial<Record<PointState, number>>;
  /** Open ones, newest first, at most fifty. */
  alarms: Alarm[];
}

export interface Building {
  id: string;
  code: string;
  name: string;
  nameZh: string | null;
  retired: boolean;
  floors: Floor[];
}

export interface Floor {
  id: string;
  level: number;
  name: string;
  retired: boolean;
  rooms: Room[];
}

export interface Room {
  id: string;
  code: string;
  name: string;
  nameZh: string | null;
  retired: boolean;
}

export type Framing = 'tcp' | 'rtu-over-tcp' | 'rtu-serial';
export type GatewayState = 'online' | 'partial' | 'silent';

export interface Bus {
  id: string;
  name: string;
  framing: Framing;
  host: string;
  port: number;
  state?: GatewayState;
  meters?: number;
}

export interface Gateway {
  id: string;
  name: string;
  nameZh: string | null;
  buildingId: string | null;
  state?: GatewayState;
  lastSeenAt: string | null;
  buses: Bus[];
}

/** Values by channel name; a channel the meter did not give is absent. */
export type Channels = Record<string, number | null>;

export interface Meter {
  id: string;
  serial: string;
  model: string;
  simulated: boolean;
  busId: string | null;
  unit: number | null;
  pointId: string | null;
  pointCode: string | null;
  pollSeconds: number | null;
  state: 'online' | 'silent' | 'unread' | 'retired';
  lastSampleAt: string | null;
  ageS: number | null;
  lastError: string | null;
  /** The meter's clock minus ours. */
  clockOffsetMs: number | null;
  /** Channels of the newest sample, before CT and PT. */
  live: Channels | null;
}

export interface Reading {
  at: string;
  quality: string;
  channels: Channels;
}

export interface Installation {
  id: string;
  pointId: string;
  meterId: string;
  from: string;
  to: string | null;
  ct: number;
  pt: number;
  basis: 'primary' | 'secondary';
}

export interface Balance {
  settled: Money;
  provisional: Money;
  live: Money;
  settledTo: string | null;
  newestSampleAt: string | null;
  ageS: number | null;
  hoursLeft: number | null;
  computedAt: string | null;
}

export interface Account {
  id: string;
  number: string;
  name: string;
  nameZh: string | null;
  openedOn: string;
  closedOn: string | null;
  creditMode: 'platform' | 'meter';
  alarm1: Money | null;
  alarm2: Money | null;
  points: {
    id: string;
    code: string;
    commodity: Commodity;
    tenancyId: string;
    from: string;
    to: string | null;
  }[];
  balance: Balance | null;
}

/** Whom the office speaks with. */
export interface Contact {
  name: string;
  phone: string | null;
  email: string | null;
}
export type AccountDetail = Account & { person: Contact | null };

export interface Entry {
  id: string;
  transactionId: string;
  kind: string;
  accountingDate: string;
  postedAt: string;
  amount: Money;
  /** The wallet after it, in order of accounting date. */
  balance: Money;
  cause: Record<string, unknown>;
}

export interface Charge {
  /** What it is explained by; null while it is provisional. */
  settlementId: string | null;
  serviceDay: string;
  scopeId: string;
  pointCode: string | null;
  component: string;
  componentName: string | null;
  tariffVersionId: string;
  tariffName: string | null;
  tariffVersion: number | null;
  period: number | null;
  step: number;
  quantity: number;
  price: string;
  exact: string;
  taxRate: string;
  treatment: 'revenue' | 'on-behalf';
  revision: number;
  /** Of a day that is not settled yet: it may still change. */
  provisional: boolean;
}

export type Channel = 'cash' | 'transfer' | 'online';

export interface Sale {
  id: string;
  accountId: string;
  accountName: string;
  receipt: string;
  channel: Channel;
  amount: Money;
  /** Base units and price per 1,000 of them, where it was sold by quantity. */
  quantity: number | null;
  commodity: Commodity | null;
  price: string | null;
  soldAt: string;
  soldBy: string;
  /** What the bank or the channel calls the payment. */
  reference: string | null;
  note: string | null;
  state: 'sold' | 'waiting' | 'reversed';
  reversalId: string | null;
  /** How often its receipt was printed. */
  prints: number;
  /** Of its money to a meter; null where it went to none. */
  rechargeId: string | null;
}

/** Base units by rank, 1 spike to 5 deep valley; 0 is energy without a known period. */
export type Ranks = Partial<Record<'0' | '1' | '2' | '3' | '4' | '5', number>>;

export interface EnergyFigures {
  /** Base units (Wh, litres); null is missing, not zero. */
  quantity: number | null;
  /** Null for water. */
  ranks: Ranks | null;
  estimatedQuantity: number | null;
  /** Numbers of quarter-hours. */
  measured: number;
  estimated: number;
  missing: number;
  /** The same cell of the range before. */
  previous: number | null;
}

export interface EnergyRow extends EnergyFigures {
  /** 2026-11-24T13:00+08:00, 2026-11-24, 2026-11 or 2026. */
  period: string;
  startsAt: string;
  key: string | null;
  code: string;
  label: string;
  labelZh: string | null;
}

export interface EnergyReport {
  asKnownAt?: { position: string; sealedAt: string } | null;
  zone: string;
  asOf: string;
  ageS: number;
  parameters: Record<string, string | null>;
  /** What `previous` is. */
  comparison: {
    kind: 'days' | 'months' | 'years' | 'time';
    from: string;
    to: string;
    beyond: number | null;
  } | null;
  rowCount: number;
  totals: EnergyFigures;
  data: EnergyRow[];
}

export type EnergyUnit = 'hour' | 'day' | 'week' | 'month' | 'year';
export type EnergyBy = 'project' | 'building' | 'floor' | 'account' | 'point';
export type EnergyAgainst = 'previous' | 'year' | 'none';

export interface EnergyQuery {
  from: string;
  to: string;
  unit: EnergyUnit;
  by: EnergyBy;
  against?: EnergyAgainst;
  buildingId?: string;
  accountId?: string;
  pointId?: string;
  commodity?: Commodity;
}

export interface Alarm {
  id: string;
  kind: string;
  severity: 'notice' | 'warning' | 'critical';
  subjectKind: string;
  subjectId: string;
  detail: Record<string, unknown>;
  raisedAt: string;
  clearedAt: string | null;
  /** How often it came again within minutes of being cleared. */
  reopened: number;
  acknowledgedAt: string | null;
  acknowledgedBy: string | null;
  note: string | null;
}

export interface Tariff {
  id: string;
  name: string;
  nameZh: string | null;
  commodity: Commodity;
}

export interface TariffVersion {
  id: string;
  version: number;
  effectiveFrom: string;
  definition: TariffDefinition;
  createdAt: string;
}

export type FileFormat = 'xlsx' | 'csv' | 'parquet' | 'arrow' | 'json';
export type ExportState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired';

/** A file that is made in the background. */
export interface ExportJob {
  id: string;
  /** The question, below the project: `/reports/energy?from=…`. */
  path: string;
  format: FileFormat;
  state: ExportState;
  /** Written so far, and how many there will be where that is known. */
  rows: number;
  rowsExpected: number | null;
  bytes: number | null;
  sha256: string | null;
  fileName: string | null;
  problem: { code: string; detail: string } | null;
  requestedBy: string;
  requestedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  expiresAt: string | null;
  link: string | null;
}

/** A page with its filters under a name. */
export interface SavedView {
  id: string;
  name: string;
  /** Below the project: `/energy?by=floor`. */
  path: string;
  isShared: boolean;
  isMine: boolean;
  createdAt: string;
}

/** The main meter beside what its units add up to: base units, null where nothing is known. */
export interface MainAgainst {
  main: number | null;
  units: number | null;
  difference: number | null;
  /** Of the main, 0 to 1. */
  share: number | null;
  /** Numbers of quarter-hours. */
  mainMissing: number;
  unitsMissing: number;
}

export interface Peak {
  quantity: number;
  /** Null for water. */
  averagePowerW: number | null;
  at: string;
}

export interface BuildingSummary {
  zone: string;
  asOf: string;
  ageS: number;
  building: { id: string; code: string; name: string; nameZh: string | null };
  commodity: Commodity;
  points: number;
  accounts: number;
  /** Today and the month reach up to here. */
  newestAt: string | null;
  newestAgeS: number | null;
  today: { day: string; quantity: number | null; estimated: number; missing: number };
  yesterday: { day: string; quantity: number | null; toSameTime: number | null };
  month: { from: string; quantity: number | null; estimated: number; missing: number };
  monthBefore: { from: string; toSameDay: number | null };
  peak: { today: Peak | null; month: Peak | null };
  main: {
    points: { id: string; code: string }[];
    today: MainAgainst;
    month: MainAgainst;
  } | null;
  floors: {
    floorId: string | null;
    level: number | null;
    name: string | null;
    points: number;
    today: number | null;
    month: number | null;
    missingToday: number;
    missingMonth: number;
  }[];
  top: {
    pointId: string;
    code: string;
    label: string;
    labelZh: string | null;
    today: number | null;
    month: number | null;
    /** Of the month of all units. */
    share: number | null;
  }[];
}

/** What a caller is told went wrong (problem+json), with what the app needs to say about it. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly retryable: boolean,
    readonly traceId: string | null,
    /** The wrong places, where the server named them. */
    readonly faults: readonly Fault[] = [],
  ) {
    super(detail || title);
    this.name = 'ApiProblem';
  }
}

const BASE = '/api/v1';
/** Pages fetched for one list before the app stops and says so. */
const PAGES_MAX = 20;
const PAGE_SIZE = 1000;

export type Query = Record<string, string | number | undefined>;

interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Query;
  body?: unknown;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** One request. Throws ApiProblem for every answer that is not a success, also for silence. */
export async function call<Answer>(path: string, options: Options = {}): Promise<Answer> {
  const response = await send(path, options);
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as Answer; // Callers of such routes expect nothing.
  // The server validates what it sends against the schema of the route; the app trusts it.
  return (await response.json()) as Answer;
}

/** A whole list, page by page; `complete` is false when the bound was reached first. */
export async function list<Row>(path: string, options: Options = {}) {
  const data: Row[] = [];
  let cursor: string | null = null;
  let totals: Record<string, unknown> = {};
  for (let page = 0; page < PAGES_MAX; page++) {
    const query: Query = { limit: PAGE_SIZE, ...options.query, cursor: cursor ?? undefined };
    const answer: Page<Row> = await call<Page<Row>>(path, { ...options, query });
    data.push(...answer.data);
    totals = answer.totals ?? totals;
    cursor = answer.nextCursor ?? null;
    if (!cursor) return { data, totals, complete: true };
  }
  return { data, totals, complete: false };
}

/** An address of the API, for links that download. */
export const address = (path: string, query: Query = {}): string => BASE + withQuery(path, query);

/** A path with what is asked of it; what is not given is left out. */
export function withQuery(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
  return `${path}${text && `?${text}`}`;
}

async function send(path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey;
  try {
    return await fetch(address(path, options.query), {
      method: options.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiProblem(0, 'no-answer', 'The server does not answer', '', true, null);
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null);
  const read = (key: string): unknown =>
    body && typeof body === 'object' ? (body as Record<string, unknown>)[key] : undefined;
  const text = (key: string) => (typeof read(key) === 'string' ? String(read(key)) : '');
  return new ApiProblem(
    response.status,
    text('code') || `http-${response.status}`,
    text('title') || response.statusText,
    text('detail'),
    read('retryable') === true || response.status >= 500,
    text('traceId') || null,
    // As the server renders its faults; anything else is read as none.
    Array.isArray(read('faults')) ? (read('faults') as Fault[]) : [],
  );
}
