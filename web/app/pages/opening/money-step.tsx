/** Thresholds, first sale, deposit, contract and where its notices go. */
import { useTranslation } from 'react-i18next';
import type { Channel } from '../../api.ts';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { useLive, useProjectSettings } from '../../queries.ts';
import { TextField } from '../tariffs/edit/field.tsx';
import { ContractFields } from './contract-fields.tsx';
import { salePointOf } from './draft.ts';
import { FaultList } from './fault-list.tsx';
import { useElectric } from './use-electric.ts';
import type { StepProps } from './who-step.tsx';

const channels: readonly Channel[] = ['cash', 'transfer', 'online'];

export function MoneyStep({ draft, wrong, faults, onChange }: StepProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const settings = useProjectSettings().data;
  const live = useLive('slow').data?.data ?? [];
  const electric = useElectric(draft);
  const unit = currencyName(currency, language);
  const hint = (key: 'alarm1' | 'alarm2' | 'firstSale' | 'deposit') =>
    wrong.includes(key) ? t('opening.wrong.amount') : undefined;
  const payment = (key: 'firstSale' | 'deposit') => (
    <div className="opening-pair">
      <TextField
        label={t(`opening.field.${key}`)}
        unit={unit}
        figure
        value={draft[key].amount}
        hint={hint(key)}
        onChange={(amount) => onChange({ [key]: { ...draft[key], amount } })}
      />
      <div className="tfield">
        <span className="field-label">{t('sale.channel')}</span>
        <Segmented
          label={`${t(`opening.field.${key}`)}${t('mark.colon')}${t('sale.channel')}`}
          value={draft[key].channel}
          onChange={(channel) => onChange({ [key]: { ...draft[key], channel } })}
          choices={channels.map((value) => ({ value, label: t(`opening.channel.${value}`) }))}
        />
      </div>
    </div>
  );
  return (
    <>
      <div className="opening-pair">
        {(['alarm1', 'alarm2'] as const).map((key) => (
          <TextField
            key={key}
            label={t(`opening.field.${key}`)}
            unit={unit}
            figure
            value={draft[key]}
            placeholder={settings?.[key].amount}
            hint={hint(key)}
            onChange={(value) => onChange({ [key]: value })}
          />
        ))}
      </div>
      {payment('firstSale')}
      {draft.creditMode === 'meter' && electric.length > 0 && (
        <div className="tfield">
          <span className="field-label">{t('meterMode.saleMeter')}</span>
          <Segmented
            label={t('meterMode.saleMeter')}
            value={salePointOf(draft, electric) ?? ''}
            onChange={(salePoint) => onChange({ salePoint })}
            choices={[
              ...electric.map((value) => ({
                value,
                label: live.find(({ pointId }) => pointId === value)?.code ?? value,
              })),
              { value: '', label: t('meterMode.toWallet') },
            ]}
          />
        </div>
      )}
      <FaultList faults={faults} at="firstSale/" />
      {payment('deposit')}
      <ContractFields draft={draft} onChange={onChange} />
    </>
  );
}
