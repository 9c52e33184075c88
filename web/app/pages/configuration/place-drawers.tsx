/** Drawers of places: a building, a floor of it, a room of that. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Building, Floor, Room } from '../../api.ts';
import { TextField } from '../tariffs/edit/field.tsx';
import { isName, isWhole, wrongOf } from './checks.ts';
import { EntityDrawer } from './entity-drawer.tsx';
import { useNames } from './names.tsx';

/** What is opened: something that is there, or something new within it. */
export type OpenedPlace =
  | { kind: 'building'; building: Building | null }
  | { kind: 'floor'; building: Building; floor: Floor | null }
  | { kind: 'room'; building: Building; floor: Floor; room: Room | null };

interface Parts {
  onOpen: (opened: OpenedPlace) => void;
  onClose: () => void;
}

export function PlaceDrawer({ opened, ...parts }: { opened: OpenedPlace } & Parts) {
  switch (opened.kind) {
    case 'building':
      return <BuildingDrawer {...opened} {...parts} />;
    case 'floor':
      return <FloorDrawer {...opened} {...parts} />;
    default:
      return <RoomDrawer {...opened} {...parts} />;
  }
}

function BuildingDrawer({ building, onOpen, onClose }: { building: Building | null } & Parts) {
  const { t } = useTranslation();
  const names = useNames(building, 'place');
  return (
    <EntityDrawer
      title={building ? `${t('config.kind.building')} ${building.code}` : t('config.new.building')}
      path={building ? `/buildings/${building.id}` : '/buildings'}
      id={building?.id ?? null}
      body={names.body}
      wrong={names.wrong}
      retired={building?.retired ?? null}
      permission="place.write"
      onClose={onClose}
      beside={
        building && (
          <button
            type="button"
            className="button"
            onClick={() => onOpen({ kind: 'floor', building, floor: null })}
          >
            {t('config.new.floor')}
          </button>
        )
      }
    >
      {names.fields}
    </EntityDrawer>
  );
}

function FloorDrawer({
  building,
  floor,
  onOpen,
  onClose,
}: { building: Building; floor: Floor | null } & Parts) {
  const { t } = useTranslation();
  const [level, setLevel] = useState(floor ? String(floor.level) : '');
  const [name, setName] = useState(floor?.name ?? '');
  return (
    <EntityDrawer
      title={
        floor ? `${building.code} · ${floor.name}` : `${t('config.new.floor')} · ${building.code}`
      }
      path={floor ? `/floors/${floor.id}` : `/buildings/${building.id}/floors`}
      id={floor?.id ?? null}
      body={{ level: Number(level), name: name.trim() }}
      wrong={wrongOf(t, [
        ['/level', level, isWhole(-20, 200), 'level'],
        ['/name', name, isName, 'needed'],
      ])}
      retired={floor?.retired ?? null}
      permission="place.write"
      onClose={onClose}
      beside={
        floor && (
          <button
            type="button"
            className="button"
            onClick={() => onOpen({ kind: 'room', building, floor, room: null })}
          >
            {t('config.new.room')}
          </button>
        )
      }
    >
      <TextField
        label={t('config.field.level')}
        at="/level"
        figure
        value={level}
        onChange={setLevel}
        hint={t('config.hint.level')}
      />
      <TextField
        label={t('config.field.name')}
        at="/name"
        value={name}
        onChange={setName}
        maxLength={120}
      />
    </EntityDrawer>
  );
}

function RoomDrawer({
  building,
  floor,
  room,
  onClose,
}: { building: Building; floor: Floor; room: Room | null } & Parts) {
  const { t } = useTranslation();
  const names = useNames(room, 'place');
  const place = `${building.code} · ${floor.name}`;
  return (
    <EntityDrawer
      title={room ? `${place} · ${room.code}` : `${t('config.new.room')} · ${place}`}
      path={room ? `/rooms/${room.id}` : `/floors/${floor.id}/rooms`}
      id={room?.id ?? null}
      body={names.body}
      wrong={names.wrong}
      retired={room?.retired ?? null}
      permission="place.write"
      onClose={onClose}
    >
      {names.fields}
    </EntityDrawer>
  );
}
