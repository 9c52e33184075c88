/** Live = settled − provisional, each with its age; hours left; where the thresholds lie. */
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { addHours, day, moment, span, time } from '../../dates.ts';
import { amount, currencyName, isNegative, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Cell } from '../../parts/figure.tsx';
import { StateIcon } from '../../parts/state.tsx';
import { useProject } from '../../project.tsx';
import { useBalance, useProjectSettings } from '../../queries.ts';
import { thresholdsOf } from './account-state.ts';

export function BalanceStrip({ account }: { account: Account | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const now = useNow();
  const balance = useBalance(account?.id ?? null).data ?? account?.balance ?? undefined;
  const unit = currencyName(project.currency, language);
  const loading = !balance;
  const sampleAt = balance?.newestSampleAt;
  const ageS = sampleAt ? (now.getTime() - Date.parse(sampleAt)) / 1000 : null;
  const hours = balance?.hoursLeft ?? null;
  return (
    <section className="panel balance-strip">
      <Cell
        big
        loading={loading}
        label={
          sampleAt
            ? `${t('account.live')}${t('mark.comma')}${time(project.zone, sampleAt, true)}`
            : t('account.live')
        }
        value={amount(balance?.live.amount)}
        unit={unit}
        line={
          isNegative(balance?.live.amount) ? (
            <span className="neg">{t('state.arrears')}</span>
          ) : undefined
        }
      />
      <span className="operator">=</span>
      <Cell
        loading={loading}
        label={t('account.settled')}
        value={amount(balance?.settled.amount)}
        line={
          balance?.settledTo
            ? t('account.inLedger', { day: day(language, balance.settledTo, false) })
            : t('account.inLedgerNone')
        }
      />
      <span className="operator">−</span>
      <Cell
        loading={loading}
        label={t('account.provisional')}
        value={amount(balance?.provisional.amount)}
        mark="provisional"
        line={
          account?.closedOn ? (
            t('account.nothingMore')
          ) : ageS === null ? (
            t('account.noSample')
          ) : (
            <span className={ageS > 180 ? 'old' : undefined}>
              {t('account.toSample', { age: span(t, ageS) })}
            </span>
          )
        }
      />
      {!account?.closedOn && (
        <>
          <div className="ruled">
            <Cell
              loading={loading}
              label={t('account.hours')}
              value={number(hours)}
              unit="h"
              line={
                hours === null
                  ? t('account.noHoursLine')
                  : hours > 0 && hours < 24 * 365
                    ? t('account.until', {
                        at: moment(language, project.zone, addHours(now, hours), now),
                      })
                    : t('account.hoursLine')
              }
            />
          </div>
          <div className="ruled">
            <Thresholds account={account} live={balance?.live.amount} />
          </div>
        </>
      )}
    </section>
  );
}

/** Where the balance stands between the two alarms and four times the first. */
function Thresholds({ account, live }: { account: Account | undefined; live: string | undefined }) {
  const { t } = useTranslation();
  const thresholds = thresholdsOf(account, useProjectSettings().data);
  const alarm1 = Number(thresholds.alarm1?.amount ?? 0);
  const alarm2 = Number(thresholds.alarm2?.amount ?? 0);
  const top = Math.max(alarm1 * 4, alarm2 * 4, 1);
  const part = (value: number) => `${Math.min(100, Math.max(0, (value / top) * 100))}%`;
  const value = Number(live ?? 0);
  const tone =
    value < 0 ? 'arrears' : value <= alarm2 ? 'alarm2' : value <= alarm1 ? 'alarm1' : 'opened';
  return (
    <div className="figure">
      <div className="figure-label">{t('account.thresholds')}</div>
      <div className="threshold-bar" aria-hidden>
        <span style={{ width: part(value), background: `var(--${tone})` }} />
        {alarm2 > 0 && <i style={{ left: part(alarm2) }} />}
        {alarm1 > 0 && <i style={{ left: part(alarm1) }} />}
      </div>
      <div className="figure-line threshold-line">
        <span className="state">
          <StateIcon state="alarm2" size={12} />
          {amount(thresholds.alarm2?.amount).replace(/\.00$/, '')}
        </span>
        <span className="state">
          <StateIcon state="alarm1" size={12} />
          {amount(thresholds.alarm1?.amount).replace(/\.00$/, '')}
        </span>
      </div>
    </div>
  );
}
