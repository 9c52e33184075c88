/** Thresholds, first sale, deposit, contract and where its notices go. */
import { useTranslation } from 'react-i18next';
import type { Channel } from '../../api.ts';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { useLive, useProjectSettings } from '../../queries.ts';
import { DayField, SelectField, TextField } from '../tariffs/edit/field.tsx';
import { salePointOf } from './draft.ts';
import { FaultList } from './fault-list.tsx';
import { useElectric } from './use-electric.ts';
import type { StepProps } from './who-step.tsx';

const channels: readonly Channel[] = ['cash', 'transfer', 'online'];
const addressKinds = ['sms', 'email', 'post'] as const;

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
  const setNotice = (i: number, part: Partial<(typeof draft.notices)[number]>) =>
    onChange({ notices: draft.notices.map((each, n) => (n === i ? { ...each, ...part } : each)) });
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
      <TextField
        label={t('opening.field.contractNumber')}
        value={draft.contractNumber}
        maxLength={60}
        onChange={(contractNumber) => onChange({ contractNumber })}
      />
      {draft.contractNumber.trim() !== '' && (
        <>
          <div className="opening-pair">
            <DayField
              label={t('opening.field.contractFrom')}
              value={draft.contractFrom}
              onChange={(contractFrom) => onChange({ contractFrom })}
            />
            <DayField
              label={t('opening.field.contractTo')}
              value={draft.contractTo}
              onChange={(contractTo) => onChange({ contractTo })}
              hint={t('opening.hint.contractTo')}
            />
          </div>
          {draft.notices.map((notice, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name but their place
            <div key={i} className="opening-pair">
              <SelectField
                label={t('opening.field.noticeKind')}
                value={notice.kind}
                options={addressKinds.map((value) => ({
                  value,
                  label: t(`opening.notice.${value}`),
                }))}
                onChange={(kind) => setNotice(i, { kind })}
              />
              <TextField
                label={t('opening.field.noticeAddress')}
                value={notice.address}
                maxLength={120}
                onChange={(address) => setNotice(i, { address })}
              />
            </div>
          ))}
          <button
            type="button"
            className="button small opening-add"
            onClick={() => onChange({ notices: [...draft.notices, { kind: 'sms', address: '' }] })}
          >
            <Icon name="plus" size={14} />
            {t('opening.addNotice')}
          </button>
        </>
      )}
    </>
  );
}
