/** Floors from above, each with its units as tiles and what they used; the sums foot. */
import { useTranslation } from 'react-i18next';
import type { BuildingSummary, LivePoint } from '../../api.ts';
import { kw, thousands } from '../../format.ts';
import { Empty, Waiting } from '../../parts/notice.tsx';
import { isUnit, Tiles } from '../../parts/tiles.tsx';
import { unitOf } from './building-figures.tsx';

export function FloorPanel({
  summary,
  points,
}: {
  summary: BuildingSummary | undefined;
  points: readonly LivePoint[] | undefined;
}) {
  const { t } = useTranslation();
  const unit = unitOf(summary);
  const units =
    points?.filter((point) =>
      summary?.commodity === 'water' ? point.commodity === 'water' : isUnit(point),
    ) ?? [];
  const known = units.filter(({ powerW }) => powerW !== null);
  const loadW = known.reduce((so, { powerW }) => so + (powerW ?? 0), 0);
  const floors = summary?.floors.toSorted((a, b) => (b.level ?? -99) - (a.level ?? -99));
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('buildingView.floors')}</h2>
        {known.length > 0 && (
          <span className="second">{t('buildingView.now', { kw: kw(loadW) })}</span>
        )}
        <span className="rest unit">{unit}</span>
      </div>
      {!summary && <Waiting what={t('wait.report')} />}
      {floors?.length === 0 && (
        <Empty title={t('buildingView.noUnits')} text={t('buildingView.noUnitsText')} />
      )}
      {summary && floors && floors.length > 0 && (
        <div className="floors panel-body">
          <div className="floor floor-head">
            <span>{t('buildingView.floor')}</span>
            <span />
            <span>{t('buildingView.today')}</span>
            <span>{t('buildingView.month')}</span>
          </div>
          {floors.map((floor) => (
            <div className="floor" key={floor.floorId ?? 'none'}>
              <span className="floor-name">
                <b className="strong">
                  {floor.name ??
                    (floor.level === null
                      ? t('buildingView.noFloor')
                      : t('floor', { level: floor.level }))}
                </b>
                <span className="quiet">{t('home.unitCount', { count: floor.points })}</span>
              </span>
              <Tiles
                units={units.filter(({ floorId }) => floorId === floor.floorId)}
                building={summary.building}
              />
              <Quantity wh={floor.today} missing={floor.missingToday} />
              <Quantity wh={floor.month} missing={floor.missingMonth} />
            </div>
          ))}
          <div className="floor foots">
            <span>{t('total')}</span>
            <span />
            <span>{thousands(summary.today.quantity)}</span>
            <span>{thousands(summary.month.quantity)}</span>
          </div>
        </div>
      )}
    </section>
  );
}

const QUARTERS_AN_HOUR = 4;

/** What a floor used; where a part of it is not known, the hours that lack are told. */
function Quantity({ wh, missing }: { wh: number | null; missing: number }) {
  const { t } = useTranslation();
  const hours = missing / QUARTERS_AN_HOUR;
  return (
    <span
      title={missing ? `${t('home.missing')} ${hours} ${t('energy.meterHours')}` : undefined}
      className={missing ? 'old' : undefined}
    >
      {thousands(wh)}
    </span>
  );
}
