/** ⌘K: accounts, meters, points, places, receipts, views and pages by the letters one remembers. */
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../parts/icons.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { type Hit, type HitGroup, useHits } from './hits.ts';

/** How long the typing has to pause before the API is asked. */
const PAUSE_MS = 160;
const TEXT_MAX = 100;

export default function Search({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const [index, setIndex] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const text = typed.trim();
  const asked = usePaused(text);
  const { groups, isWaiting, error } = useHits(text, asked);
  const hits = groups.flatMap((group) => group.hits);
  const at = Math.min(index, Math.max(0, hits.length - 1));
  const open = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    hit.go();
  };
  // Enter before the answer is there: it is waited for, and the first of it is opened.
  const [isEager, hurry] = useState(false);
  const first = hits[0];
  useEffect(() => {
    if (!isEager || isWaiting) return;
    hurry(false);
    if (!first) return;
    onClose();
    first.go();
  }, [isEager, isWaiting, first, onClose]);
  useEffect(() => {
    list.current?.querySelector(`[data-at="${at}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') onClose();
    if (event.key === 'Enter') isWaiting && at === 0 ? hurry(true) : open(hits[at]);
    if (event.key === 'Tab') event.preventDefault();
    const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (!move || !hits.length) return;
    event.preventDefault();
    setIndex((at + move + hits.length) % hits.length);
  };
  return (
    <div
      className="search-scrim"
      onPointerDown={(event) => event.target === event.currentTarget && onClose()}
    >
      <div className="search-box" role="dialog" aria-modal aria-label={t('search.title')}>
        <div className="search-head">
          <Icon name="search" />
          <input
            // biome-ignore lint/a11y/noAutofocus: it was opened to type into.
            autoFocus
            value={typed}
            maxLength={TEXT_MAX}
            placeholder={t('search.prompt')}
            role="combobox"
            aria-label={t('search.prompt')}
            aria-expanded={hits.length > 0}
            aria-controls={id}
            aria-activedescendant={hits.length ? `${id}-${at}` : undefined}
            autoComplete="off"
            spellCheck={false}
            onKeyDown={onKeyDown}
            onChange={(event) => {
              setTyped(event.target.value);
              setIndex(0);
              hurry(false);
            }}
          />
          <button
            type="button"
            className="button plain icon phone-only"
            aria-label={t('act.close')}
            onClick={onClose}
          >
            <Icon name="cross" />
          </button>
        </div>
        <div
          className="search-list"
          role="listbox"
          id={id}
          ref={list}
          aria-label={t('search.title')}
          aria-busy={isWaiting}
        >
          {error && <ProblemNotice error={error} />}
          <Groups {...{ groups, at, id, open, onPoint: setIndex }} />
          {!hits.length && !error && (
            <div className="waiting" role="status">
              {isWaiting ? t('search.waiting') : t('search.none', { text })}
            </div>
          )}
        </div>
        <div className="search-foot quiet" aria-hidden>
          <span>
            <kbd className="key">↑</kbd> <kbd className="key">↓</kbd> {t('search.foot.move')}
          </span>
          <span>
            <kbd className="key">↵</kbd> {t('search.foot.open')}
          </span>
          <span>
            <kbd className="key">Esc</kbd> {t('search.foot.close')}
          </span>
        </div>
      </div>
    </div>
  );
}

function Groups({
  groups,
  at,
  id,
  open,
  onPoint,
}: {
  groups: readonly HitGroup[];
  at: number;
  id: string;
  open: (hit: Hit) => void;
  onPoint: (index: number) => void;
}) {
  const { t } = useTranslation();
  let before = 0;
  return groups.map(({ kind, hits, more }) => {
    const start = before;
    before += hits.length;
    return (
      // biome-ignore lint/a11y/useSemanticElements: a group within a list box has no element of its own.
      <div key={kind} role="group" aria-labelledby={`${id}-${kind}`}>
        <div className="menu-caption search-caption" id={`${id}-${kind}`}>
          <span>{t(`search.kind.${kind}`)}</span>
          {more && <span className="quiet">{t('search.more')}</span>}
        </div>
        {hits.map((hit, nth) => (
          <button
            type="button"
            key={hit.key}
            id={`${id}-${start + nth}`}
            data-at={start + nth}
            role="option"
            tabIndex={-1}
            aria-selected={start + nth === at}
            className="menu-item"
            onClick={() => open(hit)}
            onPointerMove={() => onPoint(start + nth)}
          >
            <Icon name={hit.icon} />
            <span className="strong clip search-title">{hit.title}</span>
            <span className="quiet clip">{hit.more}</span>
          </button>
        ))}
      </div>
    );
  });
}

/** What was typed, once it has stood for a moment; nothing at once. */
function usePaused(text: string): string {
  const [paused, pause] = useState(text);
  useEffect(() => {
    if (text === '') {
      pause('');
      return;
    }
    const timer = setTimeout(() => pause(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}
