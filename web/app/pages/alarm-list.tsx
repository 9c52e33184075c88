/** Open alarms as lines, the gravest and oldest first: of the park at home, of one building on its page. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Alarm, PointState } from '../api.ts';
import { useNow } from '../clock.tsx';
import { span } from '../dates.ts';
import { StateIcon, states } from '../parts/state.tsx';
import { useProject } from '../project.tsx';
import type { AlarmText } from './alarm-text.ts';
import '../parts/alarm-list.css';

export type AlarmRow = AlarmText & { alarm: Alarm };

/** Lost contact first: what is not seen may be anything. Then by what the tenant feels soonest. */
const gravity = (state: PointState): number => states.indexOf(state);

export const byGravity = (
  alarms: readonly Alarm[],
  describe: (alarm: Alarm) => AlarmText,
): AlarmRow[] =>
  alarms
    .filter(({ clearedAt }) => !clearedAt)
    .map((alarm) => ({ alarm, ...describe(alarm) }))
    .sort(
      (a, b) =>
        gravity(b.state) - gravity(a.state) || (a.alarm.raisedAt < b.alarm.raisedAt ? -1 : 1),
    );

export function AlarmList({ rows }: { rows: readonly AlarmRow[] }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const now = useNow(10_000);
  return (
    <ul className="alarm-list">
      {rows.map(({ alarm, code, text, state, meterId, accountId }) => {
        const row = (
          <>
            <StateIcon state={state} size={13} />
            <span className="strong">{code}</span>
            <span className="clip" title={text}>
              {text}
            </span>
            <span className="quiet nowrap">
              {span(t, (now.getTime() - Date.parse(alarm.raisedAt)) / 1000)}
            </span>
          </>
        );
        return (
          <li key={alarm.id}>
            {meterId ? (
              <Link
                className="alarm-row"
                to="/projects/$projectId/meters/$meterId"
                params={{ projectId, meterId }}
              >
                {row}
              </Link>
            ) : accountId ? (
              <Link
                className="alarm-row"
                to="/projects/$projectId/accounts/$accountId"
                params={{ projectId, accountId }}
              >
                {row}
              </Link>
            ) : (
              <div className="alarm-row">{row}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
