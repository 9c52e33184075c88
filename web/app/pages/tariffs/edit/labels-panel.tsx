/** What this tariff calls its five periods, where it has words of its own. */
import { useTranslation } from 'react-i18next';
import { ranks, rankVar } from '../../../parts/palette.ts';
import type { Rank, TariffDefinition } from '../../../tariff-shapes.ts';
import type { Define } from './draft.ts';
import { FaultLines, TextField } from './field.tsx';

export function LabelsPanel({
  definition,
  define,
}: {
  definition: TariffDefinition;
  define: Define;
}) {
  const { t } = useTranslation();
  const labels = definition.labels ?? {};
  const set = (rank: Rank, change: { name?: string; nameZh?: string }) =>
    define((now) => {
      const { labels: old = {}, ...rest } = now;
      const next = { ...(old[rank] ?? { name: '' }), ...change };
      const { [rank]: _, ...others } = old;
      const all = next.name || next.nameZh ? { ...others, [rank]: next } : others;
      return Object.keys(all).length ? { ...rest, labels: all } : rest;
    }, `label-${rank}`);
  return (
    <section className="panel" id="part-labels" aria-label={t('tariff.labels.title')}>
      <div className="panel-head">
        <h2>{t('tariff.labels.title')}</h2>
        <span className="rest second">{t('tariff.labels.hint')}</span>
      </div>
      <div className="panel-body label-grid">
        {ranks.map((rank) => (
          <div className="label-row" key={rank}>
            <i className="swatch" style={{ background: rankVar(rank) }} />
            <TextField
              label={`${rank} · ${t(`period.${rank}`)}`}
              value={labels[rank]?.name ?? ''}
              placeholder={t(`period.${rank}`)}
              maxLength={80}
              at={`/labels/${rank}/name`}
              onChange={(name) => set(rank, { name })}
            />
            <TextField
              label={t('tariff.nameZh')}
              value={labels[rank]?.nameZh ?? ''}
              maxLength={80}
              at={`/labels/${rank}/nameZh`}
              onChange={(nameZh) => set(rank, { nameZh })}
            />
          </div>
        ))}
        <FaultLines at="/labels" exact />
      </div>
    </section>
  );
}
