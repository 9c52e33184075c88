/** What the reports stand on: version and age of the warehouse, its tables, and its last check against the sources. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { day, moment, span } from '../../dates.ts';
import { number, size } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useWarehouse, useWarehouseCheck } from './use-report.ts';

const DIFFERENCES_SHOWN = 8;
const OLD_AFTER_S = 180;

export function WarehousePanel() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const answer = useWarehouse();
  const may = useMay();
  const wish = useWarehouseCheck();
  const state = answer.data;
  const check = state?.lastCheck ?? null;
  const differences = check?.differences ?? [];
  const lost =
    state?.tables.flatMap(({ name, lost: days }) => days.map((each) => ({ name, day: each }))) ??
    [];
  const isOff = lost.length > 0 || (check?.differenceCount ?? 0) > 0;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('report.warehouse.title')}</h2>
        {state && (
          <span className="rest second">
            {t('report.warehouse.version', { version: number(state.version) })}
          </span>
        )}
      </div>
      <div className="panel-body">
        {answer.isError && !state ? (
          <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />
        ) : !state ? (
          <Skeleton width="70%" />
        ) : (
          <>
            <dl className="pairs">
              <div>
                <dt>{t('exports.asOf')}</dt>
                <dd className={(state.ageS ?? 0) > OLD_AFTER_S ? 'old' : undefined}>
                  {state.asOf ? moment(language, zone, state.asOf, now) : '–'}
                  {state.ageS !== null && (
                    <span className="block quiet">{t('ago', { span: span(t, state.ageS) })}</span>
                  )}
                </dd>
              </div>
              {state.tables.map((table) => (
                <div key={table.name}>
                  <dt className="clip">
                    <span className="mono">{table.name}</span>
                    {table.days !== null && (
                      <span className="block quiet">
                        {t('report.warehouse.days', { count: table.days })}
                      </span>
                    )}
                  </dt>
                  <dd>
                    {number(table.rows)}
                    <span className="block quiet">{size(table.bytes)}</span>
                  </dd>
                </div>
              ))}
            </dl>
            <div className={isOff ? 'warehouse-check off' : 'warehouse-check'}>
              <Icon name={isOff ? 'warning' : check ? 'check' : 'clock'} size={14} />
              <div>
                <div className="strong">
                  {!check
                    ? t('report.warehouse.notChecked')
                    : check.differenceCount
                      ? t('report.warehouse.differs', { count: check.differenceCount })
                      : t('report.warehouse.agrees')}
                </div>
                {check && (
                  <div className="second">
                    {t('report.warehouse.checked', {
                      at: moment(language, zone, check.at, now),
                      count: check.daysChecked,
                    })}
                  </div>
                )}
                <ul className="second">
                  {lost.slice(0, DIFFERENCES_SHOWN).map((each) => (
                    <li key={`${each.name} ${each.day}`}>
                      <span className="mono">{each.name}</span> {day(language, each.day)}{' '}
                      {t('report.warehouse.lost')}
                    </li>
                  ))}
                  {differences.slice(0, DIFFERENCES_SHOWN).map((each) => (
                    <li key={`${each.table} ${each.day} ${each.what}`}>
                      <span className="mono">{each.table}</span>{' '}
                      {each.day && day(language, each.day)} {each.what}: {each.ours ?? '–'} ≠{' '}
                      {each.theirs ?? '–'}
                    </li>
                  ))}
                  {(check?.differenceCount ?? 0) > DIFFERENCES_SHOWN && (
                    <li>
                      {t('home.more', {
                        count: (check?.differenceCount ?? 0) - DIFFERENCES_SHOWN,
                      })}
                    </li>
                  )}
                </ul>
                {may('project.write') && (
                  <button
                    type="button"
                    className="button small"
                    disabled={state.checkWished || wish.isPending || wish.isSuccess}
                    onClick={() => wish.mutate()}
                  >
                    <Icon name="retry" size={14} />
                    {t(
                      state.checkWished || wish.isSuccess
                        ? 'report.warehouse.wished'
                        : 'report.warehouse.checkNow',
                    )}
                  </button>
                )}
                {wish.isError && <ProblemNotice error={wish.error} />}
              </div>
            </div>
          </>
        )}
      </div>
    </section>
  );
}
