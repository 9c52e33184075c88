/** The columns of what differs, and a difference opened: both sides, and what the reason means. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Difference } from '../../books.ts';
import { day } from '../../dates.ts';
import { amount, currencyName, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import type { Column } from '../../parts/table-model.ts';
import { useMay, useProject } from '../../project.tsx';

/** Base units as they are shown; minor units of the currency by its exponent. */
export function sizeText(
  value: number | null,
  unit: Difference['unit'],
  exponent: number,
  withSign = false,
): string {
  const sign = withSign && value !== null && value > 0 ? '+' : '';
  return sign + (unit === 'minor' ? number(over(value, 10 ** exponent), exponent) : kilo(value));
}

const over = (value: number | null, by: number) => (value === null ? null : value / by);
const kilo = (value: number | null) => number(over(value, 1000), 3);

/** How many decimals the currency has. */
const exponentOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
    .maximumFractionDigits ?? 2;

function useUnits() {
  const language = useLanguage();
  const { currency } = useProject();
  const exponent = exponentOf(currency);
  const name = { Wh: 'kWh', L: 'm³', minor: currencyName(currency, language) };
  return {
    text: (value: number | null, row: Difference, withSign = false) =>
      sizeText(value, row.unit, exponent, withSign),
    name: (row: Difference) => name[row.unit],
  };
}

export function useDifferenceColumns(): Column<Difference>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const units = useUnits();
  const side = (key: 'left' | 'right' | 'difference', title: string): Column<Difference> => ({
    key,
    title,
    align: 'right',
    width: 'minmax(110px, 1fr)',
    value: (row) => (row[key] === null ? null : units.text(row[key], row).replaceAll(',', '')),
    order: (row) => row[key],
    cell: (row) => (
      <>
        {key === 'difference' ? (
          <b className="strong">{units.text(row[key], row, true)}</b>
        ) : (
          units.text(row[key], row)
        )}
        {row[key] !== null && <span className="unit"> {units.name(row)}</span>}
      </>
    ),
  });
  return [
    {
      key: 'day',
      title: t('energy.by.day'),
      width: '92px',
      phone: 'plain',
      value: (row) => row.day,
      cell: (row) => <span className="nowrap">{day(language, row.day)}</span>,
    },
    {
      key: 'kind',
      title: t('books.agree.kind'),
      width: 'minmax(130px, 1fr)',
      phone: 'plain',
      value: ({ kind }) => t(`books.agree.short.${kind}`),
      cell: ({ kind }) => t(`books.agree.short.${kind}`),
    },
    {
      key: 'subject',
      title: t('books.agree.subject'),
      width: 'minmax(70px, 0.6fr)',
      phone: 'title',
      value: ({ subject }) => subject,
      cell: (row) => <Subject row={row} />,
    },
    side('left', t('books.agree.left')),
    side('right', t('books.agree.right')),
    side('difference', t('books.correction.difference')),
    {
      key: 'money',
      title: t('books.agree.inMoney'),
      unit: currencyName(currency, language),
      align: 'right',
      width: '100px',
      phone: 'figure',
      value: ({ money }) => money?.amount ?? null,
      order: ({ money }) => (money ? Number(money.amount) : null),
      cell: ({ money }) => (
        <span title={money ? undefined : t('books.month.noMoney')}>{amount(money?.amount)}</span>
      ),
    },
    {
      key: 'owner',
      title: t('books.agree.owner'),
      width: '84px',
      value: ({ owner }) => t(`books.agree.owners.${owner}`),
      cell: ({ owner }) => t(`books.agree.owners.${owner}`),
    },
    {
      key: 'reason',
      title: t('books.month.reason'),
      width: 'minmax(130px, 1.4fr)',
      phone: 'plain',
      value: ({ reason }) => (reason ? t(`books.agree.reasons.${reason}.name`) : null),
      cell: ({ reason }) => (
        <div className={reason ? 'clip' : 'clip old strong'}>
          {t(reason ? `books.agree.reasons.${reason}.name` : 'books.agree.noReason')}
        </div>
      ),
    },
  ];
}

function Subject({ row }: { row: Difference }) {
  const { id: projectId } = useProject();
  if (row.kind !== 'charges-ledger') return <b className="strong">{row.subject}</b>;
  return (
    <Link
      to="/projects/$projectId/accounts/$accountId"
      params={{ projectId, accountId: row.subjectId }}
      className="strong"
      style={{ color: 'inherit' }}
      preload={false}
    >
      {row.subject}
    </Link>
  );
}

/** Where more of it is told: the charge explained, or the account that it was posted to. */
function Further({ row: { settlementId, kind, subjectId: accountId } }: { row: Difference }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const may = useMay()('account.read');
  if (!may) return null;
  if (settlementId) {
    return (
      <Link
        to="/projects/$projectId/explain/$settlementId"
        params={{ projectId, settlementId }}
        preload={false}
      >
        {t('books.agree.explain')}
      </Link>
    );
  }
  return kind === 'charges-ledger' ? (
    <Link
      to="/projects/$projectId/accounts/$accountId"
      params={{ projectId, accountId }}
      preload={false}
    >
      {t('books.agree.account')}
    </Link>
  ) : null;
}

/** Both sides under one another like a subtraction, and in words what to do. */
export function DifferenceDetail({ row }: { row: Difference }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const units = useUnits();
  const reason = row.reason ?? 'none';
  return (
    <div className="difference">
      <dl className="pairs">
        <div>
          <dt>{t(`books.agree.leftOf.${row.kind}`)}</dt>
          <dd>
            {units.text(row.left, row)} <span className="unit">{units.name(row)}</span>
          </dd>
        </div>
        <div>
          <dt>{t(`books.agree.rightOf.${row.kind}`)}</dt>
          <dd>
            {units.text(row.right, row)} <span className="unit">{units.name(row)}</span>
          </dd>
        </div>
        <div className={row.difference === null ? 'total open' : 'total'}>
          <dt>{t('books.correction.difference')}</dt>
          <dd>
            {units.text(row.difference, row, true)} <span className="unit">{units.name(row)}</span>
          </dd>
        </div>
      </dl>
      <div>
        <h3>
          {row.subject}
          {t('mark.comma')}
          {day(language, row.day)}
        </h3>
        <p>{t(`books.agree.reasons.${reason}.text`)}</p>
        {/* A usual loss wants nobody. */}
        {row.reason !== 'loss' && (
          <p className="second">{t(`books.agree.ownerText.${row.owner}`)}</p>
        )}
        {row.detail && <p className="mono second">{row.detail}</p>}
        <Further row={row} />
      </div>
    </div>
  );
}
