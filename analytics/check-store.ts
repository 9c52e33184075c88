/** The last check of a project's warehouse, and the wish for another: small files beside the manifest. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJson } from '../sql/process.ts';
import type { WarehouseTable } from './manifest.ts';

/** One thing that the warehouse has and its source has otherwise. */
export interface Difference {
  table: WarehouseTable;
  /** A local day, a month whose file is damaged, or null for what is no day's. */
  day: string | null;
  /** file, lost, fingerprint, or the fact that differs: rows, quantity, amount … */
  what: string;
  ours: string | null;
  theirs: string | null;
}

export interface CheckReport {
  /** Instant at which it was finished. */
  at: string;
  /** Every file read and every day compared; otherwise what is cheap. */
  full: boolean;
  /** When the last full one was finished; null: never. */
  fullAt: string | null;
  filesChecked: number;
  daysChecked: number;
  /** How many there are; the first of them are listed. */
  differenceCount: number;
  differences: Difference[];
  tookMs: number;
}

const folderOf = (dir: string) => join(dir, 'checks');
const reportFile = (dir: string, projectId: string) =>
  join(folderOf(dir), `project=${projectId}.json`);
const wishFile = (dir: string, projectId: string) =>
  join(folderOf(dir), `project=${projectId}.wanted`);

/** The last check, or undefined before the first. */
export const readCheck = (dir: string, projectId: string): CheckReport | undefined =>
  readJson(reportFile(dir, projectId)) as CheckReport | undefined; // As writeCheck wrote it.

/** Keeps the report, and takes back the wish that it answers. */
export function writeCheck(dir: string, projectId: string, report: CheckReport): void {
  mkdirSync(folderOf(dir), { recursive: true });
  writeJson(reportFile(dir, projectId), report);
  if (report.full) rmSync(wishFile(dir, projectId), { force: true });
}

/** Asks the exporter for a full check; asking twice is asking once. */
export function wishCheck(dir: string, projectId: string): void {
  mkdirSync(folderOf(dir), { recursive: true });
  writeFileSync(wishFile(dir, projectId), '');
}

export const isCheckWished = (dir: string, projectId: string): boolean =>
  existsSync(wishFile(dir, projectId));
