/** A day's charge opened: every line is quantity × price, exact, by point and period. */
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account, Charge } from '../../api.ts';
import { addDays, day } from '../../dates.ts';
import { amount, currencyName, number, sum } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { isRank, rankVar } from '../../parts/palette.ts';
import { useProject } from '../../project.tsx';
import { useCharges } from '../../queries.ts';
import { ExplainBlock } from '../explain/explain-block.tsx';
import type { LedgerRow } from './entries.ts';

export function ChargeDetail({
  accountId,
  account,
  row,
  provisional,
  today,
}: {
  accountId: string;
  account: Account | undefined;
  row: LedgerRow;
  provisional: boolean;
  today: string;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const from = row.localDay ?? today;
  const [open, setOpen] = useState<string | null>(null);
  const query = useCharges(accountId, { from, to: addDays(provisional ? today : from, 1) });
  const charges = query.data?.data.filter((charge) => charge.provisional === provisional);
  const withDays = new Set(charges?.map(({ serviceDay }) => serviceDay)).size > 1;
  const unit = currencyName(currency, language);
  if (query.isError && !charges) return <ProblemNotice error={query.error} />;
  return (
    <div className="charge-detail scroll-x">
      <table className="small-table">
        <thead>
          <tr>
            <th scope="col">{t('meters.code')}</th>
            <th scope="col" className="left">
              {t('account.component')}
            </th>
            <th scope="col">{t('account.quantity')}</th>
            <th scope="col">
              {t('account.price')} <span className="unit">{unit}</span>
            </th>
            <th scope="col">
              {t('account.exact')} <span className="unit">{unit}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {!charges &&
            [1, 2, 3].map((line) => (
              <tr key={line}>
                <td colSpan={5}>
                  <Skeleton width="100%" />
                </td>
              </tr>
            ))}
          {charges?.map((charge) => {
            const key = keyOf(charge);
            const { settlementId } = charge;
            return (
              <Fragment key={key}>
                <Line
                  charge={charge}
                  withDay={withDays}
                  isWater={
                    account?.points.find(({ id }) => id === charge.scopeId)?.commodity === 'water'
                  }
                  open={open === key}
                  toggle={settlementId ? () => setOpen(open === key ? null : key) : undefined}
                />
                {open === key && settlementId && (
                  <tr className="explained">
                    <td colSpan={5}>
                      <ExplainBlock settlementId={settlementId} line={charge} />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
          {charges?.length === 0 && (
            <tr>
              <td colSpan={5} className="quiet">
                {t('account.noLines')}
              </td>
            </tr>
          )}
          {!!charges?.length && (
            <tr className="total">
              <td>{t('total')}</td>
              <td />
              <td />
              <td />
              <td>{amount(sum(charges.map(({ exact }) => exact)))}</td>
            </tr>
          )}
        </tbody>
      </table>
      <p className="second">
        {provisional
          ? t('account.provisionalNote')
          : t('account.roundingNote', { posted: `${amount(row.out)} ${unit}` })}
      </p>
    </div>
  );
}

function Line({
  charge,
  isWater,
  withDay,
  open,
  toggle,
}: {
  charge: Charge;
  isWater: boolean;
  withDay: boolean;
  open: boolean;
  /** Opens its explanation; a provisional line has none. */
  toggle: (() => void) | undefined;
}) {
  const language = useLanguage();
  const { t, i18n } = useTranslation();
  const rank = String(charge.period ?? '');
  const component = i18n.exists(`component.${charge.component}`)
    ? t(`component.${charge.component}`)
    : (charge.componentName ?? charge.component);
  return (
    <tr>
      <td>
        {withDay && <span className="quiet">{day(language, charge.serviceDay, false)} </span>}
        {toggle ? (
          <button
            type="button"
            className="explain-toggle"
            aria-expanded={open}
            aria-label={`${t('explain.open')} ${charge.pointCode ?? ''} ${component}`}
            onClick={toggle}
          >
            <Icon name={open ? 'down' : 'right'} size={13} />
            {charge.pointCode ?? '–'}
          </button>
        ) : (
          (charge.pointCode ?? '–')
        )}
      </td>
      <td className="left">
        <span className="state">
          {isRank(rank) && <i className="swatch" style={{ background: rankVar(rank) }} />}
          {isRank(rank) ? t(`period.${rank}`) : component}
          {charge.step > 1 && (
            <span className="unit">{t('account.step', { step: charge.step })}</span>
          )}
          {isRank(rank) && charge.component !== 'energy' && (
            <span className="unit">{component}</span>
          )}
        </span>
      </td>
      <td>
        {number(charge.quantity / 1000, 3)} <span className="unit">{isWater ? 'm³' : 'kWh'}</span>
      </td>
      <td>× {amount(charge.price, 4)}</td>
      <td>{amount(charge.exact, 4)}</td>
    </tr>
  );
}

const keyOf = (charge: Charge): string =>
  [
    charge.serviceDay,
    charge.scopeId,
    charge.component,
    charge.tariffVersion,
    charge.period,
    charge.step,
    charge.revision,
  ].join('/');
