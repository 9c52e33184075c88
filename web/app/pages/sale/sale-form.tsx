/** Whom, how much, how paid. What is wrong is said beside the field. */
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account, Channel } from '../../api.ts';
import { amount, currencyName } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Amount } from '../../parts/figure.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { cleanAmount } from './amount.ts';
import { MeterField } from './meter-field.tsx';
import { commoditiesOf, QuantityField } from './quantity-field.tsx';
import type { Draft } from './use-sale.ts';

const channels: readonly Channel[] = ['cash', 'transfer', 'online'];
const quick = ['500', '1000', '2000', '5000'];

export function SaleForm({
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
            onChange={(accountId) => {
              const next = accounts.find((each) => each.id === accountId);
              onChange({
                ...{ accountId, meterId: '' },
                commodity: commoditiesOf(next)[0] ?? 'electricity',
              });
            }}
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
      <Segmented
        label={t('vend.quantity.sell')}
        value={draft.by}
        onChange={(by) => onChange({ by })}
        choices={(['amount', 'quantity'] as const).map((value) => ({
          value,
          label: t(`vend.quantity.by.${value}`),
        }))}
      />
      {draft.by === 'quantity' ? (
        <QuantityField {...{ draft, account: shown, onChange }} />
      ) : (
        <>
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
        </>
      )}
      <div className="field">
        <span className="field-label">{t('sale.channel')}</span>
        <Segmented
          label={t('sale.channel')}
          value={draft.channel}
          onChange={(channel) => onChange({ channel })}
          choices={channels.map((value) => ({ value, label: t(`channel.${value}`) }))}
        />
      </div>
      {draft.channel !== 'cash' && (
        <label className="field" htmlFor={`${id}r`}>
          <span className="field-label">{t('sale.reference')}</span>
          <input
            id={`${id}r`}
            className="input"
            maxLength={120}
            autoComplete="off"
            value={draft.reference}
            onChange={(event) => onChange({ reference: event.target.value })}
          />
        </label>
      )}
      {shown?.creditMode === 'meter' && <MeterField {...{ draft, account: shown, onChange }} />}
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
