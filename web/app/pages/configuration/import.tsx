/** A table of places and devices: chosen, told row by row, then all of it entered or nothing. */
import { Link } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { address } from '../../api.ts';
import { useImport, useImportPreview } from '../../config-queries.ts';
import type { ImportPreview } from '../../config-shapes.ts';
import { base64Of } from '../../file.ts';
import { newKey } from '../../key.ts';
import { useLanguage } from '../../language.ts';
import { FateTable } from '../../parts/fate-table.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useImportColumns } from './import-columns.tsx';
import './configuration.css';

/** As the server has them. */
const BYTES_MAX = 700_000;
const ROWS_MAX = 5_000;

interface Chosen {
  name: string;
  content: string;
  /** One key for one file: a second try of the same is the same. */
  key: string;
}

export default function ImportPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const [chosen, choose] = useState<Chosen | null>(null);
  const [tooLarge, setTooLarge] = useState(false);
  const preview = useImportPreview();
  const send = useImport();
  const input = useRef<HTMLInputElement>(null);

  async function take(file: File): Promise<void> {
    send.reset();
    preview.reset();
    setTooLarge(file.size > BYTES_MAX);
    if (file.size > BYTES_MAX) return choose(null);
    const next = { name: file.name, content: await base64Of(file), key: newKey() };
    choose(next);
    preview.mutate({ name: next.name, content: next.content });
  }

  const found = send.data ?? preview.data;
  const limits = { rows: ROWS_MAX, kb: BYTES_MAX / 1000 };
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('config.import.title')}</h1>
          <div className="head-line">{t('config.import.line')}</div>
        </div>
        <div className="head-acts">
          <Link
            to="/projects/$projectId/configuration"
            params={{ projectId }}
            className="button"
            preload={false}
          >
            {t('config.import.back')}
          </Link>
          <a
            className="button"
            href={address(`/projects/${projectId}/imports/template.xlsx`, { language })}
            download
          >
            <Icon name="download" size={14} />
            {t('config.import.template')}
          </a>
        </div>
      </div>
      <div className="stack">
        <section className="panel">
          <div className="panel-body stack conf-panel">
            <div className="conf-file">
              <input
                ref={input}
                id="import-file"
                type="file"
                accept=".xlsx,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                onChange={(event) => {
                  const [file] = event.target.files ?? [];
                  // The same file, mended, can be chosen again.
                  event.target.value = '';
                  if (file) void take(file);
                }}
              />
              <label className="button primary" htmlFor="import-file">
                <Icon name="sheet" size={14} />
                {t(chosen ? 'config.import.another' : 'config.import.choose')}
              </label>
              {chosen && <span className="strong">{chosen.name}</span>}
              <span className="field-hint">{t('config.import.hint', limits)}</span>
            </div>
            {tooLarge && (
              <p className="notice error" role="alert">
                <Icon name="warning" />
                <span>{t('config.import.tooLarge', limits)}</span>
              </p>
            )}
            {preview.isPending && (
              <p className="second" aria-busy>
                {t('config.import.looking')}
              </p>
            )}
            {preview.error && <ProblemNotice error={preview.error} />}
            {found && chosen && (
              <Outcome
                found={found}
                isDone={send.isSuccess}
                isSending={send.isPending}
                onSend={() =>
                  send.mutate({
                    name: chosen.name,
                    content: chosen.content,
                    digest: found.digest,
                    key: chosen.key,
                  })
                }
              />
            )}
            {send.error && <ProblemNotice error={send.error} />}
          </div>
        </section>
        {found && <Rows found={found} />}
      </div>
    </>
  );
}

/** What it all comes to, and the one act. */
function Outcome({
  found,
  isDone,
  isSending,
  onSend,
}: {
  found: ImportPreview;
  isDone: boolean;
  isSending: boolean;
  onSend: () => void;
}) {
  const { t } = useTranslation();
  const { counts, rows } = found;
  if (isDone) {
    return (
      <div className="notice good" role="status">
        <Icon name="check" />
        <div>
          <div className="strong">{t('config.import.done')}</div>
          <div className="second">{t('config.import.doneText', counts)}</div>
        </div>
      </div>
    );
  }
  if (counts.error > 0) {
    return (
      <p className="notice error" role="alert">
        <Icon name="warning" />
        <span>{t('config.import.wrong', { count: counts.error })}</span>
      </p>
    );
  }
  if (counts.create + counts.change === 0) {
    return <p className="notice">{t('config.import.nothing')}</p>;
  }
  return (
    <div className="conf-beside">
      <button type="button" className="button primary" disabled={isSending} onClick={onSend}>
        {isSending ? t('config.import.sending') : t('config.import.send', { count: rows.length })}
      </button>
    </div>
  );
}

const fates = ['create', 'change', 'same', 'error'] as const;

function Rows({ found }: { found: ImportPreview }) {
  const { t } = useTranslation();
  const columns = useImportColumns();
  return (
    <FateTable
      name="import-rows"
      label={t('config.import.rows')}
      choice={t('config.import.fate')}
      title={() => t('config.import.rows')}
      rows={found.rows}
      counts={fates.map((fate) => [fate, found.counts[fate]])}
      word={(fate) => t(fate === 'all' ? 'config.import.all' : `config.import.fates.${fate}`)}
      columns={() => columns}
    />
  );
}
