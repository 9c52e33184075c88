/** Small parts that several reports show: bars in cells, marks of opening, columns of money and energy. */
import { useTranslation } from 'react-i18next';
import type { Money } from '../../api.ts';
import { amount, isNegative, number, thousands } from '../../format.ts';
import { Icon } from '../../parts/icons.tsx';
import type { Column } from '../../parts/table-model.ts';

/** Whether a row is opened; it opens what stands below it. */
export function NestMark({ open }: { open: boolean }) {
  return <Icon name={open ? 'down' : 'right'} size={13} className="nest-mark" />;
}

/** Part of a whole as a bar; 0 to 1. */
export function PartBar({ share }: { share: number | null }) {
  return (
    <span className="part-bar">
      <span style={{ width: `${Math.min(1, Math.max(0, share ?? 0)) * 100}%` }} />
    </span>
  );
}

/** 0.0184 → 1.8; null stays missing. */
export const percent = (share: number | null | undefined, decimals = 1): string =>
  number(share === null || share === undefined ? null : share * 100, decimals);

/** A column of money, owed in red, nothing quiet. `of` of the totals stands in the total row. */
export function moneyColumn<Row>(
  key: string,
  title: string,
  of: (row: Row) => Money | null,
  {
    total,
    strong,
    ...more
  }: Partial<Omit<Column<Row>, 'total'>> & {
    total?: Money | null | undefined;
    strong?: boolean;
  } = {},
): Column<Row> {
  return {
    key,
    title,
    align: 'right',
    width: 'minmax(72px, 1fr)',
    value: (row) => of(row)?.amount ?? null,
    order: (row) => worth(of(row)),
    cell: (row) => <MoneyText money={of(row)} strong={strong} />,
    ...(total !== undefined && {
      total: { cell: amount(total?.amount), value: total?.amount ?? null },
    }),
    ...more,
  };
}

/** Orders amounts; sums never pass through it. */
const worth = (money: Money | null): number | null => (money ? Number(money.amount) : null);

export function MoneyText({
  money,
  strong,
}: {
  money: Money | null | undefined;
  strong?: boolean | undefined;
}) {
  const isZero = !!money && !/[1-9]/.test(money.amount);
  const look = isNegative(money?.amount) ? 'minus' : isZero ? 'quiet' : '';
  return <span className={`${look}${strong ? ' strong' : ''}`}>{amount(money?.amount)}</span>;
}

/** A column of base units shown as thousands. */
export function quantityColumn<Row>(
  key: string,
  title: string,
  of: (row: Row) => number | null,
  {
    total,
    decimals = 0,
    ...more
  }: Partial<Omit<Column<Row>, 'total'>> & {
    total?: number | null | undefined;
    decimals?: number;
  } = {},
): Column<Row> {
  return {
    key,
    title,
    align: 'right',
    width: 'minmax(72px, 1fr)',
    value: of,
    cell: (row) => thousands(of(row), decimals),
    ...(total !== undefined && {
      total: { cell: thousands(total, decimals), value: total },
    }),
    ...more,
  };
}

const QUARTER_H = 0.25;

/** Quarter-hours without energy as hours, in the colour of what is old. */
export function MissingHours({ quarters }: { quarters: number }) {
  return <span className={quarters ? 'old' : 'quiet'}>{number(quarters * QUARTER_H, 1)}</span>;
}

/** That sums were added up again and are what the answer says. */
export function FootsLine({ foots, children }: { foots: boolean; children: React.ReactNode }) {
  const { t } = useTranslation();
  return foots ? (
    <span>{children}</span>
  ) : (
    <span className="neg">
      {t('report.doesNotFoot')} {children}
    </span>
  );
}
