// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a box of its own.
/** Every metered place with its state, power and the age of its last reading; filters live in the URL. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { StateIcon, states } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { useBuildings, useLive, useMeters } from '../../queries.ts';
import type { ListSearch } from '../../search.ts';
import { type Row, useMeterColumns } from './meter-columns.tsx';

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
  const columns = useMeterColumns(language, shown ?? [], search.kind);
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
        <div className="head-acts">
          <SaveView />
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
          file={{
            path: '/live-points',
            query: {
              kind: search.kind ?? 'units',
              ...(search.q && { q: search.q }),
              ...(search.building && { buildingId: search.building }),
              ...(search.state && { state: search.state }),
            },
            rows: shown?.length ?? null,
          }}
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
