/** A form for an address that is told: channel, address and, where it may differ, language. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type NoticeChannel, noticeChannels } from '../notices.ts';
import { ProblemNotice } from './notice.tsx';
import './told.css';

const hints: Record<NoticeChannel, string> = {
  sms: '13800138000',
  email: 'office@example.com',
  webhook: 'https://erp.example.com/hooks/energy',
};

interface Asked {
  channel: NoticeChannel;
  address: string;
  language: 'en' | 'zh' | null;
}

/** One more address; `asksLanguage` where it is of a person whose language may be another than the project's. */
export function NewAddress({
  send,
  asksLanguage = false,
  onDone,
}: {
  send: {
    mutate: (asked: Asked, then: { onSuccess: () => void }) => void;
    isPending: boolean;
    isError: boolean;
    error: unknown;
    reset: () => void;
  };
  asksLanguage?: boolean;
  onDone: () => void;
}) {
  const { t } = useTranslation();
  const [channel, setChannel] = useState<NoticeChannel>('sms');
  const [address, setAddress] = useState('');
  const [language, setLanguage] = useState<Asked['language']>(null);
  return (
    <form
      className="told-form"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate({ channel, address: address.trim(), language }, { onSuccess: onDone });
      }}
    >
      <select
        className="input"
        aria-label={t('notices.channel')}
        value={channel}
        onChange={(event) => {
          setChannel(noticeChannels.find((each) => each === event.target.value) ?? 'sms');
          send.reset();
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
        aria-invalid={send.isError}
        onChange={(event) => {
          setAddress(event.target.value);
          send.reset();
        }}
      />
      {asksLanguage && (
        <select
          className="input told-language"
          aria-label={t('notices.language')}
          value={language ?? ''}
          onChange={(event) =>
            setLanguage(
              event.target.value === '' ? null : event.target.value === 'zh' ? 'zh' : 'en',
            )
          }
        >
          <option value="">{t('notices.projectLanguage')}</option>
          <option value="en">English</option>
          <option value="zh">中文</option>
        </select>
      )}
      <span className="told-acts">
        <button
          type="submit"
          className="button small primary"
          disabled={!address.trim() || send.isPending}
        >
          {t('notices.save')}
        </button>
        <button type="button" className="button small" onClick={onDone}>
          {t('act.cancel')}
        </button>
      </span>
      {send.isError && <ProblemNotice error={send.error} />}
    </form>
  );
}
