/**
 * A sale: whom, how much, how paid; then the whole of it once more to confirm. The form never clears
 * on an error, and a sale whose outcome is unknown is sent again only as the same sale, by its key.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Account, ApiProblem, type Channel, call, type Sale } from '../../api.ts';
import { amount, currencyName } from '../../format.ts';
import { newKey } from '../../key.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { useAccounts, useLive, useMeters } from '../../queries.ts';
import { cleanAmount } from './amount.ts';
import './sale.css';

const channels: readonly Channel[] = ['cash', 'transfer', 'online'];
const quick = ['500', '1000', '2000', '5000'];

interface Draft {
  accountId: string;
  amount: string;
  channel: Channel;
  note: string;
}

export function SaleDrawer({ account, onClose }: { account?: Account; onClose: () => void }) {
  const { t } = useTranslation();
  const [step, setStep] = useState<'fill' | 'confirm'>('fill');
  const [draft, setDraft] = useState<Draft>({
    accountId: account?.id ?? '',
    amount: '',
    channel: 'cash',
    note: '',
  });
  const accounts = useAccounts().data?.data ?? [];
  const chosen = account ?? accounts.find(({ id }) => id === draft.accountId);
  const sell = useSale();
  const clean = cleanAmount(draft.amount);
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
        <Form
          draft={draft}
          account={account}
          accounts={accounts}
          onChange={(change) => setDraft({ ...draft, ...change })}
          onSubmit={() => isReady && setStep('confirm')}
        />
      ) : (
        <Confirm draft={{ ...draft, amount: clean }} account={chosen} />
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

/** Books with one key per content: the same sale keeps its key through every try. */
function useSale() {
  const project = useProject();
  const queryClient = useQueryClient();
  const sent = useRef({ content: '', key: '' });
  const mutation = useMutation({
    mutationFn: (draft: Draft) => {
      const body = {
        amount: { amount: draft.amount, currency: project.currency },
        channel: draft.channel,
        note: draft.note.trim() || null,
      };
      const content = JSON.stringify([draft.accountId, body]);
      if (sent.current.content !== content) sent.current = { content, key: newKey() };
      return call<Sale>(`/projects/${project.id}/accounts/${draft.accountId}/sales`, {
        method: 'POST',
        body,
        idempotencyKey: sent.current.key,
      });
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: [project.id] }),
  });
  const { error } = mutation;
  const unknown = error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
  return { ...mutation, unknown };
}

function Form({
  draft,
  account,
  accounts,
  onChange,
  onSubmit,
}: {
  draft: Draft;
  account: Account | undefined;
  accounts: readonly Account[];
  onChange: (change: Partial<Draft>) => void;
  onSubmit: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const id = useId();
  const isWrong = draft.amount !== '' && cleanAmount(draft.amount) === null;
  const shown = account ?? accounts.find((each) => each.id === draft.accountId);
  return (
    <form
      id="sale"
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {account ? (
        <div className="sale-account">
          <b className="strong">{nameOf(language, account)}</b>
          <span className="quiet">{account.number}</span>
        </div>
      ) : (
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
            onChange={(accountId) => onChange({ accountId })}
          />
        </Controls>
      )}
      {shown && (
        <dl className="pairs">
          <div>
            <dt>{t('account.live')}</dt>
            <dd>
              <Amount money={shown.balance?.live} />
            </dd>
          </div>
        </dl>
      )}
      <label className="field" htmlFor={`${id}a`}>
        <span className="field-label">
          {t('sale.amount')} <span className="unit">{currencyName(currency, language)}</span>
        </span>
        <input
          id={`${id}a`}
          className="input sale-amount"
          inputMode="decimal"
          autoComplete="off"
          value={draft.amount}
          aria-invalid={isWrong}
          placeholder="0.00"
          onChange={(event) => onChange({ amount: event.target.value })}
        />
        {isWrong && <span className="field-hint neg">{t('sale.wrongAmount')}</span>}
      </label>
      <div className="sale-quick">
        {quick.map((value) => (
          <button
            key={value}
            type="button"
            className="button small"
            onClick={() => onChange({ amount: value })}
          >
            {amount(value, 0)}
          </button>
        ))}
      </div>
      <div className="field">
        <span className="field-label">{t('sale.channel')}</span>
        <Segmented
          label={t('sale.channel')}
          value={draft.channel}
          onChange={(channel) => onChange({ channel })}
          choices={channels.map((value) => ({ value, label: t(`channel.${value}`) }))}
        />
      </div>
      <label className="field" htmlFor={`${id}n`}>
        <span className="field-label">{t('sale.note')}</span>
        <input
          id={`${id}n`}
          className="input"
          maxLength={120}
          value={draft.note}
          onChange={(event) => onChange({ note: event.target.value })}
        />
      </label>
    </form>
  );
}

/** What will be booked, with the name and the meters that it is for. */
function Confirm({ draft, account }: { draft: Draft; account: Account }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const live = useLive('slow').data?.data ?? [];
  const meters = useMeters().data?.data ?? [];
  const own = live.filter(({ accountId }) => accountId === account.id);
  return (
    <div className="stack">
      <div className="sale-total">
        {amount(draft.amount)} <span className="unit">{currencyName(currency, language)}</span>
      </div>
      <dl className="pairs">
        <div>
          <dt>{t('meters.account')}</dt>
          <dd className="strong">
            {nameOf(language, account)} <span className="unit">{account.number}</span>
          </dd>
        </div>
        <div>
          <dt>{t('sale.channel')}</dt>
          <dd>{t(`channel.${draft.channel}`)}</dd>
        </div>
        {own.map((point) => (
          <div key={point.pointId}>
            <dt>
              {t('sale.meter')} <b className="strong ink">{point.code}</b>
            </dt>
            <dd className="mono">{meters.find(({ id }) => id === point.meterId)?.serial ?? '–'}</dd>
          </div>
        ))}
        {draft.note && (
          <div>
            <dt>{t('sale.note')}</dt>
            <dd>{draft.note}</dd>
          </div>
        )}
      </dl>
      <p className="second">{t('sale.follows')}</p>
    </div>
  );
}

function Done({ sale, onClose }: { sale: Sale; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer
      title={t('sale.done')}
      onClose={onClose}
      foot={
        <button type="button" className="button primary" onClick={onClose}>
          {t('act.close')}
        </button>
      }
    >
      <div className="stack">
        <div className="notice good" role="status">
          <Icon name="check" />
          <div>
            <div className="strong">
              {t('sale.booked')} <Amount money={sale.amount} />
            </div>
            <div className="second">{sale.accountName}</div>
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
      </div>
    </Drawer>
  );
}
