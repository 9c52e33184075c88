// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a box of its own.
/** Commands to many meters: choose on the grid, see what would happen, canary first, proof of each. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { StateIcon, states } from '../../parts/state.tsx';
import { useBuildings, useLive, useMeters } from '../../queries.ts';
import type { ControlSearch } from '../../search.ts';
import { BatchPanel } from './batch-panel.tsx';
import { Chooser } from './chooser.tsx';
import { groupsOf, type Metered } from './grid.tsx';
import '../../parts/tiles.css';
import './control.css';

export default function Control() {
  const { t } = useTranslation();
  const language = useLanguage();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/control' });
  const live = useLive();
  const buildings = useBuildings().data?.data;
  const all = useMetered();
  const set = (change: Partial<ControlSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const open = useCallback(
    (batch: string) => void navigate({ to: '.', search: (old) => ({ ...old, batch }) }),
    [navigate],
  );
  const { building, floor, model, state } = search;
  const placed = useMemo(
    () =>
      all?.filter(
        (point) =>
          (!building || point.buildingId === building) &&
          (!floor || point.floorId === floor) &&
          (!model || point.model === model),
      ),
    [all, building, floor, model],
  );
  const shown = useMemo(
    () => placed?.filter((point) => !state || point.state === state),
    [placed, state],
  );
  const groups = useMemo(() => groupsOf(shown ?? [], buildings ?? []), [shown, buildings]);
  const models = [...new Set(all?.map((point) => point.model))].sort();
  const floors = buildings?.find(({ id }) => id === building)?.floors ?? [];
  const everything = { value: '', label: t('filter.all') };
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.control')}</h1>
          <div className="head-line">{t('control.line')}</div>
        </div>
      </div>
      <Controls>
        <div className="filters">
          <Filter
            label={t('building')}
            value={building ?? ''}
            options={[
              everything,
              ...(buildings ?? []).map((each) => ({
                value: each.id,
                label: nameOf(language, each),
              })),
            ]}
            onChange={(value) => set({ building: value || undefined, floor: undefined })}
          />
          {floors.length > 0 && (
            <Filter
              label={t('control.floor')}
              value={floor ?? ''}
              options={[
                everything,
                ...floors.map(({ id, level }) => ({ value: id, label: t('floor', { level }) })),
              ]}
              onChange={(value) => set({ floor: value || undefined })}
            />
          )}
          <Filter
            label={t('meters.model')}
            value={model ?? ''}
            options={[everything, ...models.map((value) => ({ value, label: value }))]}
            onChange={(value) => set({ model: value || undefined })}
          />
        </div>
      </Controls>
      <div className="state-filters" role="group" aria-label={t('meters.state')}>
        {states.map((each) => (
          <button
            type="button"
            key={each}
            className="state-filter"
            aria-pressed={state === each}
            onClick={() => set({ state: state === each ? undefined : each })}
          >
            <StateIcon state={each} size={13} />
            {t(`state.${each}`)}
            <b>{placed?.filter((point) => point.state === each).length ?? '–'}</b>
          </button>
        ))}
      </div>
      {live.isError && !live.data && (
        <ProblemNotice error={live.error} retry={() => void live.refetch()} />
      )}
      {(!live.isError || live.data) && <Chooser shown={shown} groups={groups} />}
      <BatchPanel onOpen={open} />
    </>
  );
}

/** Every point that has a meter, with the meter's model. */
function useMetered(): Metered[] | undefined {
  const live = useLive().data?.data;
  const meters = useMeters().data?.data;
  return useMemo(() => {
    if (!live || !meters) return undefined;
    const models = new Map(meters.map(({ id, model }) => [id, model]));
    return live.flatMap((point) =>
      point.meterId
        ? [{ ...point, meterId: point.meterId, model: models.get(point.meterId) ?? '' }]
        : [],
    );
  }, [live, meters]);
}
