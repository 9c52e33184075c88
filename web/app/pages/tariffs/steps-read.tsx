/** The steps of a version, to read. */
import { useTranslation } from 'react-i18next';
import type { Commodity } from '../../api.ts';
import type { Steps } from '../../tariff-shapes.ts';
import { stepRange } from './steps.ts';
import { useUnits } from './units.ts';

export function StepsRead({ steps, commodity }: { steps: Steps; commodity: Commodity }) {
  const { t } = useTranslation();
  const units = useUnits(commodity);
  const count = steps.limits.length + 1;
  return (
    <section className="panel" aria-label={t('tariff.steps.title')}>
      <div className="panel-head">
        <h2>{t('tariff.steps.title')}</h2>
        <span className="rest second">
          {t(`tariff.steps.per.${steps.period}`)} ·{' '}
          {t(steps.scope === 'point' ? 'tariff.perPoint' : 'tariff.perAccount')}
        </span>
      </div>
      <div className="panel-body">
        <dl className="pairs">
          {Array.from({ length: count }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a step is known by its place.
            <div key={index}>
              <dt>{t('tariff.step', { n: index + 1 })}</dt>
              <dd>
                {stepRange(t, steps.limits, index)} <span className="unit">{units.quantity}</span>
              </dd>
            </div>
          ))}
        </dl>
        <p className="second">{t(`tariff.steps.says.${steps.order}`)}</p>
      </div>
    </section>
  );
}
