/** Whether the draft holds: every fault with its place, one press away; else what was checked. */
import { useTranslation } from 'react-i18next';
import { useLanguage } from '../../../language.ts';
import { Icon } from '../../../parts/icons.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import type { useCheck } from '../../../tariff-queries.ts';
import type { TariffDefinition } from '../../../tariff-shapes.ts';
import { type FaultPlace, placeOf } from './places.ts';

const SHOWN_MAX = 12;

export function ChecksPanel({
  definition,
  check,
  onGo,
}: {
  definition: TariffDefinition;
  check: ReturnType<typeof useCheck>;
  onGo: (place: FaultPlace) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { faults } = check;
  const passed = [
    t('tariff.checks.prices'),
    definition.calendar && t('tariff.checks.bands'),
    definition.calendar && t('tariff.checks.quarters'),
    definition.calendar &&
      t('tariff.checks.seasons', { count: definition.calendar.seasons.length }),
    definition.steps && t('tariff.checks.steps', { count: definition.steps.limits.length + 1 }),
  ].filter((text) => !!text);
  return (
    <section className="panel" aria-label={t('tariff.checks.title')}>
      <div className="panel-head">
        <h2>{t('tariff.checks.title')}</h2>
        <span className="rest second" aria-live="polite">
          {check.isKnown && !check.isFresh ? t('tariff.checks.checking') : ''}
        </span>
      </div>
      <div className="panel-body">
        {check.error && !check.isKnown && <ProblemNotice error={check.error} retry={check.retry} />}
        {!check.isKnown && !check.error && <p className="quiet">{t('tariff.checks.checking')}</p>}
        {check.isKnown && faults.length === 0 && (
          <ul className="check-list">
            {passed.map((text) => (
              <li key={text}>
                <Icon name="check" size={14} className="pos" />
                {text}
              </li>
            ))}
          </ul>
        )}
        {faults.length > 0 && (
          <>
            <p className="strong neg">{t('tariff.faults', { count: faults.length })}</p>
            <ul className="check-list">
              {faults.slice(0, SHOWN_MAX).map((fault) => {
                const place = placeOf(t, language, definition, fault.at);
                return (
                  <li key={fault.at + fault.message}>
                    <Icon name="warning" size={14} className="neg" />
                    <button type="button" className="fault-link" onClick={() => onGo(place)}>
                      <b className="strong">{place.words}</b>
                      <span className="second block">{fault.message}</span>
                    </button>
                  </li>
                );
              })}
            </ul>
            {faults.length > SHOWN_MAX && (
              <p className="second">
                {t('tariff.checks.more', { count: faults.length - SHOWN_MAX })}
              </p>
            )}
          </>
        )}
      </div>
    </section>
  );
}
