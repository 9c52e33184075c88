/** The data behind the reports, row by row as they are kept: intervals, samples, charges, entries. */
import { z } from '@hono/zod-openapi';
import { channels } from '../../sql/channels.ts';
import { question, rowsOf } from '../../sql/duckdb.ts';
import { daysBetween } from '../../sql/local-day.ts';
import { daySchema, idSchema } from '../../sql/route.ts';
import { checkPlaces, commodities } from '../places.ts';
import { checkRange, type Report } from '../report.ts';
import type { ReportColumn } from '../report-columns.ts';

/** Ten years and the days between; as JSON so many rows as a report may have. */
const DAYS_MAX = 3_700;

const range = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
};

const id = (name: string, title: string): ReportColumn => ({ name, type: 'id', title });
const text = (name: string, title: string): ReportColumn => ({ name, type: 'text', title });
const integer = (name: string, title: string, unit?: string): ReportColumn => ({
  ...{ name, type: 'integer', title },
  ...(unit && { unit }),
});
const labels = [text('label', 'Name'), text('label_zh', 'Name (Chinese)')];

const intervalQuery = {
  ...range,
  commodity: z.enum(commodities).optional().openapi({
    description: 'Of the point when one is asked for, else electricity',
  }),
  buildingId: idSchema.optional(),
  pointId: idSchema.optional(),
};

export const rawIntervals: Report<typeof intervalQuery> = {
  name: 'intervals',
  summary: 'Intervals: energy of each quarter-hour of each point',
  description:
    'Every interval as it is kept, with its quality and version, and the period of the reporting calendar. Missing is null, never zero. Ranges up to ten years; JSON is bounded in rows, files are not.',
  query: intervalQuery,
  columns: ({ commodity }) => {
    const unit = commodity === 'water' ? 'L' : 'Wh';
    return [
      id('point', 'Point'),
      text('code', 'Code'),
      ...labels,
      { name: 'starts_at', type: 'instant', title: 'Starts at' },
      { name: 'local_day', type: 'day', title: 'Day' },
      integer('local_slot', 'Slot'),
      { ...integer('rank', 'Period rank'), says: '1 spike to 5 deep valley; null: none' },
      { ...integer('quantity', 'Energy', unit), sum: true },
      { ...integer('reverse_quantity', 'Energy in reverse', unit), sum: true },
      text('quality', 'Quality'),
      integer('gap_s', 'Gap', 's'),
      integer('version', 'Version'),
      { name: 'known_at', type: 'instant', title: 'Known at' },
    ];
  },
  relation: async (_connection, asked, { db, projectId, files }) => {
    const { from, to } = asked;
    checkRange({ from, to, daysMax: DAYS_MAX });
    const ofPoint = await checkPlaces(db, projectId, asked);
    const days = daysBetween(from, to);
    return {
      statement: await question('raw-intervals'),
      parameters: {
        intervals: await files.days('intervals', days),
        calendars: await files.days('calendars', days),
        points: await files.dimension('points'),
        commodity: asked.commodity ?? ofPoint ?? 'electricity',
        building: asked.buildingId ?? null,
        point: asked.pointId ?? null,
        from_day: from,
        to_day: to,
      },
    };
  },
};

const chargeQuery = {
  ...range,
  accountId: idSchema.optional(),
  revisions: z.enum(['in-force', 'all']).default('in-force'),
};

export const rawCharges: Report<typeof chargeQuery> = {
  name: 'charges',
  summary: 'Charges: what each service day cost, component by component',
  description:
    'Every charge with its price and exact amount. Totals are of the rows: exact and tax in major units of money.',
  permission: 'account.read',
  query: chargeQuery,
  columns: () => [
    id('settlement', 'Settlement'),
    id('account', 'Account'),
    text('number', 'Account number'),
    ...labels,
    id('scope', 'Point or account'),
    integer('revision', 'Revision'),
    { name: 'in_force', type: 'boolean', title: 'In force' },
    id('transaction', 'Transaction'),
    { name: 'local_day', type: 'day', title: 'Service day' },
    text('component', 'Component'),
    id('tariff_version', 'Tariff version'),
    integer('period', 'Period rank'),
    integer('step', 'Step'),
    integer('quantity', 'Quantity, in its unit'),
    { name: 'price', type: 'decimal', title: 'Price of 1,000 units, or of a day' },
    { name: 'exact', type: 'decimal', title: 'Amount' },
    { name: 'tax_exact', type: 'decimal', title: 'Tax' },
    text('tax_code', 'Tax code'),
    { name: 'tax_rate', type: 'decimal', title: 'Tax rate' },
    text('treatment', 'Treatment'),
    text('kind', 'Kind'),
    text('unit', 'Unit'),
  ],
  relation: async (connection, asked, { db, projectId, files }) => {
    const { from, to } = asked;
    checkRange({ from, to, daysMax: DAYS_MAX });
    await checkPlaces(db, projectId, asked);
    const statement = await question('raw-charges');
    const parameters = {
      charges: await files.days('charges', daysBetween(from, to)),
      accounts: await files.dimension('accounts'),
      account: asked.accountId ?? null,
      in_force: asked.revisions === 'in-force',
      from_day: from,
      to_day: to,
    };
    const [sums] = await rowsOf<Record<string, string | null>>(
      connection,
      `SELECT CAST(sum(exact) AS VARCHAR) AS exact, CAST(sum(tax_exact) AS VARCHAR) AS "taxExact"
       FROM (\n${statement}\n)`,
      parameters,
    );
    return { statement, parameters, totals: sums };
  },
};

const entryQuery = { ...range, accountId: idSchema.optional() };

export const rawEntries: Report<typeof entryQuery> = {
  name: 'entries',
  summary: 'Entries: every leg of every ledger transaction',
  description:
    'By accounting date. Debits are positive; the legs of a transaction, and all of them together, come to zero.',
  permission: 'ledger.read',
  query: entryQuery,
  columns: () => [
    id('transaction', 'Transaction'),
    integer('leg', 'Leg'),
    text('kind', 'Kind'),
    id('account', 'Account'),
    text('number', 'Account number'),
    ...labels,
    { name: 'accounting_date', type: 'day', title: 'Accounting date' },
    { name: 'posted_at', type: 'instant', title: 'Posted at' },
    id('ledger_account', 'Ledger account'),
    text('code', 'Code'),
    text('detail', 'Detail'),
    { name: 'amount', type: 'money', title: 'Amount', sum: true },
  ],
  relation: async (_connection, asked, { db, projectId, files }) => {
    const { from, to } = asked;
    checkRange({ from, to, daysMax: DAYS_MAX });
    await checkPlaces(db, projectId, asked);
    return {
      statement: await question('raw-entries'),
      parameters: {
        entries: await files.days('entries', daysBetween(from, to)),
        accounts: await files.dimension('accounts'),
        account: asked.accountId ?? null,
        from_day: from,
        to_day: to,
      },
    };
  },
};

const sampleQuery = { ...range, pointId: idSchema.optional() };

/** The channels of the warehouse's registers: the counters. */
const isRegister = ({ unit }: (typeof channels)[number]): boolean => /^(Wh|varh|l)$/.test(unit);

const sampleColumns = (
  chosen: readonly (typeof channels)[number][],
  clock: readonly ReportColumn[],
): ReportColumn[] => [
  id('meter', 'Meter'),
  id('point', 'Point'),
  text('code', 'Code'),
  { name: 'ts', type: 'instant', title: 'Read at' },
  { name: 'local_day', type: 'day', title: 'Day' },
  ...clock,
  ...chosen.map(
    ({ name, type, unit }): ReportColumn => ({
      name,
      type: type === 'DOUBLE' ? 'number' : 'integer',
      title: name.replaceAll('_', ' '),
      ...(unit && { unit }),
    }),
  ),
  text('quality', 'Quality'),
  id('digest', 'Digest'),
];

const samplesReport = (
  table: 'registers' | 'samples',
  said: Pick<Report<typeof sampleQuery>, 'summary' | 'description'>,
): Report<typeof sampleQuery> => ({
  name: table,
  ...said,
  permission: 'reading.read',
  unknownThen: 'Samples do not say when they came.',
  query: sampleQuery,
  columns: () =>
    table === 'registers'
      ? sampleColumns(channels.filter(isRegister), [])
      : sampleColumns(channels, [
          { name: 'device_clock', type: 'instant', title: 'Meter’s clock' },
        ]),
  relation: async (_connection, asked, { db, projectId, files }) => {
    const { from, to } = asked;
    checkRange({ from, to, daysMax: DAYS_MAX });
    await checkPlaces(db, projectId, asked);
    return {
      statement: await question('raw-samples'),
      parameters: {
        samples: await files.days(table, daysBetween(from, to)),
        installations: await files.dimension('installations'),
        points: await files.dimension('points'),
        point: asked.pointId ?? null,
        from_day: from,
        to_day: to,
      },
    };
  },
});

export const rawRegisters = samplesReport('registers', {
  summary: 'Registers: what every meter’s counters stood at, sample by sample',
  description: 'Every sample with its counters before CT and PT, also those of doubtful quality.',
});

export const rawSamples = samplesReport('samples', {
  summary: 'Samples: every channel of every sample of the days that have left the hot window',
  description:
    'All channels before CT and PT. Days still in the hot window are not here yet; their counters are in `registers`.',
});
