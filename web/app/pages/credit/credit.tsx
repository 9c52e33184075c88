/** Credit control: who is about to be cut or is, what each waits for, what was decided and why, and by which rules. */
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { usePolicy } from '../../credit-queries.ts';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { type CreditSearch, creditTabs } from '../../search.ts';
import { BrakeBanner } from './brake-banner.tsx';
import { CaseDrawer } from './case-drawer.tsx';
import { CasesPanel } from './cases-panel.tsx';
import { DecisionsPanel } from './decisions-panel.tsx';
import { PolicyPanel } from './policy-panel.tsx';
import './credit.css';

const route = getRouteApi('/projects/$projectId/credit');

export default function Credit() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const tab = search.tab ?? 'cases';
  const mode = usePolicy().data?.policy.mode;
  const set = (change: Partial<CreditSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.credit')}</h1>
          <div className="head-line">{mode ? t(`credit.modeLine.${mode}`) : t('credit.line')}</div>
        </div>
        <div className="head-acts">
          <SaveView />
        </div>
      </div>
      <BrakeBanner />
      <div className="filters">
        <Segmented
          label={t('credit.show')}
          value={tab}
          onChange={(next) =>
            void navigate({ search: next === 'cases' ? {} : { tab: next }, replace: true })
          }
          choices={creditTabs.map((value) => ({ value, label: t(`credit.tab.${value}`) }))}
        />
      </div>
      {tab === 'cases' && <CasesPanel search={search} set={set} />}
      {tab === 'decisions' && <DecisionsPanel search={search} set={set} />}
      {tab === 'policy' && <PolicyPanel />}
      {tab !== 'policy' && search.open && (
        <CaseDrawer
          key={search.open}
          accountId={search.open}
          onClose={() => set({ open: undefined })}
        />
      )}
    </>
  );
}
