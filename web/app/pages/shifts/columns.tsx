/** Columns of shifts and of movements of cash. */
import { useTranslation } from 'react-i18next';
import type { Money } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { amount, currencyName, isNegative, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import type { Totals } from '../../totals.ts';
import type { CashMovement, Shift, ShiftState } from '../../vending-shapes.ts';

const icons = { open: 'clock', counted: 'warning', recount: 'retry', closed: 'check' } as const;

/** Open, waiting for somebody, closed. */
export function ShiftMark({ state }: { state: ShiftState }) {
  const { t } = useTranslation();
  return (
    <span className={`state counter-${state}`}>
      <Icon name={icons[state]} size={14} />
      {t(`vend.shift.state.${state}`)}
    </span>
  );
}

function useMoneyColumn<Row>() {
  const language = useLanguage();
  const { currency } = useProject();
  return (
    key: string,
    title: string,
    of: (row: Row) => Money | null,
    more: Partial<Column<Row>> = {},
  ): Column<Row> => ({
    ...{ key, title, unit: currencyName(currency, language), align: 'right', width: '112px' },
    value: (row) => of(row)?.amount ?? null,
    order: (row) => {
      const money = of(row);
      return money ? Number(money.amount) : null;
    },
    cell: (row) => amount(of(row)?.amount),
    ...more,
  });
}

const inAll = (total: string | null) => ({ total: { cell: amount(total), value: total } });

export function useShiftColumns(totals: Totals): Column<Shift>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const money = useMoneyColumn<Shift>();
  const word = (key: string) => t(`vend.shift.${key}`);
  const when = (at: string | null) =>
    at && <span className="nowrap">{moment(language, zone, at, now)}</span>;
  return [
    {
      ...{ key: 'opened', title: word('openedAt'), width: '128px', phone: 'plain' },
      value: ({ openedAt }) => openedAt,
      cell: ({ openedAt }) => when(openedAt),
      total: { cell: t('total'), value: t('total') },
    },
    {
      ...{ key: 'cashier', title: word('cashier'), width: 'minmax(120px, 1fr)', phone: 'title' },
      value: ({ cashier }) => cashier,
      cell: ({ cashier }) => <div className="clip strong">{cashier}</div>,
    },
    {
      ...{ key: 'state', title: word('is'), width: 'minmax(130px, 1fr)', phone: 'plain' },
      value: ({ state }) => word(`state.${state}`),
      cell: ({ state }) => <ShiftMark state={state} />,
    },
    {
      ...{ key: 'closed', title: word('closedAt'), width: '128px', optional: true },
      value: ({ closedAt }) => closedAt,
      cell: ({ closedAt }) => when(closedAt),
    },
    {
      ...{ key: 'receipts', title: word('receipts'), width: '84px', align: 'right' },
      value: ({ receipts }) => receipts,
      cell: ({ receipts }) => number(receipts),
      total: { cell: number(totals.figure('receipts')), value: totals.figure('receipts') },
    },
    money('float', word('float'), (row) => row.float, { optional: true }),
    money('sold', word('sold'), (row) => row.sold, inAll(totals.money('sold'))),
    money('returned', word('returned'), (row) => row.returned, inAll(totals.money('returned'))),
    money('handedIn', word('handedIn'), (row) => row.handedIn, {
      optional: true,
      ...inAll(totals.money('handedIn')),
    }),
    // Not told while it is open: it would be what is counted.
    money('expected', word('expected'), (row) => (row.state === 'open' ? null : row.expected)),
    money('counted', word('counted'), (row) => row.counted),
    money('difference', word('difference'), (row) => row.difference, {
      phone: 'figure',
      ...inAll(totals.money('difference')),
      cell: ({ difference }) =>
        difference && (
          <span className={isNegative(difference.amount) ? 'neg strong' : ''}>
            {amount(difference.amount)}
          </span>
        ),
    }),
  ];
}

export function useMovementColumns(totals: Totals): Column<CashMovement>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const money = useMoneyColumn<CashMovement>();
  const word = (key: string) => t(`vend.move.${key}`);
  return [
    {
      ...{ key: 'at', title: t('account.when'), width: '130px', phone: 'plain' },
      value: ({ movedAt }) => movedAt,
      cell: ({ movedAt }) => <span className="nowrap">{moment(language, zone, movedAt, now)}</span>,
      total: { cell: t('total'), value: t('total') },
    },
    {
      ...{ key: 'kind', title: word('what'), width: 'minmax(160px, 2fr)', phone: 'title' },
      value: ({ kind }) => word(`kind.${kind}`),
      cell: ({ kind, hasArrived }) => (
        <div className="clip strong">
          {word(`kind.${kind}`)}
          {hasArrived === false && <span className="quiet"> · {word('onItsWay')}</span>}
        </div>
      ),
    },
    {
      ...{ key: 'cashier', title: word('drawer'), width: 'minmax(110px, 1fr)', phone: 'plain' },
      value: ({ cashier }) => cashier,
      cell: ({ cashier }) => cashier && <div className="clip">{cashier}</div>,
    },
    money('amount', t('sale.amount'), (row) => row.amount, {
      phone: 'figure',
      ...inAll(totals.money('amount')),
    }),
    {
      ...{ key: 'by', title: word('by'), width: 'minmax(110px, 1fr)', phone: 'plain' },
      value: ({ movedBy }) => movedBy,
      cell: ({ movedBy }) => <div className="clip">{movedBy}</div>,
    },
    {
      ...{ key: 'note', title: t('sale.note'), width: 'minmax(100px, 2fr)', phone: 'none' },
      value: ({ note }) => note,
      cell: ({ note }) => <div className="clip quiet">{note}</div>,
    },
  ];
}
