/** Drawers of gateways and buses: names and places, endpoints and how the line is set. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type ConfiguredBus,
  type ConfiguredGateway,
  useConfiguredPlaces,
} from '../../config-queries.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { SelectField, TextField } from '../tariffs/edit/field.tsx';
import { isHost, isName, isWhole, wrongOf } from './checks.ts';
import { EntityDrawer } from './entity-drawer.tsx';
import { useNames } from './names.tsx';

export type OpenedLine =
  | { kind: 'gateway'; gateway: ConfiguredGateway | null }
  | { kind: 'bus'; gateway: ConfiguredGateway; bus: ConfiguredBus | null };

interface Parts {
  onOpen: (opened: OpenedLine) => void;
  onClose: () => void;
}

export function LineDrawer({ opened, ...parts }: { opened: OpenedLine } & Parts) {
  return opened.kind === 'gateway' ? (
    <GatewayDrawer {...opened} {...parts} />
  ) : (
    <BusDrawer {...opened} {...parts} />
  );
}

function GatewayDrawer({
  gateway,
  onOpen,
  onClose,
}: { gateway: ConfiguredGateway | null } & Parts) {
  const { t } = useTranslation();
  const language = useLanguage();
  const places = useConfiguredPlaces().data?.data ?? [];
  const names = useNames(gateway, null);
  const [building, setBuilding] = useState(gateway?.buildingId ?? '');
  return (
    <EntityDrawer
      title={gateway ? nameOf(language, gateway) : t('config.new.gateway')}
      path={gateway ? `/gateways/${gateway.id}` : '/gateways'}
      id={gateway?.id ?? null}
      body={{ ...names.body, buildingId: building || null }}
      wrong={names.wrong}
      retired={gateway?.retired ?? null}
      permission="device.write"
      onClose={onClose}
      beside={
        gateway && (
          <button
            type="button"
            className="button"
            onClick={() => onOpen({ kind: 'bus', gateway, bus: null })}
          >
            {t('config.new.bus')}
          </button>
        )
      }
    >
      {names.fields}
      <SelectField
        label={t('config.field.building')}
        at="/buildingId"
        value={building}
        onChange={setBuilding}
        options={[
          { value: '', label: t('config.nowhere') },
          ...places.map((place) => ({
            value: place.id,
            label: `${place.code} · ${nameOf(language, place)}`,
          })),
        ]}
      />
    </EntityDrawer>
  );
}

const bauds = ['', '1200', '2400', '4800', '9600', '19200', '38400', '57600', '115200'] as const;
const framings = ['tcp', 'rtu-over-tcp'] as const;
const parities = ['none', 'even', 'odd'] as const;

function BusDrawer({
  gateway,
  bus,
  onClose,
}: { gateway: ConfiguredGateway; bus: ConfiguredBus | null } & Parts) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [name, setName] = useState(bus?.name ?? '');
  const [framing, setFraming] = useState<(typeof framings)[number]>(
    bus?.framing === 'rtu-over-tcp' ? 'rtu-over-tcp' : 'tcp',
  );
  const [host, setHost] = useState(bus?.host ?? '');
  const [port, setPort] = useState(bus ? String(bus.port) : '502');
  const [timeoutMs, setTimeoutMs] = useState(bus ? String(bus.timeoutMs) : '1500');
  const [baud, setBaud] = useState(bus?.line ? String(bus.line.baud) : '');
  const [parity, setParity] = useState(bus?.line?.parity ?? 'none');
  const [stopBits, setStopBits] = useState(bus?.line?.stopBits === 2 ? '2' : '1');
  const line = baud === '' ? null : { baud: Number(baud), parity, stopBits: Number(stopBits) };
  return (
    <EntityDrawer
      title={
        bus
          ? `${nameOf(language, gateway)} · ${bus.name}`
          : `${t('config.new.bus')} · ${nameOf(language, gateway)}`
      }
      path={bus ? `/buses/${bus.id}` : `/gateways/${gateway.id}/buses`}
      id={bus?.id ?? null}
      body={{
        name: name.trim(),
        framing,
        host: host.trim(),
        port: Number(port),
        timeoutMs: Number(timeoutMs),
        line,
      }}
      wrong={wrongOf(t, [
        ['/name', name, isName, 'needed'],
        ['/host', host, isHost, 'host'],
        ['/port', port, isWhole(1, 65_535), 'port'],
        ['/timeoutMs', timeoutMs, isWhole(50, 60_000), 'timeout'],
      ])}
      retired={bus?.retired ?? null}
      permission="device.write"
      onClose={onClose}
    >
      <TextField
        label={t('config.field.name')}
        at="/name"
        value={name}
        onChange={setName}
        maxLength={120}
      />
      <SelectField
        label={t('config.field.framing')}
        value={framing}
        onChange={setFraming}
        options={framings.map((value) => ({ value, label: t(`framing.${value}`) }))}
      />
      <TextField
        label={t('config.field.host')}
        at="/host"
        mono
        value={host}
        onChange={setHost}
        maxLength={253}
        hint={t('config.hint.host')}
      />
      <div className="conf-pair">
        <TextField
          label={t('config.field.port')}
          at="/port"
          figure
          value={port}
          onChange={setPort}
        />
        <TextField
          label={t('config.field.timeout')}
          at="/timeoutMs"
          unit="ms"
          figure
          value={timeoutMs}
          onChange={setTimeoutMs}
        />
      </div>
      <SelectField
        label={t('config.field.baud')}
        value={baud}
        onChange={setBaud}
        options={bauds.map((value) => ({ value, label: value || t('config.unknownLine') }))}
        hint={t('config.hint.baud')}
      />
      {baud !== '' && (
        <div className="conf-pair">
          <SelectField
            label={t('config.field.parity')}
            value={parity}
            onChange={setParity}
            options={parities.map((value) => ({ value, label: t(`config.parity.${value}`) }))}
          />
          <SelectField
            label={t('config.field.stopBits')}
            value={stopBits}
            onChange={setStopBits}
            options={['1', '2'].map((value) => ({ value, label: value }))}
          />
        </div>
      )}
    </EntityDrawer>
  );
}
