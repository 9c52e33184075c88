/** Light, dark or as the system says; kept on this device and put on the root element. */
import { useSyncExternalStore } from 'react';
import { keep, kept } from './kept.ts';

export type ThemeChoice = 'light' | 'dark' | 'system';
export type Theme = 'light' | 'dark';

const KEY = 'wattledger.theme';
const listeners = new Set<() => void>();
const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)').matches;

export function themeChoice(): ThemeChoice {
  const choice = kept(KEY);
  return choice === 'light' || choice === 'dark' ? choice : 'system';
}

export const shownTheme = (): Theme =>
  document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light';

export function chooseTheme(choice: ThemeChoice): void {
  keep(KEY, choice);
  apply();
}

/** Follows the system while nothing else was chosen. Called once by main. */
export function watchTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
  apply();
}

/** Light whatever was chosen, as paper is; and back to it. */
export function paintLight(on: boolean): void {
  isPaper = on;
  apply();
}

let isPaper = false;

function apply(): void {
  const choice = themeChoice();
  const dark = choice === 'dark' || (choice === 'system' && systemIsDark());
  document.documentElement.dataset.theme = dark && !isPaper ? 'dark' : 'light';
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The theme on screen; components that paint by themselves redraw when it changes. */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, shownTheme);
export const useThemeChoice = (): ThemeChoice => useSyncExternalStore(subscribe, themeChoice);

/** The value of a token of tokens.css as the browser sees it now. */
export const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
