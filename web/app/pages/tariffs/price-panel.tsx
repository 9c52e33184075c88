/** What each component costs: by period, by step, by day or month; per kWh or m³ where nothing else is said. */
import { useTranslation } from 'react-i18next';
import type { Commodity } from '../../api.ts';
import { amount } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { ranks, rankVar } from '../../parts/palette.ts';
import type { Component, Rank, TariffDefinition } from '../../tariff-shapes.ts';
import { cleanDecimal, shift } from './decimal.ts';
import { usePriceLine } from './price-line.ts';
import { stepRange } from './steps.ts';
import { useUnits } from './units.ts';

export function PricePanel({
  definition,
  commodity,
}: {
  definition: TariffDefinition;
  commodity: Commodity;
}) {
  const { t } = useTranslation();
  const units = useUnits(commodity);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('tariff.prices')}</h2>
        <span className="rest unit">{units.price}</span>
      </div>
      <div className="panel-body">
        {definition.components.map((component) => (
          <OneComponent
            key={component.code}
            component={component}
            definition={definition}
            commodity={commodity}
          />
        ))}
      </div>
    </section>
  );
}

function OneComponent({
  component,
  definition,
  commodity,
}: {
  component: Component;
  definition: TariffDefinition;
  commodity: Commodity;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const line = usePriceLine(commodity);
  const limits = definition.steps?.limits ?? [];
  const usage = component.kind === 'usage' ? component : null;
  const byRank = (values: Partial<Record<Rank, string>> | undefined, sign = '') =>
    ranks
      .filter((rank) => values?.[rank])
      .map((rank) => (
        <div key={sign + rank}>
          <dt className="state">
            <i className="swatch" style={{ background: rankVar(rank) }} />
            {nameOf(language, definition.labels?.[rank] ?? { name: t(`period.${rank}`) })}
          </dt>
          <dd>
            {sign} {amount(values?.[rank], 4)}
          </dd>
        </div>
      ));
  const byStep = (values: readonly string[] | undefined, sign = '') =>
    values?.map((value, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: a step is known by its place.
      <div key={`${sign}s${index}`}>
        <dt>{t('tariff.stepShort', { n: index + 1, range: stepRange(t, limits, index) })}</dt>
        <dd>
          {sign} {amount(value, 4)}
        </dd>
      </div>
    ));
  const rate = cleanDecimal(component.taxRate ?? '0') ?? '0';
  const tax = [
    `${component.taxIncluded === false ? t('tariff.taxOnTop') : t('tariff.taxIn')} ${shift(rate, 2)} %`,
    component.treatment === 'on-behalf' && t('tariff.onBehalf'),
  ]
    .filter(Boolean)
    .join(' · ');
  return (
    <dl className="pairs component">
      <div>
        <dt className="strong ink wrap">{nameOf(language, component)}</dt>
        <dd className={usage?.price ? undefined : 'second'}>
          {usage ? usage.price && amount(usage.price, 4) : line(component)}
        </dd>
      </div>
      <div className="component-tax">
        <dt className="second">{tax}</dt>
      </div>
      {byRank(usage?.prices)}
      {byStep(usage?.stepPrices)}
      {byStep(usage?.stepAdders, '+')}
      {byRank(usage?.periodFactors, '×')}
      {usage?.follows && (
        <div>
          <dt>{t('tariff.follows')}</dt>
          <dd className="mono">{usage.follows.index}</dd>
        </div>
      )}
      {usage?.onlyOnEventDays && (
        <div>
          <dt>{t('tariff.onlyOn')}</dt>
          <dd className="mono">{usage.onlyOnEventDays}</dd>
        </div>
      )}
    </dl>
  );
}
