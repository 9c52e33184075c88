/** The frame of every page: navigation at the left (a bar below on a phone), the top bar, the page. */
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../clock.tsx';
import { fullMoment } from '../dates.ts';
import { nameOf, useLanguage } from '../language.ts';
import { type Place, PlaceContext, useProject } from '../project.tsx';
import { BottomBar, Navigation } from './navigation.tsx';
import { pagesFor } from './pages.ts';
import { TopBar } from './top-bar.tsx';

const Search = lazy(() => import('./search.tsx'));
const Keys = lazy(() => import('./keys.tsx'));
/** After G, how long a letter is waited for. */
const GO_MS = 1200;

export function Shell({ place, children }: { place: Place; children: React.ReactNode }) {
  const { t } = useTranslation();
  const [searching, setSearching] = useState(false);
  const page = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [keys, setKeys] = useState(false);
  useKeys(place, { onSearch: () => setSearching(true), onKeys: () => setKeys(true) });

  useEffect(() => {
    const title = path.split('/')[3] ?? 'home';
    document.title = `${t(`page.${title}`, { defaultValue: 'Wattledger' })} · ${place.project.name}`;
  }, [path, place.project.name, t]);

  return (
    <PlaceContext value={place}>
      <div className="shell">
        <Navigation />
        <div>
          <TopBar onSearch={() => setSearching(true)} />
          <main className="main" ref={page} tabIndex={-1}>
            <PrintHead />
            {children}
          </main>
        </div>
        <BottomBar />
        {keys && (
          <Suspense>
            <Keys onClose={() => setKeys(false)} />
          </Suspense>
        )}
        {searching && (
          <Suspense>
            <Search onClose={() => setSearching(false)} />
          </Suspense>
        )}
      </div>
    </PlaceContext>
  );
}

/** On paper: whose page it is, and when it was printed. */
function PrintHead() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const now = useNow(60_000);
  return (
    <div className="print-only">
      <span>
        {nameOf(language, project)} · {project.groupName}
      </span>
      <span>{t('print.at', { at: fullMoment(language, project.zone, now) })}</span>
    </div>
  );
}

/**
 * ⌘K searches, ? lists the keys, / filters, G and then a letter goes to a page, any other letter presses the act that is
 * marked with it. Keys typed into a field are the field's.
 */
function useKeys(place: Place, acts: { onSearch: () => void; onKeys: () => void }): void {
  const navigate = useNavigate();
  const goUntil = useRef(0);
  const latest = useRef(acts);
  latest.current = acts;

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        latest.current.onSearch();
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      if (event.timeStamp < goUntil.current) {
        goUntil.current = 0;
        const page = pagesFor(place.project.permissions).find(
          ({ letter }) => letter === event.key.toLowerCase(),
        );
        if (page) void navigate({ to: page.to, params: { projectId: place.project.id } });
        return;
      }
      if (event.key === 'g') {
        goUntil.current = event.timeStamp + GO_MS;
        return;
      }
      if (event.key === '?') {
        event.preventDefault();
        latest.current.onKeys();
        return;
      }
      if (event.key === '/') {
        event.preventDefault();
        document.querySelector<HTMLInputElement>('.filter-text')?.focus();
      }
      // An act stands on the page only where it is allowed; a key without one does nothing.
      if (/^[a-z]$/.test(event.key)) {
        const act = document.querySelector<HTMLElement>(`[data-key="${event.key}"]`);
        if (!act) return;
        event.preventDefault();
        act.click();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [navigate, place]);
}

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
