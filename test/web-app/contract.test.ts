/** What the app reads is what the routes declare: a field that is renamed there is missed here first. */
import { describe, expect, test } from 'vitest';
import { parseTariff } from '../../billing/tariff.ts';
import { importColumnNames, importColumns } from '../../ingest/import-columns.ts';
import type * as api from '../../web/app/api.ts';
import type * as bank from '../../web/app/bank-shapes.ts';
import type * as batches from '../../web/app/batch-shapes.ts';
import type * as books from '../../web/app/books.ts';
import type * as commands from '../../web/app/command-shapes.ts';
import type {
  ConfiguredBus,
  ConfiguredGateway,
  ConfiguredMeter,
} from '../../web/app/config-queries.ts';
import type * as config from '../../web/app/config-shapes.ts';
import type * as credit from '../../web/app/credit-shapes.ts';
import type * as fees from '../../web/app/fee-queries.ts';
import type * as find from '../../web/app/find-queries.ts';
import { en } from '../../web/app/language/en.ts';
import { zh } from '../../web/app/language/zh.ts';
import type * as meterMode from '../../web/app/meter-mode.ts';
import type * as notices from '../../web/app/notices.ts';
import type * as openings from '../../web/app/opening-shapes.ts';
import type * as people from '../../web/app/people-queries.ts';
import type * as quality from '../../web/app/quality-shapes.ts';
import type * as records from '../../web/app/record-queries.ts';
import type * as reports from '../../web/app/reports.ts';
import type * as tariffs from '../../web/app/tariff-shapes.ts';
import type * as vending from '../../web/app/vending-shapes.ts';
import { createServer } from '../../web/server.ts';

// The description is made from schemas alone: nothing is opened, so nothing is given but a place.
const nothing = { dataDir: '.' } as never;

type Described = Record<string, { properties?: Record<string, unknown>; required?: string[] }>;
type Keys<Row> = readonly (keyof Row)[];

async function schemas(): Promise<Described> {
  const rooms = {
    web: nothing,
    ingest: nothing,
    billing: nothing,
    analytics: { dataDir: 'none' } as never,
  };
  const app = createServer({
    rooms,
    auth: nothing,
    clock: () => new Date(0),
    log: { info() {}, warn() {}, error() {} },
    assets: nothing,
    secret: '',
    exports: nothing,
  });
  const answer = await app.request('/api/openapi.json');
  return (await answer.json()).components.schemas;
}

/** Fields of the app's types, tied to them by the compiler. */
const fields = {
  Recharge: [
    ...(['id', 'accountId', 'accountNumber', 'accountName', 'meterId', 'serial'] as const),
    ...(['pointCode', 'saleId', 'receipt', 'amount', 'collected', 'state', 'waitsFor'] as const),
    ...(['counter', 'commandId', 'outcome', 'before', 'after', 'requestedAt'] as const),
    ...(['requestedBy', 'sentAt', 'resolvedAt', 'decidedBy', 'reason'] as const),
  ] satisfies (keyof meterMode.Recharge)[],
  MeterMode: [
    ...(['mode', 'wallet', 'inTransit', 'onMeters', 'meters', 'noCut'] as const),
  ] satisfies (keyof meterMode.MeterMode)[],
  MeterReconciliation: [
    ...(['id', 'localDay', 'accountId', 'accountNumber', 'accountName', 'meterId'] as const),
    ...(['serial', 'pointCode', 'checkedAt', 'readAt', 'meter', 'ledger', 'unsettled'] as const),
    ...(['difference', 'tolerance', 'meterCounter', 'ledgerCounter', 'verdict'] as const),
    ...(['adjusted', 'adjustedAt', 'adjustedBy', 'reason'] as const),
  ] satisfies (keyof meterMode.MeterReconciliation)[],
  Command: [
    ...(['id', 'meterId', 'serial', 'pointCode', 'function', 'arguments', 'reason'] as const),
    ...(['requestedBy', 'requestedAt', 'expiresAt', 'batchId', 'state', 'outcome'] as const),
    ...(['sentAt', 'resolvedAt', 'attempts', 'supplyObservedAt', 'before', 'after'] as const),
  ] satisfies (keyof commands.Command)[],
  CommandWithSteps: ['id', 'state', 'steps'] satisfies (keyof commands.CommandWithSteps)[],
  CommandOffer: [
    ...(['function', 'permission', 'mayAsk', 'obstacle', 'supply', 'lifeS'] as const),
  ] satisfies (keyof commands.CommandOffer)[],
  MeterSupply: [
    ...(['state', 'sampleAt', 'lockedOut', 'commanded'] as const),
  ] satisfies (keyof commands.MeterSupply)[],
  CommandBatch: [
    ...(['id', 'function', 'arguments', 'reason', 'requestedBy', 'requestedAt', 'state'] as const),
    ...(['goesOn', 'canary', 'counts', 'acts'] as const),
  ] satisfies (keyof batches.Batch)[],
  CommandBatchMeter: [
    ...(['place', 'meterId', 'serial', 'pointCode', 'isCanary', 'state', 'outcome'] as const),
    ...(['commandId', 'tries', 'sentAt', 'resolvedAt', 'after'] as const),
  ] satisfies (keyof batches.BatchMeter)[],
  CommandBatchPreview: [
    ...(['function', 'arguments', 'digest', 'lifeS', 'counts', 'data'] as const),
  ] satisfies (keyof batches.BatchPreview)[],
  Exception: [
    ...(['id', 'kind', 'rule', 'pointId', 'pointCode', 'meterId', 'serial', 'from', 'to'] as const),
    ...(['energyAtStake', 'unit', 'moneyAtStake', 'state', 'since', 'detail'] as const),
  ] satisfies (keyof quality.Exception)[],
  IntervalEdit: [
    ...(['id', 'pointId', 'pointCode', 'unit', 'from', 'to', 'method', 'confidence'] as const),
    ...(['energyBefore', 'energyAfter', 'reason', 'proposedBy', 'proposedAt'] as const),
    ...(['needsApproval', 'approval', 'state', 'decidedBy', 'decidedAt'] as const),
    ...(['decisionReason', 'exceptionId'] as const),
  ] satisfies (keyof quality.IntervalEdit)[],
  BillEffect: [
    ...(['accounts', 'total', 'days', 'dayCount', 'waiting'] as const),
  ] satisfies (keyof quality.BillEffect)[],
  IntervalPreview: ['id', 'act', 'edit', 'points'] satisfies (keyof quality.IntervalPreview)[],
  Rollover: [
    ...(['id', 'meterId', 'at', 'register', 'previousRegister'] as const),
  ] satisfies (keyof quality.Rollover)[],
  Quarantine: [
    ...(['id', 'meterId', 'pointCode', 'rule', 'at', 'register', 'previousAt'] as const),
    ...(['previousRegister', 'decision', 'decidedBy', 'decidedAt', 'reason'] as const),
  ] satisfies (keyof quality.Quarantine)[],
  MeterCorrection: [
    ...(['id', 'meterId', 'kind', 'from', 'to', 'errorPercent', 'shiftS', 'reason'] as const),
    ...(['madeAt', 'withdrawnAt'] as const),
  ] satisfies (keyof quality.MeterCorrection)[],
  ManualReading: [
    ...(['id', 'meterId', 'at', 'register', 'reason', 'madeAt', 'withdrawnAt'] as const),
  ] satisfies (keyof quality.ManualReading)[],
  CreditPolicy: [
    ...(['mode', 'graceHours', 'creditLimit', 'restoreAt', 'noCutHours', 'noCutDays'] as const),
    ...(['ladder', 'otherDebtNoticeDays', 'brake', 'silent', 'orderQueryMinutes'] as const),
    'cutWater',
  ] satisfies (keyof credit.CreditPolicy)[],
  CreditPolicyVersion: [
    ...(['policy', 'version', 'since', 'by', 'reason'] as const),
  ] satisfies (keyof credit.PolicyVersion)[],
  CreditCase: [
    ...(['accountId', 'number', 'name', 'nameZh', 'state', 'since', 'live', 'cuttable'] as const),
    ...(['creditLimit', 'waitsFor', 'pointsOff', 'points'] as const),
  ] satisfies (keyof credit.CreditCase)[],
  CreditCaseDetail: [
    ...(['state', 'since', 'waitsFor', 'override', 'disputes', 'supply'] as const),
    ...(['canRestore', 'restoreObstacle'] as const),
  ] satisfies (keyof credit.CreditCaseDetail)[],
  CreditDecision: [
    ...(['id', 'at', 'accountId', 'number', 'name', 'nameZh', 'decision', 'reason'] as const),
    ...(['data', 'commandIds'] as const),
  ] satisfies (keyof credit.Decision)[],
  CreditBrake: [
    ...(['engaged', 'since', 'tripsLastHour', 'limit', 'sharePercent', 'shareLimit'] as const),
  ] satisfies (keyof credit.CreditBrake)[],
  Notice: [
    ...(['id', 'kind', 'accountId', 'accountNumber', 'accountName', 'accountNameZh'] as const),
    ...(['channel', 'recipient', 'language', 'subject', 'body', 'state', 'reason'] as const),
    ...(['attempts', 'queuedAt', 'nextTryAt', 'sentAt', 'deliveredAt', 'providerId'] as const),
    'proof',
  ] satisfies (keyof notices.Notice)[],
  NoticeTemplate: [
    ...(['kind', 'channel', 'language', 'subject', 'body', 'providerCode', 'isDefault'] as const),
    ...(['names', 'changedBy', 'changedAt'] as const),
  ] satisfies (keyof notices.NoticeTemplate)[],
  NoticePreview: [
    ...(['subject', 'body', 'faults', 'length', 'lacking', 'sample', 'at'] as const),
  ] satisfies (keyof notices.NoticePreview)[],
  NoticeChannels: ['channels'] satisfies (keyof notices.NoticeChannels)[],
  NoticeSettings: ['quiet', 'urgent', 'off', 'staff'] satisfies (keyof notices.NoticeSettings)[],
  NoticeAddress: [
    ...(['id', 'of', 'channel', 'address', 'language'] as const),
  ] satisfies (keyof notices.NoticeAddress)[],
  Session: ['user', 'projects'] satisfies (keyof api.Session)[],
  User: [
    ...(['id', 'name', 'email', 'disabledAt', 'createdAt', 'secondFactor', 'sessions'] as const),
    'grants',
  ] satisfies (keyof people.User)[],
  Role: [
    ...(['id', 'code', 'name', 'nameZh', 'permissions', 'standard', 'grants'] as const),
  ] satisfies (keyof people.Role)[],
  SessionRow: [
    ...(['id', 'address', 'agent', 'startedAt', 'prolongedAt', 'expiresAt', 'current'] as const),
  ] satisfies (keyof people.SessionRow)[],
  AuditLine: [
    ...(['id', 'at', 'projectId', 'actor', 'action', 'subjectKind', 'subjectId'] as const),
    ...(['detail', 'traceId'] as const),
  ] satisfies (keyof people.AuditLine)[],
  Project: [
    'id',
    'name',
    'nameZh',
    'zone',
    'currency',
    'language',
    'groupName',
    'permissions',
  ] satisfies (keyof api.Project)[],
  Live: ['asOf', 'zone', 'data', 'counts', 'alarms'] satisfies (keyof api.Live)[],
  LivePoint: [
    'pointId',
    'code',
    'name',
    'nameZh',
    'buildingId',
    'level',
    'role',
    'commodity',
    'meterId',
    'state',
    'lockedOut',
    'powerW',
    'overloadW',
    'lastSampleAt',
    'accountId',
    'accountName',
    'accountNameZh',
    'liveBalance',
  ] satisfies (keyof api.LivePoint)[],
  Alarm: [
    'id',
    'kind',
    'severity',
    'subjectKind',
    'subjectId',
    'detail',
    'raisedAt',
    'clearedAt',
    'reopened',
    'acknowledgedAt',
    'acknowledgedBy',
    'note',
  ] satisfies (keyof api.Alarm)[],
  Building: ['id', 'code', 'name', 'nameZh', 'floors'] satisfies (keyof api.Building)[],
  Gateway: [
    'id',
    'name',
    'nameZh',
    'buildingId',
    'state',
    'lastSeenAt',
    'buses',
  ] satisfies (keyof api.Gateway)[],
  Bus: ['id', 'name', 'framing', 'host', 'port', 'meters'] satisfies (keyof api.Bus)[],
  Meter: [
    'id',
    'serial',
    'model',
    'simulated',
    'busId',
    'unit',
    'pointCode',
    'pollSeconds',
    'lastSampleAt',
    'lastError',
    'clockOffsetMs',
    'live',
  ] satisfies (keyof api.Meter)[],
  Reading: ['at', 'channels'] satisfies (keyof api.Reading)[],
  Installation: [
    'pointId',
    'meterId',
    'from',
    'to',
    'ct',
    'pt',
    'basis',
  ] satisfies (keyof api.Installation)[],
  AccountDetail: ['id', 'person'] satisfies (keyof api.AccountDetail)[],
  Account: [
    'id',
    'number',
    'name',
    'nameZh',
    'openedOn',
    'closedOn',
    'creditMode',
    'alarm1',
    'alarm2',
    'points',
    'balance',
  ] satisfies (keyof api.Account)[],
  Balance: [
    'settled',
    'provisional',
    'live',
    'settledTo',
    'newestSampleAt',
    'hoursLeft',
    'computedAt',
  ] satisfies (keyof api.Balance)[],
  Entry: [
    'id',
    'transactionId',
    'kind',
    'accountingDate',
    'postedAt',
    'amount',
    'balance',
    'cause',
  ] satisfies (keyof api.Entry)[],
  Charge: [
    'settlementId',
    'serviceDay',
    'scopeId',
    'pointCode',
    'component',
    'componentName',
    'tariffVersion',
    'period',
    'step',
    'quantity',
    'price',
    'exact',
    'revision',
    'provisional',
  ] satisfies (keyof api.Charge)[],
  Shift: [
    ...(['id', 'state', 'cashierId', 'cashier', 'openedAt', 'closedAt', 'float'] as const),
    ...(['receipts', 'sold', 'returned', 'handedIn', 'expected', 'counted'] as const),
    ...(['difference', 'countedById', 'countedBy', 'countedAt', 'note', 'decidedBy'] as const),
    ...(['decidedAt', 'reason', 'approvedBySamePerson'] as const),
  ] satisfies (keyof vending.Shift)[],
  CashMovement: [
    ...(['id', 'kind', 'amount', 'shiftId', 'cashier', 'hasArrived', 'note', 'movedBy'] as const),
    'movedAt',
  ] satisfies (keyof vending.CashMovement)[],
  BankFile: [
    ...(['id', 'source', 'name', 'template', 'from', 'to', 'lines', 'unidentified'] as const),
    ...(['duplicates', 'skipped', 'amount', 'fee', 'net', 'importedBy', 'importedAt'] as const),
  ] satisfies (keyof bank.BankFile)[],
  BankLine: [
    ...(['id', 'fileId', 'fileName', 'source', 'row', 'day', 'time', 'amount', 'fee'] as const),
    ...(['reference', 'order', 'payer', 'text', 'state', 'rule', 'target', 'accountId'] as const),
    ...(['accountName', 'reason', 'actedBy', 'actedAt'] as const),
  ] satisfies (keyof bank.BankLine)[],
  BankLineDetail: ['line', 'acts', 'candidates'] satisfies (keyof bank.BankLineDetail)[],
  BankTemplate: [
    ...(['name', 'source', 'mapping', 'isBuiltIn'] as const),
  ] satisfies (keyof bank.BankTemplate)[],
  BankPreview: [
    ...(['fileId', 'name', 'source', 'sha256', 'digest', 'counts', 'income', 'expense'] as const),
    ...(['fee', 'before', 'lines'] as const),
  ] satisfies (keyof bank.BankPreview)[],
  Cash: ['place', 'shiftId', 'detail', 'cashier', 'amount'] satisfies (keyof vending.Cash)[],
  SaleReversal: [
    ...(['id', 'state', 'receipt', 'saleId', 'saleReceipt', 'soldAt', 'soldBy'] as const),
    ...(['accountId', 'accountName', 'channel', 'amount', 'reason', 'approval'] as const),
    ...(['proposedById', 'proposedBy', 'proposedAt', 'decidedBy', 'decidedAt'] as const),
    ...(['decisionReason', 'approvedBySamePerson', 'prints'] as const),
  ] satisfies (keyof vending.SaleReversal)[],
  Refund: [
    ...(['id', 'receipt', 'accountId', 'accountName', 'channel', 'amount', 'reason'] as const),
    ...(['otherChannelReason', 'refundedBy', 'refundedAt', 'prints'] as const),
  ] satisfies (keyof vending.Refund)[],
  Refundable: [
    ...(['refundable', 'unknown', 'live', 'silentHours', 'reserve', 'inTransit'] as const),
    ...(['onMeter', 'uncleared', 'disputed', 'channels'] as const),
  ] satisfies (keyof vending.Refundable)[],
  SinglePrice: [
    ...(['commodity', 'price', 'obstacle', 'tariffName', 'besides'] as const),
  ] satisfies (keyof vending.SinglePrice)[],
  Paper: [
    ...(['kind', 'receipt', 'ofReceipt', 'accountNumber', 'accountName', 'accountNameZh'] as const),
    ...(['serials', 'channel', 'amount', 'quantity', 'commodity', 'price', 'at', 'by'] as const),
    ...(['note', 'toMeter', 'approvedBySamePerson', 'issuer', 'copy', 'isReprint'] as const),
    ...(['printedAt', 'printedBy'] as const),
  ] satisfies (keyof vending.Paper)[],
  Sale: [
    'id',
    'accountId',
    'accountName',
    'receipt',
    'channel',
    'amount',
    'soldAt',
    'soldBy',
    'note',
    ...(['quantity', 'commodity', 'price', 'state', 'reversalId', 'prints'] as const),
  ] satisfies (keyof api.Sale)[],
  Tariff: ['id', 'name', 'nameZh', 'commodity'] satisfies (keyof api.Tariff)[],
  TariffVersion: [
    'id',
    'version',
    'effectiveFrom',
    'definition',
    'createdAt',
  ] satisfies (keyof api.TariffVersion)[],
  TariffAssignment: [
    'id',
    'tariffId',
    'commodity',
    'pointId',
    'accountId',
    'from',
    'to',
  ] satisfies (keyof tariffs.TariffAssignment)[],
  Bill: ['lines', 'total', 'tax'] satisfies (keyof tariffs.Bill)[],
  PriceIndex: [
    'code',
    'month',
    'value',
    'holds',
    'publishedBy',
    'at',
  ] satisfies (keyof tariffs.PriceIndex)[],
  EventDay: ['list', 'day', 'publishedBy', 'at'] satisfies (keyof tariffs.EventDay)[],
  ExportJob: [
    'id',
    'path',
    'format',
    'state',
    'rows',
    'rowsExpected',
    'bytes',
    'sha256',
    'fileName',
    'problem',
    'requestedBy',
    'requestedAt',
    'startedAt',
    'finishedAt',
    'expiresAt',
    'link',
  ] satisfies (keyof api.ExportJob)[],
  BuildingSummary: [
    'zone',
    'asOf',
    'ageS',
    'building',
    'commodity',
    'points',
    'accounts',
    'newestAt',
    'today',
    'yesterday',
    'month',
    'monthBefore',
    'peak',
    'main',
    'floors',
    'top',
  ] satisfies (keyof api.BuildingSummary)[],
  Warehouse: [
    'version',
    'asOf',
    'ageS',
    'tables',
    'checkWished',
    'lastCheck',
  ] satisfies (keyof reports.Warehouse)[],
  FeeLine: [
    ...(['accountId', 'accountNumber', 'accountName', 'accountNameZh', 'pointCode'] as const),
    ...(['component', 'componentName', 'tariffName', 'tariffVersion', 'period', 'step'] as const),
    ...(['kind', 'unit', 'quantity', 'price', 'days', 'amount', 'tax'] as const),
  ] satisfies (keyof fees.FeeLine)[],
  LostContact: [
    ...(['id', 'kind', 'subjectId', 'name', 'pointCode', 'buildingCode', 'from'] as const),
    ...(['noticedAt', 'to', 'durationS', 'meters'] as const),
  ] satisfies (keyof records.LostContact)[],
  OpenedAccount: [
    ...(['id', 'number', 'name', 'nameZh', 'openedOn', 'closedOn', 'creditMode'] as const),
    ...(['points', 'firstSale', 'receipt', 'deposit', 'openedBy'] as const),
  ] satisfies (keyof records.OpenedAccount)[],
  SearchHit: [
    ...(['id', 'title', 'titleZh', 'beside', 'besideZh', 'phone', 'isOver', 'paper'] as const),
    ...(['accountId', 'meterId', 'buildingId'] as const),
  ] satisfies (keyof find.SearchHit)[],
  Found: ['groups'] satisfies (keyof find.Found)[],
  SavedView: [
    'id',
    'name',
    'path',
    'isShared',
    'isMine',
    'createdAt',
  ] satisfies (keyof api.SavedView)[],
  EnergyReport: [
    'zone',
    'asOf',
    'ageS',
    'comparison',
    'totals',
    'data',
  ] satisfies (keyof api.EnergyReport)[],
};

const described = await schemas();

describe('the API has what the app reads', () => {
  test.each(Object.entries(fields))('of %s', (name, wanted) => {
    expect(described[name], `schema ${name}`).toBeDefined();
    expect(Object.keys(described[name]?.properties ?? {})).toEqual(expect.arrayContaining(wanted));
  });
});

test('a tariff’s definition is one shape on both sides: the compiler finds what one of them lacks', () => {
  const water = { kind: 'usage', code: 'water', name: 'Water', price: '3.45' };
  const shown: tariffs.TariffDefinition = parseTariff({ components: [water] }, 'water');
  expect(shown.components).toMatchObject([water]);
});

/** Fields of how accounts begin and end. */
const openingFields = {
  Opening: [
    ...(['id', 'state', 'content', 'preparedBy', 'preparedAt', 'changedBy', 'changedAt'] as const),
    ...(['accountId', 'result', 'faults'] as const),
  ] satisfies Keys<openings.Opening>,
  OpeningContent: [
    ...(['number', 'name', 'nameZh', 'from', 'alarm1', 'alarm2', 'person', 'points'] as const),
    ...(['tariffIds', 'creditMode', 'firstSale', 'deposit', 'contract'] as const),
  ] satisfies Keys<openings.OpeningContent>,
  Deposit: [
    ...(['id', 'accountId', 'accountName', 'accountNumber', 'kind', 'receipt'] as const),
    ...(['channel', 'amount', 'bookedAt', 'bookedBy', 'note'] as const),
  ] satisfies Keys<openings.Deposit>,
  ClosingPreview: [
    ...([
      'at',
      'settled',
      'charged',
      'provisional',
      'uncleared',
      'deposit',
      'balance',
      'points',
    ] as const),
    'waiting',
  ] satisfies Keys<openings.ClosingPreview>,
  Closing: [
    ...(['id', 'accountId', 'accountNumber', 'accountName', 'endedAt', 'settle'] as const),
    ...(['channel', 'reason', 'state', 'requestedBy', 'requestedAt', 'completedAt'] as const),
    ...(['balance', 'outcome', 'receipt', 'points'] as const),
  ] satisfies Keys<openings.Closing>,
  Residual: [
    ...(['id', 'number', 'name', 'nameZh', 'closedOn', 'side', 'residual'] as const),
    ...(['changedAt', 'changedBy', 'phone'] as const),
  ] satisfies Keys<openings.Residual>,
};

describe('opening and closing have what the app reads', () => {
  test.each(Object.entries(openingFields))('of %s', (name, wanted) => {
    expect(Object.keys(described[name]?.properties ?? {})).toEqual(expect.arrayContaining(wanted));
  });
});

/** Fields of the books: corrections, months, ledger, proofs, reconciliation. */
const bookFields = {
  Correction: [
    ...(['settlementId', 'supersedes', 'accountId', 'accountNumber', 'pointId'] as const),
    ...(['pointCode', 'serviceDay', 'accountingDate', 'component', 'kind', 'unit'] as const),
    ...(['period', 'step', 'oldQuantity', 'newQuantity', 'oldPrice', 'newPrice'] as const),
    ...(['oldAmount', 'newAmount', 'difference', 'cause', 'by', 'transactionId'] as const),
    ...(['runId', 'traceId', 'at'] as const),
  ] satisfies Keys<books.Correction>,
  BillingMonth: [
    ...(['month', 'state', 'isOver', 'changedAt', 'changedBy', 'reason', 'accrued'] as const),
  ] satisfies Keys<books.BillingMonth>,
  ChartLine: [
    ...(['code', 'name', 'nameZh', 'kind', 'normal', 'detail', 'isCustomers', 'says'] as const),
  ] satisfies Keys<books.ChartLine>,
  TrialBalanceRow: [
    ...(['id', 'code', 'name', 'nameZh', 'kind', 'detail', 'inDebit', 'accounts'] as const),
    ...(['debit', 'credit', 'balance'] as const),
  ] satisfies Keys<books.TrialRow>,
  LedgerAccount: [
    ...(['id', 'code', 'name', 'nameZh', 'accountId', 'accountNumber', 'accountName'] as const),
    'balance',
  ] satisfies Keys<books.LedgerAccount>,
  LedgerProof: [
    ...(['id', 'requestedBy', 'requestedAt', 'startedAt', 'finishedAt', 'checked'] as const),
    ...(['positions', 'outcome', 'brokenPosition', 'checks'] as const),
  ] satisfies Keys<books.LedgerProof>,
  JournalHead: [
    ...(['state', 'position', 'hash', 'sealedAt', 'unsealed', 'oldestUnsealedAt'] as const),
    ...(['brokenPosition', 'proof'] as const),
  ] satisfies Keys<books.JournalHead>,
  JournalRow: [
    ...(['position', 'hash', 'sealedAt', 'transactionId', 'kind', 'accountId'] as const),
    ...(['accountNumber', 'accountingDate', 'amount', 'reverses'] as const),
  ] satisfies Keys<books.JournalRow>,
  ReconciliationDifference: [
    ...(['day', 'kind', 'subjectId', 'subject', 'left', 'right', 'difference', 'unit'] as const),
    ...(['money', 'owner', 'reason', 'detail', 'settlementId'] as const),
  ] satisfies Keys<books.Difference>,
  ReconciledDay: [
    ...(['day', 'kind', 'checkedAt', 'compared', 'differences', 'unexplained'] as const),
    'money',
  ] satisfies Keys<books.ReconciledDay>,
};

describe('the books have what the app reads', () => {
  test.each(Object.entries(bookFields))('of %s', (name, wanted) => {
    expect(described[name], `schema ${name}`).toBeDefined();
    expect(Object.keys(described[name]?.properties ?? {})).toEqual(expect.arrayContaining(wanted));
  });

  // Whatever the server can say has words in both languages: found in the schemas, not written twice.
  const words = [
    ['ReconciliationDifference', 'reason', 'agree.reasons'],
    ['ReconciliationDifference', 'kind', 'agree.way'],
    ['ReconciliationDifference', 'owner', 'agree.owners'],
    ['BillingMonth', 'state', 'month.state'],
    ['BillingMonthGate', 'items', 'month.item'],
    ['JournalHead', 'state', 'seal.state'],
    ['LedgerProof', 'outcome', 'seal.outcome'],
    ['LedgerProof', 'checks', 'seal.check'],
    ['ChartLine', 'kind', 'ledger.kinds'],
  ] as const;

  test.each(words)('of %s every %s has words', (schema, field, place) => {
    const said = enumIn(propertiesOf(schema)[field]);
    expect(said.length).toBeGreaterThan(1);
    for (const { books } of [en, zh]) {
      expect(keysAt(books, place)).toEqual(expect.arrayContaining(said));
    }
  });
});

/** The words that stand at a place, by their keys. */
function keysAt(words: object, place: string): string[] {
  const at = (from: unknown, key: string): unknown =>
    from && typeof from === 'object'
      ? Object.entries(from).find(([own]) => own === key)?.[1]
      : null;
  const found = place.split('.').reduce(at, words as unknown);
  return Object.keys(found ?? {});
}

/** Properties of a schema, also where it extends another. */
function propertiesOf(schema: string): Record<string, unknown> {
  const own = described[schema] as { allOf?: Described[string][] } & Described[string]; // As described.
  const parts = [own, ...(own?.allOf ?? [])];
  return Object.assign({}, ...parts.map((part) => part?.properties ?? {}));
}

/** The first list of words within a described field, however deep it stands. */
function enumIn(field: unknown): string[] {
  if (!field || typeof field !== 'object') return [];
  if ('enum' in field && Array.isArray(field.enum)) {
    return field.enum.filter((each) => typeof each === 'string');
  }
  return (
    Object.values(field)
      .map(enumIn)
      .find((found) => found.length) ?? []
  );
}

/** Fields of the rows of reports: columns there, `data` here. */
const reportRows = {
  RankingReport: [
    ...(['rank', 'key', 'code', 'label', 'labelZh', 'quantity', 'share'] as const),
    ...(['cumulativeShare', 'previous', 'previousRank', 'missing', 'estimated'] as const),
  ] satisfies Keys<reports.RankingRow>,
  LoadProfileReport: [
    ...(['startsAt', 'averagePowerW', 'minPowerW', 'maxPowerW', 'quantity'] as const),
    ...(['measured', 'estimated', 'missing'] as const),
  ] satisfies Keys<reports.LoadRow>,
  LoadDurationReport: ['share', 'hours', 'powerW'] satisfies Keys<reports.DurationRow>,
  DemandReport: [
    ...(['period', 'key', 'code', 'label', 'labelZh', 'demandW', 'at'] as const),
    ...(['quantity', 'loadFactor', 'slots', 'missing'] as const),
  ] satisfies Keys<reports.DemandRow>,
  LossesReport: [
    ...(['period', 'mainId', 'code', 'label', 'labelZh', 'role', 'mainQuantity'] as const),
    ...(['subQuantity', 'subCount', 'difference', 'lossShare', 'baselineShare'] as const),
    ...(['missing', 'estimated', 'suspicion', 'reason'] as const),
  ] satisfies Keys<reports.LossRow>,
  QualityReport: [
    ...(['day', 'pointId', 'code', 'label', 'labelZh', 'buildingId', 'measured'] as const),
    ...(['estimated', 'missing', 'expected', 'longestGapS', 'quarantines'] as const),
  ] satisfies Keys<reports.QualityRow>,
  PowerQualityReport: [
    ...(['pointId', 'code', 'label', 'labelZh', 'day', 'samples', 'voltageMinV'] as const),
    ...(['voltageMaxV', 'voltageAvgV', 'voltageLow', 'voltageHigh', 'voltageOutShare'] as const),
    ...(['currentMaxA', 'unbalanceMaxPct', 'powerMaxW', 'powerMaxAt'] as const),
    ...(['factorAvg', 'factorMin', 'factorLowShare'] as const),
  ] satisfies Keys<reports.PowerQualityRow>,
  IntegratedReport: [
    ...(['accountId', 'number', 'label', 'labelZh', 'pointId', 'pointCode', 'points'] as const),
    ...(['openingBalance', 'topUps', 'charges', 'corrections', 'other'] as const),
    ...(['closingBalance', 'openingRegister', 'closingRegister', 'registerDifference'] as const),
    ...(['replaced', 'quantity', 'chargedQuantity', 'missing', 'estimated'] as const),
    ...(['foots', 'reason'] as const),
  ] satisfies Keys<reports.IntegratedRow>,
  FinanceReport: [
    ...(['period', 'key', 'label', 'receipts', 'cash', 'transfer', 'online', 'sales'] as const),
    ...(['refunds', 'reversals', 'net', 'netSince', 'charges', 'taxOfCharges'] as const),
    ...(['corrections', 'otherPostings'] as const),
  ] satisfies Keys<reports.FinanceRow>,
};

describe('the reports have the columns that the app reads', () => {
  test.each(Object.entries(reportRows))('of %s', (name, wanted) => {
    const data = described[name]?.properties?.data as { items?: Described[string] } | undefined; // An array, as described.
    expect(data, `schema ${name}`).toBeDefined();
    expect(Object.keys(data?.items?.properties ?? {})).toEqual(expect.arrayContaining(wanted));
  });

  test('and the sales report its proof and its parts', () => {
    const beside = ['proof', 'byChannel', 'byCashier', 'returns', 'provisional'] as const;
    const wanted: Keys<reports.FinanceReport> = beside;
    expect(Object.keys(described.FinanceReport?.properties ?? {})).toEqual(
      expect.arrayContaining([...wanted]),
    );
  });
});

/** Fields of configuration. */
const configFields = {
  Building: ['id', 'code', 'name', 'nameZh', 'retired', 'floors'] satisfies Keys<api.Building>,
  Floor: ['id', 'level', 'name', 'retired', 'rooms'] satisfies Keys<api.Floor>,
  Room: ['id', 'code', 'name', 'nameZh', 'retired'] satisfies Keys<api.Room>,
  Gateway: [
    ...(['id', 'name', 'nameZh', 'buildingId', 'state', 'lastSeenAt', 'retired', 'buses'] as const),
  ] satisfies Keys<ConfiguredGateway>,
  Bus: [
    ...(['id', 'gatewayId', 'name', 'framing', 'host', 'port', 'timeoutMs', 'line'] as const),
    ...(['meters', 'budget', 'retired'] as const),
  ] satisfies Keys<ConfiguredBus>,
  SerialLine: ['baud', 'parity', 'stopBits'] satisfies Keys<config.SerialLine>,
  BusBudget: [
    ...(['baud', 'assumed', 'busyMsPerMinute', 'limitMsPerMinute', 'fits'] as const),
  ] satisfies Keys<config.BusBudget>,
  Meter: ['verifiedUntil', 'pollSeconds', 'unit', 'busId', 'state'] satisfies Keys<ConfiguredMeter>,
  Point: [
    ...(['id', 'code', 'name', 'nameZh', 'commodity', 'class', 'role', 'buildingId'] as const),
    ...(['floorId', 'roomId', 'parentId', 'overloadW', 'restoreMode', 'retired'] as const),
    'lockOut',
  ] satisfies Keys<config.Point>,
  LockOut: ['by', 'why', 'tag', 'at'] satisfies Keys<config.LockOut>,
  QualitySettings: [
    ...(['estimateAfterDays', 'approvalAboveMinor', 'spikeFactor', 'leastQuantity'] as const),
    ...(['stuckHours', 'touShare', 'lossShare', 'clockSeconds', 'phaseVoltageShare'] as const),
    ...(['imbalanceShare', 'leastPowerW', 'conditionHours'] as const),
  ] satisfies Keys<api.QualitySettings>,
  ModelAbility: [
    ...(['model', 'simulated', 'function', 'state', 'meters', 'decision'] as const),
  ] satisfies Keys<config.ModelAbility>,
  ModelFunction: [
    ...(['id', 'model', 'function', 'enabled', 'source', 'decidedBy', 'at'] as const),
  ] satisfies Keys<config.ModelDecision>,
  TestRead: [
    ...(['outcome', 'why', 'durationMs', 'registers', 'channels', 'quality'] as const),
    ...(['clockOffsetMs', 'number', 'enteredAs'] as const),
  ] satisfies Keys<config.TestRead>,
  ImportPreview: [
    ...(['name', 'sha256', 'digest', 'counts', 'rows'] as const),
  ] satisfies Keys<config.ImportPreview>,
};

describe('configuration has what the app reads', () => {
  test.each(Object.entries(configFields))('of %s', (name, wanted) => {
    expect(described[name], `schema ${name}`).toBeDefined();
    expect(Object.keys(described[name]?.properties ?? {})).toEqual(expect.arrayContaining(wanted));
  });

  test('and names the columns of an import as the template does', () => {
    for (const [language, words] of [['en', en] as const, ['zh', zh] as const]) {
      expect(words.config.import.column).toEqual(
        Object.fromEntries(importColumnNames.map((name) => [name, importColumns[name][language]])),
      );
    }
  });
});
