/** What someone should look at, the gravest and oldest first. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { states } from '../../parts/state.tsx';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import { useAlarms } from '../../queries.ts';
import { AlarmList, byGravity } from '../alarm-list.tsx';
import { useAlarmText } from '../alarm-text.ts';

const SHOWN = 11;
const SHOWN_ON_PHONE = 4;

export function AlarmPanel() {
  const { t } = useTranslation();
  const project = useProject();
  const alarms = useAlarms();
  const describe = useAlarmText();
  const limit = useIsPhone() ? SHOWN_ON_PHONE : SHOWN;
  const open = byGravity(alarms.data?.data ?? [], describe);
  const shown = open.slice(0, limit);
  const rest = new Set(open.slice(limit).map(({ state }) => state));
  const kinds = states.filter((state) => rest.has(state)).map((state) => t(`state.${state}`));
  return (
    <section className="panel home-alarms">
      <div className="panel-head">
        <h2>{t('page.alarms')}</h2>
        {alarms.data && <span className="quiet">{t('home.active', { count: open.length })}</span>}
        <Link
          to="/projects/$projectId/alarms"
          params={{ projectId: project.id }}
          className="rest state"
        >
          {t('home.allAlarms')}
          <Icon name="out" size={12} />
        </Link>
      </div>
      {alarms.isError && !alarms.data && (
        <div className="panel-body">
          <ProblemNotice error={alarms.error} retry={() => void alarms.refetch()} />
        </div>
      )}
      {!alarms.data && !alarms.isError && (
        <ul className="alarm-list" aria-hidden>
          {[1, 2, 3, 4, 5].map((row) => (
            <li key={row} className="alarm-row">
              <Skeleton width="90%" />
            </li>
          ))}
        </ul>
      )}
      {alarms.data && !open.length && (
        <Empty icon="check" title={t('home.noAlarms')} text={t('home.noAlarmsText')} />
      )}
      <AlarmList rows={shown} />
      {open.length > shown.length && (
        <div className="panel-foot">
          <span>
            {t('home.more', { count: open.length - shown.length })}
            {kinds.length > 0 && `${t('mark.colon')}${kinds.join(t('mark.list'))}`}
          </span>
        </div>
      )}
    </section>
  );
}
