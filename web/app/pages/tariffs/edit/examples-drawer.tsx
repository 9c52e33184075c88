/** Tariffs to start from: hours as published somewhere, with the source and date of the figures. */
import { useTranslation } from 'react-i18next';
import { day } from '../../../dates.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { Drawer } from '../../../parts/drawer.tsx';
import { Icon } from '../../../parts/icons.tsx';
import { useProject } from '../../../project.tsx';
import type { TariffExample } from '../examples/example.ts';
import { tariffExamples } from '../examples/examples.ts';

export default function ExamplesDrawer({
  onTake,
  onClose,
}: {
  onTake: (example: TariffExample) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency, zone } = useProject();
  return (
    <Drawer title={t('tariff.examples.title')} onClose={onClose}>
      <div className="stack">
        <p className="second">{t('tariff.examples.text')}</p>
        <ul className="example-list">
          {tariffExamples.map((example) => (
            <li key={example.code}>
              <div>
                <div className="strong">{nameOf(language, example)}</div>
                <div className="second">
                  {t(`commodity.${example.commodity}`)} · {example.currency} · {example.zone}
                </div>
                <div className="second">
                  {language === 'zh' ? example.sourceZh : example.source} ·{' '}
                  {t('tariff.examples.asOf', { day: day(language, example.asOf) })}
                </div>
                {(example.areExamplePrices || example.currency !== currency) && (
                  <div className="example-note">
                    <Icon name="warning" size={13} />
                    {t(
                      example.currency === currency
                        ? 'tariff.examples.prices'
                        : 'tariff.examples.currency',
                      { from: example.currency, to: currency },
                    )}
                  </div>
                )}
                {example.zone !== zone && example.definition.calendar && (
                  <div className="second">{t('tariff.examples.zone', { zone })}</div>
                )}
              </div>
              <button type="button" className="button small" onClick={() => onTake(example)}>
                {t('tariff.examples.take')}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Drawer>
  );
}
