/** What a draft changes against the version before, as a list to be read before it is saved. Pure. */
import type { DayType, Season, TariffCalendar, TariffDefinition } from '../../../tariff-shapes.ts';
import { type DayKind, planOf } from '../calendar.ts';
import { stretchesOf, YEAR_DAYS } from '../year.ts';
import { differences, piecesOf } from './bands.ts';

export type Change =
  | { kind: 'component'; what: 'new' | 'gone' | 'changed'; name: string; nameZh?: string }
  /** Hours of a kind of day whose period is another. */
  | {
      kind: 'bands';
      day: DayType;
      name: string;
      nameZh?: string;
      hours: number;
    }
  | { kind: 'days'; what: 'holidays' | 'workdays'; added: number; gone: number }
  | {
      kind: 'part';
      part: 'calendar' | 'seasons' | 'steps' | 'labels' | 'notice' | 'clock' | 'weekend';
    };

const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

export function changesOf(before: TariffDefinition, after: TariffDefinition): Change[] {
  const out: Change[] = [];
  for (const each of after.components) {
    const old = before.components.find(({ code }) => code === each.code);
    const { name, nameZh } = each;
    if (!old) out.push({ kind: 'component', what: 'new', name, nameZh });
    else if (!same(old, each)) out.push({ kind: 'component', what: 'changed', name, nameZh });
  }
  for (const { code, name, nameZh } of before.components) {
    if (!after.components.some((each) => each.code === code))
      out.push({ kind: 'component', what: 'gone', name, nameZh });
  }
  if (before.calendar && after.calendar) out.push(...ofCalendars(before.calendar, after.calendar));
  else if (before.calendar || after.calendar) out.push({ kind: 'part', part: 'calendar' });
  if (!same(before.steps, after.steps)) out.push({ kind: 'part', part: 'steps' });
  if (!same(before.labels, after.labels)) out.push({ kind: 'part', part: 'labels' });
  if (!same(before.noticeDays, after.noticeDays)) out.push({ kind: 'part', part: 'notice' });
  return out;
}

function ofCalendars(before: TariffCalendar, after: TariffCalendar): Change[] {
  const out: Change[] = [];
  const edges = ({ seasons }: TariffCalendar) =>
    seasons.map(({ name, from, to }) => [name, from, to]);
  if (!same(edges(before), edges(after))) out.push({ kind: 'part', part: 'seasons' });
  for (const season of after.seasons) {
    const old = seasonLike(before, season);
    for (const { type, bands } of season.days) {
      const kinds: readonly DayKind[] = type === 'everyday' ? ['weekday', 'weekend'] : [type];
      const minutes = kinds.map((kind) =>
        differences(piecesOf(bands), piecesOf((old && planOf(old, kind)?.bands) ?? [])).reduce(
          (so, { from, to }) => so + to - from,
          0,
        ),
      );
      const hours = Math.max(...minutes) / 60;
      const { name, nameZh } = season;
      if (old && hours) out.push({ kind: 'bands', day: type, name, nameZh, hours });
    }
  }
  for (const what of ['holidays', 'workdays'] as const) {
    const added = after[what].filter((date) => !before[what].includes(date)).length;
    const gone = before[what].filter((date) => !after[what].includes(date)).length;
    if (added || gone) out.push({ kind: 'days', what, added, gone });
  }
  if ((before.clock ?? 'local') !== (after.clock ?? 'local'))
    out.push({ kind: 'part', part: 'clock' });
  if (!same([...before.weekend].sort(), [...after.weekend].sort()))
    out.push({ kind: 'part', part: 'weekend' });
  return out;
}

/** The season that another calendar has in the middle of this one. */
export function seasonLike(calendar: TariffCalendar, season: Season): Season | undefined {
  const [first] = stretchesOf({ from: season.from, to: season.from });
  const length = stretchesOf(season).reduce((so, { from, to }) => so + to - from, 0);
  if (!first || !length) return undefined;
  const middle = (first.from + Math.floor(length / 2)) % YEAR_DAYS;
  return calendar.seasons.find((each) =>
    stretchesOf(each).some(({ from, to }) => from <= middle && middle < to),
  );
}
