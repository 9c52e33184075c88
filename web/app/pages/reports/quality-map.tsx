/** Points by days: whole days recede, estimated and missing parts come forward. The list below says the same. */
import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { day, span, weekday } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { HeatMap } from '../../parts/heat-map.tsx';
import { Empty, Skeleton, Waiting } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import { useLive } from '../../queries.ts';
import { percent } from './figures.tsx';
import '../../parts/chart.css';
import { cellKey, completenessOf, type QualityGrid } from './quality-grid.ts';

const LABEL_PX = 76;
const LABEL_PHONE_PX = 58;

export function QualityMap({
  grid,
  withGaps,
  onGaps,
}: {
  grid: QualityGrid | undefined;
  withGaps: boolean;
  onGaps: (withGaps: boolean) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const phone = useIsPhone();
  const navigate = useNavigate();
  const { id: projectId } = useProject();
  const live = useLive('slow').data?.data;
  const rowAt = useCallback(
    ({ row, column }: { row: number; column: number }) => {
      const key = grid?.rows[row]?.key;
      const date = grid?.days[column];
      return key && date ? grid.at.get(cellKey(key, date)) : undefined;
    },
    [grid],
  );
  const tell = (spot: { row: number; column: number }) => {
    const found = rowAt(spot);
    const where = `${grid?.rows[spot.row]?.label} · ${dayText(grid?.days[spot.column])}`;
    if (!found?.expected) return `${where} · ${t('report.quality.notDue')}`;
    return [
      where,
      t('report.quality.tell', { measured: percent(completenessOf(found), 1) }),
      ...(found.estimated
        ? [`${t('home.estimated')} ${percent(found.estimated / found.expected, 1)} %`]
        : []),
      ...(found.missing
        ? [
            `${t('home.missing')} ${percent(found.missing / found.expected, 1)} %`,
            t('report.quality.longest', { span: span(t, found.longestGapS) }),
          ]
        : []),
      ...(found.quarantines ? [t('report.quality.doubted', { count: found.quarantines })] : []),
    ].join(' · ');
  };
  const dayText = (date: string | undefined) =>
    date ? `${weekday(language, date)} ${day(language, date, false)}` : '';
  const open = (spot: { row: number; column: number }) => {
    const found = rowAt(spot);
    const meterId = live?.find(({ pointId }) => pointId === found?.pointId)?.meterId;
    if (!found || !meterId) return;
    void navigate({
      to: '/projects/$projectId/meters/$meterId',
      params: { projectId, meterId },
      search: { day: found.day },
    });
  };
  const days = grid?.days ?? [];
  const every = phone ? 5 : days.length > 45 ? 7 : 1;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('report.quality.map')}</h2>
        {grid && (
          <Segmented
            label={t('report.show')}
            value={withGaps ? 'gaps' : 'all'}
            onChange={(value) => onGaps(value === 'gaps')}
            choices={[
              { value: 'gaps', label: t('report.quality.withGaps') },
              { value: 'all', label: t('report.quality.allPoints') },
            ]}
          />
        )}
        <div className="legend rest">
          <span>
            <i className="swatch key-whole" />
            {t('report.quality.whole')}
          </span>
          <span>
            <i className="key-hatch" />
            {t('home.estimated')}
          </span>
          <span>
            <i className="key-lost" />
            {t('home.missing')}
          </span>
        </div>
      </div>
      <div className="panel-body">
        {!grid ? (
          <>
            <Skeleton width="100%" height={240} />
            <Waiting what={t('wait.report')} />
          </>
        ) : grid.rows.length ? (
          <HeatMap
            label={t('report.quality.mapLabel', { points: grid.rows.length, days: days.length })}
            rows={grid.rows}
            columns={days.map((date, index) =>
              index % every === 0 ? String(Number(date.slice(8))) : '',
            )}
            labelPx={phone ? LABEL_PHONE_PX : LABEL_PX}
            tell={tell}
            onOpen={open}
          />
        ) : grid.whole ? (
          <Empty
            icon="check"
            title={t('report.quality.noGaps')}
            text={t('report.quality.noGapsText')}
          />
        ) : (
          <Empty title={t('report.quality.none')} text={t('report.quality.noneText')} />
        )}
        {grid && withGaps && grid.whole > 0 && grid.rows.length > 0 && (
          <p className="second">{t('report.quality.wholeLeftOut', { count: grid.whole })}</p>
        )}
      </div>
    </section>
  );
}
