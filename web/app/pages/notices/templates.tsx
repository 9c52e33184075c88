/** The words of every notice in both languages, with a preview of real data; quiet hours beside them. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { useTemplates } from '../../notice-queries.ts';
import type { NoticeTemplate } from '../../notices.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import type { TemplateSearch } from '../../search.ts';
import { QuietPanel } from './quiet-panel.tsx';
import { StaffPanel } from './staff-panel.tsx';
import { TemplateEditor } from './template-editor.tsx';
import './notices.css';

const keyOf = ({ kind, channel, language }: NoticeTemplate) => `${kind}/${channel}/${language}`;

export default function Templates() {
  const { t } = useTranslation();
  const shown = useLanguage();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/notice-templates' });
  const answer = useTemplates();
  const language = search.language ?? shown;
  const rows = answer.data?.data.filter(
    (each) => each.language === language && each.channel === (search.channel ?? 'sms'),
  );
  const columns = useColumns();
  const set = (change: Partial<TemplateSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.noticeTemplates')}</h1>
          <div className="head-line">{t('notices.templatesLine')}</div>
        </div>
      </div>
      <QuietPanel />
      <StaffPanel />
      <div className="filters">
        <Segmented
          label={t('notices.channel')}
          value={search.channel ?? 'sms'}
          onChange={(channel) =>
            set({ channel: channel === 'sms' ? undefined : channel, open: undefined })
          }
          choices={[
            { value: 'sms', label: t('notices.channels.sms') },
            { value: 'email', label: t('notices.channels.email') },
          ]}
        />
        <Segmented
          label={t('notices.language')}
          value={language}
          onChange={(next) => set({ language: next, open: undefined })}
          choices={[
            { value: 'en', label: 'English' },
            { value: 'zh', label: '中文' },
          ]}
        />
      </div>
      {answer.isError && !rows ? (
        <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />
      ) : (
        <Table<NoticeTemplate>
          name="notice-templates"
          label={t('page.noticeTemplates')}
          title={t('page.noticeTemplates')}
          columns={columns}
          rows={rows}
          rowKey={keyOf}
          openKey={search.open}
          onOpen={(row) => set({ open: search.open === keyOf(row) ? undefined : keyOf(row) })}
          detail={(row) => (
            <TemplateEditor key={keyOf(row)} of={row} onDone={() => set({ open: undefined })} />
          )}
          empty={<Empty title={t('notices.none')} />}
          file={{ path: '/notice-templates', rows: answer.data?.data.length ?? null }}
        />
      )}
    </>
  );
}

function useColumns(): Column<NoticeTemplate>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const changed = ({ isDefault, changedAt }: NoticeTemplate) =>
    isDefault || !changedAt ? t('notices.default') : moment(language, zone, changedAt, now);
  return [
    {
      key: 'kind',
      title: t('notices.kind'),
      width: 'minmax(130px, 190px)',
      phone: 'title',
      value: ({ kind }) => t(`notices.kinds.${kind}`),
      cell: ({ kind }) => <span className="strong">{t(`notices.kinds.${kind}`)}</span>,
    },
    {
      key: 'text',
      title: t('notices.text'),
      width: 'minmax(200px, 3fr)',
      phone: 'plain',
      value: ({ subject, body }) => `${subject ? `${subject}: ` : ''}${body}`,
      cell: ({ subject, body }) => (
        <div className="clip second" title={body}>
          {subject ?? body}
        </div>
      ),
    },
    {
      key: 'code',
      title: t('notices.providerCode'),
      width: '150px',
      phone: 'none',
      value: ({ providerCode }) => providerCode,
      cell: ({ providerCode }) => <span className="mono">{providerCode ?? '–'}</span>,
    },
    {
      key: 'changed',
      title: t('notices.changed'),
      width: 'minmax(120px, 190px)',
      phone: 'figure',
      value: changed,
      cell: (row) => (
        <div className="clip quiet" title={row.changedBy ?? undefined}>
          <span className="nowrap">{changed(row)}</span>
          {!row.isDefault && row.changedBy && ` · ${row.changedBy}`}
        </div>
      ),
    },
  ];
}
