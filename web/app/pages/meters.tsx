// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a box of its own.
/** Every metered place with its state, power and the age of its last reading; filters live in the URL. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { LivePoint, Meter } from '../api.ts';
import { useNow } from '../clock.tsx';
import type { Language } from '../dates.ts';
import { kw } from '../format.ts';
import { nameOf, useLanguage } from '../language.ts';
import { Controls, Filter } from '../parts/controls.tsx';
import { Age, Amount } from '../parts/figure.tsx';
import { Empty, ProblemNotice } from '../parts/notice.tsx';
import { State, StateIcon, states } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table-model.ts';
import { useMay, useProject } from '../project.tsx';
import { useBuildings, useLive, useMeters } from '../queries.ts';
import type { ListSearch } from '../search.ts';

interface Row extends LivePoint {
  meter: Meter | undefined;
  buildingCode: string;
}

export default function Meters() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/meters' });
  const buildings = useBuildings().data?.data ?? [];
  const live = useLive();
  const rows = useRows();
  const kindRows = rows?.filter((row) => isKind(row, search.kind));
  const shown = kindRows?.filter((row) => fits(row, search));
  const columns = useColumns(language, shown ?? [], search.kind);
  const set = (change: Partial<ListSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const all = t('filter.all');
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.meters')}</h1>
          <div className="head-line">{t('meters.line')}</div>
        </div>
      </div>
      <Controls>
        <div className="filters">
          <input
            className="input filter-text"
            type="search"
            value={search.q ?? ''}
            placeholder={t('meters.search')}
            aria-label={t('meters.search')}
            onChange={(event) => set({ q: event.target.value || undefined })}
          />
          <Filter
            label={t('building')}
            value={search.building ?? ''}
            options={[
              { value: '', label: all },
              ...buildings.map((each) => ({ value: each.id, label: nameOf(language, each) })),
            ]}
            onChange={(building) => set({ building: building || undefined })}
          />
          <Filter
            label={t('meters.kind')}
            value={search.kind ?? ''}
            options={[
              { value: '', label: t('meters.units') },
              { value: 'mains', label: t('meters.mains') },
              { value: 'water', label: t('meters.water') },
              { value: 'all', label: all },
            ]}
            onChange={(kind) => set({ kind: kind || undefined })}
          />
        </div>
      </Controls>
      <div className="state-filters" role="group" aria-label={t('meters.state')}>
        {states.map((state) => (
          <button
            type="button"
            key={state}
            className="state-filter"
            aria-pressed={search.state === state}
            onClick={() => set({ state: search.state === state ? undefined : state })}
          >
            <StateIcon state={state} size={13} />
            {t(`state.${state}`)}
            <b>{kindRows?.filter((row) => row.state === state).length ?? '–'}</b>
          </button>
        ))}
      </div>
      {live.isError && !live.data ? (
        <ProblemNotice error={live.error} retry={() => void live.refetch()} />
      ) : (
        <Table
          name="meters"
          label={t('page.meters')}
          title={shown ? t('home.meters', { count: shown.length }) : t('page.meters')}
          columns={columns}
          rows={shown}
          rowKey={(row) => row.pointId}
          sort={search.sort}
          onSort={(sort) => set({ sort })}
          onOpen={({ meterId }) =>
            meterId &&
            void navigate({
              to: '/projects/$projectId/meters/$meterId',
              params: { projectId: project.id, meterId },
            })
          }
          waitingFor={t('wait.live')}
          empty={
            rows?.length ? (
              <Empty
                title={t('meters.none')}
                text={t('meters.noneText')}
                act={
                  <button
                    type="button"
                    className="button"
                    onClick={() => void navigate({ to: '.', search: {} })}
                  >
                    {t('act.clear')}
                  </button>
                }
              />
            ) : (
              <Empty title={t('home.noMeters')} text={t('home.noMetersText')} />
            )
          }
          foot={t('meters.foot', { zone: project.zone })}
        />
      )}
    </>
  );
}

function useRows(): Row[] | undefined {
  const live = useLive().data?.data;
  const meters = useMeters().data?.data;
  const buildings = useBuildings().data?.data;
  return useMemo(() => {
    if (!live) return undefined;
    const byId = new Map(meters?.map((meter) => [meter.id, meter]));
    const codes = new Map(buildings?.map(({ id, code }) => [id, code]));
    return live.map((point) => ({
      ...point,
      meter: point.meterId ? byId.get(point.meterId) : undefined,
      buildingCode: codes.get(point.buildingId ?? '') ?? '',
    }));
  }, [live, meters, buildings]);
}

function isKind(row: Row, kind: ListSearch['kind']): boolean {
  if (kind === 'all') return true;
  if (kind === 'water') return row.commodity === 'water';
  return row.commodity === 'electricity' && (row.role === 'unit') === (kind !== 'mains');
}

function fits(row: Row, { q, building, state }: ListSearch): boolean {
  if (building && row.buildingId !== building) return false;
  if (state && row.state !== state) return false;
  const wanted = q?.trim().toLowerCase();
  const words = [
    row.code,
    row.name,
    row.nameZh,
    row.accountName,
    row.accountNameZh,
    row.meter?.serial,
  ];
  return !wanted || words.some((word) => word?.toLowerCase().includes(wanted));
}

const accountOf = (language: Language, { accountName, accountNameZh }: LivePoint) =>
  accountName === null ? null : nameOf(language, { name: accountName, nameZh: accountNameZh });

function useColumns(
  language: Language,
  rows: readonly Row[],
  kind: ListSearch['kind'],
): Column<Row>[] {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
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
      value: (row) => t(`state.${row.state}`),
      order: (row) => states.indexOf(row.state),
      cell: (row) => <State state={row.state} />,
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
      unit: rows.find(({ liveBalance }) => liveBalance)?.liveBalance?.currency,
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
