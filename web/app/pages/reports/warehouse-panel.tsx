/** What the reports stand on: version and age of the warehouse, its tables, and its last check against the sources. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { day, moment, span } from '../../dates.ts';
import { number, size } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useWarehouse } from './use-report.ts';

const DIFFERENCES_SHOWN = 8;
const OLD_AFTER_S = 180;

export function WarehousePanel() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const answer = useWarehouse();
  const state = answer.data;
  const differences = state?.check?.differences ?? [];
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('report.warehouse.title')}</h2>
        {state?.version !== undefined && state.version !== null && (
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
            <div className={differences.length ? 'warehouse-check off' : 'warehouse-check'}>
              <Icon
                name={!state.check ? 'clock' : differences.length ? 'warning' : 'check'}
                size={14}
              />
              <div>
                <div className="strong">
                  {!state.check
                    ? t('report.warehouse.notChecked')
                    : differences.length
                      ? t('report.warehouse.differs', { count: differences.length })
                      : t('report.warehouse.agrees')}
                </div>
                {state.check && (
                  <div className="second">
                    {t('report.warehouse.checked', {
                      at: moment(language, zone, state.check.checkedAt, now),
                    })}
                  </div>
                )}
                <ul className="second">
                  {differences.slice(0, DIFFERENCES_SHOWN).map((each) => (
                    <li key={`${each.table} ${each.day} ${each.detail}`}>
                      <span className="mono">{each.table}</span>{' '}
                      {each.day && day(language, each.day)} {each.detail}
                    </li>
                  ))}
                  {differences.length > DIFFERENCES_SHOWN && (
                    <li>{t('home.more', { count: differences.length - DIFFERENCES_SHOWN })}</li>
                  )}
                </ul>
              </div>
            </div>
          </>
        )}
      </div>
    </section>
  );
}
