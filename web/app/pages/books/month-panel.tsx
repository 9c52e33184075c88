/** A month opened: what stands in it, what a close would accrue, and the acts it can take now. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BillingMonth, GateItem, MonthGate, MonthState } from '../../books.ts';
import { useMonthGate } from '../../books-queries.ts';
import { addMonths, month as monthName } from '../../dates.ts';
import { amount, currencyName, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { MonthAct } from './month-act.tsx';

export function MonthPanel({ row, months }: { row: BillingMonth; months: BillingMonth[] }) {
  const { t } = useTranslation();
  const gate = useMonthGate(row.month);
  if (gate.isError && !gate.data) {
    return <ProblemNotice error={gate.error} retry={() => void gate.refetch()} />;
  }
  return (
    <div className="month">
      <section>
        <h3>{t(row.state === 'closed' ? 'books.month.left' : 'books.month.stands')}</h3>
        <Gate gate={gate.data} month={row.month} />
        {!gate.data && <Waiting what={t('books.month.waitGate')} />}
      </section>
      <Next key={row.month} gate={gate.data} row={row} months={months} />
    </div>
  );
}

function Gate({ gate, month }: { gate: MonthGate | undefined; month: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  if (!gate) {
    return (
      <div className="stack">
        {[1, 2, 3, 4, 5, 6, 7, 8].map((line) => (
          <Skeleton key={line} width="100%" height={14} />
        ))}
      </div>
    );
  }
  return (
    <ul className="gate">
      {gate.items.map((item) => (
        <li key={item.kind} className={item.count ? 'stands' : ''}>
          {item.count ? (
            <span className="gate-ring" />
          ) : (
            <Icon name="check" size={14} className="pos" />
          )}
          <span>
            <ItemText item={item} month={month} />
          </span>
          <span className="gate-count">{number(item.count)}</span>
          <span className="gate-money">
            {item.count === 0 ? (
              ''
            ) : item.money ? (
              <>
                {amount(item.money.amount)}{' '}
                <span className="unit">{currencyName(currency, language)}</span>
              </>
            ) : (
              <span className="no-money" title={t('books.month.noMoney')}>
                –
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What it is, and where more of it is told. */
function ItemText({ item, month }: { item: GateItem; month: string }) {
  const { t } = useTranslation();
  const { id: projectId, permissions } = useProject();
  const from = `${month}-01`;
  const search = { from, to: addMonths(from, 1) };
  const to =
    item.kind === 'differences' || item.kind === 'unreconciled'
      ? ('/projects/$projectId/reconciliation' as const)
      : ['quarantined', 'findings'].includes(item.kind) && permissions.includes('reading.read')
        ? ('/projects/$projectId/exceptions' as const)
        : null;
  const text = t(`books.month.item.${item.kind}.${item.count ? 'stands' : 'clear'}`);
  return (
    <>
      {to && item.count > 0 ? (
        <Link
          to={to}
          params={{ projectId }}
          search={to.endsWith('/exceptions') ? {} : search}
          preload={false}
        >
          {text}
        </Link>
      ) : (
        text
      )}
      {item.count > 0 && (
        <span className="second block">{t(`books.month.item.${item.kind}.follows`)}</span>
      )}
    </>
  );
}

/** The acts that the month can take, one of them opened at a time; why not, where it cannot. */
function Next({
  gate,
  row,
  months,
}: {
  gate: MonthGate | undefined;
  row: BillingMonth;
  months: BillingMonth[];
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const may = useMay()('month.close');
  const [chosen, choose] = useState<MonthState | null>(null);
  const name = monthName(language, row.month);
  if (!gate) {
    return (
      <section>
        <h3>{t('books.month.next')}</h3>
        <Skeleton width={180} height={28} />
      </section>
    );
  }
  if (chosen) {
    return (
      <MonthAct
        gate={gate}
        to={chosen}
        next={nextOpen(months, row.month)}
        onDone={() => choose(null)}
      />
    );
  }
  const ways = gate.ways.filter(({ refusal }) => refusal === null);
  const refused = gate.ways.filter(({ to, refusal }) => refusal !== null && isForward(row, to));
  return (
    <section>
      <h3>{t('books.month.next')}</h3>
      {row.state !== 'closed' && (
        <div className="accrual">
          <div className="figure-label">{t('books.month.wouldAccrue')}</div>
          <div className="accrual-figure">
            {amount(gate.accrual?.amount)}
            {gate.accrual && <span className="unit"> {currencyName(currency, language)}</span>}
          </div>
          <p className="second">
            {t(gate.accrual ? 'books.month.accrualText' : 'books.month.tooMany')}
          </p>
        </div>
      )}
      {row.state === 'closed' && <p className="second">{t('books.month.staysClosed')}</p>}
      {may && ways.length > 0 && (
        <div className="month-acts">
          {ways.map(({ to }) => (
            <button
              type="button"
              key={to}
              className={to === 'open' ? 'button' : 'button primary'}
              onClick={() => choose(to)}
            >
              <Icon name={to === 'open' ? 'book' : to === 'closed' ? 'lock' : 'clock'} size={14} />
              {t(`books.month.act.${to}`, { month: name })}…
            </button>
          ))}
        </div>
      )}
      {!may && row.state !== 'closed' && <p className="second">{t('books.month.mayNot')}</p>}
      {refused.map(({ to, refusal }) => (
        <p key={to} className="second month-refusal">
          <Icon name="lock" size={13} />
          <span>
            {t(`books.month.act.${to}`, { month: name })}
            {t('mark.colon')}
            <Refusal gate={gate} months={months} to={to} text={refusal ?? ''} />
          </span>
        </p>
      ))}
    </section>
  );
}

const order: readonly MonthState[] = ['open', 'soft-closed', 'closed'];
const isForward = (row: BillingMonth, to: MonthState): boolean =>
  row.state !== 'closed' && order.indexOf(to) > order.indexOf(row.state);

/** The reason in the reader's language where the months on screen tell it; else the server's own words. */
function Refusal({
  gate,
  months,
  to,
  text,
}: {
  gate: MonthGate;
  months: BillingMonth[];
  to: MonthState;
  text: string;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (to === 'closed' && gate.state === 'open') return <>{t('books.month.refusal.softFirst')}</>;
  if (!gate.isOver) return <>{t('books.month.refusal.notOver')}</>;
  const earlier = months.findLast(({ month, state }) => month < gate.month && state !== 'closed');
  if (to === 'closed' && earlier) {
    return <>{t('books.month.refusal.earlier', { month: monthName(language, earlier.month) })}</>;
  }
  return <>{text}</>;
}

/** The first month after it that takes postings: there the accrual is taken back. */
function nextOpen(months: readonly BillingMonth[], month: string): string {
  let next = addMonths(`${month}-01`, 1).slice(0, 7);
  while (months.some((each) => each.month === next && each.state !== 'open')) {
    next = addMonths(`${next}-01`, 1).slice(0, 7);
  }
  return next;
}
