/** Selling by quantity: what it costs while one energy price holds, else why there is none. */
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account, Commodity } from '../../api.ts';
import { amount, currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { useSinglePrice } from '../../vending-queries.ts';
import { cleanQuantity, costOf } from './quantity.ts';
import type { Draft } from './use-sale.ts';

export const unitOf = (commodity: Commodity) => (commodity === 'water' ? 'm³' : 'kWh');

/** The commodities that an account has points of; electricity where it has none. */
export function commoditiesOf(account: Account | undefined): Commodity[] {
  const found = [...new Set(account?.points.map(({ commodity }) => commodity))].sort();
  return found.length ? found : ['electricity'];
}

export function QuantityField({
  draft,
  account,
  onChange,
}: {
  draft: Draft;
  account: Account | undefined;
  onChange: (change: Partial<Draft>) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const id = useId();
  const commodities = commoditiesOf(account);
  const found = useSinglePrice(account?.id ?? '', draft.commodity);
  const { data } = found;
  if (!account) return <p className="second">{t('vend.quantity.first')}</p>;
  const quantity = cleanQuantity(draft.quantity);
  const isWrong = draft.quantity !== '' && quantity === null;
  const cost = quantity !== null && data?.price ? costOf(quantity, data.price) : null;
  return (
    <>
      {commodities.length > 1 && (
        <Segmented
          label={t('vend.quantity.of')}
          value={draft.commodity}
          onChange={(commodity) => onChange({ commodity })}
          choices={commodities.map((value) => ({ value, label: t(`commodity.${value}`) }))}
        />
      )}
      {found.error ? (
        <ProblemNotice error={found.error} />
      ) : !data ? (
        <Skeleton width="60%" />
      ) : data.obstacle ? (
        <div className="notice warning" role="status">
          <Icon name="warning" />
          <div>
            <div className="strong">{t('vend.quantity.none')}</div>
            <div className="second">{t(`vend.quantity.obstacle.${data.obstacle}`)}</div>
          </div>
        </div>
      ) : (
        <>
          <label className="field" htmlFor={id}>
            <span className="field-label">
              {t('vend.quantity.quantity')} <span className="unit">{unitOf(draft.commodity)}</span>
            </span>
            <input
              id={id}
              className="input sale-amount"
              inputMode="decimal"
              autoComplete="off"
              placeholder="0"
              value={draft.quantity}
              aria-invalid={isWrong}
              onChange={(event) => onChange({ quantity: event.target.value })}
            />
            {isWrong && <span className="field-hint neg">{t('vend.quantity.wrong')}</span>}
          </label>
          <dl className="pairs">
            <div>
              <dt>{t('vend.quantity.price')}</dt>
              <dd>
                {data.price}{' '}
                <span className="unit">
                  {currencyName(currency, language)}/{unitOf(draft.commodity)}
                </span>
              </dd>
            </div>
            <div>
              <dt>{t('sale.amount')}</dt>
              <dd className="strong">
                {amount(cost)} <span className="unit">{currencyName(currency, language)}</span>
              </dd>
            </div>
          </dl>
          {data.besides.length > 0 && (
            <p className="second">
              {t('vend.quantity.besides', { names: data.besides.join(t('mark.list')) })}
            </p>
          )}
        </>
      )}
    </>
  );
}
