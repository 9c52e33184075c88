/** Bank and channels: lines as they stand, those that nobody knows first to be done, and the files they came with. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useBankFiles, useBankLines } from '../../bank-queries.ts';
import type { BankLine } from '../../bank-shapes.ts';
import { useNow } from '../../clock.tsx';
import { addDays, addMonths, localDay } from '../../dates.ts';
import { Controls, DayRange, Filter } from '../../parts/controls.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import { useMay, useProject } from '../../project.tsx';
import type { BankSearch } from '../../search.ts';
import { ClaimDrawer } from './claim-drawer.tsx';
import { useFileColumns, useLineColumns } from './columns.tsx';
import { LineDetail } from './line-detail.tsx';
import '../../parts/controls.css';
import '../sale/counter.css';
import './bank.css';

const states = ['unidentified', 'matched', 'claimed', 'returned'] as const;

export default function Bank() {
  const { t } = useTranslation();
  const { id: projectId, zone } = useProject();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/bank' });
  const today = localDay(zone, useNow(60_000));
  const from = search.from ?? addMonths(`${today.slice(0, 7)}-01`, -2);
  const to = search.to && search.to > from ? search.to : addDays(today, 1);
  const set = (change: Partial<BankSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const show = search.show === 'files' ? 'files' : 'lines';
  // Here and not in its row: claimed, a line may no longer be among those that are shown.
  const [claimed, claim] = useState<BankLine | null>(null);
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.bank')}</h1>
          <div className="head-line">{t('bank.line')}</div>
        </div>
        <div className="head-acts">
          <SaveView />
          {may('bank.write') && (
            <Link
              to="/projects/$projectId/bank-import"
              params={{ projectId }}
              className="button primary"
              data-key="n"
              preload={false}
            >
              <Icon name="sheet" size={14} />
              {t('bank.import')}
            </Link>
          )}
        </div>
      </div>
      <div className="filters">
        <Segmented
          label={t('bank.show')}
          value={show}
          onChange={(next) =>
            set({ show: next === 'files' ? 'files' : undefined, open: undefined, sort: undefined })
          }
          choices={(['lines', 'files'] as const).map((value) => ({
            value,
            label: t(`bank.shows.${value}`),
          }))}
        />
        <input
          className="input filter-text"
          type="search"
          value={search.q ?? ''}
          placeholder={t('bank.search')}
          aria-label={t('bank.search')}
          onChange={(event) => set({ q: event.target.value || undefined })}
        />
        <Controls>
          <Filter
            label={t('bank.source')}
            value={search.source ?? 'all'}
            options={(['all', 'bank', 'channel'] as const).map((value) => ({
              value,
              label: t(`bank.sources.${value}`),
            }))}
            onChange={(next) => set({ source: next === 'all' ? undefined : next })}
          />
          {show === 'lines' && (
            <>
              <Filter
                label={t('bank.is')}
                value={search.state ?? 'all'}
                options={[
                  { value: 'all' as const, label: t('bank.all') },
                  ...states.map((value) => ({ value, label: t(`bank.state.${value}`) })),
                ]}
                onChange={(next) =>
                  set({ state: next === 'all' ? undefined : next, open: undefined })
                }
              />
              {!search.file && (
                <DayRange
                  label={t('energy.period')}
                  {...{ from, to }}
                  presets={[
                    {
                      label: t('energy.preset.week'),
                      from: addDays(today, -6),
                      to: addDays(today, 1),
                    },
                    {
                      label: t('energy.preset.month'),
                      from: `${today.slice(0, 7)}-01`,
                      to: addDays(today, 1),
                    },
                  ]}
                  onChange={(first, last) => set({ from: first, to: last })}
                />
              )}
            </>
          )}
        </Controls>
        {search.file && show === 'lines' && (
          <button type="button" className="button" onClick={() => set({ file: undefined })}>
            <Icon name="cross" size={14} />
            {t('bank.ofFile')}
          </button>
        )}
      </div>
      {show === 'lines' ? (
        <Lines {...{ search, set, from, to }} onClaim={claim} />
      ) : (
        <Files {...{ search, set }} />
      )}
      {claimed && <ClaimDrawer key={claimed.id} line={claimed} onClose={() => claim(null)} />}
    </>
  );
}

interface TableProps {
  search: BankSearch;
  set: (change: Partial<BankSearch>) => void;
}

function Lines({
  search,
  set,
  from,
  to,
  onClaim,
}: TableProps & { from: string; to: string; onClaim: (line: BankLine) => void }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const asked = {
    ...(search.file ? { fileId: search.file } : { from, to }),
    ...(search.state && { state: search.state }),
    ...(search.source && { source: search.source }),
    ...(search.q && { q: search.q }),
  };
  const lines = useBankLines(asked);
  const rows = lines.data?.data;
  const columns = useLineColumns(rows ?? []);
  if (lines.isError && !rows) {
    return <ProblemNotice error={lines.error} retry={() => void lines.refetch()} />;
  }
  return (
    <Table
      name="bank-lines"
      label={t('page.bank')}
      title={rows ? t('bank.lines', { count: rows.length }) : t('page.bank')}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      openKey={search.open}
      onOpen={({ id }) => set({ open: search.open === id ? undefined : id })}
      detail={(line) => <LineDetail key={line.id} line={line} onClaim={() => onClaim(line)} />}
      complete={lines.data?.complete ?? true}
      waitingFor={t('page.bank')}
      empty={<Empty title={t('bank.none')} text={t('bank.noneText')} />}
      file={{
        path: '/bank-lines',
        query: asked,
        rows: lines.data?.complete ? lines.data.data.length : null,
      }}
      foot={t('sale.foot', { zone })}
    />
  );
}

function Files({ search, set }: TableProps) {
  const { t } = useTranslation();
  const asked = {
    ...(search.source && { source: search.source }),
    ...(search.q && { q: search.q }),
  };
  const files = useBankFiles(asked);
  const rows = files.data?.data;
  const columns = useFileColumns();
  if (files.isError && !rows) {
    return <ProblemNotice error={files.error} retry={() => void files.refetch()} />;
  }
  return (
    <Table
      name="bank-files"
      label={t('bank.shows.files')}
      title={t('bank.shows.files')}
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      sort={search.sort}
      onSort={(sort) => set({ sort })}
      onOpen={({ id }) => set({ show: undefined, file: id, q: undefined, sort: undefined })}
      complete={files.data?.complete ?? true}
      waitingFor={t('bank.shows.files')}
      empty={<Empty title={t('bank.noFiles')} text={t('bank.noFilesText')} />}
      file={{
        path: '/bank-files',
        query: asked,
        rows: files.data?.complete ? files.data.data.length : null,
      }}
    />
  );
}
