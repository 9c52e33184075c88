/**
 * The integrated report: energy and money of each account with opening and closing values of both, and
 * for each row whether they foot; where they do not, why.
 */
import { z } from '@hono/zod-openapi';
import { question, rowsOf } from '../../sql/duckdb.ts';
import { type DaySpan, daySpan, daysBetween, SLOT_MS } from '../../sql/local-day.ts';
import { formatMinor } from '../../sql/money.ts';
import { daySchema, idSchema, moneySchema } from '../../sql/route.ts';
import { list } from '../columns.ts';
import { daysOf } from '../manifest.ts';
import { checkPlaces, commodities } from '../places.ts';
import { checkRange, type Report, type RowSums } from '../report.ts';
import { dueQuarterOf, makeTable } from '../scope.ts';
import { findRegisters } from './integrated-registers.ts';

const DAYS_MAX = 3_700;

const query = {
  from: daySchema,
  to: daySchema.openapi({ description: 'The day after the last one' }),
  by: z.enum(['account', 'point']).default('account').openapi({
    description:
      'By point a row is what an account used at one point; money is of whole accounts only',
  }),
  commodity: z.enum(commodities).default('electricity').openapi({ description: 'Of the energy' }),
  accountId: idSchema.optional(),
  buildingId: idSchema.optional().openapi({ description: 'Only what is used at its points' }),
  pointId: idSchema.optional(),
  only: z.enum(['all', 'not-footing']).default('all').openapi({
    description: 'not-footing: the rows that do not foot; there is no proof of them alone',
  }),
};

const beside = {
  proof: z
    .object({
      openingBalance: moneySchema.openapi({ description: 'Of all wallets of the ledger' }),
      closingBalance: moneySchema,
      openingDifference: moneySchema.openapi({ description: 'Rows less ledger: zero' }),
      closingDifference: moneySchema,
    })
    .nullable()
    .openapi({ description: 'Null where not all accounts are asked for' }),
};

const reasons =
  'balance, unexplained, charges-differ, register-unknown, register-rebased, rollover, missing-slots, unsettled-days';

export const integrated: Report<typeof query> = {
  name: 'integrated',
  summary: 'Energy and money of each account, opening and closing',
  description: `openingBalance + topUps - charges + corrections + other = closingBalance, by accounting date. registerDifference + replaced = quantity (sum of the intervals) = chargedQuantity, for the time in which the account held the point; registers are those of the local midnights, or of the newest interval today; at a journal position they are null and not compared. A row that does not foot says why; one that foots so far as days are settled says unsettled-days: ${reasons}. At most ${DAYS_MAX} days.`,
  query,
  beside,
  columns: ({ commodity }) => {
    const unit = commodity === 'water' ? 'L' : 'Wh';
    return [
      { name: 'account_id', type: 'id', title: 'Account' },
      { name: 'number', type: 'text', title: 'Number' },
      { name: 'label', type: 'text', title: 'Name' },
      { name: 'label_zh', type: 'text', title: 'Name (Chinese)' },
      { name: 'point_id', type: 'id', title: 'Point', says: 'Null by account' },
      { name: 'point_code', type: 'text', title: 'Code of the point' },
      { name: 'points', type: 'integer', title: 'Points', sum: true },
      { name: 'opening_balance', type: 'money', title: 'Opening balance', sum: true },
      { name: 'top_ups', type: 'money', title: 'Top-ups', sum: true },
      { name: 'charges', type: 'money', title: 'Charges', sum: true, says: 'Above zero: charged' },
      {
        name: 'corrections',
        type: 'money',
        title: 'Corrections',
        sum: true,
        says: 'Above zero: given back',
      },
      {
        name: 'other',
        type: 'money',
        title: 'Other',
        sum: true,
        says: 'Refunds, reversals, transfers, write-offs; above zero: into the wallet',
      },
      { name: 'closing_balance', type: 'money', title: 'Closing balance', sum: true },
      {
        name: 'opening_register',
        type: 'integer',
        unit,
        title: 'Opening register',
        says: 'Times CT and PT; null where several points are added up',
      },
      { name: 'closing_register', type: 'integer', unit, title: 'Closing register' },
      {
        name: 'register_difference',
        type: 'integer',
        unit,
        title: 'Register difference',
        sum: true,
        says: 'Of the meter that stands at the end',
      },
      {
        name: 'replaced',
        type: 'integer',
        unit,
        title: 'Replaced meters',
        sum: true,
        says: 'Of meters before it, and over a rollover',
      },
      { name: 'quantity', type: 'integer', unit, title: 'Energy', sum: true },
      { name: 'charged_quantity', type: 'integer', unit, title: 'Charged energy', sum: true },
      { name: 'missing', type: 'integer', unit: 'slot', title: 'Missing', sum: true },
      { name: 'estimated', type: 'integer', unit: 'slot', title: 'Estimated', sum: true },
      { name: 'foots', type: 'boolean', title: 'Foots' },
      { name: 'reason', type: 'text', title: 'Why not', says: reasons },
    ];
  },
  tallies: [{ name: 'footing', sql: 'foots' }],
  totals: ({ rows, of }) => {
    const footing = Number(of('footing') ?? 0n);
    return { foots: footing === rows, footing, notFooting: rows - footing };
  },
  relation: async (connection, asked, place) => {
    const { from, to, by, commodity, accountId, buildingId, pointId, only } = asked;
    checkRange({ from, to, daysMax: DAYS_MAX });
    const { db, files, manifest, projectId, zone, currency, asOf } = place;
    await checkPlaces(db, projectId, asked);
    const spans = daysBetween(from, to).map((day) => daySpan(zone, day));
    const days = spans.map(({ day }) => day);
    const quarterOf = (ms: number) => BigInt(ms / SLOT_MS);
    const range = {
      from_quarter: quarterOf(spans[0]?.startMs ?? 0),
      to_quarter: quarterOf(spans.at(-1)?.endMs ?? 0),
    };
    const dueQuarter = BigInt(dueQuarterOf(zone, asOf));

    await makeTable(connection, 'balances', 'integrated-balances', {
      entries: await files.days(
        'entries',
        daysOf(manifest, 'entries').filter((day) => day < to),
      ),
      from,
      to,
    });
    await makeTable(connection, 'members', 'scope-members', {
      points: await files.dimension('points'),
      tenancies: await files.dimension('tenancies'),
      commodity,
      role: null,
      by: 'account',
      building: buildingId ?? null,
      floor: null,
      account: accountId ?? null,
      point: pointId ?? null,
      by_tenancy: true,
      ...range,
    });
    const installations = await files.dimension('installations');
    await makeTable(connection, 'due', 'scope-due', {
      installations,
      ...range,
      due_quarter: dueQuarter,
    });
    // What is not over ends for each point with its newest interval.
    const open = spans.filter(({ endMs }) => quarterOf(endMs) > dueQuarter);
    await makeTable(connection, 'parts', 'integrated-parts', {
      installations,
      intervals: await files.days(
        'intervals',
        open.map(({ day }) => day),
      ),
      newest_from: open[0]?.day ?? to,
      ...range,
      due_quarter: dueQuarter,
    });
    // Samples do not say when they came: what registers showed then is not known at a position.
    if (place.cut) await connection.run(await question('integrated-no-registers'));
    else await findRegisters(connection, place);
    await makeTable(connection, 'charged', 'integrated-charged', {
      charges: await files.days('charges', days),
      from,
      to,
    });
    await makeTable(connection, 'energy', 'integrated-energy', {
      energy_days: await files.days('energy_days', days),
      intervals: await files.days('intervals', await cutDays(connection, spans)),
      dates: list(days),
      from_quarters: list(spans.map(({ startMs }) => quarterOf(startMs))),
      to_quarters: list(spans.map(({ endMs }) => quarterOf(endMs))),
      dues: list(spans.map(({ endMs }) => quarterOf(endMs) <= dueQuarter)),
    });
    const partial = accountId || buildingId || pointId || by === 'point' || only !== 'all';
    const [ledger] = await rowsOf<{ opening: bigint; closing: bigint }>(
      connection,
      `SELECT CAST(coalesce(sum(opening), 0) AS BIGINT) AS opening,
        CAST(coalesce(sum(closing), 0) AS BIGINT) AS closing FROM balances`,
    );
    return {
      statement: `SELECT * FROM (\n${await question('integrated')}\n)
        WHERE $only::VARCHAR = 'all' OR NOT coalesce(foots, false)`,
      parameters: {
        only,
        accounts: await files.dimension('accounts'),
        points: await files.dimension('points'),
        by,
        from,
        to,
        account: accountId ?? null,
        with_registers: place.cut === undefined,
        held_only: buildingId !== undefined || pointId !== undefined,
      },
      beside: (sums) => ({
        proof: partial || !ledger ? null : proofOf(sums, ledger, currency),
      }),
    };
  },
};

/** Days within which an account began or ceased to hold a point: those are read by quarter-hour. */
async function cutDays(
  connection: Parameters<Report<typeof query>['relation']>[0],
  spans: readonly DaySpan[],
): Promise<string[]> {
  const changes = await rowsOf<{ quarter: bigint }>(
    connection,
    'SELECT DISTINCT unnest([from_quarter, to_quarter]) AS quarter FROM members',
  );
  const instants = changes.map(({ quarter }) => Number(quarter) * SLOT_MS).sort((a, b) => a - b);
  let next = 0;
  return spans
    .filter(({ startMs, endMs }) => {
      while ((instants[next] ?? Number.POSITIVE_INFINITY) <= startMs) next += 1;
      return (instants[next] ?? Number.POSITIVE_INFINITY) < endMs;
    })
    .map(({ day }) => day);
}

function proofOf(sums: RowSums, ledger: { opening: bigint; closing: bigint }, currency: string) {
  const sum = (name: string) => sums.of(name) ?? 0n;
  const shown = (minor: bigint) => ({ amount: formatMinor(minor, currency), currency });
  return {
    openingBalance: shown(ledger.opening),
    closingBalance: shown(ledger.closing),
    openingDifference: shown(sum('opening_balance') - ledger.opening),
    closingDifference: shown(sum('closing_balance') - ledger.closing),
  };
}
