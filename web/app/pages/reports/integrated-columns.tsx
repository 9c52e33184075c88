/** The columns of the integrated report: money from opening to closing, then energy from register to register. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { number, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import type { IntegratedRow, IntegratedTotals } from '../../reports.ts';
import { MissingHours, moneyColumn, NestMark, quantityColumn } from './figures.tsx';
import { outgoing } from './finance-sums.ts';

const REGISTER_DECIMALS = 2;

export function useIntegratedColumns({
  totals,
  opened,
  water,
}: {
  totals: IntegratedTotals | undefined;
  opened: string | undefined;
  water: boolean;
}): Column<IntegratedRow>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const phone = useIsPhone();
  const word = (key: string) => t(`report.integrated.${key}`);
  const decimals = water ? 3 : REGISTER_DECIMALS;
  type MoneyKey = 'openingBalance' | 'topUps' | 'corrections' | 'other' | 'closingBalance';
  const amounts = (
    key: MoneyKey,
    title: string,
    more: Parameters<typeof moneyColumn<IntegratedRow>>[3] = {},
  ) =>
    moneyColumn<IntegratedRow>(key, title, (row) => row[key], {
      ...(totals && { total: totals[key] }),
      ...more,
    });
  const energies = (
    key: 'openingRegister' | 'closingRegister',
    title: string,
    more: Parameters<typeof quantityColumn<IntegratedRow>>[3] = {},
  ) =>
    quantityColumn<IntegratedRow>(key, title, (row) => row[key], {
      decimals,
      optional: true,
      phone: 'none',
      ...more,
    });
  return [
    {
      key: 'account',
      title: t('meters.account'),
      width: 'minmax(216px, 2.6fr)',
      phone: 'title',
      value: (row) => nameOf(language, { name: row.label, nameZh: row.labelZh }),
      order: ({ number: code }) => code,
      cell: (row) => {
        const name = nameOf(language, { name: row.label, nameZh: row.labelZh });
        return (
          <div className="nest clip" title={`${row.number} ${name}`}>
            {row.pointId ? (
              <span className="nest-space" />
            ) : (
              <NestMark open={row.accountId === opened} />
            )}
            <b className={row.pointId ? 'strong' : 'strong nest-name'}>
              {row.pointId ? row.pointCode : name}
            </b>
            {!row.pointId && !phone && <span className="quiet">{row.number}</span>}
          </div>
        );
      },
      total: { cell: t('total'), value: t('total') },
    },
    amounts('openingBalance', word('openingHead')),
    amounts('topUps', word('topUps')),
    moneyColumn<IntegratedRow>(
      'charges',
      t('report.finance.charges'),
      ({ charges }) => charges && outgoing(charges),
      { ...(totals?.charges && { total: outgoing(totals.charges) }) },
    ),
    amounts('corrections', word('correctionsHead'), { width: 'minmax(64px, 1fr)' }),
    amounts('other', word('other'), { optional: true, phone: 'none' }),
    amounts('closingBalance', word('closingHead'), { strong: true, phone: 'figure' }),
    energies('openingRegister', word('openingRegister')),
    energies('closingRegister', word('closingRegister')),
    quantityColumn<IntegratedRow>(
      'registerDifference',
      word('registers'),
      (row) => row.registerDifference,
      { decimals, phone: 'none', ...(totals && { total: totals.registerDifference }) },
    ),
    quantityColumn<IntegratedRow>('replaced', word('replaced'), (row) => row.replaced, {
      decimals,
      phone: 'none',
      width: 'minmax(64px, 1fr)',
      cell: (row) => (
        <span className={row.replaced ? '' : 'quiet'}>{thousands(row.replaced, decimals)}</span>
      ),
      ...(totals && { total: totals.replaced }),
    }),
    quantityColumn<IntegratedRow>('quantity', word('energyHead'), (row) => row.quantity, {
      decimals,
      ...(totals && { total: totals.quantity }),
      cell: (row) => (
        <span className={row.estimated ? 'strong estimated' : 'strong'}>
          {thousands(row.quantity, decimals)}
        </span>
      ),
    }),
    quantityColumn<IntegratedRow>('charged', word('chargedHead'), (row) => row.chargedQuantity, {
      decimals,
      phone: 'none',
      ...(totals && { total: totals.chargedQuantity }),
    }),
    {
      key: 'missing',
      title: t('home.missing'),
      unit: 'h',
      align: 'right',
      width: '58px',
      phone: 'none',
      value: ({ missing }) => missing / 4,
      cell: ({ missing }) => <MissingHours quarters={missing} />,
      ...(totals && {
        total: { cell: number(totals.missing / 4, 1), value: totals.missing / 4 },
      }),
    },
    {
      key: 'foots',
      title: word('footsHead'),
      width: 'minmax(104px, 1.2fr)',
      phone: 'plain',
      value: (row) => (row.foots ? 1 : 0),
      cell: (row) =>
        row.foots ? (
          <Footed row={row} why={word('footsWhy')} />
        ) : (
          <Off row={row} projectId={projectId} />
        ),
    },
  ];
}

/** A tick; in words where days are yet to be settled, so that charges are still behind the energy. */
function Footed({ row, why }: { row: IntegratedRow; why: string }) {
  const { t } = useTranslation();
  const phone = useIsPhone();
  if (!row.reason) {
    return phone ? null : (
      <span className="foots-mark" title={why}>
        <Icon name="check" size={13} label={why} />
      </span>
    );
  }
  const reason = t(`report.reason.${row.reason}`, { defaultValue: row.reason });
  return (
    <span className="quiet clip block" title={reason}>
      {reason}
    </span>
  );
}

function Off({ row, projectId }: { row: IntegratedRow; projectId: string }) {
  const { t } = useTranslation();
  const reason = t(`report.reason.${row.reason}`, { defaultValue: row.reason ?? '' });
  const text = (
    <span className="neg clip block" title={reason}>
      {reason}
    </span>
  );
  return row.accountId && !row.pointId ? (
    <Link
      to="/projects/$projectId/accounts/$accountId"
      params={{ projectId, accountId: row.accountId }}
      preload={false}
    >
      {text}
    </Link>
  ) : (
    text
  );
}
