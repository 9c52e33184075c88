/** Settling a residual: paid out, paid in, or given up with a reason. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import type { Channel, Money } from '../../api.ts';
import { currencyName, negate } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import type { Residual } from '../../opening-shapes.ts';
import { DoneDrawer } from '../../parts/done-drawer.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { cleanAmount } from '../sale/amount.ts';
import { PrintReceipt } from '../sale/receipt-print.tsx';
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
  const settle = useAct<{ receipt: string; amount: Money }>();
  const clean = cleanAmount(typed);
  const kinds = isRefund ? (['refund'] as const) : (['collect', 'write-off'] as const);
  if (settle.data) {
    return (
      <DoneDrawer
        title={t('residual.done')}
        receipt={settle.data.receipt}
        onClose={onClose}
        print={<PrintReceipt receipt={settle.data.receipt} prints={0} />}
      >
        <Amount money={settle.data.amount} />
      </DoneDrawer>
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
            disabled={settle.isPending || settle.unknown}
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
                path: `/accounts/${residual.id}/residual`,
                body: {
                  ...{ kind, amount: { amount: clean, currency }, reason: reason.trim() },
                  channel: kind === 'write-off' ? null : channel,
                },
              })
            }
          >
            {t(settle.unknown ? 'residual.again' : `residual.kind.${kind}`)}
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
            {settle.unknown && <p className="second">{t('residual.unknown')}</p>}
          </>
        )}
      </div>
    </Drawer>
  );
}
