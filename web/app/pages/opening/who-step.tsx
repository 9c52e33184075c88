/** Who holds the account: names, number, whom to call, and since when. */
import { useTranslation } from 'react-i18next';
import type { Fault } from '../../tariff-shapes.ts';
import { DayField, TextField } from '../tariffs/edit/field.tsx';
import type { OpeningDraft, Wrong } from './draft.ts';

export interface StepProps {
  draft: OpeningDraft;
  wrong: readonly Wrong[];
  /** What the server finds wrong with it as it is typed. */
  faults: readonly Fault[];
  onChange: (change: Partial<OpeningDraft>) => void;
}

export function WhoStep({ draft, wrong, onChange }: StepProps) {
  const { t } = useTranslation();
  const text = (key: 'name' | 'nameZh' | 'number' | 'person' | 'phone' | 'email', max = 120) => (
    <TextField
      label={t(`opening.field.${key}`)}
      value={draft[key]}
      maxLength={max}
      onChange={(value) => onChange({ [key]: value })}
      hint={
        key === 'email' && wrong.includes('email')
          ? t('opening.wrong.email')
          : key === 'number'
            ? t('opening.hint.number')
            : undefined
      }
    />
  );
  return (
    <>
      {text('name')}
      {text('nameZh')}
      {text('number', 40)}
      {text('person')}
      <div className="opening-pair">
        {text('phone', 40)}
        {text('email')}
      </div>
      <DayField
        label={t('opening.field.from')}
        value={draft.from}
        onChange={(from) => onChange({ from })}
        hint={t('opening.hint.from')}
      />
    </>
  );
}
