/** The sale once more, with the name and the meters that it is for. */
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api.ts';
import { amount, currencyName } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { useMeterMode } from '../../meter-mode.ts';
import { useProject } from '../../project.tsx';
import { useLive, useMeters } from '../../queries.ts';
import { unitOf } from './quantity-field.tsx';
import type { Draft } from './use-sale.ts';

export function SaleConfirm({ draft, account }: { draft: Draft; account: Account }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const meters = useMeterMode(draft.meterId ? account.id : '').data?.meters ?? [];
  const meter = meters.find(({ meterId }) => meterId === draft.meterId);
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
        <Serials accountId={account.id} />
        {meter && (
          <div>
            <dt>{t('meterMode.saleMeter')}</dt>
            <dd className="strong">{meter.pointCode}</dd>
          </div>
        )}
        {draft.by === 'quantity' && (
          <div>
            <dt>{t('vend.quantity.quantity')}</dt>
            <dd>
              {draft.quantity} <span className="unit">{unitOf(draft.commodity)}</span>
            </dd>
          </div>
        )}
        {draft.channel !== 'cash' && draft.reference && (
          <div>
            <dt>{t('sale.reference')}</dt>
            <dd className="mono">{draft.reference}</dd>
          </div>
        )}
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

/** The meters that it is for, each with its serial number: pairs of a list. */
export function Serials({ accountId }: { accountId: string }) {
  const { t } = useTranslation();
  const live = useLive('slow').data?.data ?? [];
  const meters = useMeters().data?.data ?? [];
  return live
    .filter((point) => point.accountId === accountId)
    .map((point) => (
      <div key={point.pointId}>
        <dt>
          {t('sale.meter')} <b className="strong ink">{point.code}</b>
        </dt>
        <dd className="mono">{meters.find(({ id }) => id === point.meterId)?.serial ?? '–'}</dd>
      </div>
    ));
}
