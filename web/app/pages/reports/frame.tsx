/**
 * The frame of every report: what is asked, of when and how old it is; what to do with it; the filters;
 * and the answer, or why there is none. Pages fill in figures and panels.
 */
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { localDay, range as rangeText, span, time } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { ExportMenu, type ExportMenuProps } from '../../parts/export-menu.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { PrintButton } from '../../parts/print-button.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { useProject } from '../../project.tsx';
import { isOpen, type Range } from '../../range.ts';
import type { Report, ReportQuery } from '../../reports.ts';
import { AsKnownBanner, AsKnownFilter, useAsKnownAt } from './as-known.tsx';
import { Filters } from './filters.tsx';
import { StartButton, type StartPage } from './start.tsx';
import './reports.css';

/** An answer to the minute is at most this old: a minute in the warehouse, a minute on screen. */
const OLD_AFTER_S = 180;

export interface FileOf {
  /** The report's name in the API. */
  name: string;
  query: ReportQuery;
  /** Unless they are those of the answer on screen. */
  rows?: number | null;
  hasTotal?: boolean;
  /** What the file will hold of it, in words. */
  estimated?: string | undefined;
  missing?: string | undefined;
  /** The rows behind it as a second file. */
  behind?: NonNullable<ExportMenuProps['behind']>;
}

export function ReportFrame({
  title,
  page,
  asked,
  context,
  answer,
  file,
  acts,
  first,
  filters,
  children,
}: {
  title: string;
  page: StartPage;
  asked: Range;
  /** More of what holds for the whole page, as how days are cut. */
  context?: React.ReactNode;
  answer: UseQueryResult<Report<unknown, unknown>>;
  file?: FileOf;
  acts?: React.ReactNode;
  /** The first filter, which a phone shows too. */
  first: React.ReactNode;
  filters?: React.ReactNode;
  children: React.ReactNode;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const { asKnownAt } = useAsKnownAt();
  const failed = answer.isError && (answer.data === undefined || answer.isPlaceholderData);
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{title}</h1>
          <div className="head-line">
            {rangeText(language, asked.from, asked.to)}
            {' · '}
            {context ?? t('energy.cut', { zone })}
            <AsOf answer={answer} asked={asked} />
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          {acts}
          <PrintButton />
          {file && (
            <ExportMenu
              path={`/reports/${file.name}`}
              query={{ ...file.query, asKnownAt }}
              rows={file.rows === undefined ? (answer.data?.rowCount ?? null) : file.rows}
              hasTotal={file.hasTotal ?? false}
              asOf={answer.data?.asOf}
              estimated={file.estimated}
              missing={file.missing}
              {...(file.behind && {
                behind: { ...file.behind, query: { ...file.behind.query, asKnownAt } },
              })}
            />
          )}
        </div>
      </div>
      <Filters first={first} end={<StartButton page={page} />}>
        {filters}
        {page !== 'power-quality' && <AsKnownFilter />}
      </Filters>
      <AsKnownBanner report={answer.data} />
      {failed ? (
        <ProblemNotice error={answer.error} retry={() => void answer.refetch()} />
      ) : (
        <div
          className={answer.isPlaceholderData ? 'report-body other' : 'report-body'}
          aria-busy={answer.isPlaceholderData || answer.isPending}
        >
          {children}
        </div>
      )}
    </>
  );
}

/** Of when the answer is; its age is told in colour where the present was asked and it is not. */
function AsOf({
  answer,
  asked,
}: {
  answer: UseQueryResult<Report<unknown, unknown>>;
  asked: Range;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const now = useNow(5000);
  const report = answer.data;
  if (!report) return null;
  const ageS = report.ageS + Math.max(0, (now.getTime() - answer.dataUpdatedAt) / 1000);
  const old = ageS > OLD_AFTER_S && isOpen(asked, localDay(zone, now));
  return (
    <span className={old ? 'old' : undefined}>
      {' · '}
      {t('asOf', { at: time(zone, report.asOf, true) })}
      {t('mark.comma')}
      {t('ago', { span: span(t, ageS) })}
      {answer.isError && ` · ${t('report.notRenewed')}`}
    </span>
  );
}

/** The few figures of a report in one framed strip. */
export function Strip({ count, children }: { count: number; children: React.ReactNode }) {
  return (
    // A custom property is not among those that React knows.
    <section className="panel strip" style={{ '--figures': count } as React.CSSProperties}>
      {children}
    </section>
  );
}
