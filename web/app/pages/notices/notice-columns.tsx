/** The columns of the outbox. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { type Notice, noticeStates } from '../../notices.ts';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { NoticeStateMark, useReason } from './notice-state.tsx';

export function useNoticeColumns(): Column<Notice>[] {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(30_000);
  const reasonOf = useReason();
  const nameFor = ({ accountName, accountNameZh }: Notice) =>
    language === 'zh' && accountNameZh ? accountNameZh : accountName;
  const kindOf = ({ kind }: Notice) =>
    i18n.exists(`notices.kinds.${kind}`) ? t(`notices.kinds.${kind}`) : kind;
  return [
    {
      key: 'at',
      title: t('notices.queued'),
      width: '120px',
      phone: 'plain',
      value: ({ queuedAt }) => queuedAt,
      cell: ({ queuedAt }) => (
        <span className="nowrap">{moment(language, zone, queuedAt, now)}</span>
      ),
    },
    {
      key: 'account',
      title: t('meters.account'),
      width: 'minmax(130px, 1.2fr)',
      phone: 'title',
      value: nameFor,
      cell: (notice) => (
        <Link
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId, accountId: notice.accountId }}
          className="clip strong block"
          style={{ color: 'inherit' }}
          title={`${notice.accountNumber} ${nameFor(notice)}`}
          preload={false}
        >
          {nameFor(notice)}
        </Link>
      ),
    },
    {
      key: 'kind',
      title: t('notices.kind'),
      width: 'minmax(110px, 150px)',
      phone: 'plain',
      value: kindOf,
      cell: (notice) => <div className="clip">{kindOf(notice)}</div>,
    },
    {
      key: 'to',
      title: t('notices.to'),
      width: 'minmax(150px, 1fr)',
      phone: 'plain',
      value: ({ recipient }) => recipient,
      cell: ({ channel, recipient }) => (
        <div className="clip" title={recipient}>
          <span className="quiet">{t(`notices.channels.${channel}`)}</span> {recipient}
        </div>
      ),
    },
    {
      key: 'text',
      title: t('notices.text'),
      width: 'minmax(140px, 2fr)',
      phone: 'none',
      value: ({ subject, body }) => subject ?? body,
      cell: ({ subject, body }) => (
        <div className="clip second" title={body}>
          {subject ?? body}
        </div>
      ),
    },
    {
      key: 'state',
      title: t('notices.stateTitle'),
      width: '130px',
      phone: 'figure',
      value: ({ state }) => t(`notices.state.${state}`),
      order: ({ state }) => noticeStates.indexOf(state),
      cell: ({ state }) => <NoticeStateMark state={state} />,
    },
    {
      key: 'why',
      title: t('notices.why'),
      width: 'minmax(110px, 1fr)',
      phone: 'none',
      value: ({ reason, proof }) => reasonOf(reason) ?? proof,
      cell: ({ reason, proof }) => {
        const why = reasonOf(reason) ?? proof ?? '';
        return (
          <div className="clip quiet" title={why}>
            {why}
          </div>
        );
      },
    },
  ];
}
