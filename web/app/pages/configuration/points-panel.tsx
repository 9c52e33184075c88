/** Metering points: what each measures, where it is, and which meter stands there. */
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useConfiguredMeters, useConfiguredPlaces, usePoints } from '../../config-queries.ts';
import type { Point } from '../../config-shapes.ts';
import { thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { type ListPanelProps, NewButton, NothingYet, OpenName, useWanted } from './list-parts.tsx';
import { PointDrawer } from './point-drawer.tsx';

export function PointsPanel({ retired, sort, onSort }: ListPanelProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const query = usePoints(retired);
  const places = useConfiguredPlaces(true).data?.data;
  const meters = useConfiguredMeters().data?.data;
  const [opened, open] = useState<{ point: Point | null } | null>(null);
  const wanted = useWanted();
  const found = query.data?.data.find(({ id }) => id === wanted.id);
  const shown = opened ?? (found ? { point: found } : null);
  const serials = useMemo(
    () => new Map(meters?.map(({ pointId, serial }) => [pointId, serial])),
    [meters],
  );
  const placeOf = ({ buildingId, floorId, roomId }: Point): string | null => {
    const building = places?.find(({ id }) => id === buildingId);
    const floor = building?.floors.find(({ id }) => id === floorId);
    const room = floor?.rooms.find(({ id }) => id === roomId);
    return [building?.code, floor?.name, room?.code].filter(Boolean).join(' · ') || null;
  };
  const columns: Column<Point>[] = [
    {
      key: 'code',
      title: t('config.field.code'),
      width: 'minmax(110px, 150px)',
      phone: 'title',
      value: ({ code }) => code,
      cell: (point) => (
        <OpenName
          name={point.code}
          retired={point.retired}
          mark={point.lockOut && t('config.lock.mark')}
          onOpen={() => open({ point })}
        />
      ),
    },
    {
      key: 'name',
      title: t('config.field.name'),
      width: 'minmax(150px, 1fr)',
      phone: 'plain',
      value: (point) => nameOf(language, point),
      cell: (point) => <div className="clip">{nameOf(language, point)}</div>,
    },
    {
      key: 'place',
      title: t('config.field.place'),
      width: 'minmax(120px, 180px)',
      value: placeOf,
      cell: (point) => placeOf(point) ?? '–',
    },
    {
      key: 'commodity',
      title: t('config.field.commodity'),
      width: '100px',
      value: ({ commodity }) => t(`config.commodity.${commodity}`),
      cell: ({ commodity }) => t(`config.commodity.${commodity}`),
    },
    {
      key: 'class',
      title: t('config.field.class'),
      width: '120px',
      value: (point) => t(`config.class.${point.class}`),
      cell: (point) => t(`config.class.${point.class}`),
    },
    {
      key: 'role',
      title: t('config.field.role'),
      width: '110px',
      optional: true,
      value: ({ role }) => t(`config.role.${role}`),
      cell: ({ role }) => t(`config.role.${role}`),
    },
    {
      key: 'overload',
      title: t('config.field.overload'),
      unit: 'kW',
      align: 'right',
      width: '120px',
      value: ({ overloadW }) => overloadW && overloadW / 1000,
      cell: ({ overloadW }) => (overloadW === null ? '–' : thousands(overloadW, 1)),
    },
    {
      key: 'meter',
      title: t('config.kind.meter'),
      width: 'minmax(130px, 160px)',
      phone: 'figure',
      value: ({ id }) => serials.get(id) ?? null,
      cell: ({ id }) => <span className="mono">{serials.get(id) ?? '–'}</span>,
    },
  ];
  return (
    <>
      {query.isError && !query.data && (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      )}
      <Table
        name="configuration-points"
        label={t('config.tab.points')}
        title={t('config.tab.points')}
        beside={
          <NewButton kind="point" permission="device.write" onClick={() => open({ point: null })} />
        }
        columns={columns}
        rows={query.data?.data}
        rowKey={({ id }) => id}
        sort={sort}
        onSort={onSort}
        onOpen={(point) => open({ point })}
        empty={<NothingYet />}
        complete={query.data?.complete ?? true}
        file={{ path: '/points', rows: query.data?.complete ? query.data.data.length : null }}
      />
      {shown && (
        <PointDrawer
          key={shown.point?.id ?? 'new'}
          point={query.data?.data.find(({ id }) => id === shown.point?.id) ?? shown.point}
          onClose={() => {
            open(null);
            wanted.clear();
          }}
        />
      )}
    </>
  );
}
