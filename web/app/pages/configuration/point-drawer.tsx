/** The drawer of a metering point: what it measures, where it is, what it is a part of. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useConfiguredPlaces, usePoints } from '../../config-queries.ts';
import { type Point, pointClasses, pointRoles, restoreModes } from '../../config-shapes.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { SelectField, TextField } from '../tariffs/edit/field.tsx';
import { isWhole, orEmpty, wrongOf } from './checks.ts';
import { EntityDrawer } from './entity-drawer.tsx';
import { InstalledMeter } from './installed.tsx';
import { LockOut } from './lock-out.tsx';
import { useNames } from './names.tsx';

const isWatts = isWhole(1, 999_999_999);

export function PointDrawer({ point, onClose }: { point: Point | null; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const places = useConfiguredPlaces().data?.data ?? [];
  const points = usePoints().data?.data ?? [];
  const names = useNames(point, 'point');
  const [commodity, setCommodity] = useState(point?.commodity ?? 'electricity');
  const [kind, setKind] = useState(point?.class ?? 'business');
  const [role, setRole] = useState(point?.role ?? 'unit');
  const [place, setPlace] = useState({
    building: point?.buildingId ?? '',
    floor: point?.floorId ?? '',
    room: point?.roomId ?? '',
  });
  const [main, setMain] = useState(point?.parentId ?? '');
  const [overload, setOverload] = useState(point?.overloadW ? String(point.overloadW) : '');
  const [restore, setRestore] = useState(point?.restoreMode ?? 'armed');
  const building = places.find(({ id }) => id === place.building);
  const floor = building?.floors.find(({ id }) => id === place.floor);
  const nowhere = { value: '', label: t('config.nowhere') };
  return (
    <EntityDrawer
      title={point ? `${t('config.kind.point')} ${point.code}` : t('config.new.point')}
      path={point ? `/points/${point.id}` : '/points'}
      id={point?.id ?? null}
      body={{
        ...names.body,
        ...(point ? {} : { commodity }),
        class: kind,
        role,
        buildingId: place.building || null,
        floorId: place.floor || null,
        roomId: place.room || null,
        parentId: main || null,
        overloadW: overload.trim() === '' ? null : Number(overload),
        restoreMode: restore,
      }}
      wrong={[
        ...names.wrong,
        ...wrongOf(t, [['/overloadW', overload, orEmpty(isWatts), 'overload']]),
      ]}
      retired={point?.retired ?? null}
      permission="device.write"
      onClose={onClose}
      below={
        point && (
          <>
            <InstalledMeter point={point} />
            <LockOut point={point} />
          </>
        )
      }
    >
      {names.fields}
      <div className="conf-pair">
        {point ? (
          <div className="tfield">
            <span className="field-label">{t('config.field.commodity')}</span>
            <span className="conf-fixed">{t(`config.commodity.${point.commodity}`)}</span>
          </div>
        ) : (
          <SelectField
            label={t('config.field.commodity')}
            value={commodity}
            onChange={setCommodity}
            options={(['electricity', 'water'] as const).map((value) => ({
              value,
              label: t(`config.commodity.${value}`),
            }))}
          />
        )}
        <SelectField
          label={t('config.field.class')}
          value={kind}
          onChange={setKind}
          options={pointClasses.map((value) => ({ value, label: t(`config.class.${value}`) }))}
        />
      </div>
      <SelectField
        label={t('config.field.building')}
        at="/buildingId"
        value={place.building}
        onChange={(next) => setPlace({ building: next, floor: '', room: '' })}
        options={[
          nowhere,
          ...places.map((each) => ({
            value: each.id,
            label: `${each.code} · ${nameOf(language, each)}`,
          })),
        ]}
      />
      <div className="conf-pair">
        <SelectField
          label={t('config.field.floor')}
          at="/floorId"
          value={place.floor}
          onChange={(next) => setPlace({ ...place, floor: next, room: '' })}
          options={[
            nowhere,
            ...(building?.floors.map((each) => ({ value: each.id, label: each.name })) ?? []),
          ]}
        />
        <SelectField
          label={t('config.field.room')}
          at="/roomId"
          value={place.room}
          onChange={(next) => setPlace({ ...place, room: next })}
          options={[
            nowhere,
            ...(floor?.rooms.map((each) => ({ value: each.id, label: each.code })) ?? []),
          ]}
        />
      </div>
      <div className="conf-pair">
        <SelectField
          label={t('config.field.role')}
          value={role}
          onChange={setRole}
          options={pointRoles.map((value) => ({ value, label: t(`config.role.${value}`) }))}
        />
        <SelectField
          label={t('config.field.main')}
          at="/parentId"
          value={main}
          onChange={setMain}
          options={[
            nowhere,
            ...points
              .filter(
                (each) =>
                  each.role !== 'unit' && each.commodity === commodity && each.id !== point?.id,
              )
              .map((each) => ({ value: each.id, label: each.code })),
          ]}
        />
      </div>
      <TextField
        label={t('config.field.overload')}
        at="/overloadW"
        unit="W"
        figure
        value={overload}
        onChange={setOverload}
        hint={t('config.hint.overload')}
      />
      <SelectField
        label={t('config.field.restore')}
        value={restore}
        onChange={setRestore}
        options={restoreModes.map((value) => ({ value, label: t(`config.restore.${value}`) }))}
        hint={restore === 'automatic' && t('config.hint.restore')}
      />
    </EntityDrawer>
  );
}
