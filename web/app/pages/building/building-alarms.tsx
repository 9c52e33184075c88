/** Open alarms of what stands in this building: its meters, its gateways, and the accounts of its units. */
import { useTranslation } from 'react-i18next';
import type { Alarm, Gateway, LivePoint } from '../../api.ts';
import { Empty } from '../../parts/notice.tsx';
import { useAlarms, useGateways } from '../../queries.ts';
import { AlarmList, byGravity } from '../alarm-list.tsx';
import { useAlarmText } from '../alarm-text.ts';

const SHOWN = 8;

export function BuildingAlarms({
  buildingId,
  points,
}: {
  buildingId: string;
  points: readonly LivePoint[] | undefined;
}) {
  const { t } = useTranslation();
  const alarms = useAlarms().data?.data;
  const gateways = useGateways().data?.data ?? [];
  const describe = useAlarmText();
  const here = gateways.filter((gateway) => gateway.buildingId === buildingId);
  const own = alarms?.filter((alarm) => isHere(alarm, points ?? [], here));
  const rows = byGravity(own ?? [], describe);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('page.alarms')}</h2>
        {own && <span className="quiet">{t('home.active', { count: rows.length })}</span>}
      </div>
      {own && !rows.length && <Empty icon="check" title={t('home.noAlarms')} />}
      {rows.length > 0 && <AlarmList rows={rows.slice(0, SHOWN)} />}
      {rows.length > SHOWN && (
        <div className="panel-foot">{t('home.more', { count: rows.length - SHOWN })}</div>
      )}
    </section>
  );
}

function isHere(
  { subjectKind, subjectId }: Alarm,
  points: readonly LivePoint[],
  gateways: readonly Gateway[],
): boolean {
  return (
    points.some(
      ({ meterId, pointId, accountId }) =>
        (subjectKind === 'meter' && meterId === subjectId) ||
        (subjectKind === 'point' && pointId === subjectId) ||
        (subjectKind === 'account' && accountId === subjectId),
    ) ||
    gateways.some(({ id, buses }) => id === subjectId || buses.some((bus) => bus.id === subjectId))
  );
}
