/** A file of the bank or of a channel: chosen, read by its columns, told line by line, then all of it or nothing. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { useBankPreview, useBankTemplates } from '../../bank-queries.ts';
import type {
  BankImport,
  BankMapping,
  BankPreview,
  BankSource,
  BankTemplate,
} from '../../bank-shapes.ts';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { base64Of } from '../../file.ts';
import { amount } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { FateTable } from '../../parts/fate-table.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';

import { usePreviewColumns } from './columns.tsx';
import { MappingForm } from './mapping-form.tsx';
import '../../parts/controls.css';
import '../configuration/configuration.css';
import './bank.css';

/** As the server has them. */
const BYTES_MAX = 700_000;
const LINES_MAX = 5_000;

interface Chosen {
  name: string;
  content: string;
}
interface Columns {
  template: string;
  mapping: BankMapping;
}

export default function BankImportPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const templates = useBankTemplates().data?.data ?? [];
  const [source, setSource] = useState<BankSource>('bank');
  const [own, setOwn] = useState<Columns | null>(null);
  const [chosen, choose] = useState<Chosen | null>(null);
  const [tooLarge, setTooLarge] = useState(false);
  const preview = useBankPreview();
  const send = useAct<BankImport>();
  const offered = templates.filter((template) => template.source === source);
  const columns = own ?? columnsOf(offered[0]);
  const file = chosen && columns && { ...chosen, source, ...columns };

  function forget(): void {
    preview.reset();
    send.reset();
  }
  async function take(picked: File): Promise<void> {
    forget();
    setTooLarge(picked.size > BYTES_MAX);
    if (picked.size > BYTES_MAX) return choose(null);
    const next = { name: picked.name, content: await base64Of(picked) };
    choose(next);
    if (columns) preview.mutate({ ...next, source, ...columns });
  }

  const limits = { rows: LINES_MAX, kb: BYTES_MAX / 1000 };
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('bank.load.title')}</h1>
          <div className="head-line">{t('bank.load.line')}</div>
        </div>
        <div className="head-acts">
          <Link
            to="/projects/$projectId/bank"
            params={{ projectId }}
            className="button"
            preload={false}
          >
            {t('bank.load.back')}
          </Link>
        </div>
      </div>
      <div className="stack">
        <section className="panel">
          <div className="panel-body stack conf-panel">
            <div className="bank-choices">
              <Segmented
                label={t('bank.source')}
                value={source}
                onChange={(next) => {
                  setSource(next);
                  setOwn(null);
                  forget();
                }}
                choices={(['bank', 'channel'] as const).map((value) => ({
                  value,
                  label: t(`bank.sources.${value}`),
                }))}
              />
              {columns && (
                <Controls>
                  <Filter
                    label={t('bank.load.template')}
                    value={columns.template}
                    options={[
                      ...(offered.some(({ name }) => name === columns.template)
                        ? []
                        : [{ value: columns.template, label: columns.template }]),
                      ...offered.map(({ name, isBuiltIn }) => ({
                        value: name,
                        label: isBuiltIn
                          ? builtInName(name, language)
                          : t('bank.load.mine', { name }),
                      })),
                    ]}
                    onChange={(name) => {
                      forget();
                      setOwn(columnsOf(offered.find((template) => template.name === name)));
                    }}
                  />
                </Controls>
              )}
            </div>
            {columns && (
              <details>
                <summary>{t('bank.load.edit')}</summary>
                <MappingForm
                  key={`${source}/${columns.template}`}
                  {...columns}
                  onChange={(next) => {
                    forget();
                    setOwn(next);
                  }}
                />
              </details>
            )}
            <div className="conf-file">
              <input
                id="bank-file"
                type="file"
                accept=".xlsx,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                onChange={(event) => {
                  const [picked] = event.target.files ?? [];
                  // The same file, mended, can be chosen again.
                  event.target.value = '';
                  if (picked) void take(picked);
                }}
              />
              <label className="button primary" htmlFor="bank-file">
                <Icon name="sheet" size={14} />
                {t(chosen ? 'bank.load.another' : 'bank.load.choose')}
              </label>
              {chosen && <span className="strong">{chosen.name}</span>}
              {file && !preview.data && (
                <button
                  type="button"
                  className="button"
                  disabled={preview.isPending}
                  onClick={() => preview.mutate(file)}
                >
                  {t('bank.load.look')}
                </button>
              )}
              <span className="field-hint">{t('bank.load.hint', limits)}</span>
            </div>
            {tooLarge && (
              <p className="notice error" role="alert">
                <Icon name="warning" />
                <span>{t('bank.load.tooLarge', limits)}</span>
              </p>
            )}
            {preview.isPending && (
              <p className="second" aria-busy>
                {t('bank.load.looking')}
              </p>
            )}
            {preview.error && <ProblemNotice error={preview.error} />}
            {preview.data && file && (
              <Outcome
                found={preview.data}
                done={send.data}
                isSending={send.isPending}
                onSend={() =>
                  send.mutate({
                    path: '/bank-files',
                    body: { ...file, digest: preview.data.digest },
                  })
                }
              />
            )}
            {send.error && <ProblemNotice error={send.error} />}
            {send.unknown && <p className="second">{t('vend.unknown')}</p>}
          </div>
        </section>
        {preview.data && <Rows found={preview.data} />}
      </div>
    </>
  );
}

/** A built-in template has a name in both languages, English first. */
const builtInName = (name: string, language: string): string => {
  const at = name.search(/\p{Script=Han}/u);
  return at > 0 ? (language === 'zh' ? name.slice(at) : name.slice(0, at)).trim() : name;
};

const columnsOf = (template: BankTemplate | undefined): Columns | null =>
  template ? { template: template.name, mapping: template.mapping } : null;

/** What it all comes to, and the one act. */
function Outcome({
  found,
  done,
  isSending,
  onSend,
}: {
  found: BankPreview;
  done: BankImport | undefined;
  isSending: boolean;
  onSend: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const now = useNow(60_000);
  const { counts, before } = found;
  const added = counts.match + counts.ambiguous + counts.unknown;
  if (done?.fileId) {
    return (
      <div className="notice good" role="status">
        <Icon name="check" />
        <div>
          <div className="strong">{t('bank.load.done')}</div>
          <div className="second">
            {t('bank.load.doneText', { count: added, open: counts.ambiguous + counts.unknown })}
          </div>
          <div className="notice-acts">
            <Link
              to="/projects/$projectId/bank"
              params={{ projectId }}
              search={{ file: done.fileId }}
              className="button small"
            >
              {t('bank.load.toLines')}
            </Link>
          </div>
        </div>
      </div>
    );
  }
  if (counts.error > 0) {
    return (
      <p className="notice error" role="alert">
        <Icon name="warning" />
        <span>{t('bank.load.wrong', { count: counts.error })}</span>
      </p>
    );
  }
  if (added === 0) {
    return (
      <p className="notice" role="status">
        {before
          ? t('bank.load.before', {
              at: moment(language, zone, before.importedAt, now),
              who: before.importedBy,
            })
          : t('bank.load.nothing')}
      </p>
    );
  }
  return (
    <div className="conf-beside">
      <button type="button" className="button primary" disabled={isSending} onClick={onSend}>
        {isSending ? t('bank.load.sending') : t('bank.load.send', { count: added })}
      </button>
      <span className="second">
        {t('bank.load.comes', {
          lines: t('bank.lines', { count: added }),
          income: amount(found.income.amount),
          expense: amount(found.expense.amount),
          fee: amount(found.fee.amount),
        })}
      </span>
    </div>
  );
}

const fates = ['error', 'ambiguous', 'unknown', 'match', 'duplicate', 'skipped'] as const;

function Rows({ found }: { found: BankPreview }) {
  const { t } = useTranslation();
  const columns = usePreviewColumns();
  return (
    <FateTable
      name="bank-preview"
      label={t('bank.shows.lines')}
      choice={t('bank.load.fate')}
      title={(shown) => t('bank.lines', { count: shown })}
      rows={found.lines}
      counts={fates.map((fate) => [fate, found.counts[fate]])}
      word={(fate) => t(fate === 'all' ? 'bank.all' : `bank.load.fates.${fate}`)}
      columns={columns}
    />
  );
}
