/** The view a page starts with on this device: kept by the reader, and put into the address when it is used. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keep, kept } from '../../kept.ts';
import { Icon } from '../../parts/icons.tsx';

export type StartPage =
  | 'energy'
  | 'finance'
  | 'integrated'
  | 'load'
  | 'demand'
  | 'losses'
  | 'quality'
  | 'power-quality'
  | 'ranking';

const storeKey = (page: StartPage) => `wattledger.start.${page}`;

/** What an address holds beside the opened row, as text that can be compared. */
function viewOf(search: Record<string, unknown>): string {
  const pairs = Object.entries(search)
    .filter(([key, value]) => value !== undefined && key !== 'open')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length ? JSON.stringify(Object.fromEntries(pairs)) : '';
}

export function StartButton({ page }: { page: StartPage }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const view = viewOf(useSearch({ strict: false }));
  const [start, setStart] = useState(() => kept(storeKey(page)) ?? '');

  // Only when the page is opened without a view: later an empty address is a choice.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, at the opening.
  useEffect(() => {
    if (view || !start) return;
    // An address that is kept wrongly is mended where addresses are read.
    void navigate({ to: '.', search: parsed(start) as never, replace: true });
  }, []);

  if (view === start) return null;
  return (
    <button
      type="button"
      className="button plain icon start-button"
      aria-label={t('report.makeStart')}
      title={`${t('report.makeStart')}${t('mark.end')}${t('mark.between')}${t('report.startWhy')}`}
      onClick={() => {
        keep(storeKey(page), view);
        setStart(view);
      }}
    >
      <Icon name="home" size={14} />
    </button>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
