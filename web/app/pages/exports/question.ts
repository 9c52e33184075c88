/** What a job was asked, from its path: which report or list, and with what. Pure. */
import { type Language, range as rangeOf } from '../../dates.ts';

/** Parameters that say what is in the file; identifiers of things tell a reader nothing. */
const TOLD = ['unit', 'by', 'per', 'commodity', 'state', 'channel'] as const;

/** '/reports/energy?from=2026-11-01&to=2026-11-25&by=floor' → energy; 1 to 24 November; floor. */
export function questionOf(
  path: string,
  language: Language,
): { name: string; range: string; told: readonly string[] } {
  const [place = '', query = ''] = path.split('?');
  const parameters = new URLSearchParams(query);
  const from = parameters.get('from') ?? '';
  const to = parameters.get('to') ?? '';
  const isDays = [from, to].every((text) => /^\d{4}-\d{2}-\d{2}$/.test(text));
  return {
    name: place.split('/').filter(Boolean).at(-1) ?? '',
    range: isDays ? rangeOf(language, from, to) : [from, to].filter(Boolean).join(' … '),
    told: TOLD.map((key) => parameters.get(key)).filter((value) => value !== null),
  };
}
