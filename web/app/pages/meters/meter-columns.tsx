/** The columns of the table of meters. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { LivePoint, Meter } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import type { Language } from '../../dates.ts';
import { currencyName, kw } from '../../format.ts';
import { nameOf } from '../../language.ts';
import { Age, Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { State, states } from '../../parts/state.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useMay, useProject } from '../../project.tsx';
import type { ListSearch } from '../../search.ts';

/** A metered place with the device that stands there. */
export interface Row extends LivePoint {
  meter: Meter | undefined;
  buildingCode: string;
}

const accountOf = (language: Language, { accountName, accountNameZh }: LivePoint) =>
  accountName === null ? null : nameOf(language, { name: accountName, nameZh: accountNameZh });

export function useMeterColumns(
  language: Language,
  rows: readonly Row[],
  kind: ListSearch['kind'],
): Column<Row>[] {
  const { t } = useTranslation();
  const { id: projectId, currency } = useProject();
  const may = useMay();
  const knownW = rows.flatMap(({ powerW }) => powerW ?? []);
  // A main counts what its parts count: only units, or only one kind, are added up.
  const foots = kind !== 'all' && kind !== 'water' && knownW.length > 0;
  const totalW = knownW.reduce((so, powerW) => so + powerW, 0);
  const columns: (Column<Row> | false)[] = [
    {
      key: 'code',
      title: t('meters.code'),
      width: 'minmax(90px, 120px)',
      phone: 'title',
      value: (row) => row.code,
      cell: (row) =>
        row.meterId ? (
          <Link
            to="/projects/$projectId/meters/$meterId"
            params={{ projectId, meterId: row.meterId }}
            className="strong"
            style={{ color: 'inherit' }}
            preload={false}
          >
            {row.code}
          </Link>
        ) : (
          <span className="strong">{row.code}</span>
        ),
      ...(foots && { total: { cell: t('total'), value: t('total') } }),
    },
    {
      key: 'state',
      title: t('meters.state'),
      phone: 'plain',
      width: '124px',
      value: (row) =>
        [t(`state.${row.state}`), row.lockedOut && t('lockedOut')].filter(Boolean).join(' · '),
      order: (row) => states.indexOf(row.state),
      cell: (row) => (
        <span className="state">
          <State state={row.state} />
          {row.lockedOut && <Icon name="lock" size={12} label={t('lockedOut')} />}
        </span>
      ),
    },
    may('account.read') && {
      key: 'account',
      title: t('meters.account'),
      phone: 'plain',
      width: 'minmax(140px, 1fr)',
      value: (row) => accountOf(language, row),
      cell: (row) => (
        <div className="clip" title={accountOf(language, row) ?? undefined}>
          {accountOf(language, row) ?? '–'}
        </div>
      ),
    },
    {
      key: 'power',
      title: t('meters.power'),
      unit: 'kW',
      align: 'right',
      width: '92px',
      phone: 'figure',
      value: (row) => (row.powerW === null ? null : row.powerW / 1000),
      cell: (row) =>
        row.powerW === null ? (
          <span title={t(row.commodity === 'water' ? 'missing.water' : 'missing.power')}>–</span>
        ) : (
          kw(row.powerW)
        ),
      ...(foots && { total: { cell: kw(totalW), value: totalW / 1000 } }),
    },
    {
      key: 'load',
      title: t('meters.load'),
      unit: '%',
      width: '104px',
      phone: 'none',
      value: (row) => loadOf(row),
      cell: (row) => <LoadBar load={loadOf(row)} />,
    },
    may('account.read') && {
      key: 'balance',
      title: t('meters.balance'),
      unit: currencyName(currency, language),
      align: 'right',
      width: '104px',
      value: (row) => row.liveBalance?.amount ?? null,
      order: (row) => (row.liveBalance ? Number(row.liveBalance.amount) : null),
      cell: (row) => <Amount money={row.liveBalance} unit={false} />,
    },
    {
      key: 'age',
      title: t('meters.last'),
      align: 'right',
      width: '120px',
      value: (row) => row.lastSampleAt,
      order: (row) => (row.lastSampleAt ? -Date.parse(row.lastSampleAt) : null),
      cell: (row) => <LastRead at={row.lastSampleAt} />,
    },
    {
      key: 'serial',
      title: t('meters.serial'),
      width: '130px',
      phone: 'none',
      value: (row) => row.meter?.serial ?? null,
      cell: (row) => <span className="mono">{row.meter?.serial ?? '–'}</span>,
    },
    {
      key: 'model',
      title: t('meters.model'),
      width: '130px',
      optional: true,
      phone: 'none',
      value: (row) => row.meter?.model ?? null,
      cell: (row) => row.meter?.model ?? '–',
    },
    {
      key: 'threshold',
      title: t('meters.threshold'),
      unit: 'kW',
      align: 'right',
      width: '110px',
      optional: true,
      phone: 'none',
      value: (row) => (row.overloadW === null ? null : row.overloadW / 1000),
      cell: (row) => kw(row.overloadW),
    },
  ];
  return columns.filter((column) => column !== false);
}

const loadOf = ({ powerW, overloadW }: LivePoint): number | null =>
  powerW === null || !overloadW ? null : Math.round((powerW / overloadW) * 1000) / 10;

function LoadBar({ load }: { load: number | null }) {
  if (load === null) return <span className="quiet">–</span>;
  return (
    <span className="load-bar" title={`${load} %`}>
      <span
        className={load > 90 ? 'over' : undefined}
        style={{ width: `${Math.min(100, Math.max(1, load))}%` }}
      />
    </span>
  );
}

/** Ages on their own clock, so that a table does not redraw every second. */
function LastRead({ at }: { at: string | null }) {
  const now = useNow(5000);
  return <Age seconds={at ? (now.getTime() - Date.parse(at)) / 1000 : null} />;
}
