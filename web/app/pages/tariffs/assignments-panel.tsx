/** Where a tariff holds and from when: for a point, else its account, else by default. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Tariff } from '../../api.ts';
import { day } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useMay } from '../../project.tsx';
import { useAccounts, useLive } from '../../queries.ts';
import { useAssignments } from '../../tariff-queries.ts';
import type { TariffAssignment } from '../../tariff-shapes.ts';
import { AssignDrawer, EndDrawer } from './assign-drawer.tsx';

type State = 'now' | 'coming' | 'past';
const order: Record<State, number> = { now: 0, coming: 1, past: 2 };

export function AssignmentsPanel({ tariff, today }: { tariff: Tariff; today: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const may = useMay();
  const query = useAssignments();
  const accounts = useAccounts().data?.data;
  const points = useLive('slow').data?.data;
  const [shown, show] = useState<'assign' | TariffAssignment | null>(null);
  const stateOf = ({ from, to }: TariffAssignment): State =>
    from > today ? 'coming' : to !== null && to <= today ? 'past' : 'now';
  const subject = ({ pointId, accountId }: TariffAssignment): string => {
    if (pointId) return points?.find((each) => each.pointId === pointId)?.code ?? `#${pointId}`;
    if (!accountId) return t('tariff.assign.all');
    const account = accounts?.find(({ id }) => id === accountId);
    return account ? `${account.number} ${nameOf(language, account)}` : `#${accountId}`;
  };
  const kindOf = ({ pointId, accountId }: TariffAssignment) =>
    pointId ? 'point' : accountId ? 'account' : 'default';
  const rows = query.data?.data
    .filter(({ tariffId }) => tariffId === tariff.id)
    .sort(
      (a, b) =>
        order[stateOf(a)] - order[stateOf(b)] ||
        Number(!!a.pointId || !!a.accountId) - Number(!!b.pointId || !!b.accountId) ||
        (a.from < b.from ? 1 : -1),
    );
  const columns: Column<TariffAssignment>[] = [
    {
      key: 'subject',
      title: t('tariff.assign.what'),
      width: 'minmax(150px, 1fr)',
      value: subject,
      cell: (row) => <span className="clip">{subject(row)}</span>,
      phone: 'title',
    },
    {
      key: 'kind',
      title: t('tariff.assign.kind'),
      width: '120px',
      value: (row) => t(`tariff.assign.${kindOf(row)}`),
      cell: (row) => t(`tariff.assign.${kindOf(row)}`),
      phone: 'plain',
    },
    {
      key: 'from',
      title: t('tariff.assign.from'),
      width: '110px',
      value: ({ from }) => from,
      cell: ({ from }) => day(language, from),
    },
    {
      key: 'to',
      title: t('tariff.assign.to'),
      width: '110px',
      value: ({ to }) => to,
      cell: ({ to }) => (to ? day(language, to) : '–'),
    },
    {
      key: 'state',
      title: t('tariff.assign.state'),
      width: '90px',
      value: (row) => t(`tariff.assign.${stateOf(row)}`),
      cell: (row) => (
        <span className={stateOf(row) === 'now' ? undefined : 'quiet'}>
          {t(`tariff.assign.${stateOf(row)}`)}
        </span>
      ),
      phone: 'figure',
    },
    ...(may('tariff.write')
      ? [
          {
            key: 'act',
            title: '',
            width: '90px',
            value: () => null,
            cell: (row: TariffAssignment) =>
              stateOf(row) !== 'past' && (
                <button type="button" className="link-button" onClick={() => show(row)}>
                  {t(row.to ? 'tariff.assign.change' : 'tariff.assign.end')}
                </button>
              ),
          },
        ]
      : []),
  ];
  return (
    <>
      {query.error && !rows && (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      )}
      <Table
        name="tariff-assignments"
        label={t('tariff.assign.title')}
        title={t('tariff.assign.title')}
        beside={
          may('tariff.write') ? (
            <button type="button" className="button small" onClick={() => show('assign')}>
              <Icon name="plus" size={14} />
              {t('tariff.assign.act')}
            </button>
          ) : undefined
        }
        columns={columns}
        rows={query.error && !rows ? [] : rows}
        rowKey={({ id }) => id}
        complete={query.data?.complete}
        waitingFor={t('tariff.assign.title')}
        empty={<Empty title={t('tariff.assign.none')} text={t('tariff.assign.noneText')} />}
        foot={t('tariff.assign.rule')}
        height={360}
      />
      {shown === 'assign' && (
        <AssignDrawer tariff={tariff} today={today} onClose={() => show(null)} />
      )}
      {shown && shown !== 'assign' && (
        <EndDrawer
          assignment={shown}
          subject={subject(shown)}
          today={today}
          onClose={() => show(null)}
        />
      )}
    </>
  );
}
