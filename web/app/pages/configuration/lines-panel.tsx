/** Gateways with their buses: where each is reached, and how much of its line's time readings need. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type ConfiguredBus,
  type ConfiguredGateway,
  useConfiguredLines,
  useConfiguredPlaces,
} from '../../config-queries.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useIsPhone } from '../../phone.ts';
import { LineDrawer, type OpenedLine } from './line-drawers.tsx';
import { type ListPanelProps, NewButton, NothingYet, OpenName } from './list-parts.tsx';
import { percentOf } from './meter-drawer.tsx';

interface Row {
  key: string;
  gateway: ConfiguredGateway;
  bus: ConfiguredBus | null;
}

const collator = new Intl.Collator('en', { numeric: true });

export function LinesPanel({ retired, sort, onSort }: ListPanelProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const isPhone = useIsPhone();
  const query = useConfiguredLines(retired);
  const places = useConfiguredPlaces(true).data?.data;
  const [opened, open] = useState<OpenedLine | null>(null);
  const rows = query.data?.data
    .toSorted((a, b) => collator.compare(a.name, b.name))
    .flatMap((gateway): Row[] => [
      { key: gateway.id, gateway, bus: null },
      ...gateway.buses.map((bus) => ({ key: bus.id, gateway, bus })),
    ]);
  const openedOf = ({ gateway, bus }: Row): OpenedLine =>
    bus ? { kind: 'bus', gateway, bus } : { kind: 'gateway', gateway };
  const titleOf = ({ gateway, bus }: Row) => (bus ? bus.name : nameOf(language, gateway));
  const buildingOf = ({ buildingId }: ConfiguredGateway) => {
    const place = places?.find(({ id }) => id === buildingId);
    return place ? nameOf(language, place) : null;
  };
  const columns: Column<Row>[] = [
    {
      key: 'name',
      title: t('config.field.name'),
      width: 'minmax(160px, 260px)',
      phone: 'title',
      value: titleOf,
      cell: (row) => (
        <OpenName
          name={titleOf(row)}
          retired={(row.bus ?? row.gateway).retired}
          inner={row.bus && !isPhone ? 1 : 0}
          onOpen={() => open(openedOf(row))}
        />
      ),
    },
    {
      key: 'endpoint',
      title: t('config.field.endpoint'),
      width: 'minmax(160px, 1fr)',
      phone: 'plain',
      value: ({ bus, gateway }) => (bus ? `${bus.host}:${bus.port}` : buildingOf(gateway)),
      cell: ({ bus, gateway }) =>
        bus ? (
          <span className="mono">
            {bus.host}:{bus.port}
          </span>
        ) : (
          (buildingOf(gateway) ?? '–')
        ),
    },
    {
      key: 'framing',
      title: t('config.field.framing'),
      width: '130px',
      value: ({ bus }) => bus && t(`framing.${bus.framing}`),
      cell: ({ bus }) => (bus ? t(`framing.${bus.framing}`) : ''),
    },
    {
      key: 'baud',
      title: t('config.field.baud'),
      unit: 'Bd',
      align: 'right',
      width: '110px',
      value: ({ bus }) => bus?.line?.baud ?? null,
      cell: ({ bus }) =>
        bus ? (bus.line?.baud ?? <span className="quiet">{t('config.unknownLine')}</span>) : '',
    },
    {
      key: 'meters',
      title: t('config.field.meters'),
      align: 'right',
      width: '90px',
      value: ({ bus }) => bus?.meters ?? null,
      cell: ({ bus }) => bus?.meters ?? '',
    },
    {
      key: 'busy',
      title: t('config.field.busy'),
      unit: '%',
      align: 'right',
      width: '150px',
      phone: 'figure',
      value: ({ bus }) => bus && Math.round(bus.budget.busyMsPerMinute / 60) / 10,
      cell: ({ bus }) =>
        bus ? (
          <span className={bus.budget.fits ? undefined : 'neg'} title={said(bus)}>
            {percentOf(bus.budget.busyMsPerMinute)}
          </span>
        ) : (
          ''
        ),
    },
  ];
  function said({ budget }: ConfiguredBus): string {
    const now = t('config.budget.now', { percent: percentOf(budget.busyMsPerMinute) });
    return budget.assumed ? `${now}. ${t('config.budget.assumed')}` : now;
  }
  return (
    <>
      {query.isError && !rows && (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      )}
      <Table
        name="configuration-lines"
        label={t('config.tab.lines')}
        title={t('config.tab.lines')}
        beside={
          <NewButton
            kind="gateway"
            permission="device.write"
            onClick={() => open({ kind: 'gateway', gateway: null })}
          />
        }
        columns={columns}
        rows={rows}
        rowKey={({ key }) => key}
        sort={sort}
        onSort={onSort}
        onOpen={(row) => open(openedOf(row))}
        empty={<NothingYet />}
        file={{ path: '/gateways', rows: query.data?.data.length ?? null }}
      />
      {opened && (
        <LineDrawer
          key={
            opened.kind === 'bus'
              ? `bus ${opened.bus?.id} ${opened.gateway.id}`
              : `gateway ${opened.gateway?.id}`
          }
          opened={opened}
          onOpen={open}
          onClose={() => open(null)}
        />
      )}
    </>
  );
}
