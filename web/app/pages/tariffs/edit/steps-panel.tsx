/** Steps by quantity: over which time and whose use, the limits, the first period, and the order in words. */
import { useTranslation } from 'react-i18next';
import type { Commodity } from '../../../api.ts';
import { amount } from '../../../format.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { Icon } from '../../../parts/icons.tsx';
import { Empty } from '../../../parts/notice.tsx';
import { ranks } from '../../../parts/palette.ts';
import { Segmented } from '../../../parts/segmented.tsx';
import type { Steps, TariffDefinition, Usage } from '../../../tariff-shapes.ts';
import { fromBase, toBase } from '../decimal.ts';
import { combined, stepRange } from '../steps.ts';
import { useUnits } from '../units.ts';
import { LIMITS_MAX, withSteps } from './definition.ts';
import type { Define } from './draft.ts';
import { FaultLines, TextField } from './field.tsx';

const first: Steps = {
  period: 'month',
  scope: 'account',
  limits: [200_000, 400_000],
  proRata: 'none',
  order: 'tou-then-steps',
};

export function StepsPanel({
  definition,
  commodity,
  define,
}: {
  definition: TariffDefinition;
  commodity: Commodity;
  define: Define;
}) {
  const { t } = useTranslation();
  const units = useUnits(commodity);
  const { steps } = definition;
  const set = (to: Steps | undefined, group?: string) => define((now) => withSteps(now, to), group);
  if (!steps) {
    return (
      <section className="panel" id="part-steps" aria-label={t('tariff.steps.title')}>
        <Empty
          title={t('tariff.steps.none')}
          text={t('tariff.steps.noneText')}
          act={
            <button type="button" className="button small" onClick={() => set(first)}>
              <Icon name="plus" size={14} />
              {t('tariff.steps.make')}
            </button>
          }
        />
      </section>
    );
  }
  const { limits } = steps;
  const setLimits = (to: number[], group?: string) => set({ ...steps, limits: to }, group);
  return (
    <section className="panel" id="part-steps" aria-label={t('tariff.steps.title')}>
      <div className="panel-head">
        <h2>{t('tariff.steps.title')}</h2>
        <span className="rest">
          <button type="button" className="button small" onClick={() => set(undefined)}>
            {t('tariff.steps.remove')}
          </button>
        </span>
      </div>
      <div className="panel-body">
        <div className="form-grid">
          <Choice
            label={t('tariff.steps.period')}
            value={steps.period}
            onChange={(period) => {
              const { yearStart: _, ...rest } = steps;
              set(
                period === 'year' ? { ...rest, period, yearStart: '01-01' } : { ...rest, period },
              );
            }}
            choices={{ month: t('tariff.month'), year: t('tariff.year.one') }}
          />
          {steps.period === 'year' && (
            <TextField
              label={t('tariff.steps.yearStart')}
              value={steps.yearStart ?? '01-01'}
              placeholder="MM-01"
              at="/steps/yearStart"
              onChange={(yearStart) => set({ ...steps, yearStart: yearStart.trim() }, 'year-start')}
            />
          )}
          <Choice
            label={t('tariff.steps.scope')}
            value={steps.scope}
            onChange={(scope) => set({ ...steps, scope })}
            choices={{ point: t('tariff.perPoint'), account: t('tariff.perAccount') }}
          />
          <Choice
            label={t('tariff.steps.proRata')}
            value={steps.proRata}
            onChange={(proRata) => set({ ...steps, proRata })}
            choices={{
              none: t('tariff.whole'),
              months: t('tariff.byMonths'),
              days: t('tariff.byDays'),
            }}
          />
        </div>
        <div className="price-row">
          <span className="field-label">
            {t('tariff.steps.limits')} <span className="unit">{units.quantity}</span>
          </span>
          <div className="price-cells">
            {limits.map((limit, index) => (
              <TextField
                // biome-ignore lint/suspicious/noArrayIndexKey: a step is known by its place.
                key={index}
                label={t('tariff.steps.upTo', { n: index + 1 })}
                figure
                value={Number.isFinite(limit) ? fromBase(limit ?? 0) : ''}
                at={`/steps/limits/${index}`}
                onChange={(text) =>
                  setLimits(
                    limits.map((each, i) => (i === index ? (toBase(text) ?? Number.NaN) : each)),
                    `limit-${index}`,
                  )
                }
              />
            ))}
            <span className="band-acts">
              <button
                type="button"
                className="button small"
                disabled={limits.length >= LIMITS_MAX}
                onClick={() => setLimits([...limits, (limits.at(-1) || 0) * 2 || 100_000])}
              >
                <Icon name="plus" size={14} />
                {t('tariff.steps.more')}
              </button>
              <button
                type="button"
                className="button small"
                disabled={limits.length < 2}
                onClick={() => setLimits(limits.slice(0, -1))}
              >
                {t('tariff.steps.fewer')}
              </button>
            </span>
          </div>
          <FaultLines at="/steps/limits" exact />
        </div>
        <Choice
          label={t('tariff.steps.order')}
          value={steps.order}
          onChange={(order) => set({ ...steps, order })}
          choices={{
            'tou-then-steps': t('tariff.steps.touFirst'),
            'steps-then-tou': t('tariff.steps.stepsFirst'),
          }}
        />
        <FaultLines at="/steps" exact />
        <Explained definition={definition} steps={steps} commodity={commodity} />
      </div>
    </section>
  );
}

/** The order in words, and one price of this very draft worked out. */
function Explained({
  definition,
  steps,
  commodity,
}: {
  definition: TariffDefinition;
  steps: Steps;
  commodity: Commodity;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const units = useUnits(commodity);
  const usage = definition.components.find(
    (each): each is Usage => each.kind === 'usage' && !!(each.stepAdders ?? each.periodFactors),
  );
  const step = Math.min(1, steps.limits.length);
  const rank = ranks.find((each) => usage && combined(usage, each, step));
  const found = usage && rank && combined(usage, rank, step);
  return (
    <div className="explained">
      <p>{t(`tariff.steps.says.${steps.order}`)}</p>
      {found && usage && (
        <p>
          {t('tariff.steps.example', {
            component: nameOf(language, usage),
            period: nameOf(language, definition.labels?.[rank] ?? { name: t(`period.${rank}`) }),
            n: step + 1,
            range: stepRange(t, steps.limits, step),
            quantity: units.quantity,
          })}{' '}
          <b className="strong nowrap">
            {found.a} {found.sign} {found.b} = {amount(found.price, 4)} {units.price}
          </b>
        </p>
      )}
      {!found && <p className="quiet">{t('tariff.steps.noExample')}</p>}
      <p>{t('tariff.steps.straddle')}</p>
    </div>
  );
}

function Choice<Value extends string>({
  label,
  value,
  onChange,
  choices,
}: {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  choices: Record<Value, string>;
}) {
  // The keys of a record that the compiler has checked.
  const values = Object.keys(choices) as Value[];
  return (
    <div className="tfield">
      <span className="field-label">{label}</span>
      <Segmented
        label={label}
        value={value}
        onChange={onChange}
        choices={values.map((each) => ({ value: each, label: choices[each] }))}
      />
    </div>
  );
}
