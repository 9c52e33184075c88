/** What is chosen, and what is done with it: apart from the filters, which a click does not draw again. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Empty, Waiting } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import type { ControlSearch } from '../../search.ts';
import { Bar } from './bar.tsx';
import { BatchDrawer } from './batch-drawer.tsx';
import { BatchProgress } from './batch-progress.tsx';
import { Grid, type Group, type Metered } from './grid.tsx';
import { type Choosing, nothing } from './selection.ts';

export function Chooser({
  shown,
  groups,
}: {
  shown: readonly Metered[] | undefined;
  groups: readonly Group[];
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/control' });
  const [choosing, setChoosing] = useState<Choosing>(nothing);
  const choose = useCallback(
    (next: (old: Choosing) => Choosing) => setChoosing((old) => next(old)),
    [],
  );
  const set = (change: Partial<ControlSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  // What a filter took away is not chosen any more: nothing is commanded that is not seen.
  const chosen = useMemo(
    () => (shown ?? []).filter(({ meterId }) => choosing.chosen.has(meterId)),
    [shown, choosing.chosen],
  );
  useEffect(() => {
    const clear = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) setChoosing(nothing);
    };
    document.addEventListener('keydown', clear);
    return () => document.removeEventListener('keydown', clear);
  }, []);
  const seen = { ...choosing, chosen: new Set(chosen.map(({ meterId }) => meterId)) };
  return (
    <>
      <section className="panel control-panel" aria-label={t('control.grid')}>
        {!shown && (
          <div className="control-waiting" aria-busy>
            <Waiting what={t('wait.live')} />
          </div>
        )}
        {shown && !shown.length && (
          <Empty title={t('meters.none')} text={t('meters.noneText')} icon="grid" />
        )}
        {!!shown?.length && <Grid groups={groups} choosing={seen} choose={choose} />}
      </section>
      <p className="second control-hint">
        {t('control.hint', { currency: currencyName(currency, language) })}
      </p>
      <Bar
        count={chosen.length}
        onAct={(name) => set({ function: name })}
        onClear={() => setChoosing(nothing)}
      />
      {search.batch ? (
        <BatchProgress
          key={search.batch}
          batchId={search.batch}
          onClose={() => set({ batch: undefined })}
        />
      ) : (
        search.function &&
        chosen.length > 0 && (
          <BatchDrawer
            key={search.function}
            name={search.function}
            meters={chosen}
            onBegun={(id) => {
              setChoosing(nothing);
              set({ function: undefined, batch: id });
            }}
            onClose={() => set({ function: undefined })}
          />
        )
      )}
    </>
  );
}
