/** Each day's newest reconciliation as a strip of tiles: what agrees recedes, what has no reason comes forward. */
import { useTranslation } from 'react-i18next';
import type { ReconciledDay } from '../../books.ts';
import { useReconciledDays } from '../../books-queries.ts';
import { useNow } from '../../clock.tsx';
import { addDays, day as dayText, moment, shortMonth } from '../../dates.ts';
import { amount, currencyName, sum } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';

/** Days that are shown, up to the end of the range. */
const DAYS_SHOWN = 35;
const DAY_MS = 86_400_000;

type State = 'agrees' | 'explained' | 'unexplained' | 'none';
const states: readonly State[] = ['agrees', 'explained', 'unexplained', 'none'];

export function DaysStrip({
  from,
  to,
  today,
  choose,
}: {
  /** The range that is looked at, [from, to). */
  from: string;
  to: string;
  today: string;
  choose: (day: string) => void;
}) {
  const { t } = useTranslation();
  // The days are those before a past range, or up to yesterday.
  const end = to < addDays(today, -DAYS_SHOWN) ? to : today;
  const begin = [addDays(end, -DAYS_SHOWN), from].sort()[0] ?? from;
  const answer = useReconciledDays({ from: begin, to: end });
  const found = answer.data?.data;
  const count = Math.round((Date.parse(end) - Date.parse(begin)) / DAY_MS);
  const days = Array.from({ length: count }, (_, i) => addDays(begin, i));
  return (
    <section className="panel days-strip" aria-busy={!found}>
      <div className="panel-head">
        <h2>{t('books.agree.days.title')}</h2>
        <span className="second">{t('books.agree.days.line')}</span>
      </div>
      <div className="panel-body">
        {answer.isError && !found ? (
          <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />
        ) : !found ? (
          <Skeleton width="100%" height={44} />
        ) : (
          <>
            <ol>
              {days.map((day) => (
                <li key={day}>
                  <Day
                    day={day}
                    rows={found.filter((row) => row.day === day)}
                    isChosen={day >= from && day < to}
                    choose={choose}
                  />
                </li>
              ))}
            </ol>
            <p className="days-legend second">
              {states.map((state) => (
                <span className="state" key={state}>
                  <i className={`day-tile ${state}`} />
                  {t(
                    state === 'unexplained'
                      ? 'books.agree.shown.unexplained'
                      : `books.agree.days.${state}`,
                  )}
                </span>
              ))}
            </p>
          </>
        )}
      </div>
    </section>
  );
}

function Day({
  day,
  rows,
  isChosen,
  choose,
}: {
  day: string;
  rows: readonly ReconciledDay[];
  isChosen: boolean;
  choose: (day: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const state = stateOf(rows);
  const unexplained = rows.reduce((so, row) => so + row.unexplained, 0);
  const money = sum(rows.flatMap((row) => row.money?.amount ?? []));
  const checkedAt = rows[0]?.checkedAt;
  const words = [
    dayText(language, day),
    t(`books.agree.days.${state}`, { count: unexplained }),
    state === 'unexplained' &&
      t('books.agree.days.worth', {
        money: `${amount(money)} ${currencyName(currency, language)}`,
      }),
    checkedAt && t('books.agree.days.checked', { at: moment(language, zone, checkedAt, now) }),
  ].filter(Boolean);
  const isFirst = day.endsWith('-01');
  return (
    <button
      type="button"
      className={`day-tile ${state}`}
      aria-pressed={isChosen}
      aria-label={words.join(t('mark.list'))}
      title={words.join(' · ')}
      onClick={() => choose(day)}
    >
      {state === 'unexplained' ? (
        <b>{unexplained}</b>
      ) : (
        state !== 'none' && <Icon name="check" size={12} />
      )}
      <span>{isFirst ? shortMonth(language, day) : Number(day.slice(8))}</span>
    </button>
  );
}

const stateOf = (rows: readonly ReconciledDay[]): State =>
  rows.length === 0
    ? 'none'
    : rows.some((row) => row.unexplained > 0)
      ? 'unexplained'
      : rows.some((row) => row.differences > 0)
        ? 'explained'
        : 'agrees';
