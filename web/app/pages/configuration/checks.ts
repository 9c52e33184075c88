/** What may be typed into the fields of configuration: the same bounds as the routes have, said at once. */
import type { TFunction } from 'i18next';
import type { Wrong } from './entity-drawer.tsx';

type Rule = (text: string) => boolean;

const NAME_MAX = 120;
export const isName: Rule = (text) => text.trim() !== '' && text.trim().length <= NAME_MAX;
export const isPlaceCode: Rule = (text) => /^[\p{L}\p{N}._-]{1,20}$/u.test(text.trim());
export const isPointCode: Rule = (text) =>
  /^[\p{L}\p{N}][\p{L}\p{N}._/ -]{0,39}$/u.test(text.trim());
export const isSerial: Rule = (text) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(text.trim());
export const isHost: Rule = (text) =>
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$/.test(
    text.trim(),
  );
export const isDay: Rule = (text) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
/** A whole number within bounds. */
export const isWhole =
  (min: number, max: number): Rule =>
  (text) =>
    /^-?\d{1,9}$/.test(text.trim()) && Number(text) >= min && Number(text) <= max;

/** What is wrong: `[at, text, rule, what it must be]`; an empty text is wrong where `rule` says so. */
export function wrongOf(
  t: TFunction,
  checks: readonly (readonly [at: string, text: string, rule: Rule, hint: string])[],
): Wrong[] {
  return checks.flatMap(([at, text, rule, hint]) => {
    if (rule(text)) return [];
    const isEmpty = text.trim() === '';
    const message = t(isEmpty ? 'config.hint.needed' : `config.hint.${hint}`);
    return [{ at, message, isEmpty }];
  });
}

/** For fields that may stay empty. */
export const orEmpty =
  (rule: Rule): Rule =>
  (text) =>
    text.trim() === '' || rule(text);

export const textOrNull = (text: string): string | null => text.trim() || null;
