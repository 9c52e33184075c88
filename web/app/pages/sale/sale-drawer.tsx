/**
 * A sale: whom, how much, how paid; then the whole of it once more to confirm. The form never clears
 * on an error, and a sale whose outcome is unknown is sent again only as the same sale, by its key.
 */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account, Sale } from '../../api.ts';
import { amount } from '../../format.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useAccountName, useAccounts } from '../../queries.ts';
import { useSinglePrice } from '../../vending-queries.ts';
import { LiveRecharge } from '../recharges/recharge-state.tsx';
import { cleanAmount } from './amount.ts';
import { cleanQuantity, costOf } from './quantity.ts';
import { commoditiesOf } from './quantity-field.tsx';
import { PrintReceipt } from './receipt-print.tsx';
import { SaleConfirm } from './sale-confirm.tsx';
import { SaleForm } from './sale-form.tsx';
import { type Draft, useSale } from './use-sale.ts';
import './sale.css';

export function SaleDrawer({ account, onClose }: { account?: Account; onClose: () => void }) {
  const { t } = useTranslation();
  const [step, setStep] = useState<'fill' | 'confirm'>('fill');
  const [draft, setDraft] = useState<Draft>({
    accountId: account?.id ?? '',
    by: 'amount',
    amount: '',
    commodity: commoditiesOf(account)[0] ?? 'electricity',
    quantity: '',
    channel: 'cash',
    reference: '',
    note: '',
    meterId: '',
  });
  const accounts = useAccounts().data?.data ?? [];
  const chosen = account ?? accounts.find(({ id }) => id === draft.accountId);
  const sell = useSale();
  const isByQuantity = draft.by === 'quantity';
  const price = useSinglePrice(isByQuantity ? (chosen?.id ?? '') : '', draft.commodity).data?.price;
  const quantity = cleanQuantity(draft.quantity);
  const cost = quantity !== null && price ? costOf(quantity, price) : null;
  const clean = isByQuantity ? cost : cleanAmount(draft.amount);
  const isReady = !!chosen && clean !== null;
  if (sell.data) return <Done sale={sell.data} onClose={onClose} />;
  const book = () =>
    clean && chosen && sell.mutate({ ...draft, accountId: chosen.id, amount: clean });
  return (
    <Drawer
      title={t('act.newSale')}
      onClose={onClose}
      foot={
        step === 'fill' ? (
          <>
            <button type="button" className="button" onClick={onClose}>
              {t('act.cancel')}
            </button>
            <button type="submit" form="sale" className="button primary" disabled={!isReady}>
              {t('sale.check')}
            </button>
          </>
        ) : (
          <>
            <button
              type="button"
              className="button"
              // While it is not known whether it was booked, another sale would be a second one.
              disabled={sell.isPending || sell.unknown}
              onClick={() => setStep('fill')}
            >
              {t('act.back')}
            </button>
            <button
              type="button"
              className="button primary"
              disabled={sell.isPending}
              onClick={book}
            >
              {sell.isPending
                ? t('sale.booking')
                : t(sell.unknown ? 'sale.bookAgain' : 'sale.book', { amount: amount(clean) })}
            </button>
          </>
        )
      }
    >
      {step === 'fill' || !chosen || !clean ? (
        <SaleForm
          draft={draft}
          account={account}
          accounts={accounts}
          onChange={(change) => setDraft({ ...draft, ...change })}
          onSubmit={() => isReady && setStep('confirm')}
        />
      ) : (
        <SaleConfirm draft={{ ...draft, amount: clean }} account={chosen} />
      )}
      {sell.error && step === 'confirm' && (
        <div className="sale-problem">
          <ProblemNotice error={sell.error} />
          <p className="second">{t(sell.unknown ? 'sale.unknown' : 'sale.notBooked')}</p>
        </div>
      )}
    </Drawer>
  );
}

function Done({ sale, onClose }: { sale: Sale; onClose: () => void }) {
  const { t } = useTranslation();
  const nameFor = useAccountName();
  return (
    <Drawer
      title={t('sale.done')}
      onClose={onClose}
      foot={
        <>
          <PrintReceipt receipt={sale.receipt} prints={sale.prints} />
          <button type="button" className="button primary" onClick={onClose}>
            {t('act.close')}
          </button>
        </>
      }
    >
      <div className="stack">
        <div className="notice good" role="status">
          <Icon name="check" />
          <div>
            <div className="strong">
              {t('sale.booked')} <Amount money={sale.amount} />
            </div>
            <div className="second">{nameFor(sale)}</div>
          </div>
        </div>
        <dl className="pairs">
          <div>
            <dt>{t('sale.receipt')}</dt>
            <dd className="mono">{sale.receipt}</dd>
          </div>
          <div>
            <dt>{t('sale.channel')}</dt>
            <dd>{t(`channel.${sale.channel}`)}</dd>
          </div>
          <div>
            <dt>{t('sale.soldBy')}</dt>
            <dd>{sale.soldBy}</dd>
          </div>
        </dl>
        {sale.rechargeId && <LiveRecharge rechargeId={sale.rechargeId} />}
      </div>
    </Drawer>
  );
}
