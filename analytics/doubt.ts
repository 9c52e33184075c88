/**
 * Files that somebody doubts: a reader cannot write the warehouse, so it leaves a mark that the exporter
 * finds, looks at the file, and writes it anew when the doubt was right.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DimensionTable,
  dimensionTables,
  isDayTable,
  type Part,
  type WarehouseTable,
} from './manifest.ts';

export interface Doubt {
  table: WarehouseTable;
  part: Part;
  /** Write it anew even if it is as it was written: what was written is not what the source holds. */
  rewrite?: boolean;
}

const folderOf = (dir: string, projectId: string) => join(dir, 'doubt', `project=${projectId}`);
const nameOf = ({ table, part, rewrite }: Doubt) =>
  `${table}@${part ?? 'all'}${rewrite ? '!' : ''}`;

/** Asks the exporter to look at a file. */
export async function leaveDoubt(dir: string, projectId: string, doubt: Doubt): Promise<void> {
  const folder = folderOf(dir, projectId);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, nameOf(doubt)), '');
}

/** The doubts there are about a project's files. */
export async function readDoubts(dir: string, projectId: string): Promise<Doubt[]> {
  const names = await readdir(folderOf(dir, projectId)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap((name): Doubt[] => {
    const found = /^(\w+)@(all|empty|\d{4}-\d{2}(?:-\d{2})?)(!?)$/.exec(name);
    const [, table, part, mark] = found ?? [];
    const rewrite = mark === '!';
    if (part === 'all' && isDimension(table)) return [{ table, part: undefined, rewrite }];
    return part && part !== 'all' && isDayTable(table) ? [{ table, part, rewrite }] : [];
  });
}

/** Takes a doubt back; it may be gone already. */
export async function dropDoubt(dir: string, projectId: string, doubt: Doubt): Promise<void> {
  await rm(join(folderOf(dir, projectId), nameOf(doubt)), { force: true });
}

const isDimension = (name: string | undefined): name is DimensionTable =>
  dimensionTables.some((table) => table === name);
