/** The addresses of the app. Pages are fetched when they are first visited; filters live in the URL. */
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { ApiProblem, type Session } from './api.ts';
import { keep, kept } from './kept.ts';
import { PageProblem, PageWaiting } from './parts/notice.tsx';
import { sessionQuery } from './queries.ts';
import {
  accountSearch,
  alarmSearch,
  bankSearch,
  billSearch,
  booksSearch,
  buildingSearch,
  closedSearch,
  configurationSearch,
  controlSearch,
  counterSearch,
  creditSearch,
  energySearch,
  exceptionSearch,
  homeSearch,
  ledgerSearch,
  listSearch,
  logSearch,
  meterSearch,
  noticeSearch,
  rechargeSearch,
  recordSearch,
  reportSearch,
  tariffEditSearch,
  tariffSearch,
  templateSearch,
} from './search.ts';
import { Shell } from './shell/shell.tsx';

const LAST_PROJECT = 'wattledger.project';

const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: () => (
    <PageProblem error={new ApiProblem(404, 'not-found', '', '', false, null)} />
  ),
});

/** The session, or the way to the sign-in page with the way back. */
async function sessionOr(queryClient: QueryClient, back: string): Promise<Session> {
  try {
    return await queryClient.ensureQueryData(sessionQuery);
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) {
      throw redirect({ to: '/sign-in', search: back === '/' ? {} : { back } });
    }
    throw error;
  }
}

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { back?: string } => {
    const back = search.back;
    // Only a path of our own: an address of another site is no way back.
    const isOurs = typeof back === 'string' && /^\/(?![/\\])/.test(back);
    // Said to be undefined, or the router keeps what the address had.
    return { back: isOurs ? back : undefined };
  },
  component: lazyRouteComponent(() => import('./pages/sign-in.tsx')),
});

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  loader: async ({ context }) => {
    const { projects } = await sessionOr(context.queryClient, '/');
    const last = projects.find(({ id }) => id === kept(LAST_PROJECT)) ?? projects[0];
    if (last) throw redirect({ to: '/projects/$projectId', params: { projectId: last.id } });
  },
  component: lazyRouteComponent(() => import('./pages/no-project.tsx')),
  errorComponent: ({ error }) => <PageProblem error={error} />,
});

const projectRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/projects/$projectId',
  loader: async ({ context, params, location }) => {
    const session = await sessionOr(context.queryClient, location.href);
    const project = session.projects.find(({ id }) => id === params.projectId);
    if (!project) throw new ApiProblem(404, 'not-found', '', '', false, null);
    keep(LAST_PROJECT, project.id);
    return { session, project };
  },
  component: ProjectShell,
  errorComponent: ({ error }) => <PageProblem error={error} />,
});

function ProjectShell() {
  const place = projectRoute.useLoaderData();
  return (
    <Shell place={place} key={place.project.id}>
      <Outlet />
    </Shell>
  );
}

const child = <Path extends string>(path: Path) => ({ getParentRoute: () => projectRoute, path });

const pages = [
  createRoute({
    ...child('/'),
    validateSearch: homeSearch,
    component: lazyRouteComponent(() => import('./pages/home/home.tsx')),
  }),
  createRoute({
    ...child('/meters'),
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import('./pages/meters/meters.tsx')),
  }),
  createRoute({
    ...child('/meters/$meterId'),
    validateSearch: meterSearch,
    component: lazyRouteComponent(() => import('./pages/meter/meter.tsx')),
  }),
  createRoute({
    ...child('/openings/$openingId'),
    component: lazyRouteComponent(() => import('./pages/opening/opened.tsx')),
  }),
  createRoute({
    ...child('/residuals'),
    validateSearch: closedSearch,
    component: lazyRouteComponent(() => import('./pages/closing/residuals.tsx')),
  }),
  createRoute({
    ...child('/gateways'),
    component: lazyRouteComponent(() => import('./pages/gateways.tsx')),
  }),
  createRoute({
    ...child('/alarms'),
    validateSearch: alarmSearch,
    component: lazyRouteComponent(() => import('./pages/alarms.tsx')),
  }),
  createRoute({
    ...child('/control'),
    validateSearch: controlSearch,
    component: lazyRouteComponent(() => import('./pages/control/control.tsx')),
  }),
  createRoute({
    ...child('/exceptions'),
    validateSearch: exceptionSearch,
    component: lazyRouteComponent(() => import('./pages/exceptions/exceptions.tsx')),
  }),
  createRoute({
    ...child('/accounts'),
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import('./pages/accounts.tsx')),
  }),
  createRoute({
    ...child('/accounts/$accountId'),
    validateSearch: accountSearch,
    component: lazyRouteComponent(() => import('./pages/account/account.tsx')),
  }),
  createRoute({
    ...child('/explain/$settlementId'),
    component: lazyRouteComponent(() => import('./pages/explain/explain.tsx')),
  }),
  createRoute({
    ...child('/credit'),
    validateSearch: creditSearch,
    component: lazyRouteComponent(() => import('./pages/credit/credit.tsx')),
  }),
  createRoute({
    ...child('/sales'),
    validateSearch: counterSearch,
    component: lazyRouteComponent(() => import('./pages/sales.tsx')),
  }),
  createRoute({
    ...child('/recharges'),
    validateSearch: rechargeSearch,
    component: lazyRouteComponent(() => import('./pages/recharges/recharges.tsx')),
  }),
  createRoute({
    ...child('/notices'),
    validateSearch: noticeSearch,
    component: lazyRouteComponent(() => import('./pages/notices/notices.tsx')),
  }),
  createRoute({
    ...child('/notice-templates'),
    validateSearch: templateSearch,
    component: lazyRouteComponent(() => import('./pages/notices/templates.tsx')),
  }),
  createRoute({
    ...child('/shifts'),
    validateSearch: counterSearch,
    component: lazyRouteComponent(() => import('./pages/shifts/shifts.tsx')),
  }),
  createRoute({
    ...child('/bank'),
    validateSearch: bankSearch,
    component: lazyRouteComponent(() => import('./pages/bank/bank.tsx')),
  }),
  createRoute({
    ...child('/bank-import'),
    component: lazyRouteComponent(() => import('./pages/bank/import.tsx')),
  }),
  createRoute({
    ...child('/energy'),
    validateSearch: energySearch,
    component: lazyRouteComponent(() => import('./pages/energy/energy.tsx')),
  }),
  createRoute({
    ...child('/buildings/$buildingId'),
    validateSearch: buildingSearch,
    component: lazyRouteComponent(() => import('./pages/building/building.tsx')),
  }),
  createRoute({
    ...child('/exports'),
    component: lazyRouteComponent(() => import('./pages/exports/exports.tsx')),
  }),
  createRoute({
    ...child('/reports'),
    component: lazyRouteComponent(() => import('./pages/reports/centre.tsx')),
  }),
  createRoute({
    ...child('/bills'),
    validateSearch: billSearch,
    component: lazyRouteComponent(() => import('./pages/bills/bills.tsx')),
  }),
  createRoute({
    ...child('/records'),
    validateSearch: recordSearch,
    component: lazyRouteComponent(() => import('./pages/records/records.tsx')),
  }),
  createRoute({
    ...child('/finance'),
    validateSearch: reportSearch,
    component: lazyRouteComponent(() => import('./pages/reports/finance.tsx')),
  }),
  createRoute({
    ...child('/integrated'),
    validateSearch: reportSearch,
    component: lazyRouteComponent(() => import('./pages/reports/integrated.tsx')),
  }),
  createRoute({
    ...child('/losses'),
    validateSearch: reportSearch,
    component: lazyRouteComponent(() => import('./pages/reports/losses.tsx')),
  }),
  createRoute({
    ...child('/load'),
    validateSearch: reportSearch,
    component: lazyRouteComponent(() => import('./pages/reports/load.tsx')),
  }),
  createRoute({
    ...child('/demand'),
    validateSearch: reportSearch,
    component: lazyRouteComponent(() => import('./pages/reports/demand.tsx')),
  }),
  createRoute({
    ...child('/quality'),
    validateSearch: reportSearch,
    component: lazyRouteComponent(() => import('./pages/reports/quality.tsx')),
  }),
  createRoute({
    ...child('/power-quality'),
    validateSearch: reportSearch,
    component: lazyRouteComponent(() => import('./pages/reports/power-quality.tsx')),
  }),
  createRoute({
    ...child('/ranking'),
    validateSearch: reportSearch,
    component: lazyRouteComponent(() => import('./pages/reports/ranking.tsx')),
  }),
  createRoute({
    ...child('/tariffs'),
    validateSearch: tariffSearch,
    component: lazyRouteComponent(() => import('./pages/tariffs/tariffs.tsx')),
  }),
  createRoute({
    ...child('/tariffs/published'),
    component: lazyRouteComponent(() => import('./pages/tariffs/published/published.tsx')),
  }),
  createRoute({
    ...child('/tariffs/edit'),
    validateSearch: tariffEditSearch,
    component: lazyRouteComponent(() => import('./pages/tariffs/edit/edit.tsx')),
  }),
  createRoute({
    ...child('/corrections'),
    validateSearch: booksSearch,
    component: lazyRouteComponent(() => import('./pages/books/corrections.tsx')),
  }),
  createRoute({
    ...child('/all-projects'),
    component: lazyRouteComponent(() => import('./pages/projects/projects.tsx')),
  }),
  createRoute({
    ...child('/people'),
    component: lazyRouteComponent(() => import('./pages/people/people.tsx')),
  }),
  createRoute({
    ...child('/system-log'),
    validateSearch: logSearch,
    component: lazyRouteComponent(() => import('./pages/people/system-log.tsx')),
  }),
  createRoute({
    ...child('/own-account'),
    component: lazyRouteComponent(() => import('./pages/people/own-account.tsx')),
  }),
  createRoute({
    ...child('/months'),
    validateSearch: booksSearch,
    component: lazyRouteComponent(() => import('./pages/books/months.tsx')),
  }),
  createRoute({
    ...child('/ledger'),
    validateSearch: ledgerSearch,
    component: lazyRouteComponent(() => import('./pages/books/ledger.tsx')),
  }),
  createRoute({
    ...child('/reconciliation'),
    validateSearch: booksSearch,
    component: lazyRouteComponent(() => import('./pages/books/reconciliation.tsx')),
  }),
  createRoute({
    ...child('/configuration'),
    validateSearch: configurationSearch,
    component: lazyRouteComponent(() => import('./pages/configuration/configuration.tsx')),
  }),
  createRoute({
    ...child('/configuration/import'),
    component: lazyRouteComponent(() => import('./pages/configuration/import.tsx')),
  }),
] as const;

const routeTree = rootRoute.addChildren([signInRoute, indexRoute, projectRoute.addChildren(pages)]);

export const makeRouter = (queryClient: QueryClient) =>
  createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultPendingMs: 300,
    defaultPendingComponent: PageWaiting,
    defaultErrorComponent: ({ error }) => <PageProblem error={error} />,
    scrollRestoration: true,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
