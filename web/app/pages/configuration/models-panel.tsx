/** What meters of each model can be told to do: known from two sources, or trusted by an administrator's word. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { useModelAbilities } from '../../config-queries.ts';
import type { ModelAbility } from '../../config-shapes.ts';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { AbilityDrawer, AbilityState } from './ability-drawer.tsx';
import { type ListPanelProps, NothingYet, OpenName } from './list-parts.tsx';

const keyOf = ({ model, function: name }: ModelAbility) => `${model} ${name}`;

export function ModelsPanel({ sort, onSort }: Pick<ListPanelProps, 'sort' | 'onSort'>) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const query = useModelAbilities();
  const [opened, open] = useState<string | null>(null);
  // Those that stand in the project come first.
  const rows = query.data?.data.toSorted((a, b) => Number(b.meters > 0) - Number(a.meters > 0));
  const shown = rows?.find((row) => keyOf(row) === opened);
  const nameOf = ({ function: name }: ModelAbility) => t(`command.function.${name}.name`);
  const columns: Column<ModelAbility>[] = [
    {
      key: 'model',
      title: t('config.field.model'),
      width: 'minmax(120px, 170px)',
      phone: 'plain',
      value: ({ model }) => model,
      cell: ({ model }) => <span className="mono">{model}</span>,
    },
    {
      key: 'function',
      title: t('config.ability.function'),
      width: 'minmax(140px, 200px)',
      phone: 'title',
      value: nameOf,
      cell: (row) => (
        <OpenName name={nameOf(row)} retired={false} onOpen={() => open(keyOf(row))} />
      ),
    },
    {
      key: 'state',
      title: t('config.field.state'),
      width: '130px',
      phone: 'figure',
      value: ({ state }) => t(`config.ability.state.${state}`),
      cell: (row) => <AbilityState ability={row} />,
    },
    {
      key: 'meters',
      title: t('config.field.meters'),
      align: 'right',
      width: '80px',
      value: ({ meters }) => meters,
      cell: ({ meters }) => meters,
    },
    {
      key: 'source',
      title: t('config.ability.source'),
      width: 'minmax(140px, 1fr)',
      value: ({ decision }) => decision?.source ?? null,
      cell: ({ decision }) => (
        <div className="clip" title={decision?.source}>
          {decision?.source ?? '–'}
        </div>
      ),
    },
    {
      key: 'by',
      title: t('config.ability.by'),
      width: 'minmax(110px, 150px)',
      phone: 'none',
      value: ({ decision }) => decision?.decidedBy ?? null,
      cell: ({ decision }) => <div className="clip">{decision?.decidedBy ?? '–'}</div>,
    },
    {
      key: 'at',
      title: t('config.ability.at'),
      width: '130px',
      phone: 'none',
      value: ({ decision }) => decision?.at ?? null,
      cell: ({ decision }) =>
        decision ? <span className="nowrap">{moment(language, zone, decision.at, now)}</span> : '–',
    },
  ];
  return (
    <>
      {query.isError && !query.data && (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      )}
      <Table
        name="configuration-models"
        label={t('config.tab.models')}
        title={t('config.ability.title')}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        sort={sort}
        onSort={onSort}
        onOpen={(row) => open(keyOf(row))}
        empty={<NothingYet />}
        file={{ path: '/model-abilities', rows: rows?.length ?? null }}
        foot={t('config.ability.foot')}
      />
      {shown && <AbilityDrawer key={opened} ability={shown} onClose={() => open(null)} />}
    </>
  );
}
