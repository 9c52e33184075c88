/** The days of a point: the same figures, a row each. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { day, weekday } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import { useLive } from '../../queries.ts';
import type { Range } from '../../range.ts';
import type { PowerQualityRow, Report } from '../../reports.ts';
import { useFigures } from './power-columns.tsx';
import { useReport } from './use-report.ts';

const DAYS_SHOWN = 62;
/** What fits beside the day on a phone. */
const ON_PHONE = new Set(['vmin', 'vmax', 'outside']);

export function PowerDays({ point, asked }: { point: PowerQualityRow; asked: Range }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const isPhone = useIsPhone();
  const columns = useFigures().filter(({ key }) => (isPhone ? ON_PHONE.has(key) : key !== 'vbar'));
  const answer = useReport<Report<PowerQualityRow>>('power-quality', {
    from: asked.from,
    to: asked.to,
    by: 'day',
    pointId: point.pointId,
  });
  const meterId = useLive('slow').data?.data.find(
    ({ pointId }) => pointId === point.pointId,
  )?.meterId;
  if (answer.isError && !answer.data)
    return <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data || answer.isPlaceholderData) return <Skeleton width="60%" />;
  const rows = answer.data.data.slice(-DAYS_SHOWN);
  return (
    <div className="scroll-x">
      <table className="small-table power-days">
        <caption className="hidden-text">{t('report.power.daysOf', { code: point.code })}</caption>
        <thead>
          <tr>
            <th scope="col">{t('energy.by.day')}</th>
            {columns.map(({ key, title, unit }) => (
              <th scope="col" key={key}>
                {title} {unit && <span className="unit">{unit}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.day}>
              <td>
                <b className="strong">{row.day && day(language, row.day, false)}</b>{' '}
                <span className="quiet">{row.day && weekday(language, row.day)}</span>
              </td>
              {columns.map(({ key, cell }) => (
                <td key={key}>{cell(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {meterId && (
        <Link
          to="/projects/$projectId/meters/$meterId"
          params={{ projectId, meterId }}
          search={{ curve: 'U' }}
          preload={false}
        >
          {t('report.power.toMeter')} <Icon name="out" size={12} className="inline-icon" />
        </Link>
      )}
    </div>
  );
}
