/**
 * Which files of a warehouse have to be written anew because they are not what was written, or are
 * doubted. Every file is looked at once a minute, by what the disk says of it.
 */
import type { LocalDay } from '../sql/local-day.ts';
import { type Damage, damagesOf } from './damage.ts';
import type { Doubt } from './doubt.ts';
import {
  type DayTable,
  dayTables,
  filesIn,
  isDayTable,
  type Manifest,
  type NamedFile,
} from './manifest.ts';

/** Days rebuilt in one version, except that a month is rebuilt as a whole. */
const DAYS_A_VERSION = 40;

export interface Mending {
  /** What was found, and is dealt with in this version. */
  damages: Damage[];
  /** What is as it was written, but was found to differ from its source. */
  again: Doubt[];
  /** Doubts that are answered once the version is in force. */
  doubts: Doubt[];
  /** Files called lost that are good again, as a backup may bring them back. */
  recovered: NamedFile[];
  /** There is more than one version takes. */
  more: boolean;
}

/** Looks at the doubted files; at all when it is `due`; at those called lost too when `thorough`. */
export async function findMending({
  dir,
  manifest,
  doubts,
  due,
  thorough,
}: {
  dir: string;
  manifest: Manifest;
  doubts: readonly Doubt[];
  due: boolean;
  thorough: boolean;
}): Promise<Mending> {
  const doubtOf = (file: NamedFile) =>
    doubts.filter(({ table, part }) => table === file.table && part === file.part);
  const named = [...filesIn(manifest)];
  const looked = due ? named : named.filter((file) => doubtOf(file).length > 0);
  const lost = looked.filter(({ file }) => file.lost);
  const wrong = await damagesOf(
    dir,
    looked.filter(({ file }) => !file.lost),
  );
  const stillLost = thorough ? await damagesOf(dir, lost, { anew: true }) : lost;
  const isIn = (files: readonly NamedFile[], { name }: NamedFile) =>
    files.some((file) => file.name === name);
  // Intervals before what is made of them, as the list of tables has it.
  const damages: Damage[] = [];
  let days = 0;
  for (const damage of wrong) {
    days += daysIn(manifest, damage).length;
    if (damages.length > 0 && days > DAYS_A_VERSION) break;
    damages.push(damage);
  }
  const postponed = wrong.slice(damages.length);
  const rewrites = doubts.filter(({ rewrite }) => rewrite);
  const again = rewrites.slice(0, DAYS_A_VERSION);
  const looks = doubts.filter(
    ({ rewrite, table, part }) =>
      !rewrite && !postponed.some((d) => d.table === table && d.part === part),
  );
  return {
    damages,
    recovered: lost.filter((file) => !isIn(stillLost, file)),
    again,
    doubts: [...looks, ...again],
    more: postponed.length > 0 || again.length < rewrites.length,
  };
}

export type DaysByTable = Record<DayTable, Set<LocalDay>>;

/**
 * The days whose file is damaged, and all that have to be written anew; `next` no longer names what is
 * damaged.
 */
export function takeOut(
  next: Manifest,
  { damages, recovered, again }: Pick<Mending, 'damages' | 'recovered' | 'again'>,
): { damaged: DaysByTable; must: DaysByTable } {
  const damaged = noDays();
  for (const { table, part } of recovered) {
    if (isDayTable(table) && part) delete next.days[table][part]?.lost;
  }
  for (const damage of damages) {
    const { table, part } = damage;
    if (!isDayTable(table)) delete next.dimensions[table];
    else if (part === 'empty') delete next.empty[table];
    else if (part) {
      for (const day of daysIn(next, damage)) damaged[table].add(day);
      delete next.months[table][part];
    }
  }
  const must = noDays();
  for (const table of dayTables) for (const day of damaged[table]) must[table].add(day);
  for (const { table, part } of again) {
    if (!isDayTable(table)) delete next.dimensions[table];
    else if (part && part.length === DAY_LENGTH) must[table].add(part);
  }
  return { damaged, must };
}

const DAY_LENGTH = 'YYYY-MM-DD'.length;

const noDays = (): DaysByTable =>
  // Every table has its set.
  Object.fromEntries(dayTables.map((table) => [table, new Set()])) as unknown as DaysByTable;

/** The local days that lie in a file; none in a dimension. */
function daysIn(manifest: Manifest, { table, part }: NamedFile): LocalDay[] {
  if (!isDayTable(table) || !part || part === 'empty') return [];
  const month = manifest.months[table][part];
  return month ? Object.keys(month.days) : [part];
}
