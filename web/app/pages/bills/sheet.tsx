/** One account's month on paper: what was used at each point, what was charged for it, how the balance went. */
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api.ts';
import { month as monthName } from '../../dates.ts';
import type { FeeLine } from '../../fee-queries.ts';
import { amount, currencyName, negate, sum, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { usePlace } from '../../project.tsx';
import type { IntegratedRow } from '../../reports.ts';

type Use = IntegratedRow & { commodity: 'electricity' | 'water' };

export function Sheet({
  account,
  month,
  isOver,
  fees,
  uses,
  money,
}: {
  account: Account;
  month: string;
  /** The month has ended: its figures will change by corrections only. */
  isOver: boolean;
  fees: readonly FeeLine[];
  uses: readonly Use[];
  money: IntegratedRow | undefined;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { project } = usePlace();
  return (
    <article className="panel sheet" aria-label={nameOf(language, account)}>
      <header className="sheet-head">
        <div>
          <h2>{nameOf(language, account)}</h2>
          <div className="second">
            {account.number} · {nameOf(language, project)} · {project.zone}
          </div>
        </div>
        <div className="sheet-month">
          <b className="strong">{monthName(language, month)}</b>
          {!isOver && <div className="old">{t('bills.notOver')}</div>}
        </div>
      </header>
      <Uses uses={uses} />
      <Fees fees={fees} />
      {money && <Balance row={money} />}
    </article>
  );
}

function Uses({ uses }: { uses: readonly Use[] }) {
  const { t } = useTranslation();
  const isReplaced = uses.some(({ replaced }) => replaced);
  const unitOf = ({ commodity }: Use) => (commodity === 'water' ? 'm³' : 'kWh');
  return (
    <section>
      <h3>{t('bills.use')}</h3>
      <table className="sheet-table">
        <thead>
          <tr>
            <th>{t('records.field.point')}</th>
            <th className="right">{t('bills.opening')}</th>
            <th className="right">{t('bills.closing')}</th>
            {isReplaced && <th className="right">{t('bills.replaced')}</th>}
            <th className="right">{t('bills.used')}</th>
            <th>{t('bills.unit')}</th>
          </tr>
        </thead>
        <tbody>
          {uses.map((use) => (
            <tr key={`${use.pointId}${use.commodity}`}>
              <td className="strong">{use.pointCode}</td>
              <td className="right">{thousands(use.openingRegister, 2)}</td>
              <td className="right">{thousands(use.closingRegister, 2)}</td>
              {isReplaced && (
                <td className="right">{use.replaced ? thousands(use.replaced, 2) : '–'}</td>
              )}
              <td className="right strong">{thousands(use.quantity, 2)}</td>
              <td className="quiet">
                {unitOf(use)}
                {use.estimated > 0 && ` · ${t('bills.estimated', { count: use.estimated })}`}
                {use.missing > 0 && ` · ${t('bills.missing', { count: use.missing })}`}
              </td>
            </tr>
          ))}
          {uses.length === 0 && (
            <tr>
              <td colSpan={6} className="quiet">
                {t('bills.noUse')}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}

function Fees({ fees }: { fees: readonly FeeLine[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { project } = usePlace();
  const unit = currencyName(project.currency, language);
  return (
    <section>
      <h3>{t('bills.fees')}</h3>
      <table className="sheet-table">
        <thead>
          <tr>
            <th>{t('records.field.point')}</th>
            <th>{t('bills.item')}</th>
            <th className="right">{t('bills.quantity')}</th>
            <th className="right">{t('bills.price')}</th>
            <th className="right">
              {t('bills.amount')} <span className="unit">{unit}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {fees.map((fee) => (
            <tr
              key={`${fee.pointCode} ${fee.component} ${fee.tariffVersion} ${fee.period} ${fee.step}`}
            >
              <td>{fee.pointCode ?? '–'}</td>
              <td>
                {nameOf(language, {
                  name: fee.componentName ?? fee.component,
                  nameZh: fee.componentNameZh,
                })}
                {fee.period !== null && ` · ${t(`period.${fee.period}`)}`}
                {fee.step > 0 && ` · ${t('bills.step', { step: fee.step })}`}
              </td>
              <td className="right">
                {quantityOf(fee)} <span className="unit">{t(`bills.units.${fee.unit}`)}</span>
              </td>
              <td className="right">{fee.price ?? '–'}</td>
              <td className="right strong">{amount(fee.amount.amount)}</td>
            </tr>
          ))}
          <tr className="sheet-total">
            <td colSpan={4}>{t('total')}</td>
            <td className="right">{amount(sum(fees.map((fee) => fee.amount.amount)) ?? '0')}</td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}

/** In the unit that the price is of; days as they are. */
const quantityOf = ({ quantity, unit }: FeeLine): string =>
  unit === 'day' ? String(quantity ?? '–') : thousands(quantity, 2);

/** The balance's own month, by the day of booking: corrections of earlier months stand here. */
function Balance({ row }: { row: IntegratedRow }) {
  const { t } = useTranslation();
  const lines = [
    ['topUps', row.topUps?.amount],
    ['charges', row.charges && negate(row.charges.amount)],
    ['corrections', row.corrections?.amount],
    ['other', row.other?.amount],
  ] as const;
  const foots =
    sum([row.openingBalance?.amount, ...lines.map(([, value]) => value)]) ===
    sum([row.closingBalance?.amount]);
  return (
    <section className="sheet-balance">
      <h3>{t('bills.balance')}</h3>
      <dl className="pairs">
        <div>
          <dt>{t('account.opening')}</dt>
          <dd>{amount(row.openingBalance?.amount)}</dd>
        </div>
        {lines.map(([key, value]) => (
          <div key={key}>
            <dt>{t(`bills.${key}`)}</dt>
            <dd>{amount(value)}</dd>
          </div>
        ))}
        <div className={foots ? 'total' : 'total open'}>
          <dt>{t('bills.closingBalance')}</dt>
          <dd>{amount(row.closingBalance?.amount)}</dd>
        </div>
      </dl>
      <p className="quiet">{t('bills.byBooking')}</p>
    </section>
  );
}
