/** When customers are told, and of what: quiet hours in the project's zone, urgent kinds, kinds that are off. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNoticeSettings, useWriteSettings } from '../../notice-queries.ts';
import { type NoticeKind, type NoticeSettings, noticeKinds, staffKinds } from '../../notices.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';

export function QuietPanel() {
  const { t } = useTranslation();
  const { zone } = useProject();
  const may = useMay();
  const answer = useNoticeSettings();
  const [draft, edit] = useState<NoticeSettings>();
  const settings = answer.data;
  if (answer.isError) return <ProblemNotice error={answer.error} />;
  if (!settings) return <Skeleton width="100%" height={48} />;
  const off = settings.off.map((kind) => t(`notices.kinds.${kind}`)).join(t('mark.list'));
  return (
    <section className="panel notice-told" aria-label={t('notices.quiet')}>
      <div className="panel-head">
        <h2>{t('notices.quiet')}</h2>
        <span className="second">
          {settings.quiet
            ? t('notices.quietFromTo', { ...settings.quiet, zone })
            : t('notices.quietNone')}
          {off && ` · ${t('notices.offLine', { kinds: off })}`}
        </span>
        <span className="rest">
          {may('notice.configure') && !draft && (
            <button type="button" className="button small" onClick={() => edit(settings)}>
              <Icon name="edit" size={14} />
              {t('notices.change')}
            </button>
          )}
        </span>
      </div>
      {draft && <QuietForm draft={draft} edit={edit} onDone={() => edit(undefined)} />}
    </section>
  );
}

function QuietForm({
  draft,
  edit,
  onDone,
}: {
  draft: NoticeSettings;
  edit: (draft: NoticeSettings) => void;
  onDone: () => void;
}) {
  const { t } = useTranslation();
  const write = useWriteSettings(onDone);
  const quiet = draft.quiet ?? { from: '', to: '' };
  const isWhole = (quiet.from === '' && quiet.to === '') || (quiet.from !== '' && quiet.to !== '');
  const isReady = isWhole && (quiet.from === '' || quiet.from !== quiet.to);
  const setQuiet = (change: Partial<typeof quiet>) =>
    edit({ ...draft, quiet: { ...quiet, ...change } });
  const toggle = (list: 'urgent' | 'off', kind: NoticeKind) =>
    edit({
      ...draft,
      [list]: draft[list].includes(kind)
        ? draft[list].filter((each) => each !== kind)
        : [...draft[list], kind],
    });
  return (
    <div className="notice-quiet">
      <div className="notice-times">
        {(['from', 'to'] as const).map((end) => (
          <label key={end} className="notice-field">
            <span className="field-label">{t(`notices.quietEnd.${end}`)}</span>
            <input
              className="input"
              type="time"
              value={quiet[end]}
              aria-invalid={!isReady}
              onChange={(event) => setQuiet({ [end]: event.target.value })}
            />
          </label>
        ))}
        <span className="field-hint">{t('notices.quietHint')}</span>
      </div>
      <table className="notice-ticks">
        <thead>
          <tr>
            <th scope="col">{t('notices.kind')}</th>
            <th scope="col">{t('notices.told')}</th>
            <th scope="col">{t('notices.urgent')}</th>
          </tr>
        </thead>
        <tbody>
          {noticeKinds.map((kind) => (
            <tr key={kind}>
              <td>{t(`notices.kinds.${kind}`)}</td>
              <td>
                <input
                  type="checkbox"
                  aria-label={`${t(`notices.kinds.${kind}`)}${t('mark.colon')}${t('notices.told')}`}
                  checked={!draft.off.includes(kind)}
                  onChange={() => toggle('off', kind)}
                />
              </td>
              <td>
                <input
                  type="checkbox"
                  aria-label={`${t(`notices.kinds.${kind}`)}${t('mark.colon')}${t('notices.urgent')}`}
                  checked={staffKinds.has(kind) || draft.urgent.includes(kind)}
                  disabled={staffKinds.has(kind) || draft.off.includes(kind)}
                  onChange={() => toggle('urgent', kind)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="notice-buttons">
        <button
          type="button"
          className="button small primary"
          disabled={!isReady || write.isPending}
          onClick={() => write.mutate({ ...draft, quiet: quiet.from === '' ? null : quiet })}
        >
          {t('notices.save')}
        </button>
        <button type="button" className="button small" onClick={onDone}>
          {t('act.cancel')}
        </button>
      </div>
      {write.error && <ProblemNotice error={write.error} />}
    </div>
  );
}
