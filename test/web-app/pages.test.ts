/** What pages make of the API's answers: hours, bars, calendar, ledger, states, tables, addresses. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { depositKinds } from '../../billing/deposit.ts';
import { residualKinds } from '../../billing/residual.ts';
import { alarmKinds } from '../../sql/alarms.ts';
import { permissions } from '../../sql/permission.ts';
import type { Account, EnergyRow, Entry } from '../../web/app/api.ts';
import { size } from '../../web/app/format.ts';
import { en } from '../../web/app/language/en.ts';
import { zh } from '../../web/app/language/zh.ts';
import { accountState } from '../../web/app/pages/account/account-state.ts';
import { ledgerRows, monthSums } from '../../web/app/pages/account/entries.ts';
import {
  changeOf,
  comparisonOf,
  completeness,
  openPeriod,
  toBars,
  toLines,
} from '../../web/app/pages/energy/bars.ts';
import { questionOf } from '../../web/app/pages/exports/question.ts';
import { beforeUpTo, byHour, hourOf, total } from '../../web/app/pages/home/hours.ts';
import { bandsOn, seasonOn, versionOn } from '../../web/app/pages/tariffs/calendar.ts';
import { arranged, type Layout, moved, readLayout } from '../../web/app/parts/table-layout.ts';
import { asText, type Column, sorted } from '../../web/app/parts/table-model.ts';
import { energySearch, listSearch } from '../../web/app/search.ts';
import { pageLinks } from '../../web/app/shell/pages.ts';
import type { TariffCalendar } from '../../web/app/tariff-shapes.ts';
import { workdayBands } from './fixture/tariffs.ts';

const row = (
  period: string,
  quantity: number | null,
  more: Partial<EnergyRow> = {},
): EnergyRow => ({
  period,
  startsAt: '',
  key: '1',
  code: 'A',
  label: 'Building A',
  labelZh: null,
  quantity,
  ranks: quantity === null ? {} : { 3: quantity },
  estimatedQuantity: 0,
  measured: quantity === null ? 0 : 4,
  estimated: 0,
  missing: 0,
  previous: null,
  ...more,
});
const report = (data: EnergyRow[]) => ({
  zone: 'Europe/Berlin',
  asOf: '',
  ageS: 0,
  parameters: {},
  comparison: null,
  rowCount: data.length,
  totals: row('', null),
  data,
});

describe('hours', () => {
  test('an hour with an offset is that hour of the wall clock', () => {
    expect(hourOf('Asia/Shanghai', '2026-11-24T13:00+08:00')).toBe(13);
    expect(hourOf('Asia/Shanghai', '2026-11-24T05:00:00Z')).toBe(13);
  });

  test('the hour that comes twice in autumn is added up, the one skipped in spring stays empty', () => {
    const autumn = byHour(
      report([row('2026-10-25T02:00+02:00', 100), row('2026-10-25T02:00+01:00', 50)]),
    );
    expect(autumn[2]?.quantity).toBe(150);
    expect(byHour(report([row('2026-03-29T03:00+02:00', 70)]))[2]?.quantity).toBeNull();
  });

  test('what is missing is not zero', () => {
    const hours = byHour(report([row('2026-11-24T00:00+01:00', null)]));
    expect(hours[0]?.quantity).toBeNull();
    expect(total(hours)).toBeNull();
  });

  test('yesterday counts to the same minute', () => {
    const hours = byHour(
      report([0, 1, 2].map((h) => row(`2026-11-24T0${h}:00+01:00`, null, { previous: 60 }))),
    );
    expect(beforeUpTo(hours, 90)).toBe(90);
    expect(beforeUpTo(hours, 0)).toBeNull();
  });
});

describe('the energy report', () => {
  const rows = [
    row('2026-11-01', 100, { key: '1', missing: 2 }),
    row('2026-11-01', 50, { key: '2', code: 'B' }),
    row('2026-11-02', null, { key: '1', missing: 4 }),
    row('2026-11-02', 25, { key: '2', code: 'B', previous: 20 }),
  ];

  test('bars and lines add up to the same', () => {
    const bars = toBars(rows, 'day', 'en').map(({ quantity }) => quantity);
    const lines = toLines(rows, null).map(({ quantity }) => quantity);
    expect(bars).toEqual([150, 25]);
    expect(lines).toEqual([100, 75]);
  });

  test('periods add up too, and what is known of a comparison stays', () => {
    expect(toLines(rows, null)[1]).toMatchObject({ ranks: { 3: 75 }, previous: 20 });
  });

  test('only what is over and known on both sides is compared', () => {
    const bars = toBars(
      [
        row('2026-11-22', 100, { previous: null }),
        row('2026-11-23', 110, { previous: 100 }),
        row('2026-11-24', 20, { previous: 100 }),
      ],
      'day',
      'en',
    );
    expect(comparisonOf(bars, '2026-11-24')).toEqual({
      compared: 1,
      over: 2,
      quantity: 110,
      previous: 100,
    });
  });

  test('places compare the periods that the whole compares, and in the same way', () => {
    const days = (key: string, values: [number, number][]) =>
      values.map(([quantity, previous], index) =>
        row(`2026-11-${23 + index}`, quantity, { key, code: key, previous }),
      );
    // biome-ignore format: today against the day before, a place a line
    const places = [...days('A', [[110, 100], [20, 90]]), ...days('B', [[90, 100], [10, 95]])];
    const whole = comparisonOf(toBars(places, 'day', 'en'), '2026-11-24');
    const lines = toLines(places, '2026-11-24');
    expect(lines.map(({ compared }) => changeOf(compared))).toEqual([10, -10]);
    expect(changeOf(whole)).toBe(0);
    expect(lines.reduce((so, { compared }) => so + compared.previous, 0)).toBe(whole.previous);
    // A range that is over has no period that is open, also of the same name.
    expect(toLines(places, null)[0]?.compared).toMatchObject({ compared: 2, previous: 190 });
    expect(openPeriod({ unit: 'day', to: '2026-11-24' }, '2026-11-24', '14')).toBeNull();
    expect(openPeriod({ unit: 'hour', to: '2026-11-25' }, '2026-11-24', '14')).toBe(
      '2026-11-24T14',
    );
  });

  test('completeness counts quarter-hours', () => {
    expect(completeness({ ...row('x', 1), measured: 90, estimated: 5, missing: 5 })).toBe(95);
    expect(completeness({ ...row('x', null), measured: 0 })).toBeNull();
  });
});

describe('the calendar of a tariff', () => {
  const day = (bands: { from: string; to: string; rank: number }[]) => [
    { type: 'everyday' as const, bands },
  ];
  const calendar: TariffCalendar = {
    seasons: [
      {
        name: 'cold',
        from: '11-01',
        to: '02-29',
        days: day([{ from: '22:00', to: '22:00', rank: 4 }]),
      },
      { name: 'warm', from: '03-01', to: '10-31', days: day(workdayBands) },
    ],
    weekend: [6, 7],
    holidays: [],
    workdays: [],
  };

  test('a season runs over the new year', () => {
    expect(seasonOn(calendar, '2027-01-15')?.name).toBe('cold');
    expect(seasonOn(calendar, '2027-07-01')?.name).toBe('warm');
  });

  test('the bands of a day cover it without a hole', () => {
    const bands = bandsOn(calendar, '2026-07-01');
    expect(bands[0]?.from).toBe(0);
    expect(bands.at(-1)?.to).toBe(1440);
    expect(bands.slice(1).map(({ from }) => from)).toEqual(bands.slice(0, -1).map(({ to }) => to));
  });

  test('a band over midnight is drawn as two', () => {
    const night = {
      ...calendar,
      seasons: [
        {
          name: 'n',
          from: '01-01',
          to: '12-31',
          days: day([
            { from: '22:00', to: '06:00', rank: 4 },
            { from: '06:00', to: '22:00', rank: 3 },
          ]),
        },
      ],
    };
    expect(bandsOn(night, '2026-11-24').map(({ from, to }) => [from, to])).toEqual([
      [0, 360],
      [360, 1320],
      [1320, 1440],
    ]);
  });

  test('the version of a day is the newest that had begun', () => {
    const version = (effectiveFrom: string) => ({
      id: effectiveFrom,
      version: 1,
      effectiveFrom,
      definition: { components: [] },
    });
    const versions = [version('2025-01-01'), version('2026-12-01'), version('2025-11-01')];
    expect(versionOn(versions, '2026-11-24')?.id).toBe('2025-11-01');
    expect(versionOn(versions, '2024-01-01')).toBeUndefined();
  });
});

const entry = (
  id: string,
  kind: string,
  date: string,
  amount: string,
  balance = '0.00',
): Entry => ({
  id,
  transactionId: id,
  kind,
  accountingDate: date,
  postedAt: `${date}T16:31:00Z`,
  amount: { amount, currency: 'CNY' },
  balance: { amount: balance, currency: 'CNY' },
  cause: kind === 'sale' ? { channel: 'cash' } : { localDay: date },
});

describe('the ledger of an account', () => {
  const entries = [
    entry('4', 'settlement', '2026-11-02', '-30.25', '92.93'),
    entry('3', 'correction', '2026-11-02', '3.18', '123.18'),
    entry('2', 'sale', '2026-11-01', '100.00', '120.00'),
    entry('1', 'sale', '2026-10-31', '20.00', '20.00'),
  ];

  test('opening, top-ups, charges and corrections make the closing', () => {
    expect(monthSums(entries, '2026-11-24')).toEqual({
      opening: '20.00',
      sales: '100.00',
      charges: '-30.25',
      corrections: '3.18',
      closing: '92.93',
    });
  });

  test('a month opens with what the books had, also where older entries are not at hand', () => {
    expect(monthSums(entries.slice(0, 2), '2026-11-24')).toMatchObject({ opening: '120.00' });
    expect(monthSums(entries, '2026-12-01')).toMatchObject({ opening: '92.93', closing: '92.93' });
    expect(monthSums([], '2026-12-01')).toMatchObject({ opening: '0.00', closing: '0.00' });
  });

  test('a row goes out or comes in, never both', () => {
    expect(ledgerRows(entries).map((each) => [each.out, each.in])).toEqual([
      ['30.25', null],
      [null, '3.18'],
      [null, '100.00'],
      [null, '20.00'],
    ]);
  });
});

describe('the state of an account', () => {
  const money = (amount: string) => ({ amount, currency: 'CNY' });
  const account = (live: string, own: Partial<Account> = {}): Account => ({
    id: '1',
    number: 'S1',
    name: 'x',
    nameZh: null,
    openedOn: '2026-01-01',
    closedOn: null,
    creditMode: 'platform',
    alarm1: null,
    alarm2: null,
    points: [
      { id: '1', code: 'A101', commodity: 'electricity', tenancyId: '1', from: '', to: null },
    ],
    balance: {
      settled: money(live),
      provisional: money('0.00'),
      live: money(live),
      settledTo: null,
      newestSampleAt: null,
      ageS: null,
      hoursLeft: null,
      computedAt: null,
    },
    ...own,
  });
  const defaults = { alarm1: money('300.00'), alarm2: money('80.00') };
  test.each([
    ['300.01', {}, 'opened'],
    ['300.00', {}, 'alarm1'],
    ['80.01', {}, 'alarm1'],
    ['80.00', {}, 'alarm2'],
    ['0.00', {}, 'alarm2'],
    ['-0.01', {}, 'arrears'],
    ['299.99', { alarm1: money('100.00') }, 'opened'],
    ['500.00', { points: [] }, 'notOpened'],
    ['500.00', { closedOn: '2026-11-01' }, 'notOpened'],
  ] as const)('with %s left and %j it is %s', (live, own, state) => {
    expect(accountState(account(live, own as Partial<Account>), defaults)).toBe(state);
  });
});

describe('a table', () => {
  interface Item {
    name: string;
    kwh: number | null;
  }
  const columns: Column<Item>[] = [
    {
      key: 'name',
      title: 'Name',
      width: '1fr',
      cell: (item) => item.name,
      value: (item) => item.name,
    },
    {
      key: 'kwh',
      title: 'Energy',
      unit: 'kWh',
      width: '1fr',
      cell: (item) => item.kwh,
      value: (item) => item.kwh,
      total: { cell: '3', value: 3 },
    },
  ];
  const items: Item[] = [
    { name: 'A10', kwh: 1 },
    { name: 'A2', kwh: null },
    { name: '=cmd()', kwh: 2 },
  ];
  const names = (sort: Parameters<typeof sorted>[2]) =>
    sorted(items, columns as Column<unknown>[] as Column<Item>[], sort).map(({ name }) => name);

  test('sorts figures by size, names by their numbers, and missing last both ways', () => {
    expect(names({ key: 'kwh', descending: true })).toEqual(['=cmd()', 'A10', 'A2']);
    expect(names({ key: 'kwh', descending: false })).toEqual(['A10', '=cmd()', 'A2']);
    expect(names({ key: 'name', descending: false }).slice(-2)).toEqual(['A2', 'A10']);
    expect(names({ key: 'gone', descending: false })).toEqual(['A10', 'A2', '=cmd()']);
  });

  test('is copied as it stands, with units in the head and its total', () => {
    expect(asText(items, columns).split('\n')).toEqual([
      'Name\tEnergy (kWh)',
      'A10\t1',
      'A2\t',
      '=cmd()\t2',
      '\t3',
    ]);
  });
});

describe('the layout of a table', () => {
  const columns = ['name', 'a', 'b', 'c'].map((key) => ({
    key,
    title: key,
    width: '1fr',
    value: () => null,
    cell: () => null,
  }));
  const keysIn = (layout: Partial<Layout>) =>
    arranged(columns, { shown: {}, order: [], widths: {}, ...layout }).map(({ key }) => key);

  test('the first column names the row and stays; one that is new stands behind the one before it', () => {
    expect(keysIn({})).toEqual(['name', 'a', 'b', 'c']);
    expect(keysIn({ order: ['c', 'a'] })).toEqual(['name', 'c', 'a', 'b']);
    expect(keysIn({ order: ['c', 'name', 'gone'] })).toEqual(['name', 'a', 'b', 'c']);
    expect(moved(['name', 'a', 'b', 'c'], 'c', 0)).toEqual(['name', 'c', 'a', 'b']);
    expect(moved(['name', 'a', 'b', 'c'], 'a', 9)).toEqual(['name', 'b', 'c', 'a']);
    expect(moved(['name', 'a', 'b', 'c'], 'name', 2)).toEqual(['name', 'a', 'b', 'c']);
  });

  test('what was kept is read, what is no layout is dropped', () => {
    const text = '{"shown":{"a":false,"b":1},"order":["b",2],"widths":{"a":120,"b":9,"c":"x"}}';
    expect(readLayout(text)).toEqual({ shown: { a: false }, order: ['b'], widths: { a: 120 } });
    for (const broken of [null, '', '[', '7', 'null', '{"order":{},"shown":3}'])
      expect(readLayout(broken)).toEqual({ shown: {}, order: [], widths: {} });
    const wide = arranged(columns, { shown: {}, order: [], widths: { b: 120 } });
    expect(wide.map(({ width }) => width)).toEqual(['1fr', '1fr', '120px', '1fr']);
  });
});

describe('a file made in the background', () => {
  test('is named by what was asked', () => {
    const path = '/reports/energy?from=2026-11-01&to=2026-11-25&unit=hour&by=floor&buildingId=4';
    expect(questionOf(path, 'en')).toEqual({
      name: 'energy',
      range: '1 to 24 Nov 2026',
      told: ['hour', 'floor'],
    });
    expect(questionOf('/accounts', 'en')).toEqual({ name: 'accounts', range: '', told: [] });
  });

  test('its size is two or three digits', () => {
    expect([0, 812, 999, 1234, 9_960, 31_200, 999_600, 4_100_000, null].map(size)).toEqual([
      '0 B',
      '812 B',
      '999 B',
      '1.2 kB',
      '10 kB',
      '31 kB',
      '1.0 MB',
      '4.1 MB',
      '–',
    ]);
  });
});

describe('addresses', () => {
  test('nonsense in an address is dropped', () => {
    expect(energySearch({ from: '2026-13-99', by: 'planet', unit: 'day', to: 5 })).toEqual({
      unit: 'day',
    });
    expect(listSearch({ state: 'arrears', q: 42, kind: 'x' })).toEqual({
      state: 'arrears',
      q: '42',
    });
  });
});

/** The words of a language at a path with dots; undefined where there are none. */
const said = (words: object, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (at, key) => (at === null || typeof at !== 'object' ? undefined : Reflect.get(at, key)),
      words,
    );

test('permissions, alarms and acts of the system log are said in both languages', () => {
  const subjects = permissions.map((each) => `permission.subject.${each.split('.')[0]}`);
  const keys = [
    ...[...permissions.map((each) => `permission.${each}`), ...subjects],
    ...alarmKinds.map((kind) => `alarms.kinds.${kind}`),
    ...actsOfRooms().map((act) => `acts.${act}`),
  ];
  expect(keys.length).toBeGreaterThan(150);
  for (const words of [en, zh]) {
    expect(keys.filter((key) => typeof said(words, key) !== 'string')).toEqual([]);
  }
});

/** Acts that rooms write down, as they stand in their code; of those put together there, what they are made of. */
function actsOfRooms(): string[] {
  const files = ['web', 'billing', 'ingest', 'sql'].flatMap((room) =>
    readdirSync(new URL(`../../${room}`, import.meta.url), { withFileTypes: true })
      .filter((file) => file.isFile() && file.name.endsWith('.ts'))
      .map(({ name }) => readFileSync(new URL(`../../${room}/${name}`, import.meta.url), 'utf8')),
  );
  const lines = files
    .flatMap((text) => text.split('\n'))
    .filter((line) => /\baction\b|\b(?:line|tell|act)\((?:c, )?'/.test(line));
  const whole = lines.flatMap((line) =>
    [...line.matchAll(/'([a-z-]+\.[a-z-]+)'/g)].flatMap(([, act]) => act ?? []),
  );
  const made = Object.entries({
    'bank-line': ['claim', 'match', 'return', 'fee', 'release'],
    cash: ['hand-in', 'deposit', 'withdrawal', 'arrival'],
    'command-batch': ['stop', 'continue', 'retry'],
    deposit: depositKinds,
    finding: ['dismissed', 'reopened'],
    'interval-edit': ['approved', 'rejected', 'withdrawn', 'taken-back'],
    month: ['open', 'soft-closed', 'closed'],
    notice: ['retried', 'withheld'],
    residual: residualKinds,
    ...{ building: ['created'], floor: ['created'], room: ['created'] },
  }).flatMap(([noun, verbs]) => verbs.map((verb) => `${noun}.${verb}`));
  return [...new Set([...whole, ...made])];
}

test('no two pages are reached by one key', () => {
  const letters = pageLinks.flatMap(({ letter }) => letter ?? []);
  expect(new Set(letters).size).toBe(letters.length);
});
