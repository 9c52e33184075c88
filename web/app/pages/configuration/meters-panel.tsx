/** Meters as devices: where each is read, how often, at which point it stands. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type ConfiguredMeter,
  useConfiguredLines,
  useConfiguredMeters,
} from '../../config-queries.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { type ListPanelProps, NewButton, NothingYet, OpenName } from './list-parts.tsx';
import { MeterDrawer } from './meter-drawer.tsx';

type Row = ConfiguredMeter;

export function MetersPanel({ retired, sort, onSort }: ListPanelProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const query = useConfiguredMeters(retired);
  const gateways = useConfiguredLines(true).data?.data;
  const [opened, open] = useState<{ meter: Row | null } | null>(null);
  const busOf = (id: string | null) => {
    const gateway = gateways?.find(({ buses }) => buses.some((bus) => bus.id === id));
    const bus = gateway?.buses.find((each) => each.id === id);
    return gateway && bus ? `${nameOf(language, gateway)} · ${bus.name}` : null;
  };
  const columns: Column<Row>[] = [
    {
      key: 'serial',
      title: t('config.field.serial'),
      width: 'minmax(150px, 200px)',
      phone: 'title',
      value: ({ serial }) => serial,
      cell: (meter) => (
        <OpenName
          name={meter.serial}
          retired={meter.state === 'retired'}
          onOpen={() => open({ meter })}
        />
      ),
    },
    {
      key: 'model',
      title: t('config.field.model'),
      width: 'minmax(120px, 160px)',
      phone: 'plain',
      value: ({ model }) => model,
      cell: ({ model }) => <span className="mono">{model}</span>,
    },
    {
      key: 'bus',
      title: t('config.field.bus'),
      width: 'minmax(150px, 1fr)',
      value: ({ busId }) => busOf(busId),
      cell: ({ busId }) => <div className="clip">{busOf(busId) ?? '–'}</div>,
    },
    {
      key: 'unit',
      title: t('config.field.address'),
      align: 'right',
      width: '90px',
      value: ({ unit }) => unit,
      cell: ({ unit }) => unit ?? '–',
    },
    {
      key: 'seconds',
      title: t('config.field.seconds'),
      unit: 's',
      align: 'right',
      width: '120px',
      value: ({ pollSeconds }) => pollSeconds,
      cell: ({ pollSeconds }) => pollSeconds ?? '–',
    },
    {
      key: 'point',
      title: t('config.field.point'),
      width: '120px',
      phone: 'figure',
      value: ({ pointCode }) => pointCode,
      cell: ({ pointCode }) => pointCode ?? '–',
    },
    {
      key: 'state',
      title: t('config.field.state'),
      width: '120px',
      value: ({ state }) => t(`config.meterState.${state}`),
      cell: ({ state }) => t(`config.meterState.${state}`),
    },
  ];
  return (
    <>
      {query.isError && !query.data && (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      )}
      <Table
        name="configuration-meters"
        label={t('config.tab.meters')}
        title={t('config.tab.meters')}
        beside={
          <NewButton kind="meter" permission="device.write" onClick={() => open({ meter: null })} />
        }
        columns={columns}
        rows={query.data?.data}
        rowKey={({ id }) => id}
        sort={sort}
        onSort={onSort}
        onOpen={(meter) => open({ meter })}
        empty={<NothingYet />}
        complete={query.data?.complete ?? true}
        file={{ path: '/meters', rows: query.data?.complete ? query.data.data.length : null }}
      />
      {opened && (
        <MeterDrawer
          key={opened.meter?.id ?? 'new'}
          meter={opened.meter}
          onClose={() => open(null)}
        />
      )}
    </>
  );
}
