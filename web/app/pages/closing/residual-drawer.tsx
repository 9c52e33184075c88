/** Settling a residual: paid out, paid in, or given up with a reason. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Channel } from '../../api.ts';
import { currencyName, negate } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { isUnknown, useSettleResidual } from '../../opening-queries.ts';
import type { Residual } from '../../opening-shapes.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { cleanAmount } from '../sale/amount.ts';
import { TextField } from '../tariffs/edit/field.tsx';

const channels: readonly Channel[] = ['cash', 'transfer', 'online'];

export function ResidualDrawer({ residual, onClose }: { residual: Residual; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const isRefund = residual.side === 'refund';
  const [kind, setKind] = useState<'refund' | 'collect' | 'write-off'>(
    isRefund ? 'refund' : 'collect',
  );
  const [typed, setTyped] = useState(
    isRefund ? residual.residual.amount : negate(residual.residual.amount),
  );
  const [channel, setChannel] = useState<Channel>('cash');
  const [reason, setReason] = useState('');
  const settle = useSettleResidual();
  const clean = cleanAmount(typed);
  const kinds = isRefund ? (['refund'] as const) : (['collect', 'write-off'] as const);
  if (settle.data) {
    return (
      <Drawer
        title={t('residual.done')}
        onClose={onClose}
        foot={
          <button type="button" className="button primary" onClick={onClose}>
            {t('act.close')}
          </button>
        }
      >
        <div className="notice good" role="status">
          <Icon name="check" />
          <div>
            <Amount money={settle.data.amount} />
            <div className="second">
              {t('sale.receipt')} <span className="mono">{settle.data.receipt}</span>
            </div>
          </div>
        </div>
      </Drawer>
    );
  }
  return (
    <Drawer
      title={t('residual.title', { name: nameOf(language, residual) })}
      onClose={onClose}
      foot={
        <>
          <button
            type="button"
            className="button"
            disabled={settle.isPending || isUnknown(settle.error)}
            onClick={onClose}
          >
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!clean || reason.trim() === '' || settle.isPending}
            onClick={() =>
              clean &&
              settle.mutate({
                accountId: residual.id,
                kind,
                amount: { amount: clean, currency },
                channel: kind === 'write-off' ? null : channel,
                reason: reason.trim(),
              })
            }
          >
            {t(isUnknown(settle.error) ? 'residual.again' : `residual.kind.${kind}`)}
          </button>
        </>
      }
    >
      <div className="stack">
        <Segmented
          label={t('residual.act')}
          value={kind}
          onChange={setKind}
          choices={kinds.map((value) => ({ value, label: t(`residual.kind.${value}`) }))}
        />
        <TextField
          label={t('sale.amount')}
          unit={currencyName(currency, language)}
          figure
          value={typed}
          onChange={setTyped}
          hint={clean ? undefined : t('sale.wrongAmount')}
        />
        {kind !== 'write-off' && (
          <Segmented
            label={t('sale.channel')}
            value={channel}
            onChange={setChannel}
            choices={channels.map((value) => ({ value, label: t(`opening.channel.${value}`) }))}
          />
        )}
        <TextField
          label={t('closing.reason')}
          value={reason}
          maxLength={120}
          onChange={setReason}
        />
        {settle.error && (
          <>
            <ProblemNotice error={settle.error} />
            {isUnknown(settle.error) && <p className="second">{t('residual.unknown')}</p>}
          </>
        )}
      </div>
    </Drawer>
  );
}
