/** Where an account is told: its addresses, one to be added, each to be taken away. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAddAddress, useAddresses, useRemoveAddress } from '../../notice-queries.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { NewAddress } from '../../parts/told.tsx';
import { useMay, useProject } from '../../project.tsx';

export function ToldPanel({
  accountId,
  number,
}: {
  accountId: string;
  number: string | undefined;
}) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const may = useMay();
  const addresses = useAddresses(accountId).data?.data;
  const remove = useRemoveAddress(accountId);
  const send = useAddAddress(accountId);
  const [isAdding, add] = useState(false);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('notices.addresses')}</h2>
        <span className="rest">
          {may('notice.read') && number && (
            <Link
              to="/projects/$projectId/notices"
              params={{ projectId }}
              search={{ q: number }}
              className="second"
            >
              {t('page.notices')}
            </Link>
          )}
        </span>
      </div>
      <ul className="point-list told-list">
        {addresses?.map((each) => (
          <li key={`${each.channel} ${each.address}`}>
            <span className="quiet nowrap">{t(`notices.channels.${each.channel}`)}</span>
            <span className="clip" title={each.address}>
              {each.address}
            </span>
            {each.id === null && <span className="quiet nowrap">{t(`notices.of.${each.of}`)}</span>}
            {each.id !== null && may('account.write') && (
              <button
                type="button"
                className="button plain icon small"
                aria-label={t('notices.removeAddress', { address: each.address })}
                disabled={remove.isPending}
                onClick={() => each.id !== null && remove.mutate(each.id)}
              >
                <Icon name="bin" size={14} />
              </button>
            )}
          </li>
        ))}
        {addresses?.length === 0 && <li className="quiet">{t('notices.noAddresses')}</li>}
      </ul>
      {remove.error && <ProblemNotice error={remove.error} />}
      {may('account.write') && (
        <div className="panel-body">
          {isAdding ? (
            <NewAddress send={send} onDone={() => add(false)} />
          ) : (
            <button type="button" className="button small" onClick={() => add(true)}>
              <Icon name="plus" size={14} />
              {t('notices.addAddress')}
            </button>
          )}
        </div>
      )}
    </section>
  );
}
