/** The columns of the list of files, with the acts on each. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExportJob } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { isRunning, useEndExport } from '../../exports.ts';
import { number, size } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { questionOf } from './question.ts';

const COPIED_MS = 1500;
/** How much of a checksum is shown; all of it is copied. */
const CHECKSUM_CHARS = 12;

export function useExportColumns(): Column<ExportJob>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(10_000);
  const nameOf = (job: ExportJob) => {
    const { name } = questionOf(job.path, language);
    return t(`exports.of.${name}`, { defaultValue: job.path.split('?')[0] });
  };
  return [
    {
      key: 'name',
      title: t('exports.name'),
      width: 'minmax(170px, 2fr)',
      phone: 'title',
      value: nameOf,
      cell: (job) => {
        const { range, told } = questionOf(job.path, language);
        const words = told.map((each) =>
          t([`energy.by.${each}`, `energy.row.${each}`, `commodity.${each}`], each),
        );
        const asked = [range, ...words].filter(Boolean).join(' · ');
        return (
          <div className="export-two" title={asked}>
            <b className="strong clip">{nameOf(job)}</b>
            <span className="second clip">{asked}</span>
          </div>
        );
      },
    },
    {
      key: 'format',
      title: t('exports.format'),
      width: '58px',
      phone: 'plain',
      value: ({ format }) => format,
      cell: ({ format }) => <span className="quiet">.{format}</span>,
    },
    {
      key: 'state',
      title: t('exports.stateHead'),
      width: 'minmax(150px, 1.4fr)',
      phone: 'plain',
      value: ({ state }) => t(`exports.state.${state}`),
      cell: (job) => <JobState job={job} />,
    },
    {
      key: 'rows',
      title: t('exports.rows'),
      align: 'right',
      width: 'minmax(84px, 140px)',
      value: ({ rows }) => rows,
      cell: (job) =>
        isRunning(job) && job.rowsExpected
          ? t('exports.ofRows', { rows: number(job.rows), expected: number(job.rowsExpected) })
          : job.state === 'done' || job.rows
            ? number(job.rows)
            : '–',
    },
    {
      key: 'size',
      title: t('exports.size'),
      align: 'right',
      width: '60px',
      value: ({ bytes }) => bytes,
      cell: ({ bytes }) => size(bytes),
    },
    {
      key: 'sha256',
      title: t('exports.checksum'),
      width: '132px',
      phone: 'none',
      value: ({ sha256 }) => sha256,
      cell: ({ sha256 }) => (sha256 ? <Checksum text={sha256} /> : '–'),
    },
    {
      key: 'asked',
      title: t('exports.asked'),
      width: 'minmax(130px, 1fr)',
      value: ({ requestedAt }) => requestedAt,
      cell: ({ requestedAt, requestedBy }) => (
        <div className="export-two">
          <span>{moment(language, zone, requestedAt, now)}</span>
          <span className="second clip">{requestedBy}</span>
        </div>
      ),
    },
    {
      key: 'expires',
      title: t('exports.expires'),
      width: '92px',
      value: ({ expiresAt }) => expiresAt,
      cell: ({ expiresAt, state }) =>
        expiresAt && state === 'done' ? (
          <span className="nowrap">{moment(language, zone, expiresAt, now)}</span>
        ) : null,
    },
    {
      key: 'acts',
      title: '',
      align: 'right',
      width: '146px',
      phone: 'figure',
      value: () => null,
      cell: (job) => <Acts job={job} name={nameOf(job)} />,
    },
  ];
}

const iconOf: Record<ExportJob['state'], IconName> = {
  queued: 'clock',
  running: 'clock',
  done: 'check',
  failed: 'warning',
  cancelled: 'cross',
  expired: 'clock',
};

function JobState({ job }: { job: ExportJob }) {
  const { t } = useTranslation();
  const words = t(`exports.state.${job.state}`);
  if (job.state === 'running') {
    const share = job.rowsExpected ? Math.min(1, job.rows / job.rowsExpected) : null;
    return (
      <span className="export-progress">
        <progress {...(share !== null && { value: share })} max={1} aria-label={words} />
        {share === null ? words : `${number(Math.floor(share * 100))} %`}
      </span>
    );
  }
  const tone = job.state === 'done' ? 'pos' : job.state === 'failed' ? 'neg' : 'quiet';
  // The server's sentence is exact; a code that we know is said in the reader's language.
  const why = job.problem
    ? t(`problem.${job.problem.code}.what`, { defaultValue: job.problem.detail })
    : '';
  return (
    <div className="export-two">
      <span className={`state ${tone}`}>
        <Icon name={iconOf[job.state]} size={13} />
        {words}
      </span>
      {why && <span className="second export-why">{why}</span>}
    </div>
  );
}

function Checksum({ text }: { text: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <button
      type="button"
      className="export-sum mono"
      title={text}
      aria-label={`${t('exports.copyChecksum')} ${text}`}
      onClick={() => void copy()}
    >
      {text.slice(0, CHECKSUM_CHARS)}…
      <Icon name={copied ? 'check' : 'copy'} size={13} />
    </button>
  );
}

function Acts({ job, name }: { job: ExportJob; name: string }) {
  const { t } = useTranslation();
  const end = useEndExport();
  const running = isRunning(job);
  const act = t(running ? 'exports.cancel' : 'exports.remove');
  return (
    <span className="export-acts">
      {job.link && (
        <a className="button small" href={job.link} download={job.fileName ?? true}>
          <Icon name="download" size={14} />
          {t('exports.download')}
        </a>
      )}
      <button
        type="button"
        className={running ? 'button small' : 'button small plain icon'}
        title={act}
        aria-label={`${act}${t('mark.colon')}${name}`}
        disabled={end.isPending}
        onClick={() => end.mutate(job.id)}
      >
        {running ? act : <Icon name="bin" size={14} />}
      </button>
    </span>
  );
}
