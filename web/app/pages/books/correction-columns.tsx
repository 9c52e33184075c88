/** The columns of the corrections: whose line, what it was and is, the difference, why and by whom. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Correction } from '../../books.ts';
import { useNow } from '../../clock.tsx';
import { day, localDay, moment } from '../../dates.ts';
import { amount, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { isRank, rankVar } from '../../parts/palette.ts';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { shownAmount, signedAmount } from './exact.ts';
import { type CorrectionSums, shownUnit, wasThere } from './lines.ts';

/** Decimals of exact amounts in the table; the opened row and the file have all of them. */
const SHOWN_DECIMALS = 4;

/** "Peak" with its swatch, or the name of the component; the step where there are some. */
export function LineName({ row }: { row: Correction }) {
  const { t, i18n } = useTranslation();
  const rank = String(row.period ?? '');
  const key = `component.${row.component}`;
  const component = i18n.exists(key) ? t(key) : row.component;
  return (
    <span className="state">
      {isRank(rank) && <i className="swatch" style={{ background: rankVar(rank) }} />}
      {isRank(rank) ? t(`period.${rank}`) : component}
      {row.step > 1 && <span className="unit">{t('account.step', { step: row.step })}</span>}
      {isRank(rank) && row.component !== 'energy' && <span className="unit">{component}</span>}
    </span>
  );
}

/** Quantity with its unit; a line that was not there is missing. */
export function QuantityText({ row, side }: { row: Correction; side: 'old' | 'new' }) {
  const { t } = useTranslation();
  if (!wasThere(row, side)) return <span title={t('books.correction.noLine')}>–</span>;
  const { name, by, decimals } = shownUnit[row.unit];
  const value = side === 'old' ? row.oldQuantity : row.newQuantity;
  return (
    <>
      {number(value / by, decimals)}{' '}
      <span className="unit">{name || t('books.correction.dayUnit')}</span>
    </>
  );
}

/** The causes in the reader's language where they are known, else as they were written. */
export function useCause(): (row: Correction) => string {
  const { t, i18n } = useTranslation();
  // "clock corrected: an hour slow": what was done, then the words of who did it.
  const word = (why: string) => {
    const [, act = why, reason] = /^([a-z ]+): (.*)$/s.exec(why) ?? [];
    const key = `books.cause.${act.replaceAll(' ', '-')}`;
    if (!i18n.exists(key)) return why;
    return reason ? t('books.correction.because', { act: t(key), reason }) : t(key);
  };
  return ({ cause }) => cause.map(word).join(t('books.correction.and')) || '–';
}

export function useCorrectionColumns(
  rows: readonly Correction[],
  sums: CorrectionSums,
): Column<Correction>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(60_000);
  const thisYear = localDay(zone, now).slice(0, 4);
  const cause = useCause();
  const word = (key: string) => t(`books.correction.${key}`);
  const quantity = (side: 'old' | 'new', title: string): Column<Correction> => ({
    key: `${side}Quantity`,
    title,
    align: 'right',
    width: 'minmax(92px, 1fr)',
    value: (row) => (side === 'old' ? row.oldQuantity : row.newQuantity),
    cell: (row) => (
      <span className={row.oldQuantity === row.newQuantity ? 'quiet' : ''}>
        <QuantityText row={row} side={side} />
      </span>
    ),
  });
  const price = (side: 'old' | 'new', title: string): Column<Correction> => ({
    key: `${side}Price`,
    title,
    align: 'right',
    width: '58px',
    phone: 'none',
    value: (row) => (side === 'old' ? row.oldPrice : row.newPrice),
    order: (row) => numeric(side === 'old' ? row.oldPrice : row.newPrice),
    cell: (row) => (
      <span className={row.oldPrice === row.newPrice ? 'quiet' : 'strong'}>
        {amount(trimmed(side === 'old' ? row.oldPrice : row.newPrice), 4)}
      </span>
    ),
  });
  const money = (side: 'old' | 'new', title: string, total: string | null): Column<Correction> => ({
    key: `${side}Amount`,
    title,
    align: 'right',
    width: 'minmax(76px, 1fr)',
    value: (row) => (side === 'old' ? row.oldAmount : row.newAmount),
    order: (row) => Number(side === 'old' ? row.oldAmount : row.newAmount),
    cell: (row) =>
      wasThere(row, side)
        ? shownAmount(side === 'old' ? row.oldAmount : row.newAmount, SHOWN_DECIMALS)
        : '–',
    total: { cell: shownAmount(total, SHOWN_DECIMALS), value: total },
  });
  return [
    {
      key: 'day',
      title: word('serviceDay'),
      width: '64px',
      phone: 'plain',
      value: ({ serviceDay }) => serviceDay,
      cell: ({ serviceDay }) => (
        <span className="nowrap">
          {day(language, serviceDay, serviceDay.slice(0, 4) !== thisYear)}
        </span>
      ),
      ...(rows.length > 0 && { total: { cell: t('total'), value: t('total') } }),
    },
    {
      key: 'account',
      title: t('meters.account'),
      width: '58px',
      phone: 'title',
      value: ({ accountNumber }) => accountNumber,
      cell: ({ accountId, accountNumber }) => (
        <Link
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId, accountId }}
          className="strong"
          style={{ color: 'inherit' }}
          preload={false}
        >
          {accountNumber}
        </Link>
      ),
    },
    {
      key: 'point',
      title: t('report.point'),
      width: '48px',
      phone: 'title',
      value: ({ pointCode }) => pointCode,
      cell: ({ pointCode }) => pointCode ?? <span className="quiet">–</span>,
    },
    {
      key: 'line',
      title: word('what'),
      width: 'minmax(84px, 1fr)',
      phone: 'plain',
      value: ({ component, period, step }) =>
        `${period === null ? component : t(`period.${period}`)}${step > 1 ? ` ${step}` : ''}`,
      cell: (row) => <LineName row={row} />,
    },
    quantity('old', word('quantityBefore')),
    quantity('new', word('quantityNow')),
    price('old', word('priceBefore')),
    price('new', word('priceNow')),
    money('old', word('amountBefore'), sums.before),
    money('new', word('amountNow'), sums.now),
    {
      key: 'difference',
      title: word('difference'),
      align: 'right',
      width: 'minmax(80px, 1fr)',
      phone: 'figure',
      value: (row) => row.difference,
      order: (row) => Number(row.difference),
      cell: (row) => <b className="strong">{signedAmount(row.difference, SHOWN_DECIMALS)}</b>,
      total: { cell: signedAmount(sums.difference, SHOWN_DECIMALS), value: sums.difference },
    },
    {
      key: 'cause',
      title: word('cause'),
      width: 'minmax(150px, 2.4fr)',
      value: cause,
      cell: (row) => (
        <div className="clip" title={cause(row)}>
          {cause(row)}
        </div>
      ),
    },
    {
      key: 'by',
      title: word('by'),
      width: 'minmax(60px, 0.7fr)',
      value: ({ by }) => by,
      cell: ({ by }) => <div className="clip">{by ?? <span className="quiet">–</span>}</div>,
    },
    {
      key: 'booked',
      title: word('booked'),
      width: '88px',
      optional: true,
      value: ({ accountingDate }) => accountingDate,
      cell: ({ accountingDate }) => day(language, accountingDate),
    },
    {
      key: 'at',
      title: word('at'),
      width: '120px',
      optional: true,
      phone: 'none',
      value: ({ at }) => at,
      cell: ({ at }) => <span className="nowrap">{moment(language, zone, at, now)}</span>,
    },
    {
      key: 'run',
      title: word('run'),
      width: '70px',
      optional: true,
      phone: 'none',
      value: ({ runId }) => runId,
      cell: ({ runId }) => <span className="mono">{runId}</span>,
    },
  ];
}

/** Orders only; sums never pass through it. */
const numeric = (text: string | null): number | null => (text === null ? null : Number(text));

/** '0.66480000' → '0.6648': zeros after the fourth decimal say nothing. */
export const trimmed = (price: string | null): string | null =>
  price?.replace(/(\.\d{4}\d*?)0+$/, '$1') ?? null;
