/** The units that used most this month, and their part of the building. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { BuildingSummary, LivePoint } from '../../api.ts';
import { number, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { unitOf } from './building-figures.tsx';

export function TopPanel({
  summary,
  points,
}: {
  summary: BuildingSummary | undefined;
  points: readonly LivePoint[] | undefined;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const most = Math.max(...(summary?.top ?? []).map(({ share }) => share ?? 0), 0.0001);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('buildingView.top')}</h2>
        <span className="rest unit">{unitOf(summary)}</span>
      </div>
      <div className="panel-body">
        {!summary && <Skeleton width="90%" />}
        {summary && !summary.top.length && <p className="second">{t('energy.nothingYet')}</p>}
        <ol className="top-list">
          {summary?.top.map((unit) => {
            const point = points?.find(({ pointId }) => pointId === unit.pointId);
            const who =
              (point?.accountName &&
                nameOf(language, { name: point.accountName, nameZh: point.accountNameZh })) ||
              nameOf(language, { name: unit.label, nameZh: unit.labelZh });
            const body = (
              <>
                <b className="strong">{unit.code}</b>
                <span className="clip quiet" title={who}>
                  {who}
                </span>
                <span className="top-bar" aria-hidden>
                  <span style={{ width: `${((unit.share ?? 0) / most) * 100}%` }} />
                </span>
                <span className="top-figure">{thousands(unit.month)}</span>
                <span className="top-share">
                  {number(unit.share === null ? null : unit.share * 100, 1)}{' '}
                  <span className="unit">%</span>
                </span>
              </>
            );
            return (
              <li key={unit.pointId}>
                {point?.meterId ? (
                  <Link
                    className="top-row"
                    to="/projects/$projectId/meters/$meterId"
                    params={{ projectId, meterId: point.meterId }}
                  >
                    {body}
                  </Link>
                ) : (
                  <div className="top-row">{body}</div>
                )}
              </li>
            );
          })}
        </ol>
      </div>
    </section>
  );
}
