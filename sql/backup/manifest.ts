/**
 * What a backup says of itself. The manifest is written last and carries its own SHA-256: a folder
 * without one was cut off, and one that does not add up was altered.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../process.ts';
import { Refusal } from '../refusal.ts';
import { damageOf, fullDisk, type Packed, packedShape } from './packed.ts';

/** Raised when an older program could no longer read what a newer one has written. */
const FORMAT = 1;
const NAME = 'manifest.json';

const questdbFileShape = packedShape.extend({
  /** First instant of the UTC day that it holds, 'YYYY-MM-DD'. */
  day: z.iso.date(),
  /** Tally of its rows. */
  content: z.string(),
});
export type QuestdbFile = z.infer<typeof questdbFileShape>;

const manifestShape = z.object({
  format: z.literal(FORMAT),
  /** When Postgres' snapshot was taken, and when the last file was whole. RFC 3339. */
  at: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  code: z.object({ version: z.string() }),
  /** What the first start had done: whether the simulated park goes with these data. */
  demo: z.enum(['none', 'entered']),
  postgres: z.object({
    version: z.string(),
    /** Of drizzle's journal, oldest first: when (its number) and hash. */
    migrations: z.array(z.object({ when: z.number(), hash: z.string() })).min(1),
    /** Next numbers of the sequences, read last: above every id that any file holds. */
    sequences: z.record(z.string(), z.string()),
    tables: z.array(
      z.object({ name: z.string(), columns: z.array(z.string()), file: packedShape }),
    ),
    /** Dirty days made while the backup went on. */
    dirtySince: z.object({ columns: z.array(z.string()), file: packedShape }),
  }),
  questdb: z.object({
    version: z.string(),
    migrations: z.array(z.string()),
    tables: z.array(
      z.object({
        name: z.string(),
        columns: z.array(z.object({ name: z.string(), type: z.string() })),
        files: z.array(questdbFileShape),
      }),
    ),
  }),
  projects: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      /** The last sealed position and its hash; '0' where nothing was sealed. */
      position: z.string(),
      hash: z.string().nullable(),
    }),
  ),
  /** Digests of every settled day, as JSON lines. */
  days: packedShape,
  /** What the simulated meters showed; where there are none, null. */
  simulator: packedShape.nullable(),
  /** The data folder's secrets, where they were asked for. */
  keys: packedShape.nullable(),
  warehouse: z.literal('left out: the next start makes it from the two stores'),
});
export type Manifest = z.infer<typeof manifestShape>;

export const warehouseLeftOut = manifestShape.shape.warehouse.value;

const digestOf = (manifest: unknown): string =>
  createHash('sha256').update(JSON.stringify(manifest)).digest('hex');

/** Makes the backup whole. Throws Refusal when the disk is full. */
export function writeManifest(folder: string, manifest: Omit<Manifest, 'format'>): void {
  const whole = { format: FORMAT, ...manifest };
  try {
    writeJson(join(folder, NAME), { sha256: digestOf(whole), manifest: whole });
  } catch (cause) {
    throw fullDisk(cause, folder) ?? cause;
  }
}

/** Every file that a manifest names. */
export const filesOf = ({ postgres, questdb, days, simulator, keys }: Manifest): Packed[] => [
  ...postgres.tables.map(({ file }) => file),
  postgres.dirtySince.file,
  ...questdb.tables.flatMap(({ files }) => files),
  days,
  ...[simulator, keys].filter((file) => file !== null),
];

/**
 * Opens a backup after reading every byte of it. Throws Refusal: none there, cut off, of a newer
 * Wattledger, altered (naming the files).
 */
export async function openBackup(
  folder: string,
  say: (line: string) => void = () => {},
): Promise<Manifest> {
  if (!existsSync(folder)) throw new Refusal(`there is no backup in ${folder}`);
  const file = join(folder, NAME);
  if (!existsSync(file)) {
    throw new Refusal(`${folder} is not a whole backup: it was cut off before it was finished`);
  }
  const outer = z
    .object({ sha256: z.string(), manifest: z.looseObject({ format: z.number() }) })
    .safeParse(readJson(file));
  if (!outer.success || outer.data.sha256 !== writtenDigest(file)) {
    throw new Refusal(`the backup in ${folder} is damaged: ${NAME} was altered`);
  }
  if (outer.data.manifest.format > FORMAT) {
    throw new Refusal(
      `the backup in ${folder} was written by a newer Wattledger: use that version`,
    );
  }
  const manifest = manifestShape.parse(outer.data.manifest);
  const files = filesOf(manifest);
  const bytes = files.reduce((sum, { bytes: of }) => sum + of, 0);
  say(`Checking ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
  const damage: string[] = [];
  for (const packed of files) {
    const found = await damageOf(folder, packed);
    if (found) damage.push(found);
  }
  if (damage.length === 0) return manifest;
  const more = damage.length > SHOWN_MAX ? ` and ${damage.length - SHOWN_MAX} more` : '';
  throw new Refusal(
    `the backup in ${folder} is damaged: ${damage.slice(0, SHOWN_MAX).join('; ')}${more}`,
  );
}

const SHOWN_MAX = 10;

const writtenDigest = (file: string): string =>
  digestOf((JSON.parse(readFileSync(file, 'utf8')) as { manifest: unknown }).manifest);
