/** Project, search, how many meters live and how old their newest reading is, zone, language, theme, person. */
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRunningBatches } from '../batch-queries.ts';
import { useNow } from '../clock.tsx';
import { span, time } from '../dates.ts';
import { isRunning, useExports } from '../exports.ts';
import { number } from '../format.ts';
import { chooseLanguage, nameOf, useLanguage } from '../language.ts';
import { Icon } from '../parts/icons.tsx';
import { Menu } from '../parts/menu.tsx';
import { Skeleton } from '../parts/notice.tsx';
import { StateIcon } from '../parts/state.tsx';
import { useMay, usePlace } from '../project.tsx';
import { useLive } from '../queries.ts';
import { useTheme } from '../theme.ts';
import { useOwnAccountItem, useSignOutItem, useThemeItems } from './person.tsx';

export function TopBar({ onSearch }: { onSearch: () => void }) {
  const { t } = useTranslation();
  const { session, project } = usePlace();
  const language = useLanguage();
  const theme = useTheme();
  const themeItems = useThemeItems();
  const ownAccount = useOwnAccountItem();
  const signOut = useSignOutItem();
  return (
    <>
      <header className="topbar">
        <ProjectSwitcher />
        <button type="button" className="topbar-search" onClick={onSearch}>
          <Icon name="search" size={14} />
          <span className="clip">{t('search.prompt')}</span>
          <span className="key">⌘ K</span>
        </button>
        <span className="topbar-rest" />
        <RunningBatch />
        <RunningExports />
        <span className="topbar-item wide topbar-live-wide">
          <LiveCount />
        </span>
        <span className="topbar-item wide topbar-zone" title={t('zone.why')}>
          <Icon name="globe" size={14} />
          {project.zone}
        </span>
        <button
          type="button"
          className="topbar-item phone-only"
          aria-label={t('search.prompt')}
          onClick={onSearch}
        >
          <Icon name="search" size={20} />
        </button>
        <button
          type="button"
          className="topbar-item wide"
          onClick={() => void chooseLanguage(language === 'zh' ? 'en' : 'zh')}
          title={language === 'zh' ? 'English' : '中文'}
        >
          {language === 'zh' ? 'EN' : '中文'}
        </button>
        <span className="topbar-item wide">
          <Menu
            label={t('theme.label')}
            className="topbar-item"
            button={<Icon name={theme === 'dark' ? 'sun' : 'moon'} />}
            items={themeItems}
            right
          />
        </span>
        <span className="topbar-item wide">
          <Menu
            label={session.user.name}
            className="topbar-item topbar-person"
            button={
              <>
                <span className="avatar">{initials(session.user.name)}</span>
                <span className="topbar-name clip">{session.user.name}</span>
              </>
            }
            caption={session.user.email ?? undefined}
            items={[ownAccount, signOut]}
            right
          />
        </span>
      </header>
      <div className="topbar-live-phone">
        <LiveCount />
        <span className="quiet">· {project.zone}</span>
      </div>
    </>
  );
}

function ProjectSwitcher() {
  const { t } = useTranslation();
  const { session, project } = usePlace();
  const language = useLanguage();
  const navigate = useNavigate();
  const all = {
    key: 'all',
    label: t('projects.title'),
    end: <Icon name="grid" size={14} />,
    onSelect: () =>
      void navigate({
        to: '/projects/$projectId/all-projects',
        params: { projectId: project.id },
      }),
  };
  return (
    <Menu
      label={t('project.switch')}
      className="topbar-project"
      button={
        <>
          <span className="clip">{nameOf(language, project)}</span>
          <Icon name="down" size={14} />
        </>
      }
      caption={project.groupName}
      items={[
        ...session.projects.map((each) => ({
          key: each.id,
          checked: each.id === project.id,
          label: <span className="clip">{nameOf(language, each)}</span>,
          end: each.id === project.id ? <Icon name="check" size={14} /> : undefined,
          onSelect: () =>
            void navigate({ to: '/projects/$projectId', params: { projectId: each.id } }),
        })),
        ...(session.projects.length > 1 ? [all] : []),
      ]}
    />
  );
}

/** While a file is being written a line leads back to it. */
function RunningExports() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const running = useExports().data?.data.filter(isRunning) ?? [];
  if (!running.length) return null;
  const written = running.reduce((so, { rows }) => so + rows, 0);
  // One job without an expectation makes the share of all of them unknown.
  const expected = running.reduce<number | null>(
    (so, { rowsExpected }) => (so === null || rowsExpected === null ? null : so + rowsExpected),
    0,
  );
  return (
    <Link
      to="/projects/$projectId/exports"
      params={{ projectId: project.id }}
      className="topbar-item topbar-running"
      title={t('exports.runningLine', { count: running.length })}
    >
      <Icon name="download" size={14} />
      <span className="topbar-running-text">
        {t('exports.runningLine', { count: running.length })}
      </span>
      {expected !== null && expected > 0 && (
        <b className="strong">{number(Math.min(99, Math.floor((written / expected) * 100)))} %</b>
      )}
    </Link>
  );
}

/** While a batch of commands is under way, or waits for a word, a line leads to it. */
function RunningBatch() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const running = useRunningBatches().data ?? [];
  const [newest] = running;
  if (!newest) return null;
  const { total, leftOut, waiting, requested, sent } = newest.counts;
  const asked = total - leftOut;
  const done = asked - waiting - requested - sent;
  const line = t(newest.state === 'ready' ? 'control.readyLine' : 'control.runningLine', {
    count: running.length,
    name: t(`command.function.${newest.function}.name`),
  });
  return (
    <Link
      to="/projects/$projectId/control"
      params={{ projectId: project.id }}
      search={{ batch: newest.id }}
      className="topbar-item topbar-running"
      title={line}
    >
      <Icon name="command" size={14} />
      <span className="topbar-running-text">{line}</span>
      <b className="strong">
        {number(done)}/{number(asked)}
      </b>
    </Link>
  );
}

/** "151 of 154 live, read 14:32:04, 4 s ago". */
function LiveCount() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const may = useMay();
  const live = useLive('slow');
  const now = useNow();
  if (!may('device.read')) return null;
  if (!live.data) return live.isError ? <NoAnswer /> : <Skeleton width={160} />;
  const metered = live.data.data.filter(({ meterId }) => meterId);
  const lost = metered.filter(({ state }) => state === 'lostContact').length;
  const newest = metered.reduce<string | null>(
    (so, { lastSampleAt }) => (lastSampleAt && (!so || lastSampleAt > so) ? lastSampleAt : so),
    null,
  );
  const ageS = newest ? Math.max(0, (now.getTime() - Date.parse(newest)) / 1000) : null;
  const isOld = ageS === null || ageS > 130;
  return (
    <span className="topbar-live">
      <StateIcon state={isOld || lost > metered.length / 10 ? 'alarm2' : 'opened'} size={13} />
      <b className="strong">
        {t('live.count', { live: metered.length - lost, all: metered.length })}
      </b>
      {newest && ageS !== null && (
        <span className={isOld ? 'old' : 'quiet'}>
          {t('live.read', { at: time(project.zone, newest, true), age: span(t, ageS) })}
        </span>
      )}
    </span>
  );
}

function NoAnswer() {
  const { t } = useTranslation();
  return (
    <span className="topbar-live neg">
      <Icon name="unreachable" size={14} />
      {t('problem.no-answer.what')}
    </span>
  );
}

/** CL for Chen Li, 陈 for 陈立. */
const initials = (name: string): string =>
  /\p{Script=Han}/u.test(name)
    ? name.slice(0, 1)
    : name
        .split(/\s+/)
        .slice(0, 2)
        .map((word) => word.slice(0, 1).toUpperCase())
        .join('');
