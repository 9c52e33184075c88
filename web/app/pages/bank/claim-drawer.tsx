/**
 * Claiming money for an account: whose, then the name and the meters once more before it is booked. What is unknown is
 * sent again only as the same claim.
 */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import type { BankLine } from '../../bank-shapes.ts';
import { amount, currencyName } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useAccounts } from '../../queries.ts';

import { PrintReceipt } from '../sale/receipt-print.tsx';
import { Serials } from '../sale/sale-confirm.tsx';
import { whoOf } from './marks.tsx';
import '../sale/sale.css';

export function ClaimDrawer({ line, onClose }: { line: BankLine; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const [accountId, choose] = useState('');
  const [isRight, confirm] = useState(false);
  const accounts = useAccounts().data?.data ?? [];
  const account = accounts.find(({ id }) => id === accountId);
  const send = useAct<BankLine>();
  const money = amount(line.amount.amount);
  const book = () =>
    send.mutate({
      path: `/bank-lines/${line.id}/acts`,
      body: { kind: 'claim', accountId, note: null },
    });
  if (send.data) {
    return (
      <Drawer
        title={t('bank.claim.done')}
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
              <div className="strong">{t('bank.claim.doneText')}</div>
              <div className="second">
                {t('bank.claim.receipt')} {send.data.target?.label} ·{' '}
                {account ? nameOf(language, account) : send.data.accountName}
              </div>
            </div>
          </div>
          {send.data.target && <PrintReceipt receipt={send.data.target.label} prints={0} />}
        </div>
      </Drawer>
    );
  }
  return (
    <Drawer
      title={t('bank.claim.title')}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!account || !isRight || send.isPending}
            onClick={book}
          >
            {send.isPending
              ? t('sale.booking')
              : t(send.unknown ? 'sale.bookAgain' : 'bank.claim.book', { amount: money })}
          </button>
        </>
      }
    >
      <div className="stack">
        <div className="sale-total">
          {money} <span className="unit">{currencyName(currency, language)}</span>
        </div>
        <p className="second">
          {whoOf(line)} {line.order ?? line.reference}
        </p>
        <p>{t('bank.claim.text')}</p>
        <Controls>
          <Filter
            label={t('meters.account')}
            value={accountId}
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
            onChange={(next) => {
              choose(next);
              confirm(false);
            }}
          />
        </Controls>
        {account && (
          <>
            <dl className="pairs">
              <div>
                <dt>{t('meters.account')}</dt>
                <dd className="strong">
                  {nameOf(language, account)} <span className="unit">{account.number}</span>
                </dd>
              </div>
              <Serials accountId={account.id} />
            </dl>
            <label className="bank-right">
              <input
                type="checkbox"
                checked={isRight}
                onChange={(event) => confirm(event.target.checked)}
              />
              {t('bank.claim.confirm')}
            </label>
          </>
        )}
        {send.error && (
          <div className="sale-problem">
            <ProblemNotice error={send.error} />
            <p className="second">{t(send.unknown ? 'vend.unknown' : 'sale.notBooked')}</p>
          </div>
        )}
      </div>
    </Drawer>
  );
}
