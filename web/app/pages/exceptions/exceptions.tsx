/** What waits for a person, the most money first; decided in place after the bills were previewed. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { useEdits, useExceptions } from '../../quality-queries.ts';
import type { Exception } from '../../quality-shapes.ts';
import type { ExceptionSearch } from '../../search.ts';
import { useEditColumns, useExceptionColumns } from './columns.tsx';
import { EditOpened } from './edit-detail.tsx';
import { History, HistoryFilters, type SetSearch } from './history.tsx';
import { type Doing, ExceptionDrawer, Opened } from './opened.tsx';
import './exceptions.css';

/** Rules of readings and of quantities, as the server names them. */
const rules = [
  ...['reversal', 'reset', 'spike', 'replacement', 'ratio', 'conflict', 'rating', 'negative'],
  ...['stuck', 'flat', 'tou', 'main-sub', 'clock', 'phase', 'reversed-ct', 'imbalance'],
  ...['open-relay', 'gap'],
];

export default function Exceptions() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/exceptions' });
  const show = search.show ?? 'open';
  const set = (change: Partial<ExceptionSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.exceptions')}</h1>
          <div className="head-line">{t('exc.line')}</div>
        </div>
        <div className="head-acts">
          <SaveView />
        </div>
      </div>
      <div className="filters">
        <Segmented
          label={t('exc.show')}
          value={show}
          onChange={(next) => set({ show: next === 'open' ? undefined : next, open: undefined })}
          choices={(['open', 'decided', 'withdrawn', 'edits', 'history'] as const).map((value) => ({
            value,
            label: t(`exc.shows.${value}`),
          }))}
        />
        {show !== 'edits' && (
          <Controls>
            <Filter
              label={t('exc.ruleOf')}
              value={search.rule ?? ''}
              search
              onChange={(rule) => set({ rule: rule || undefined, open: undefined })}
              options={[
                { value: '', label: t('exc.allRules') },
                ...rules.map((value) => ({ value, label: t(`exc.rule.${value}.name`) })),
              ]}
            />
            {show === 'history' && <HistoryFilters search={search} set={set} />}
          </Controls>
        )}
      </div>
      {show === 'edits' ? (
        <Edits set={set} />
      ) : show === 'history' ? (
        <History set={set} />
      ) : (
        <Queue show={show} set={set} />
      )}
    </>
  );
}

function Queue({ show, set }: { show: 'open' | 'decided' | 'withdrawn'; set: SetSearch }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const search = useSearch({ from: '/projects/$projectId/exceptions' });
  const rule = search.rule && rules.includes(search.rule) ? search.rule : undefined;
  const state = show === 'decided' ? 'dismissed' : show;
  const query = useExceptions({ state, rule });
  const rows = query.data?.data;
  const columns = useExceptionColumns();
  const [done, doIt] = useState<{ exception: Exception; doing: Doing } | null>(null);
  if (query.error && !rows) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  return (
    <>
      <Table
        name="exceptions"
        label={t('page.exceptions')}
        title={rows ? t('exc.count', { count: rows.length }) : t('page.exceptions')}
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        sort={search.sort}
        onSort={(sort) => set({ sort })}
        openKey={search.open}
        onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
        detail={(exception) => (
          <Opened
            key={exception.id}
            exception={exception}
            show={(doing) => doIt({ exception, doing })}
          />
        )}
        complete={query.data?.complete ?? true}
        waitingFor={t('page.exceptions')}
        empty={
          <Empty
            icon="check"
            title={t(rule ? 'exc.noneOfRule' : show === 'open' ? 'exc.none' : `exc.none_${show}`)}
            text={t(show === 'open' ? 'exc.noneText' : `exc.none_${show}Text`)}
            act={
              rule ? (
                <button
                  type="button"
                  className="button small"
                  onClick={() => set({ rule: undefined })}
                >
                  {t('exc.showAll')}
                </button>
              ) : undefined
            }
          />
        }
        file={{
          path: '/exceptions',
          query: { state, ...(rule && { rule }) },
          rows: query.data?.complete ? query.data.data.length : null,
        }}
        foot={t('exc.foot', { zone, money: currencyName(currency, language) })}
      />
      {done && <ExceptionDrawer {...done} onClose={() => doIt(null)} />}
    </>
  );
}

function Edits({ set }: { set: SetSearch }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const search = useSearch({ from: '/projects/$projectId/exceptions' });
  const query = useEdits();
  const columns = useEditColumns();
  // What waits for somebody stands first.
  const rows = query.data?.data.toSorted(
    (a, b) => Number(b.state === 'waiting') - Number(a.state === 'waiting'),
  );
  if (query.error && !rows) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  return (
    <Table
      name="interval-edits"
      label={t('exc.edits')}
      title={
        rows
          ? t('exc.editCount', {
              count: rows.length,
              waiting: rows.filter(({ state }) => state === 'waiting').length,
            })
          : t('exc.edits')
      }
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      openKey={search.open}
      onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
      detail={({ id }) => <EditOpened key={id} editId={id} />}
      complete={query.data?.complete ?? true}
      waitingFor={t('exc.edits')}
      empty={<Empty title={t('exc.noEdits')} text={t('exc.noEditsText')} />}
      foot={t('meters.foot', { zone })}
    />
  );
}
