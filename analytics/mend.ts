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
  for (const file of looked) {
    if (isIn(wrong, file) || !doubtOf(file).some(({ rewrite }) => rewrite)) continue;
    wrong.push({ ...file, what: 'content', found: null, expected: null });
  }

  // Intervals before what is made of them, as the list of tables has it.
  const damages: Damage[] = [];
  let days = 0;
  for (const damage of wrong) {
    days += daysIn(manifest, damage).length;
    if (damages.length > 0 && days > DAYS_A_VERSION) break;
    damages.push(damage);
  }
  const postponed = wrong.slice(damages.length);
  return {
    damages,
    recovered: lost.filter((file) => !isIn(stillLost, file)),
    doubts: doubts.filter(
      ({ table, part }) => !postponed.some((d) => d.table === table && d.part === part),
    ),
    more: postponed.length > 0,
  };
}

/** The days that have to be written anew, by table; `next` no longer names what is damaged. */
export function takeOut(
  next: Manifest,
  { damages, recovered }: Pick<Mending, 'damages' | 'recovered'>,
): Record<DayTable, Set<LocalDay>> {
  const days = Object.fromEntries(dayTables.map((table) => [table, new Set()])) as Record<
    DayTable,
    Set<LocalDay>
  >; // Every table has its set.
  for (const { table, part } of recovered) {
    if (isDayTable(table) && part) delete next.days[table][part]?.lost;
  }
  for (const damage of damages) {
    const { table, part } = damage;
    if (!isDayTable(table)) delete next.dimensions[table];
    else if (part === 'empty') delete next.empty[table];
    else if (part) {
      for (const day of daysIn(next, damage)) days[table].add(day);
      delete next.months[table][part];
    }
  }
  return days;
}

/** The local days that lie in a file; none in a dimension. */
function daysIn(manifest: Manifest, { table, part }: NamedFile): LocalDay[] {
  if (!isDayTable(table) || !part || part === 'empty') return [];
  const month = manifest.months[table][part];
  return month ? Object.keys(month.days) : [part];
}
