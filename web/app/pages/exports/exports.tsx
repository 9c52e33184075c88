/** Files made in the background: how far each is, where it lies, until when, and what it must hash to. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { ExportJob } from '../../api.ts';
import { isRunning, useExports } from '../../exports.ts';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { useExportColumns } from './export-columns.tsx';
import './exports.css';

export default function Exports() {
  const { t } = useTranslation();
  const project = useProject();
  const jobs = useExports();
  const rows = jobs.data?.data;
  const columns = useExportColumns();
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.exports')}</h1>
          <div className="head-line">{t('exports.line')}</div>
        </div>
      </div>
      {jobs.isError && !rows ? (
        <ProblemNotice error={jobs.error} retry={() => void jobs.refetch()} />
      ) : (
        <Table
          name="exports"
          label={t('page.exports')}
          title={rows ? t('exports.count', { count: rows.length }) : t('page.exports')}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          rowClass={classOf}
          complete={jobs.data?.complete ?? true}
          empty={
            <Empty
              icon="download"
              title={t('exports.none')}
              text={t('exports.noneText')}
              act={
                <Link
                  to="/projects/$projectId/energy"
                  params={{ projectId: project.id }}
                  className="button"
                >
                  {t('exports.toReports')}
                </Link>
              }
            />
          }
          foot={t('exports.foot', { zone: project.zone })}
        />
      )}
    </>
  );
}

const classOf = (job: ExportJob): string =>
  isRunning(job) || job.state === 'done' ? '' : 'export-over';
