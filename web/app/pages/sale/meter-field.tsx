/** Where the money of an account in meter mode goes: to one of its meters, or into its wallet. */
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api.ts';
import { useMeterMode } from '../../meter-mode.ts';
import { Segmented } from '../../parts/segmented.tsx';
import type { Draft } from './use-sale.ts';

export function MeterField({
  draft,
  account,
  onChange,
}: {
  draft: Draft;
  account: Account;
  onChange: (change: Partial<Draft>) => void;
}) {
  const { t } = useTranslation();
  const meters = useMeterMode(account.id).data?.meters;
  const chosen = useRef('');
  // Its meter is where a sale of such an account goes, unless somebody says otherwise.
  useEffect(() => {
    const [first] = meters ?? [];
    if (!first || chosen.current === account.id) return;
    chosen.current = account.id;
    onChange({ meterId: first.meterId });
  }, [meters, account.id, onChange]);
  if (!meters) return null;
  return (
    <div className="field">
      <span className="field-label">{t('meterMode.saleMeter')}</span>
      <Segmented
        label={t('meterMode.saleMeter')}
        value={draft.meterId}
        onChange={(meterId) => onChange({ meterId })}
        choices={[
          ...meters.map((meter) => ({ value: meter.meterId, label: meter.pointCode })),
          { value: '', label: t('meterMode.toWallet') },
        ]}
      />
    </div>
  );
}
