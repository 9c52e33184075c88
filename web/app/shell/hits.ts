/** What search finds, group by group: things of the project from the API, views and pages from here. */
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type FoundKind, type SearchHit, useFound } from '../find-queries.ts';
import { useLanguage } from '../language.ts';
import type { IconName } from '../parts/icons.tsx';
import { useProject } from '../project.tsx';
import { pageOf, useOpenView, useViews } from '../views.ts';
import { pagesFor } from './pages.ts';

export interface Hit {
  key: string;
  icon: IconName;
  title: string;
  more: string;
  go: () => void;
}
export interface HitGroup {
  kind: FoundKind | 'view' | 'page';
  hits: Hit[];
  /** There are more than these. */
  more: boolean;
}

const icons: Record<FoundKind, IconName> = {
  account: 'account',
  meter: 'meter',
  point: 'power',
  room: 'building',
  building: 'building',
  gateway: 'gateway',
  paper: 'paper',
};

/** Hits of `text`; `asked` is what the API is asked, which waits for the typing to pause. */
export function useHits(text: string, asked: string) {
  const found = useFound(asked);
  const things = useThings(asked === '' ? [] : (found.data?.groups ?? []));
  const here = useOwn(text);
  const isWaiting = text !== '' && (text !== asked || found.isFetching);
  return {
    groups: text === '' ? here : [...things, ...here],
    isWaiting,
    error: asked === '' ? null : found.error,
  };
}

/** Views and pages: known here, so they are there with the letter that is typed. */
function useOwn(text: string): HitGroup[] {
  const { t } = useTranslation();
  const project = useProject();
  const navigate = useNavigate();
  const views = useViews().data ?? [];
  const openView = useOpenView();
  const wanted = text.toLowerCase();
  const fits = (...words: string[]) => words.some((word) => word.toLowerCase().includes(wanted));
  const saved: Hit[] = views
    .filter(({ name }) => fits(name))
    .map((view) => ({
      key: `v${view.id}`,
      icon: 'bookmark',
      title: view.name,
      more: t(`page.${pageOf(view)}`, { defaultValue: '' }),
      go: () => openView(view),
    }));
  const pages: Hit[] = pagesFor(project.permissions)
    .filter(({ name }) => fits(t(`page.${name}`), name))
    .map((page) => ({
      key: page.name,
      icon: page.icon,
      title: t(`page.${page.name}`),
      more: page.letter ? `G ${page.letter.toUpperCase()}` : '',
      go: () => void navigate({ to: page.to, params: { projectId: project.id } }),
    }));
  const groups: HitGroup[] = [
    { kind: 'view', hits: saved, more: false },
    { kind: 'page', hits: pages, more: false },
  ];
  return groups.filter(({ hits }) => hits.length > 0);
}

function useThings(
  groups: readonly { kind: FoundKind; hits: SearchHit[]; more: boolean }[],
): HitGroup[] {
  const { t } = useTranslation();
  const zh = useLanguage() === 'zh';
  const project = useProject();
  // A building's page is a report; who may not read reports is not led there.
  const readsReports = project.permissions.includes('report.read');
  const lead = useLead();
  return groups
    .filter(({ kind }) => kind !== 'building' || readsReports)
    .map(({ kind, hits, more }) => ({
      kind,
      more,
      hits: hits.map((hit) => ({
        key: `${kind}${hit.paper ?? ''}${hit.id}`,
        icon: icons[kind],
        title: (zh && hit.titleZh) || hit.title,
        more: [
          hit.paper && t(`search.paper.${hit.paper}`),
          (zh && hit.besideZh) || hit.beside,
          hit.phone,
          hit.isOver && t(kind === 'account' ? 'search.closed' : 'search.retired'),
        ]
          .filter(Boolean)
          .join(' · '),
        go: () => void lead(kind, hit),
      })),
    }));
}

/** Where a hit leads: its own page, else the list that it stands in. */
function useLead() {
  const { id: projectId } = useProject();
  const navigate = useNavigate();
  return (kind: FoundKind, hit: SearchHit): Promise<void> => {
    const { id, title, paper, accountId, meterId } = hit;
    const params = { projectId };
    if (paper === 'sale' || paper === 'refund' || paper === 'reversal') {
      const show = paper === 'sale' ? undefined : (`${paper}s` as const);
      // Its day is not known here.
      const search = { show, q: title, open: id, from: FIRST_DAY };
      return navigate({ to: '/projects/$projectId/sales', params, search });
    }
    if (accountId) {
      return navigate({
        to: '/projects/$projectId/accounts/$accountId',
        params: { ...params, accountId },
      });
    }
    if (meterId) {
      return navigate({
        to: '/projects/$projectId/meters/$meterId',
        params: { ...params, meterId },
      });
    }
    if (kind === 'gateway') return navigate({ to: '/projects/$projectId/gateways', params });
    if (kind === 'building') {
      const buildingId = id;
      return navigate({
        to: '/projects/$projectId/buildings/$buildingId',
        params: { ...params, buildingId },
      });
    }
    const tab = kind === 'point' ? ('points' as const) : undefined;
    return navigate({
      to: '/projects/$projectId/configuration',
      params,
      search: { tab, open: id },
    });
  };
}

/** Before anything was sold: a receipt is found whenever it was written. */
const FIRST_DAY = '2000-01-01';
