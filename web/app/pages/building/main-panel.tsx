/** The main meter beside the sum of its units: what is not in the units, today and this month. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { BuildingSummary } from '../../api.ts';
import { number, thousands } from '../../format.ts';
import { Empty, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useLive } from '../../queries.ts';
import { unitOf } from './building-figures.tsx';

export function MainPanel({ summary }: { summary: BuildingSummary | undefined }) {
  const { t } = useTranslation();
  const project = useProject();
  const main = summary?.main;
  const share = (part: number | null | undefined) =>
    number(part === null || part === undefined ? null : part * 100, 1);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('buildingView.main')}</h2>
        <span className="rest unit">{unitOf(summary)}</span>
      </div>
      {!summary && (
        <div className="panel-body">
          <Skeleton width="80%" />
        </div>
      )}
      {summary && !main && <Empty title={t('buildingView.noMain')} />}
      {main && (
        <div className="panel-body">
          <table className="small-table">
            <thead>
              <tr>
                <th scope="col">
                  <MainCodes points={main.points} />
                </th>
                <th scope="col">{t('buildingView.today')}</th>
                <th scope="col">{t('buildingView.month')}</th>
              </tr>
            </thead>
            <tbody>
              <tr>
                <td>{t('buildingView.mainMeter')}</td>
                <td>{thousands(main.today.main)}</td>
                <td>{thousands(main.month.main)}</td>
              </tr>
              <tr>
                <td>{t('buildingView.units')}</td>
                <td>{thousands(main.today.units)}</td>
                <td>{thousands(main.month.units)}</td>
              </tr>
              <tr className="total">
                <td>{t('buildingView.difference')}</td>
                <td>{thousands(main.today.difference)}</td>
                <td>{thousands(main.month.difference)}</td>
              </tr>
              <tr>
                <td className="quiet">{t('buildingView.share')}</td>
                <td>
                  {share(main.today.share)} <span className="unit">%</span>
                </td>
                <td>
                  {share(main.month.share)} <span className="unit">%</span>
                </td>
              </tr>
            </tbody>
          </table>
          {main.month.mainMissing + main.month.unitsMissing > 0 && (
            <p className="second main-note">
              {t('buildingView.gapNote', {
                main: number(main.month.mainMissing),
                units: number(main.month.unitsMissing),
              })}
            </p>
          )}
        </div>
      )}
      {main && (
        <div className="panel-foot">
          <Link
            to="/projects/$projectId/losses"
            params={{ projectId: project.id }}
            search={{ building: summary.building.id }}
          >
            {t('buildingView.toLosses')}
          </Link>
        </div>
      )}
    </section>
  );
}

/** The codes of the main meters, each leading to its own. */
function MainCodes({ points }: { points: readonly { id: string; code: string }[] }) {
  const { id: projectId } = useProject();
  const live = useLive('slow').data?.data;
  return points.map(({ id, code }) => {
    const meterId = live?.find(({ pointId }) => pointId === id)?.meterId;
    return meterId ? (
      <Link
        key={id}
        to="/projects/$projectId/meters/$meterId"
        params={{ projectId, meterId }}
        className="main-code"
      >
        {code}
      </Link>
    ) : (
      <span key={id} className="main-code">
        {code}
      </span>
    );
  });
}
