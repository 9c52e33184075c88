/** The figure strip: load now, energy, charges, sales, prepaid balance; each with what it rests on. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { addDays, day, wallMinute } from '../../dates.ts';
import {
  amount,
  change,
  currencyName,
  isNegative,
  kw,
  signed,
  sum,
  thousands,
} from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Cell } from '../../parts/figure.tsx';
import { Spark } from '../../parts/spark.tsx';
import { isUnit } from '../../parts/tiles.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useAccounts, useLive, useSales } from '../../queries.ts';
import { type DayByHour, useFinanceOn } from './home.tsx';
import { beforeUpTo, byHour, total } from './hours.ts';

export function Figures({ today, hours }: { today: string; hours: DayByHour }) {
  const may = useMay();
  const cells = [
    may('device.read') && <Load key="load" hours={hours} />,
    may('report.read') && <Energy key="energy" hours={hours} />,
    may('account.read') && <Charges key="charges" today={today} />,
    may('sale.read') && <Sales key="sales" today={today} />,
    may('account.read') && <Held key="held" />,
  ].filter(Boolean);
  return (
    <section className="panel strip" style={{ '--figures': cells.length } as React.CSSProperties}>
      {cells}
    </section>
  );
}

function Load({ hours }: { hours: DayByHour }) {
  const { t } = useTranslation();
  const live = useLive();
  const day = byHour(hours.data);
  const values = day.map(({ quantity, slots }) => (slots ? quantity : null));
  const highest = day.reduce<(typeof day)[number] | null>(
    (so, hour) => ((hour.quantity ?? 0) > (so?.quantity ?? 0) ? hour : so),
    null,
  );
  const units = live.data?.data.filter(isUnit) ?? [];
  const known = units.filter(({ powerW }) => powerW !== null);
  const loadW = known.reduce((so, { powerW }) => so + (powerW ?? 0), 0);
  const lastHour = values.findLastIndex((value) => value !== null);
  return (
    <Cell
      label={t('home.load')}
      value={kw(known.length ? loadW : null)}
      unit="kW"
      loading={!live.data}
      spark={
        <Spark values={values.slice(0, Math.max(2, lastHour + 1))} label={t('home.loadCurve')} />
      }
      line={
        highest?.quantity
          ? t('home.highest', { kw: thousands(highest.quantity), at: `${pad(highest.hour)}:00` })
          : t('home.unitsRead', { read: known.length, all: units.length })
      }
    />
  );
}

const pad = (hour: number): string => String(hour).padStart(2, '0');

function Energy({ hours }: { hours: DayByHour }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const report = hours.data;
  const now = useNow(60_000);
  const soFar = total(byHour(report));
  // Compared to the same time of yesterday: what is not yet in the report is in neither.
  const minute = wallMinute(zone, report?.asOf ?? now);
  const before = beforeUpTo(byHour(report), minute - (minute % 15));
  const difference = change(soFar, before);
  return (
    <Cell
      label={t('home.energy')}
      value={thousands(soFar)}
      unit="kWh"
      loading={!report && !hours.isError}
      line={
        difference === null ? (
          t('home.noYesterday')
        ) : (
          <>
            {signed(difference)} <span className="unit">%</span>{' '}
            {t('home.onYesterday', {
              at: `${pad(Math.floor(minute / 60))}:${pad(minute - (minute % 15) - Math.floor(minute / 60) * 60)}`,
            })}
          </>
        )
      }
    />
  );
}

/** The day up to which every account is settled; null when none is. */
export const settledToOf = (accounts: readonly Account[] | undefined): string | null =>
  (accounts ?? []).reduce<string | null>((so, { balance }) => {
    const day = balance?.settledTo;
    return day && (!so || day < so) ? day : so;
  }, null);

function Charges({ today }: { today: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const accounts = useAccounts();
  const balances = accounts.data?.data.flatMap(({ balance }) => balance ?? []) ?? [];
  const provisional = sum(balances.map((balance) => balance.provisional.amount));
  const settledTo = settledToOf(accounts.data?.data);
  const behind = settledTo !== null && settledTo < today;
  return (
    <Cell
      label={
        behind
          ? t('home.chargesSince', { day: day(language, settledTo, false) })
          : t('home.charges')
      }
      value={amount(provisional)}
      unit={currencyName(currency, language)}
      mark="provisional"
      loading={!accounts.data && !accounts.isError}
      line={
        settledTo
          ? t('home.provisional', { day: day(language, settledTo, false) })
          : t('home.nothingSettled')
      }
    />
  );
}

function Sales({ today }: { today: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const sales = useSales({ from: today, to: addDays(today, 1) });
  const rows = sales.data?.data ?? [];
  const returns = useFinanceOn(today).data?.returns;
  return (
    <Cell
      label={t('home.sales')}
      value={amount(sum(rows.map((sale) => sale.amount.amount)) ?? (sales.data ? '0' : null))}
      unit={currencyName(project.currency, language)}
      loading={!sales.data && !sales.isError}
      line={[
        t('home.saleCount', { count: rows.length }),
        returns?.refunds && t('home.refundCount', { count: returns.refunds }),
        returns?.reversals && t('home.reversalCount', { count: returns.reversals }),
      ]
        .filter(Boolean)
        .join(' · ')}
    />
  );
}

function Held() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const accounts = useAccounts();
  const open = accounts.data?.data.filter(({ closedOn }) => !closedOn) ?? [];
  const lives = open.flatMap(({ balance }) => balance?.live.amount ?? []);
  const owing = lives.filter(isNegative).length;
  return (
    <Cell
      label={t('home.held')}
      value={amount(sum(lives))}
      unit={currencyName(project.currency, language)}
      loading={!accounts.data && !accounts.isError}
      line={
        <>
          {t('home.accountCount', { count: open.length })}
          {owing > 0 && (
            <>
              {' · '}
              <Link
                to="/projects/$projectId/accounts"
                params={{ projectId: project.id }}
                search={{ state: 'arrears' }}
                className="neg"
              >
                {t('home.owing', { count: owing })}
              </Link>
            </>
          )}
        </>
      }
    />
  );
}
