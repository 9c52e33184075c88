/** Where an account is told: its addresses, one to be added, each to be taken away. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAddAddress, useAddresses, useRemoveAddress } from '../../notice-queries.ts';
import { type NoticeChannel, noticeChannels } from '../../notices.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
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
            <NewAddress accountId={accountId} onDone={() => add(false)} />
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

const hints: Record<NoticeChannel, string> = {
  sms: '13800138000',
  email: 'office@example.com',
  webhook: 'https://erp.example.com/hooks/energy',
};

function NewAddress({ accountId, onDone }: { accountId: string; onDone: () => void }) {
  const { t } = useTranslation();
  const [channel, setChannel] = useState<NoticeChannel>('sms');
  const [address, setAddress] = useState('');
  const add = useAddAddress(accountId);
  return (
    <form
      className="told-form"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({ channel, address: address.trim() }, { onSuccess: onDone });
      }}
    >
      <select
        className="input"
        aria-label={t('notices.channel')}
        value={channel}
        onChange={(event) => {
          setChannel(noticeChannels.find((each) => each === event.target.value) ?? 'sms');
          add.reset();
        }}
      >
        {noticeChannels.map((each) => (
          <option key={each} value={each}>
            {t(`notices.channels.${each}`)}
          </option>
        ))}
      </select>
      <input
        className="input"
        aria-label={t('notices.address')}
        placeholder={hints[channel]}
        maxLength={500}
        autoComplete="off"
        value={address}
        aria-invalid={add.isError}
        onChange={(event) => {
          setAddress(event.target.value);
          add.reset();
        }}
      />
      <span className="told-acts">
        <button
          type="submit"
          className="button small primary"
          disabled={!address.trim() || add.isPending}
        >
          {t('notices.save')}
        </button>
        <button type="button" className="button small" onClick={onDone}>
          {t('act.cancel')}
        </button>
      </span>
      {add.error && <ProblemNotice error={add.error} />}
    </form>
  );
}
