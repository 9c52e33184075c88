/** The rows of all parts as one table on the console, and as the JSON beside it. */
import type { Row } from './part.ts';

/** What a run leaves behind: `results/<when>.json`. */
export interface Report {
  startedAt: string;
  quick: boolean;
  rounds: number;
  machine: { cpus: number; model: string; memoryGb: number; node: string };
  parts: PartReport[];
}

export interface PartReport {
  name: string;
  says: string;
  seconds: number;
  /** Load average of the last minute at the beginning and at the end: above 2 others were at work. */
  load: [number, number];
  rows: JudgedRow[];
  /** Why there are no rows. */
  failure?: string;
}

export interface JudgedRow extends Row {
  /** ours ÷ floor; null without a floor. */
  ratio: number | null;
  /** Null without a target. */
  isMet: boolean | null;
}

/** @example judge({ what: 'CPU', unit: 's', ours: 3, floor: 2, target: { ratioMax: 1.5 } }).isMet // true */
export function judge(row: Row): JudgedRow {
  const { ours, floor, target } = row;
  return {
    ...row,
    ratio: floor === undefined ? null : ours / floor,
    isMet: target ? met(row) : null,
  };
}

function met({ what, ours, floor, target }: Row): boolean {
  if (!target) throw new Error(`${what} has no target`);
  if ('max' in target) return ours <= target.max;
  if ('min' in target) return ours >= target.min;
  if (floor === undefined) throw new Error(`${what} has a ratio to reach and no floor`);
  return ours <= floor * target.ratioMax || ours <= floor + (target.addedMax ?? 0);
}

const heads = ['part', 'what', 'ours', 'floor', 'ratio', 'target', 'met'];

/** Lines of the table; notes stand below their part. */
export function tableOf(parts: readonly PartReport[]): string {
  const cells = parts.map(({ name, rows }) => rows.map((row) => cellsOf(name, row)));
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...cells.flat().map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) =>
        i > 1 && i < 5 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const lines = [line(heads), widths.map((width) => '─'.repeat(width)).join('  ')];
  for (const [i, { name, failure, rows }] of parts.entries()) {
    lines.push(...(cells[i] ?? []).map(line));
    if (failure) lines.push(`${name}  FAILED: ${failure}`);
    for (const { what, note, against } of rows) {
      if (note || against) {
        lines.push(
          `    ${what}: ${[against && `against ${against}`, note].filter(Boolean).join('; ')}`,
        );
      }
    }
  }
  return lines.join('\n');
}

function cellsOf(part: string, row: JudgedRow): string[] {
  const { what, unit, ours, floor, ratio, target, isMet } = row;
  return [
    part,
    what,
    ours === Number.MAX_SAFE_INTEGER ? 'refused' : `${shown(ours)} ${unit}`,
    floor === undefined ? '' : `${shown(floor)} ${unit}`,
    ratio === null ? '' : `${ratio.toFixed(2)}×`,
    target ? targetText(target, unit) : '',
    isMet === null ? '' : isMet ? 'yes' : 'NO',
  ];
}

function targetText(target: NonNullable<Row['target']>, unit: string): string {
  if ('max' in target) return `≤ ${shown(target.max)} ${unit}`;
  if ('min' in target) return `≥ ${shown(target.min)} ${unit}`;
  const { ratioMax, addedMax } = target;
  return `≤ ${ratioMax}×${addedMax === undefined ? '' : ` or + ${addedMax} ${unit}`}`;
}

/** Three digits that count, thousands parted. */
const shown = (value: number) =>
  Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)));
