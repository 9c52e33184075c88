/**
 * A refund: to whom, what can be given back and why not more, how; then the whole of it once more. Nothing is lost on an
 * error, and a refund whose outcome is unknown is sent again only as the same one.
 */
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import type { Account, Channel } from '../../api.ts';
import { amount, currencyName, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { useAccountName, useAccounts } from '../../queries.ts';
import { useRefundable } from '../../vending-queries.ts';
import type { Refund, Refundable } from '../../vending-shapes.ts';
import { cleanAmount } from './amount.ts';
import { PrintReceipt } from './receipt-print.tsx';
import { Serials } from './sale-confirm.tsx';
import './sale.css';
import './counter.css';

const channels: readonly Channel[] = ['cash', 'transfer', 'online'];

interface Draft {
  accountId: string;
  amount: string;
  channel: Channel | null;
  reason: string;
  otherReason: string;
}

export function RefundDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { currency } = useProject();
  const [isChecked, check] = useState(false);
  const [draft, setDraft] = useState<Draft>({
    ...{ accountId: '', amount: '', channel: null, reason: '', otherReason: '' },
  });
  const accounts = useAccounts().data?.data ?? [];
  const chosen = accounts.find(({ id }) => id === draft.accountId);
  const found = useRefundable(draft.accountId);
  const send = useAct<Refund>();
  const clean = cleanAmount(draft.amount);
  const channel = draft.channel ?? mostOf(found.data);
  const isElsewhere = clean !== null && isMore(clean, found.data, channel);
  const other = isElsewhere ? draft.otherReason.trim() : '';
  const isReady =
    chosen !== undefined &&
    clean !== null &&
    draft.reason.trim() !== '' &&
    !!found.data?.refundable &&
    Number(clean) <= Number(found.data.refundable.amount) &&
    (!isElsewhere || other !== '');
  if (send.data) return <Done refund={send.data} onClose={onClose} />;
  const book = () =>
    chosen &&
    clean &&
    send.mutate({
      path: `/accounts/${chosen.id}/refunds`,
      body: {
        ...{ channel, amount: { amount: clean, currency }, reason: draft.reason.trim() },
        otherChannelReason: other || null,
      },
    });
  return (
    <Drawer
      title={t('vend.refund.new')}
      onClose={onClose}
      foot={
        isChecked ? (
          <>
            <button
              type="button"
              className="button"
              // While it is not known whether it was booked, another one would be a second one.
              disabled={send.isPending || send.unknown}
              onClick={() => check(false)}
            >
              {t('act.back')}
            </button>
            <button
              type="button"
              className="button primary"
              disabled={send.isPending}
              onClick={book}
            >
              {send.isPending
                ? t('sale.booking')
                : t(send.unknown ? 'sale.bookAgain' : 'vend.refund.book', {
                    amount: amount(clean),
                  })}
            </button>
          </>
        ) : (
          <>
            <button type="button" className="button" onClick={onClose}>
              {t('act.cancel')}
            </button>
            <button type="submit" form="refund" className="button primary" disabled={!isReady}>
              {t('vend.refund.check')}
            </button>
          </>
        )
      }
    >
      {isChecked && chosen && clean ? (
        <Confirm {...{ account: chosen, clean, channel, reason: draft.reason }} />
      ) : (
        <Form
          {...{ draft, accounts, channel, isElsewhere }}
          found={draft.accountId ? found.data : undefined}
          error={found.error}
          onChange={(change) => setDraft({ ...draft, ...change })}
          onSubmit={() => isReady && check(true)}
        />
      )}
      {send.error && isChecked && (
        <div className="sale-problem">
          <ProblemNotice error={send.error} />
          <p className="second">{t(send.unknown ? 'vend.unknown' : 'sale.notBooked')}</p>
        </div>
      )}
    </Drawer>
  );
}

/** The channel by which most came that has not gone back. */
export function mostOf(found: Refundable | undefined): Channel {
  const most = found?.channels.toSorted(
    (a, b) => Number(b.amount.amount) - Number(a.amount.amount),
  )[0];
  return most && Number(most.amount.amount) > 0 ? most.channel : 'transfer';
}

/** Whether more would go by a channel than came by it. */
export function isMore(clean: string, found: Refundable | undefined, channel: Channel): boolean {
  const came = found?.channels.find((each) => each.channel === channel);
  return came !== undefined && Number(clean) > Math.max(0, Number(came.amount.amount));
}

function Form({
  draft,
  accounts,
  channel,
  isElsewhere,
  found,
  error,
  onChange,
  onSubmit,
}: {
  draft: Draft;
  accounts: readonly Account[];
  channel: Channel;
  isElsewhere: boolean;
  found: Refundable | undefined;
  error: Error | null;
  onChange: (change: Partial<Draft>) => void;
  onSubmit: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const id = useId();
  const clean = cleanAmount(draft.amount);
  const isWrong = draft.amount !== '' && clean === null;
  const isTooMuch =
    clean !== null && !!found?.refundable && Number(clean) > Number(found.refundable.amount);
  return (
    <form
      id="refund"
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Controls>
        <Filter
          label={t('meters.account')}
          value={draft.accountId}
          search
          options={[
            { value: '', label: t('sale.choose') },
            ...accounts
              .filter(({ closedOn }) => !closedOn)
              .map((each) => ({
                value: each.id,
                label: `${each.number} ${nameOf(language, each)}`,
              })),
          ]}
          onChange={(accountId) => onChange({ accountId, channel: null })}
        />
      </Controls>
      {draft.accountId !== '' &&
        (found ? (
          <Parts found={found} />
        ) : error ? (
          <ProblemNotice error={error} />
        ) : (
          <Skeleton width="70%" />
        ))}
      <label className="field" htmlFor={`${id}a`}>
        <span className="field-label">
          {t('sale.amount')} <span className="unit">{currencyName(currency, language)}</span>
        </span>
        <input
          id={`${id}a`}
          className="input sale-amount"
          inputMode="decimal"
          autoComplete="off"
          placeholder="0.00"
          value={draft.amount}
          aria-invalid={isWrong || isTooMuch}
          onChange={(event) => onChange({ amount: event.target.value })}
        />
        {isWrong && <span className="field-hint neg">{t('sale.wrongAmount')}</span>}
        {isTooMuch && <span className="field-hint neg">{t('vend.refund.tooMuch')}</span>}
      </label>
      <div className="field">
        <span className="field-label">{t('vend.refund.by')}</span>
        <Segmented
          label={t('vend.refund.by')}
          value={channel}
          onChange={(next) => onChange({ channel: next })}
          choices={channels.map((value) => ({ value, label: t(`channel.${value}`) }))}
        />
      </div>
      {isElsewhere && (
        <label className="field" htmlFor={`${id}o`}>
          <span className="field-label">{t('vend.refund.whyElsewhere')}</span>
          <input
            id={`${id}o`}
            className="input"
            maxLength={120}
            value={draft.otherReason}
            onChange={(event) => onChange({ otherReason: event.target.value })}
          />
          <span className="field-hint">{t('vend.refund.elsewhereText')}</span>
        </label>
      )}
      <label className="field" htmlFor={`${id}r`}>
        <span className="field-label">{t('vend.reason')}</span>
        <input
          id={`${id}r`}
          className="input"
          maxLength={120}
          value={draft.reason}
          onChange={(event) => onChange({ reason: event.target.value })}
        />
      </label>
    </form>
  );
}

/** What can be refunded, and every part that it is less by. */
function Parts({ found }: { found: Refundable }) {
  const { t } = useTranslation();
  const parts = [
    { term: t('vend.refund.reserve', { hours: number(found.silentHours, 1) }), of: found.reserve },
    { term: t('vend.refund.uncleared'), of: found.uncleared },
    { term: t('vend.refund.disputed'), of: found.disputed },
    { term: t('vend.refund.inTransit'), of: found.inTransit },
    { term: t('vend.refund.onMeter'), of: found.onMeter },
  ];
  return (
    <dl className="pairs">
      <div>
        <dt>{t('account.live')}</dt>
        <dd>
          <Amount money={found.live} />
        </dd>
      </div>
      {parts
        .filter(({ of }) => of === null || Number(of.amount) !== 0)
        .map(({ term, of }) => (
          <div key={term}>
            <dt>− {term}</dt>
            <dd>
              <Amount money={of} />
            </dd>
          </div>
        ))}
      <div>
        <dt>{t('vend.refund.refundable')}</dt>
        <dd className="strong">
          <Amount money={found.refundable} />
          {found.unknown && (
            <div className="quiet">{t(`vend.refund.unknown.${found.unknown}`)}</div>
          )}
        </dd>
      </div>
    </dl>
  );
}

function Confirm({
  account,
  clean,
  channel,
  reason,
}: {
  account: Account;
  clean: string;
  channel: Channel;
  reason: string;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  return (
    <div className="stack">
      <div className="sale-total">
        {amount(clean)} <span className="unit">{currencyName(currency, language)}</span>
      </div>
      <dl className="pairs">
        <div>
          <dt>{t('meters.account')}</dt>
          <dd className="strong">
            {nameOf(language, account)} <span className="unit">{account.number}</span>
          </dd>
        </div>
        <div>
          <dt>{t('vend.refund.by')}</dt>
          <dd>{t(`channel.${channel}`)}</dd>
        </div>
        <Serials accountId={account.id} />
        <div>
          <dt>{t('vend.reason')}</dt>
          <dd>{reason}</dd>
        </div>
      </dl>
      <p className="second">{t('vend.refund.follows')}</p>
    </div>
  );
}

function Done({ refund, onClose }: { refund: Refund; onClose: () => void }) {
  const { t } = useTranslation();
  const nameFor = useAccountName();
  return (
    <Drawer
      title={t('vend.refund.done')}
      onClose={onClose}
      foot={
        <>
          <PrintReceipt receipt={refund.receipt} prints={0} />
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
              {t('vend.refund.booked')} <Amount money={refund.amount} />
            </div>
            <div className="second">{nameFor(refund)}</div>
          </div>
        </div>
        <dl className="pairs">
          <div>
            <dt>{t('sale.receipt')}</dt>
            <dd className="mono">{refund.receipt}</dd>
          </div>
          <div>
            <dt>{t('vend.refund.by')}</dt>
            <dd>{t(`channel.${refund.channel}`)}</dd>
          </div>
        </dl>
      </div>
    </Drawer>
  );
}
