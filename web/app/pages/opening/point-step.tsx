/** What the account pays for: points, each with a tariff and an overload power, and the account's own tariffs. */
import { useTranslation } from 'react-i18next';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useLive, useTariffs } from '../../queries.ts';
import { SelectField, TextField } from '../tariffs/edit/field.tsx';
import { FaultList } from './fault-list.tsx';
import type { StepProps } from './who-step.tsx';

const creditModes = ['platform', 'meter'] as const;

export function PointStep({ draft, wrong, faults, onChange }: StepProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const live = useLive('slow').data?.data ?? [];
  const tariffs = useTariffs().data?.data ?? [];
  const taken = new Set(draft.points.map(({ pointId }) => pointId));
  const free = live.filter(
    (point) => point.accountId === null && point.role === 'unit' && !taken.has(point.pointId),
  );
  const set = (i: number, part: Partial<(typeof draft.points)[number]>) =>
    onChange({ points: draft.points.map((point, n) => (n === i ? { ...point, ...part } : point)) });
  const options = (commodity: string, none: string) => [
    { value: '', label: none },
    ...tariffs
      .filter((each) => each.commodity === commodity)
      .map((each) => ({ value: each.id, label: nameOf(language, each) })),
  ];
  return (
    <>
      <Controls>
        <Filter
          label={t('opening.addPoint')}
          value=""
          search
          options={[
            { value: '', label: t('opening.free', { count: free.length }) },
            ...free.map((point) => ({
              value: point.pointId,
              label: `${point.code} ${nameOf(language, point)} · ${t(`commodity.${point.commodity}`)}`,
            })),
          ]}
          onChange={(pointId) =>
            pointId &&
            onChange({ points: [...draft.points, { pointId, tariffId: '', overloadKw: '' }] })
          }
        />
      </Controls>
      {draft.points.length === 0 && <p className="second">{t('opening.noPoints')}</p>}
      {draft.points.map((chosen, i) => {
        const point = live.find(({ pointId }) => pointId === chosen.pointId);
        const commodity = point?.commodity ?? 'electricity';
        return (
          <section key={chosen.pointId} className="opening-point">
            <div className="opening-point-head">
              <b className="strong">{point?.code ?? chosen.pointId}</b>
              <span className="clip quiet">{point && nameOf(language, point)}</span>
              <button
                type="button"
                className="button plain icon"
                aria-label={t('opening.removePoint', { code: point?.code ?? chosen.pointId })}
                onClick={() => onChange({ points: draft.points.filter((_, n) => n !== i) })}
              >
                <Icon name="cross" size={14} />
              </button>
            </div>
            <div className="opening-pair">
              <SelectField
                label={t('opening.field.pointTariff')}
                value={chosen.tariffId}
                options={options(commodity, t('opening.asAccount'))}
                onChange={(tariffId) => set(i, { tariffId })}
              />
              {commodity === 'electricity' && (
                <TextField
                  label={t('opening.field.overload')}
                  unit="kW"
                  figure
                  value={chosen.overloadKw}
                  onChange={(overloadKw) => set(i, { overloadKw })}
                />
              )}
            </div>
            <FaultList faults={faults} at={`points/${i}/`} />
          </section>
        );
      })}
      {wrong.includes('overload') && (
        <p className="field-hint neg">{t('opening.wrong.overload')}</p>
      )}
      <div className="opening-pair">
        <SelectField
          label={t('opening.field.tariffElectricity')}
          value={draft.tariffElectricity}
          options={options('electricity', t('opening.asProject'))}
          onChange={(tariffElectricity) => onChange({ tariffElectricity })}
        />
        <SelectField
          label={t('opening.field.tariffWater')}
          value={draft.tariffWater}
          options={options('water', t('opening.asProject'))}
          onChange={(tariffWater) => onChange({ tariffWater })}
        />
      </div>
      <div className="tfield">
        <span className="field-label">{t('opening.field.creditMode')}</span>
        <Segmented
          label={t('opening.field.creditMode')}
          value={draft.creditMode}
          onChange={(creditMode) => onChange({ creditMode })}
          choices={creditModes.map((value) => ({ value, label: t(`opening.held.${value}`) }))}
        />
        {draft.creditMode === 'meter' && <p className="field-hint">{t('meterMode.toMeterSays')}</p>}
      </div>
      <FaultList faults={faults} at="creditMode" />
    </>
  );
}
