/** What each component and period costs, per kWh or m³. */
import { useTranslation } from 'react-i18next';
import type { Commodity, TariffDefinition } from '../../api.ts';
import { amount, currencyName, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { ranks, rankVar } from '../../parts/palette.ts';
import { useProject } from '../../project.tsx';

export function PricePanel({
  definition,
  commodity,
}: {
  definition: TariffDefinition;
  commodity: Commodity;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const unit = `${currencyName(currency, language)}/${commodity === 'water' ? 'm³' : 'kWh'}`;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('tariff.prices')}</h2>
        <span className="rest unit">{unit}</span>
      </div>
      <div className="panel-body">
        {definition.components.map((component) => (
          <dl className="pairs component" key={component.code}>
            <div>
              <dt className="strong ink">{nameOf(language, component)}</dt>
              <dd>{component.price && amount(component.price, 4)}</dd>
            </div>
            {ranks
              .filter((rank) => component.prices?.[rank])
              .map((rank) => (
                <div key={rank}>
                  <dt className="state">
                    <i className="swatch" style={{ background: rankVar(rank) }} />
                    {definition.labels?.[rank]
                      ? nameOf(language, definition.labels[rank])
                      : t(`period.${rank}`)}
                  </dt>
                  <dd>{amount(component.prices?.[rank], 4)}</dd>
                </div>
              ))}
            <div>
              <dt>{component.taxIncluded === false ? t('tariff.taxOnTop') : t('tariff.taxIn')}</dt>
              <dd>
                {number(Number(component.taxRate ?? 0) * 100, 0)} <span className="unit">%</span>
              </dd>
            </div>
          </dl>
        ))}
      </div>
    </section>
  );
}
