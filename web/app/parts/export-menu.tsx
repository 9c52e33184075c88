/**
 * Export: says what the file will contain before it is made, then offers it in every format, at once
 * or in the background.
 */
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { address, type FileFormat, type Query, withQuery } from '../api.ts';
import { useNow } from '../clock.tsx';
import { fullMoment, zoneOffset } from '../dates.ts';
import { useStartExport } from '../exports.ts';
import { number } from '../format.ts';
import { useLanguage } from '../language.ts';
import { useProject } from '../project.tsx';
import { Icon, type IconName } from './icons.tsx';
import { ProblemNotice } from './notice.tsx';
import { Popover } from './popover.tsx';
import './export-menu.css';

/** From so many rows on a file is better made in the background. */
const BACKGROUND_ROWS = 500_000;

const formats: readonly { format: FileFormat; name: string; icon: IconName }[] = [
  { format: 'xlsx', name: 'Excel', icon: 'sheet' },
  { format: 'csv', name: 'CSV', icon: 'paper' },
  { format: 'parquet', name: 'Parquet', icon: 'store' },
  { format: 'arrow', name: 'Arrow', icon: 'feather' },
  { format: 'json', name: 'JSON', icon: 'braces' },
];

export interface ExportQuestion {
  /** Below the project: '/reports/energy', '/accounts'. */
  path: string;
  /** Exactly what the page asked, without a format. */
  query?: Query;
  /** Of no project: the path stands below the API itself, and the file is made at once. */
  isOutside?: boolean;
}

export interface ExportMenuProps extends ExportQuestion {
  /** Rows of the file; null where only the file itself will know. */
  rows: number | null;
  /** The report has a row of totals, which travels with the file. */
  hasTotal?: boolean;
  /** Instant; left out where the file is cut at the moment it is made. */
  asOf?: string | undefined;
  /** '10,404 kWh, flagged': what of it is estimated, and what is missing. */
  estimated?: string | undefined;
  missing?: string | undefined;
  /** What the file does not do, in words: a filter of the screen that stays there. */
  note?: string | undefined;
  /** The data behind it: a second file. */
  behind?: ExportQuestion & { title: string; detail?: string; format?: FileFormat };
  /** A small button in the head of a table, in place of the page's primary one. */
  small?: boolean;
}

export function ExportMenu(props: ExportMenuProps) {
  const { t } = useTranslation();
  return (
    <Popover
      title={t('exports.what')}
      name="export"
      letter="e"
      className={props.small ? 'button small' : 'button primary'}
      button={
        <>
          <Icon name="download" size={14} />
          {t('exports.act')}
          <span className="key">E</span>
        </>
      }
    >
      {(close) => <Content {...props} onDone={close} />}
    </Popover>
  );
}

function Content(props: ExportMenuProps & { onDone: () => void }) {
  const { path, query, isOutside, rows, hasTotal, asOf, estimated, missing, note, behind, onDone } =
    props;
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const navigate = useNavigate();
  const now = useNow(60_000);
  const start = useStartExport();
  const [background, setBackground] = useState(!isOutside && (rows ?? 0) >= BACKGROUND_ROWS);
  const href = (question: ExportQuestion, format: FileFormat) =>
    address(`${question.isOutside ? '' : `/projects/${project.id}`}${question.path}`, {
      ...{ ...question.query, format },
    });
  const begin = (format: FileFormat) =>
    start.mutate(
      { question: withQuery(path, query), format },
      {
        onSuccess: () => {
          onDone();
          void navigate({ to: '/projects/$projectId/exports', params: { projectId: project.id } });
        },
      },
    );
  const count = number(rows);
  return (
    <>
      <dl className="export-facts">
        <Fact term={t('exports.rows')}>
          {rows === null
            ? t('exports.allRows')
            : hasTotal
              ? t('exports.rowsAndTotal', { count: rows, rows: count })
              : t('exports.rowsComplete', { count: rows, rows: count })}
        </Fact>
        <Fact term={t('exports.zone')}>
          {project.zone} <span className="quiet">({zoneOffset(project.zone, now)})</span>
        </Fact>
        <Fact term={t('exports.asOf')}>
          {asOf ? fullMoment(language, project.zone, asOf) : t('exports.whenMade')}
        </Fact>
        {estimated && <Fact term={t('home.estimated')}>{estimated}</Fact>}
        {missing && <Fact term={t('home.missing')}>{missing}</Fact>}
      </dl>
      {note && <p className="export-note second">{note}</p>}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the files inside. */}
      <div className="export-files" onKeyDown={moveFocus}>
        {formats.map(({ format, name, icon }) => {
          const inside = (
            <>
              <Icon name={icon} />
              <span className="strong">{name}</span>
              <span className="quiet">.{format}</span>
              <span className="end key" aria-hidden>
                ↵
              </span>
            </>
          );
          return background ? (
            <button
              type="button"
              key={format}
              className="export-file"
              disabled={start.isPending}
              onClick={() => begin(format)}
            >
              {inside}
            </button>
          ) : (
            <a
              key={format}
              className="export-file"
              href={href(
                { path, ...(query && { query }), ...(isOutside && { isOutside }) },
                format,
              )}
              download
              onClick={() => setTimeout(onDone)}
            >
              {inside}
            </a>
          );
        })}
        {!isOutside && (
          <label className="export-background">
            <input
              type="checkbox"
              checked={background}
              onChange={(event) => setBackground(event.target.checked)}
            />
            <span>
              {t('exports.background')}
              <span className="second block">{t('exports.backgroundText')}</span>
            </span>
          </label>
        )}
      </div>
      {start.isError && <ProblemNotice error={start.error} />}
      {behind && (
        <div className="export-behind">
          <div>
            <div className="strong">{behind.title}</div>
            <div className="second">{behind.detail ?? 'Parquet'}</div>
          </div>
          <a
            href={href(behind, behind.format ?? 'parquet')}
            download
            onClick={() => setTimeout(onDone)}
          >
            {t('exports.act')}
          </a>
        </div>
      )}
    </>
  );
}

function Fact({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** ↑ and ↓ go through the files and what stands below them. */
function moveFocus(event: React.KeyboardEvent<HTMLElement>) {
  const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (!move) return;
  event.preventDefault();
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('.export-file, input')];
  // An element that is not in the list gives −1, as nothing focused does.
  const index = all.indexOf(document.activeElement as HTMLElement);
  all.at((index + move) % all.length)?.focus();
}
