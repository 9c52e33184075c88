/** What the app reads is what the routes declare: a field that is renamed there is missed here first. */
import { describe, expect, test } from 'vitest';
import type * as api from '../../web/app/api.ts';
import { createServer } from '../../web/server.ts';

// The description is made from schemas alone: nothing is opened, so nothing is given.
const nothing = {} as never;

type Described = Record<string, { properties?: Record<string, unknown>; required?: string[] }>;

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
  Session: ['user', 'projects'] satisfies (keyof api.Session)[],
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
  ] satisfies (keyof api.Sale)[],
  Tariff: ['id', 'name', 'nameZh', 'commodity'] satisfies (keyof api.Tariff)[],
  TariffVersion: [
    'id',
    'version',
    'effectiveFrom',
    'definition',
  ] satisfies (keyof api.TariffVersion)[],
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
