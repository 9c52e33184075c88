/** ⌘K: a point, an account or a page by the letters one remembers. */
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { nameOf, useLanguage } from '../language.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { useProject } from '../project.tsx';
import { useAccounts, useBuildings, useLive } from '../queries.ts';
import { pageOf, useOpenView, useViews } from '../views.ts';
import { pagesFor } from './pages.ts';

const SHOWN_MAX = 40;

interface Hit {
  key: string;
  icon: IconName;
  title: string;
  more: string;
  go: () => void;
}

export default function Search({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [index, setIndex] = useState(0);
  const hits = useHits(text);
  const open = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    hit.go();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
    if (event.key === 'Enter') open(hits[index]);
    const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (!move || !hits.length) return;
    event.preventDefault();
    setIndex((index + move + hits.length) % hits.length);
  };
  return (
    <div
      className="search-scrim"
      onPointerDown={(event) => event.target === event.currentTarget && onClose()}
    >
      <div className="search-box" role="dialog" aria-label={t('search.prompt')}>
        <input
          // biome-ignore lint/a11y/noAutofocus: it was opened to type into.
          autoFocus
          value={text}
          placeholder={t('search.prompt')}
          aria-label={t('search.prompt')}
          onKeyDown={onKeyDown}
          onChange={(event) => {
            setText(event.target.value);
            setIndex(0);
          }}
        />
        <div className="search-list" role="listbox">
          {hits.map((hit, at) => (
            <button
              type="button"
              key={hit.key}
              role="option"
              aria-selected={at === index}
              className="menu-item"
              onClick={() => open(hit)}
              onPointerMove={() => setIndex(at)}
            >
              <Icon name={hit.icon} />
              <span className="strong nowrap">{hit.title}</span>
              <span className="quiet clip">{hit.more}</span>
            </button>
          ))}
          {!hits.length && <div className="waiting">{t('search.none', { text })}</div>}
        </div>
      </div>
    </div>
  );
}

function useHits(text: string): Hit[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const navigate = useNavigate();
  const live = useLive('slow').data?.data ?? [];
  const accounts = useAccounts().data?.data ?? [];
  const listed = useBuildings().data?.data ?? [];
  // A building's page is a report; who may not read reports is not led there.
  const buildings = project.permissions.includes('report.read') ? listed : [];
  const views = useViews().data ?? [];
  const openView = useOpenView();
  const params = { projectId: project.id };
  const wanted = text.trim().toLowerCase();
  const fits = (...words: (string | null | undefined)[]) =>
    words.some((word) => word?.toLowerCase().includes(wanted));

  const pages: Hit[] = pagesFor(project.permissions)
    .filter(({ name }) => fits(t(`page.${name}`), name))
    .map((page) => ({
      key: page.name,
      icon: page.icon,
      title: t(`page.${page.name}`),
      more: page.letter ? `G ${page.letter.toUpperCase()}` : '',
      go: () => void navigate({ to: page.to, params }),
    }));
  const saved: Hit[] = views
    .filter(({ name }) => fits(name))
    .map((view) => ({
      key: `v${view.id}`,
      icon: 'bookmark',
      title: view.name,
      more: t(`page.${pageOf(view)}`, { defaultValue: '' }),
      go: () => openView(view),
    }));
  if (!wanted) return [...saved, ...pages];
  const points: Hit[] = live
    .filter(({ meterId, code, accountName }) => meterId && fits(code, accountName))
    .map(({ meterId, code, accountName }) => ({
      key: `m${meterId}`,
      icon: 'meter',
      title: code,
      more: accountName ?? '',
      go: () =>
        void navigate({
          to: '/projects/$projectId/meters/$meterId',
          params: { ...params, meterId: meterId ?? '' },
        }),
    }));
  const customers: Hit[] = accounts
    .filter(({ number, name, nameZh }) => fits(number, name, nameZh))
    .map((account) => ({
      key: `a${account.id}`,
      icon: 'account',
      title: nameOf(language, account),
      more: account.number,
      go: () =>
        void navigate({
          to: '/projects/$projectId/accounts/$accountId',
          params: { ...params, accountId: account.id },
        }),
    }));
  const places: Hit[] = buildings
    .filter(({ code, name, nameZh }) => fits(code, name, nameZh))
    .map((building) => ({
      key: `b${building.id}`,
      icon: 'building',
      title: nameOf(language, building),
      more: building.code,
      go: () =>
        void navigate({
          to: '/projects/$projectId/buildings/$buildingId',
          params: { ...params, buildingId: building.id },
        }),
    }));
  return [...saved, ...places, ...customers, ...points, ...pages].slice(0, SHOWN_MAX);
}
