/** The report centre: every question that can be asked, what it answers, and its newest figure. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { SavedView } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { day, localDay } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { recordTabs } from '../../search.ts';
import { type PageLink, pagesFor } from '../../shell/pages.ts';
import { pageOf, useOpenView, useViews } from '../../views.ts';
import { type Newest, useNewest } from './newest.ts';
import './reports.css';

const groups = [
  ['energy', ['energy', 'ranking', 'load', 'demand', 'losses']],
  ['money', ['finance', 'integrated', 'bills']],
  ['books', ['corrections', 'reconciliation', 'ledger', 'months']],
  ['quality', ['quality', 'powerQuality', 'exceptions']],
  ['told', ['alarms', 'notices']],
  ['records', ['sales', 'shifts', 'systemLog']],
] as const satisfies readonly (readonly [string, readonly PageLink['name'][]])[];

export default function ReportCentre() {
  const { t } = useTranslation();
  const project = useProject();
  const language = useLanguage();
  const pages = pagesFor(project.permissions);
  const newest = useNewest();
  const today = localDay(project.zone, useNow(60_000));
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.reports')}</h1>
          <div className="head-line">
            {nameOf(language, project)} · {day(language, today)} ·{' '}
            {t('energy.cut', { zone: project.zone })}
          </div>
        </div>
      </div>
      <div className="columns" style={{ '--side': '340px' } as React.CSSProperties}>
        <section className="panel centre">
          {groups.map(([group, names]) => {
            const shown = names.flatMap((name) => pages.find((page) => page.name === name) ?? []);
            if (!shown.length) return null;
            return (
              <div key={group}>
                <h2 className="centre-group">{t(`report.group.${group}`)}</h2>
                <ul>
                  {shown.map((page) => (
                    <li key={page.name}>
                      <Line page={page} newest={newest[page.name]} />
                    </li>
                  ))}
                  {group === 'records' &&
                    recordTabs.map((tab) => <RecordLine key={tab} tab={tab} />)}
                </ul>
              </div>
            );
          })}
        </section>
        <Views />
      </div>
    </>
  );
}

function Line({ page, newest }: { page: PageLink; newest: Newest | undefined }) {
  const { t } = useTranslation();
  const { id } = useProject();
  return (
    <Link to={page.to} params={{ projectId: id }} className="centre-line" preload={false}>
      <Icon name={page.icon} />
      <span className="centre-name">{t(`report.name.${page.name}`)}</span>
      <span className="centre-what second">{t(`report.what.${page.name}`)}</span>
      <span className="centre-figure">
        {newest === 'waiting' ? (
          <Skeleton width={90} />
        ) : newest === 'failed' ? (
          <>
            –<span className="block quiet">{t('report.noFigure')}</span>
          </>
        ) : newest ? (
          <>
            <b className={newest.loud ? 'strong old' : 'strong'}>{newest.value}</b>
            {newest.unit && <span className="unit"> {newest.unit}</span>}
            <span className="block quiet">{newest.when}</span>
          </>
        ) : null}
      </span>
      <Icon name="right" size={13} />
    </Link>
  );
}

const recordOf = {
  lost: { icon: 'unreachable', permission: 'alarm.read' },
  openings: { icon: 'account', permission: 'account.read' },
  closings: { icon: 'scales', permission: 'account.read' },
  commands: { icon: 'command', permission: 'command.read' },
} as const;

function RecordLine({ tab }: { tab: (typeof recordTabs)[number] }) {
  const { t } = useTranslation();
  const { id, permissions } = useProject();
  const { icon, permission } = recordOf[tab];
  if (!permissions.includes(permission)) return null;
  return (
    <li>
      <Link
        to="/projects/$projectId/records"
        params={{ projectId: id }}
        search={{ tab }}
        className="centre-line"
        preload={false}
      >
        <Icon name={icon} />
        <span className="centre-name">{t(`records.title.${tab}`)}</span>
        <span className="centre-what second">{t(`records.what.${tab}`)}</span>
        <span className="centre-figure" />
        <Icon name="right" size={13} />
      </Link>
    </li>
  );
}

/** Views that were saved: one's own, then those that colleagues share. */
function Views() {
  const { t } = useTranslation();
  const views = useViews();
  const { data } = views;
  const mine = data?.filter(({ isMine }) => isMine) ?? [];
  const shared = data?.filter(({ isMine }) => !isMine) ?? [];
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('report.views')}</h2>
        {data && <span className="second">{data.length}</span>}
      </div>
      {views.isError && !data ? (
        <div className="panel-body">
          <ProblemNotice error={views.error} retry={() => void views.refetch()} />
        </div>
      ) : !data ? (
        <div className="panel-body">
          <Skeleton width="60%" />
        </div>
      ) : data.length ? (
        <>
          <ViewList title={t('report.mine')} views={mine} />
          <ViewList title={t('report.shared')} views={shared} />
        </>
      ) : (
        <p className="panel-body second">{t('report.noViews')}</p>
      )}
    </section>
  );
}

function ViewList({ title, views }: { title: string; views: readonly SavedView[] }) {
  const { t } = useTranslation();
  const { id } = useProject();
  const open = useOpenView();
  if (!views.length) return null;
  return (
    <>
      <h3 className="centre-group">{title}</h3>
      <ul>
        {views.map((view) => (
          <li key={view.id}>
            <a
              href={`/projects/${id}${view.path}`}
              className="centre-view"
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                open(view);
              }}
            >
              <span className="clip">{view.name}</span>
              <span className="quiet nowrap">{t(`page.${pageOf(view)}`)}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
