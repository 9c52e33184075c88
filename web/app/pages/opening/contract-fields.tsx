/** A supply contract as it is typed: its number, its dates, and where notices under it go. */
import { useTranslation } from 'react-i18next';
import { Icon } from '../../parts/icons.tsx';
import { DayField, SelectField, TextField } from '../tariffs/edit/field.tsx';
import type { OpeningDraft } from './draft.ts';

const addressKinds = ['sms', 'email', 'post'] as const;

export function ContractFields({
  draft,
  onChange,
}: {
  draft: Pick<OpeningDraft, 'contractNumber' | 'contractFrom' | 'contractTo' | 'notices'>;
  onChange: (change: Partial<OpeningDraft>) => void;
}) {
  const { t } = useTranslation();
  const setNotice = (i: number, part: Partial<(typeof draft.notices)[number]>) =>
    onChange({ notices: draft.notices.map((each, n) => (n === i ? { ...each, ...part } : each)) });
  return (
    <>
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
