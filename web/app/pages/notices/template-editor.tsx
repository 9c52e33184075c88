/** A template being written: its text, the names it may use, and how a customer would read it. */
import { useDeferredValue, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { usePreview, useWriteTemplate } from '../../notice-queries.ts';
import type { NoticeTemplate } from '../../notices.ts';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';

export function TemplateEditor({ of, onDone }: { of: NoticeTemplate; onDone: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState({
    ...{ subject: of.subject ?? '', body: of.body, providerCode: of.providerCode ?? '' },
  });
  const write = useWriteTemplate(onDone);
  const isMail = of.channel === 'email';
  const subject = isMail ? text.subject : null;
  const asked = useDeferredValue({ subject, body: text.body });
  const preview = usePreview(of, asked);
  const faults = preview.data?.faults ?? [];
  const mayWrite = may('notice.configure');
  const isCurrent = !preview.isPlaceholderData && asked.body === text.body;
  const put = (name: string) => {
    const at = area.current?.selectionStart ?? text.body.length;
    setText({ ...text, body: `${text.body.slice(0, at)}{${name}}${text.body.slice(at)}` });
    area.current?.focus();
  };
  return (
    <div className="notice-editor">
      <section>
        {isMail && (
          <label className="notice-field">
            <span className="field-label">{t('notices.subject')}</span>
            <input
              className="input"
              maxLength={300}
              readOnly={!mayWrite}
              value={text.subject}
              aria-invalid={faults.some(({ at }) => at === 'subject')}
              onChange={(event) => setText({ ...text, subject: event.target.value })}
            />
          </label>
        )}
        <div className="notice-field">
          <label className="field-label" htmlFor={id}>
            {t('notices.text')}
          </label>
          <textarea
            id={id}
            ref={area}
            className="input"
            rows={isMail ? 9 : 5}
            maxLength={8000}
            readOnly={!mayWrite}
            value={text.body}
            aria-invalid={faults.some(({ at }) => at === 'body')}
            onChange={(event) => setText({ ...text, body: event.target.value })}
          />
        </div>
        {mayWrite && (
          <div>
            <div className="field-hint">{t('notices.names')}</div>
            <div className="notice-names">
              {of.names.map((name) => (
                <button
                  type="button"
                  key={name}
                  className="button small"
                  title={t(`notices.name.${name}`)}
                  onClick={() => put(name)}
                >
                  <span className="mono">{`{${name}}`}</span>
                </button>
              ))}
            </div>
          </div>
        )}
        {!isMail && (
          <label className="notice-field">
            <span className="field-label">{t('notices.providerCode')}</span>
            <input
              className="input mono"
              maxLength={40}
              readOnly={!mayWrite}
              value={text.providerCode}
              onChange={(event) => setText({ ...text, providerCode: event.target.value })}
            />
            <span className="field-hint">{t('notices.providerHint')}</span>
          </label>
        )}
        {mayWrite ? (
          <div className="notice-buttons">
            <button
              type="button"
              className="button small primary"
              disabled={write.isPending || !isCurrent || faults.length > 0}
              onClick={() =>
                write.mutate({
                  of,
                  text: {
                    subject,
                    body: text.body,
                    providerCode: text.providerCode.trim() || null,
                  },
                })
              }
            >
              {t('notices.save')}
            </button>
            {!of.isDefault && (
              <button
                type="button"
                className="button small"
                disabled={write.isPending}
                onClick={() => write.mutate({ of, text: null })}
              >
                {t('notices.restore')}
              </button>
            )}
            <button type="button" className="button small" onClick={onDone}>
              {t('act.cancel')}
            </button>
          </div>
        ) : (
          <p className="second">{t('exc.notAllowed', { permission: 'notice.configure' })}</p>
        )}
        {write.error && <ProblemNotice error={write.error} />}
      </section>
      <section aria-label={t('notices.preview')}>
        <h3>{t('notices.preview')}</h3>
        <Preview preview={preview} language={of.language} />
      </section>
    </div>
  );
}

function Preview({
  preview,
  language: written,
}: {
  preview: ReturnType<typeof usePreview>;
  language: 'en' | 'zh';
}) {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  if (preview.isError) return <ProblemNotice error={preview.error} />;
  if (!preview.data) return <Skeleton width="80%" height={60} />;
  const { subject, body, faults, length, lacking, sample, at } = preview.data;
  return (
    <>
      <div className="notice-paper">
        {subject !== null && <p className="strong">{subject}</p>}
        <p className="notice-text" lang={written}>
          {body}
        </p>
      </div>
      {faults.length > 0 && (
        <ul className="neg" role="alert">
          {faults.map((fault) => (
            <li key={fault.message}>
              {fault.code && i18n.exists(`notices.fault.${fault.code}`)
                ? t(`notices.fault.${fault.code}`, fault.parameters)
                : fault.message}
            </li>
          ))}
        </ul>
      )}
      <p className="second">
        {t('notices.length', { count: length })} ·{' '}
        {t(`notices.sample.${sample}`, { at: at ? moment(language, zone, at, now) : '' })}
      </p>
      {lacking.length > 0 && (
        <p className="second">{t('notices.lacking', { names: lacking.join(t('mark.list')) })}</p>
      )}
    </>
  );
}
