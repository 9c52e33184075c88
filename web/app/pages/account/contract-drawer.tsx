/** The next supply contract of an account: from its first day on it is the one that holds. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import type { Account } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { ContractFields } from '../opening/contract-fields.tsx';
import { contentOf, emptyDraft } from '../opening/draft.ts';
import '../opening/opening.css';

export function ContractDrawer({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const today = localDay(zone, useNow(60_000));
  const [draft, setDraft] = useState(emptyDraft);
  const make = useAct<unknown>(onClose);
  const { contract } = contentOf(draft, { currency, today });
  const isUpsideDown = contract?.to !== null && !!contract && contract.to <= contract.from;
  return (
    <Drawer
      title={t('account.contract.title', { name: nameOf(language, account) })}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!contract || isUpsideDown || make.isPending}
            onClick={() =>
              make.mutate({ path: `/accounts/${account.id}/supply-contracts`, body: contract })
            }
          >
            {t('account.contract.act')}
          </button>
        </>
      }
    >
      <div className="stack">
        <ContractFields
          draft={draft}
          onChange={(change) => {
            setDraft({ ...draft, ...change });
            make.reset();
          }}
        />
        {isUpsideDown && <p className="neg second">{t('opening.fault.opening-contract-ends')}</p>}
        <p className="second">{t('account.contract.text')}</p>
        {make.error && <ProblemNotice error={make.error} />}
      </div>
    </Drawer>
  );
}
