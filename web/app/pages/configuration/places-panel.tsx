/** Buildings with their floors and rooms, and how many points stand at each. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Building, Floor, Room } from '../../api.ts';
import { useConfiguredPlaces, usePoints } from '../../config-queries.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useIsPhone } from '../../phone.ts';
import { type ListPanelProps, NewButton, NothingYet, OpenName, useWanted } from './list-parts.tsx';
import { type OpenedPlace, PlaceDrawer } from './place-drawers.tsx';

interface Row {
  key: string;
  opened: OpenedPlace;
  depth: 0 | 1 | 2;
  code: string;
  name: string;
  points: number | null;
  retired: boolean;
}

export function PlacesPanel({ retired, sort, onSort }: ListPanelProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const isPhone = useIsPhone();
  const query = useConfiguredPlaces(retired);
  const points = usePoints().data?.data;
  const [opened, open] = useState<OpenedPlace | null>(null);
  const wanted = useWanted();
  const at = (field: 'buildingId' | 'floorId' | 'roomId', id: string) =>
    points ? points.filter((point) => point[field] === id).length : null;
  const rows = query.data?.data.flatMap((building: Building): Row[] => [
    {
      key: building.id,
      opened: { kind: 'building', building },
      depth: 0,
      code: building.code,
      name: nameOf(language, building),
      points: at('buildingId', building.id),
      retired: building.retired,
    },
    ...building.floors.flatMap((floor: Floor): Row[] => [
      {
        key: floor.id,
        opened: { kind: 'floor', building, floor },
        depth: 1,
        code: String(floor.level),
        name: floor.name,
        points: at('floorId', floor.id),
        retired: floor.retired,
      },
      ...floor.rooms.map(
        (room: Room): Row => ({
          key: room.id,
          opened: { kind: 'room', building, floor, room },
          depth: 2,
          code: room.code,
          name: nameOf(language, room),
          points: at('roomId', room.id),
          retired: room.retired,
        }),
      ),
    ]),
  ]);
  const columns: Column<Row>[] = [
    {
      key: 'code',
      title: t('config.field.code'),
      width: 'minmax(140px, 220px)',
      phone: 'title',
      value: (row) => row.code,
      cell: (row) => (
        <OpenName
          // Cards are not indented: each says where it lies.
          name={isPhone ? pathOf(row.opened) : row.code}
          retired={row.retired}
          inner={isPhone ? 0 : row.depth}
          onOpen={() => open(row.opened)}
        />
      ),
    },
    {
      key: 'kind',
      title: t('config.field.kind'),
      width: '120px',
      phone: 'plain',
      value: (row) => t(`config.kind.${row.opened.kind}`),
      cell: (row) => t(`config.kind.${row.opened.kind}`),
    },
    {
      key: 'name',
      title: t('config.field.name'),
      width: 'minmax(160px, 1fr)',
      phone: 'plain',
      value: (row) => row.name,
      cell: (row) => <div className="clip">{row.name}</div>,
    },
    {
      key: 'points',
      title: t('config.field.points'),
      align: 'right',
      width: '110px',
      value: (row) => row.points,
      cell: (row) => row.points ?? '–',
    },
  ];
  const shown = opened ?? rows?.find(({ key }) => key === wanted.id)?.opened ?? null;
  return (
    <>
      {query.isError && !rows && (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      )}
      <Table
        name="configuration-places"
        label={t('config.tab.places')}
        title={t('config.tab.places')}
        beside={
          <NewButton
            kind="building"
            permission="place.write"
            onClick={() => open({ kind: 'building', building: null })}
          />
        }
        columns={columns}
        rows={rows}
        rowKey={({ key }) => key}
        sort={sort}
        onSort={onSort}
        onOpen={(row) => open(row.opened)}
        empty={<NothingYet />}
        file={{ path: '/buildings', rows: query.data?.data.length ?? null }}
      />
      {shown && (
        <PlaceDrawer
          key={keyOf(shown)}
          opened={shown}
          onOpen={open}
          onClose={() => {
            open(null);
            wanted.clear();
          }}
        />
      )}
    </>
  );
}

function keyOf(opened: OpenedPlace): string {
  if (opened.kind === 'building') return `building ${opened.building?.id}`;
  if (opened.kind === 'floor') return `floor ${opened.floor?.id}`;
  return `room ${opened.room?.id}`;
}

function pathOf(opened: OpenedPlace): string {
  const floor = opened.kind === 'building' ? undefined : opened.floor?.level;
  const room = opened.kind === 'room' ? opened.room?.code : undefined;
  return [opened.building?.code, floor, room].filter((part) => part !== undefined).join(' · ');
}
