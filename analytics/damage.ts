/**
 * Whether a file is still what was written: there, as long, and with the same SHA-256. DuckDB reads a
 * flipped byte as another figure, so every reader asks here before it answers. A file that was found
 * good is only looked at again when the disk says that it was touched.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../sql/problem.ts';
import { measure } from './disk.ts';
import { leaveDoubt } from './doubt.ts';
import type { NamedFile } from './manifest.ts';

export interface Damage extends NamedFile {
  what: 'gone' | 'length' | 'content' | 'lost';
  /** What there is instead: nothing, so many bytes, another hash. */
  found: string | null;
  expected: string | null;
}

/** Files looked at at once. */
const WIDTH = 4;
/** Most files remembered as good; past it all are looked at anew. */
const GOOD_MAX = 200_000;

/** File → how the disk knew it when its content was good. */
const goodFiles = new Map<string, string>();

/**
 * What is wrong with files of the warehouse `dir`. `anew` reads all of their content, as a disk may rot
 * without a word; otherwise what has not been touched since it was good is good.
 */
export async function damagesOf(
  dir: string,
  files: readonly NamedFile[],
  { anew = false }: { anew?: boolean } = {},
): Promise<Damage[]> {
  const found: Damage[] = [];
  for (let i = 0; i < files.length; i += WIDTH) {
    const some = files.slice(i, i + WIDTH).map((file) => damageOf(dir, file, anew));
    for (const damage of await Promise.all(some)) if (damage) found.push(damage);
  }
  return found;
}

async function damageOf(dir: string, named: NamedFile, anew: boolean): Promise<Damage | undefined> {
  const { bytes, sha256, lost } = named.file;
  const as = (what: Damage['what'], found: string | null, expected: string | null): Damage => ({
    ...named,
    what,
    found,
    expected,
  });
  const place = join(dir, named.name);
  // At once: thousands are asked for one answer, and a thread costs ten times as much as the look itself.
  const there = statSync(place, { bigint: true, throwIfNoEntry: false });
  const whole = sha256 ?? null;
  if (lost && (!there || !anew)) return as('lost', null, whole);
  if (!there) return as('gone', null, whole);
  // A file of an older Wattledger has no measures: all that can be said is that it is there.
  if (bytes === undefined || !sha256) {
    return there.size > 0n ? undefined : as('length', '0 bytes', null);
  }
  if (there.size !== BigInt(bytes)) {
    return as(lost ? 'lost' : 'length', `${there.size} bytes`, `${bytes} bytes`);
  }
  const mark = `${there.ino}/${there.size}/${there.mtimeNs}/${there.ctimeNs}/${sha256}`;
  if (!anew && goodFiles.get(place) === mark) return undefined;
  const content = await measure(place);
  if (content.sha256 !== sha256) return as(lost ? 'lost' : 'content', content.sha256, sha256);
  if (goodFiles.size >= GOOD_MAX) goodFiles.clear();
  goodFiles.set(place, mark);
  return undefined;
}

/**
 * Holds files that are about to answer against what the manifest says of them. Throws Problem
 * `file-damaged`, having asked the exporter to look at them, or `file-lost` when it cannot mend them.
 */
export async function demandGood(
  dir: string,
  projectId: string,
  files: readonly NamedFile[],
): Promise<void> {
  const damages = await damagesOf(dir, files);
  if (damages.length === 0) return;
  const lost = damages.filter(({ what }) => what === 'lost');
  if (lost.length > 0) {
    throw new Problem(
      'file-lost',
      `${saying(lost)} damaged, and the source no longer holds what it was made from: it cannot be rebuilt. A backup of the warehouse can bring it back.`,
    );
  }
  for (const damage of damages) await leaveDoubt(dir, projectId, damage);
  throw new Problem('file-damaged', `${saying(damages)} damaged and is being rebuilt.`, {
    retryAfterS: 10,
  });
}

/** Named by table and day, never by a path. */
function saying(damages: readonly Damage[]): string {
  const [first, ...others] = damages.map(
    ({ table, part }) => `${table}${part && part !== 'empty' ? ` of ${part}` : ''}`,
  );
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return `The warehouse's file of ${first}${more} is`;
}
