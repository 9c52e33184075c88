/** The way to every page: a column of links, or a bar of five on a phone. */
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { nameOf, useLanguage } from '../language.ts';
import { Brand, Icon } from '../parts/icons.tsx';
import { Menu } from '../parts/menu.tsx';
import { useMay, usePlace } from '../project.tsx';
import { useAccounts, useGateways, useLive } from '../queries.ts';
import { type PageLink, pagesFor } from './pages.ts';
import { usePersonItems } from './person.tsx';

const groups = ['top', 'live', 'accounts', 'reports', 'rules'] as const;

export function Navigation() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const counts = useCounts();
  const pages = pagesFor(project.permissions).filter(({ unlisted }) => !unlisted);
  return (
    <nav className="nav" aria-label={t('navigation')}>
      <Link to="/projects/$projectId" params={{ projectId: project.id }} className="nav-brand">
        <Brand />
        Wattledger
      </Link>
      {groups.map((group) => {
        const links = pages.filter((page) => page.group === group);
        if (!links.length) return null;
        return (
          <div key={group}>
            {group !== 'top' && <div className="nav-group">{t(`group.${group}`)}</div>}
            {links.map((page) => (
              <NavLink key={page.name} page={page} projectId={project.id}>
                {t(`page.${page.name}`)}
                {counts[page.name] !== undefined && (
                  <span
                    className={`nav-count${page.name === 'alarms' && counts.alarms ? ' hot' : ''}`}
                  >
                    {counts[page.name]}
                  </span>
                )}
              </NavLink>
            ))}
          </div>
        );
      })}
      <div className="nav-rest" />
    </nav>
  );
}

function NavLink({
  page,
  projectId,
  children,
}: {
  page: PageLink;
  projectId: string;
  children: React.ReactNode;
}) {
  return (
    <Link
      to={page.to}
      params={{ projectId }}
      className="nav-link"
      activeOptions={{ exact: page.name === 'home', includeSearch: false }}
      activeProps={{ 'aria-current': 'page' }}
    >
      <Icon name={page.icon} />
      {children}
    </Link>
  );
}

/** What stands behind the names: how many there are. */
function useCounts(): Partial<Record<PageLink['name'], number>> {
  const live = useLive('slow').data;
  const gateways = useGateways().data?.data.length;
  const accounts = useAccounts().data?.data.length;
  return {
    meters: live?.data.filter(({ meterId }) => meterId).length,
    gateways,
    alarms: live?.alarms.length,
    accounts,
  };
}

/** On a phone the sale stands in the middle, where the thumb is. */
const inBar: readonly PageLink['name'][] = ['home', 'meters', 'alarms'];

export function BottomBar() {
  const { t } = useTranslation();
  const { project, session } = usePlace();
  const language = useLanguage();
  const navigate = useNavigate();
  const alarms = useLive('slow').data?.alarms.length;
  const pages = pagesFor(project.permissions);
  const personItems = usePersonItems();
  const params = { projectId: project.id };
  const may = useMay();
  const others = pages.filter(({ name, unlisted }) => !unlisted && !inBar.includes(name));
  return (
    <nav className="bottombar" aria-label={t('navigation')}>
      {pages
        .filter(({ name }) => inBar.includes(name))
        .map((page) => (
          <Link
            key={page.name}
            style={{ order: inBar.indexOf(page.name) * 2 }}
            to={page.to}
            params={params}
            activeOptions={{ exact: page.name === 'home', includeSearch: false }}
            activeProps={{ 'aria-current': 'page' }}
          >
            <Icon name={page.icon} size={22} />
            {t(`page.${page.name}`)}
            {page.name === 'alarms' && !!alarms && <span className="badge">{alarms}</span>}
          </Link>
        ))}
      {may('sale.write') && (
        <Link
          to="/projects/$projectId/sales"
          params={params}
          search={{ sale: true }}
          style={{ order: 3 }}
        >
          <Icon name="plus" size={22} />
          {t('page.sale')}
        </Link>
      )}
      <Menu
        label={t('more')}
        className="bottombar-more"
        right
        caption={`${session.user.name} · ${nameOf(language, project)}`}
        button={
          <>
            <Icon name="more" size={22} />
            {t('more')}
          </>
        }
        items={[
          ...others.map((page) => ({
            key: page.name,
            label: (
              <>
                <Icon name={page.icon} />
                {t(`page.${page.name}`)}
              </>
            ),
            onSelect: () => void navigate({ to: page.to, params }),
          })),
          ...personItems,
        ]}
      />
    </nav>
  );
}
