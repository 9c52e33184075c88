/** The ledger: trial balance now or as it was, the journal and the chart; beside them the seal and its proof. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useJournalHead } from '../../books-queries.ts';
import { useNow } from '../../clock.tsx';
import { fullMoment, localDay } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { ExportMenu } from '../../parts/export-menu.tsx';
import { PrintButton } from '../../parts/print-button.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import type { LedgerSearch } from '../../search.ts';
import { AsOfFilter } from './as-of.tsx';
import { ChartPanel } from './chart-panel.tsx';
import { DebitPanel } from './debit-panel.tsx';
import { instantOf } from './instant.ts';
import { JournalPanel } from './journal-panel.tsx';
import { BrokenSeal, SealPanel } from './seal-panel.tsx';
import { TrialPanel } from './trial-panel.tsx';
import './books.css';

const tabs = ['trial', 'journal', 'chart'] as const;

export default function Ledger() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/ledger' });
  const now = useNow(60_000);
  const head = useJournalHead();
  const tab = search.tab ?? 'trial';
  const set = (change: Partial<LedgerSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const query = questionOf(search, zone);
  const files = {
    trial: { path: '/ledger/trial-balance', query },
    journal: { path: '/ledger/journal', query: {} },
    chart: { path: '/ledger/chart', query: {} },
  };
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.ledger')}</h1>
          <div className="head-line">
            {t('books.ledger.line')} · {t('asOf', { at: fullMoment(language, zone, now) })}
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          <PrintButton />
          <ExportMenu {...files[tab]} rows={null} />
        </div>
      </div>
      {head.data?.state === 'broken' && <BrokenSeal head={head.data} />}
      <div className="filters">
        <Segmented
          label={t('books.ledger.show')}
          value={tab}
          onChange={(value) => set({ tab: value === 'trial' ? undefined : value })}
          choices={tabs.map((value) => ({ value, label: t(`books.ledger.tab.${value}`) }))}
        />
        {tab === 'trial' && (
          <AsOfFilter search={search} today={localDay(zone, now)} head={head.data} onChange={set} />
        )}
      </div>
      <div className="columns" style={{ '--side': '340px' } as React.CSSProperties}>
        {tab === 'trial' ? (
          <TrialPanel query={query} sort={search.sort} onSort={(sort) => set({ sort })} />
        ) : tab === 'journal' ? (
          <JournalPanel broken={head.data?.brokenPosition ?? null} />
        ) : (
          <ChartPanel />
        )}
        <div className="stack">
          <SealPanel head={head} />
          {tab === 'trial' && <DebitPanel query={query} />}
        </div>
      </div>
    </>
  );
}

/** What the address asks of the ledger: a position or an instant, and up to which day of the books. */
function questionOf({ as, position, date, time }: LedgerSearch, zone: string) {
  switch (as) {
    case 'position':
      return position ? { at: position } : {};
    case 'instant':
      return date ? { at: instantOf(date, time ?? '00:00', zone) } : {};
    case 'date':
      return date ? { accountingDate: date } : {};
    default:
      return {};
  }
}
