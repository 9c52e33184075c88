/** Closing an account from home: which one; its own page shows what that does, and then does it. */
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { useProject } from '../../project.tsx';
import { useAccounts } from '../../queries.ts';

export default function ChooseClosing({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const navigate = useNavigate();
  const [accountId, choose] = useState('');
  const accounts = useAccounts().data?.data ?? [];
  const open = accounts.filter(({ closedOn }) => !closedOn);
  return (
    <Drawer
      title={t('closing.act')}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={accountId === ''}
            onClick={() =>
              void navigate({
                to: '/projects/$projectId/accounts/$accountId',
                params: { projectId, accountId },
                search: { closing: true },
              })
            }
          >
            {t('closing.toPreview')}
          </button>
        </>
      }
    >
      <div className="stack">
        <p className="second">{`${t('closing.which')} ${t('closing.whichText')}`}</p>
        <Controls>
          <Filter
            label={t('meters.account')}
            value={accountId}
            search
            options={[
              { value: '', label: t('sale.choose') },
              ...open.map((each) => ({
                value: each.id,
                label: `${each.number} ${nameOf(language, each)}`,
              })),
            ]}
            onChange={choose}
          />
        </Controls>
      </div>
    </Drawer>
  );
}
