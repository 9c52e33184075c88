/**
 * The disk spool between the meters and QuestDB: an append-only log of encoded samples, bounded, each
 * record with its CRC. Written at once (survives kill −9), synced in groups (survives power loss),
 * and read from a cursor that moves only when QuestDB has acknowledged.
 */
import { unlinkSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Found, MAX_PAYLOAD_BYTES, recordBytes, scanRecords } from './spool-record.ts';
import { openWriter, type SpoolWriter } from './spool-writer.ts';

/** What the operator must hear of. Sent when a state begins and when it ends. */
export type SpoolAlarm =
  | { kind: 'full'; droppedRecords: number }
  | { kind: 'disk'; message: string }
  | { kind: 'recovered'; droppedRecords: number }
  | { kind: 'corrupt'; segment: string; offset: number; bytes: number };

export interface SpoolOptions {
  dir: string;
  clock: () => Date;
  onAlarm: (alarm: SpoolAlarm) => void;
  /** All segments together never take more (default 512 MiB). */
  maxBytes?: number;
  segmentBytes?: number;
  /** How long an acknowledged segment stays, to be sent again after a power loss. */
  keepMs?: number;
  /** Changes with every boot of the machine; when it has, everything still kept is sent again. */
  bootId?: string;
}

/** A position in the log. */
interface Position {
  segment: number;
  offset: number;
}

/** Records to send, oldest first; the payloads as they were appended. */
export interface Batch {
  readonly records: readonly Buffer[];
  readonly to: Position;
}

export interface Spool {
  /** Adds a record; false when the spool is full or its disk refuses. */
  append: (payload: string) => boolean;
  /** Syncs what was appended so far; false while the disk refuses it. */
  flush: () => Promise<boolean>;
  /** The next records after the cursor, at most about `maxBytes`; undefined when there are none. */
  read: (maxBytes: number) => Promise<Batch | undefined>;
  /** Moves the cursor past a batch. Batches are acknowledged in the order they were read. */
  acknowledge: (batch: Batch) => Promise<void>;
  stats: () => SpoolStats;
  close: () => Promise<void>;
}

export interface SpoolStats {
  /** On disk in all, acknowledged and kept segments included. */
  bytes: number;
  /** Not yet acknowledged. */
  pendingBytes: number;
  appendedRecords: number;
  droppedRecords: number;
  corruptRecords: number;
  maxBytes: number;
  /** Full: nothing more is taken for now. */
  isRefusing: boolean;
  /** What the disk said, while it refuses. */
  diskProblem: string | undefined;
}

const MAX_BYTES = 512 * 2 ** 20;
const SEGMENT_BYTES = 8 * 2 ** 20;
const KEEP_MS = 5 * 60 * 1000;
const CURSOR = 'cursor.json';
const QUARANTINE = 'quarantine.bin';

/** Opens or creates the spool in `dir`; what an earlier process left there is delivered first. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, clock, onAlarm } = options;
  const { maxBytes = MAX_BYTES, keepMs = KEEP_MS, bootId = '' } = options;
  await mkdir(dir, { recursive: true });
  /** Sizes of the segments on disk; those before the writer's are complete. */
  const sizes = await segmentSizes(dir);
  let cursor = await restoreCursor(dir, bootId, sizes);
  const acknowledgedAt = new Map<number, number>();
  for (const segment of sizes.keys()) {
    if (segment < cursor.segment) acknowledgedAt.set(segment, clock().getTime());
  }
  let appendedRecords = 0;
  let droppedRecords = 0;
  let corruptRecords = 0;
  let refusing = false;

  const writer: SpoolWriter = openWriter({
    fileOf: (segment) => join(dir, segmentName(segment)),
    firstSegment: Math.max(cursor.segment, ...sizes.keys()) + 1,
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    onWritten: (segment, size) => sizes.set(segment, size),
    onDisk: (message) => onAlarm({ kind: 'disk', message }),
  });

  const bytes = () => [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const takenWith = (more: number) => bytes() + writer.waitingBytes() + more;
  const pendingBytes = () => {
    let sum = sizes.has(cursor.segment) ? -cursor.offset : 0;
    for (const [segment, size] of sizes) if (segment >= cursor.segment) sum += size;
    return sum + writer.waitingBytes();
  };

  function append(payload: string): boolean {
    if (hasRoom(recordBytes(payload)) && writer.append(payload)) {
      appendedRecords++;
      if (refusing) onAlarm({ kind: 'recovered', droppedRecords });
      refusing = false;
      return true;
    }
    droppedRecords++;
    if (!refusing) onAlarm({ kind: 'full', droppedRecords });
    refusing = true;
    return false;
  }

  function hasRoom(more: number): boolean {
    // Once full it takes nothing until a tenth is free, so that it does not flicker.
    const bound = refusing ? maxBytes * 0.9 : maxBytes;
    if (takenWith(more) <= bound) return true;
    expire(clock().getTime(), more);
    return takenWith(more) <= bound;
  }

  async function read(maxBatchBytes: number): Promise<Batch | undefined> {
    writer.write();
    for (;;) {
      const { segment, offset } = cursor;
      const size = sizes.get(segment) ?? 0;
      if (offset >= size) {
        const next = [...sizes.keys()].filter((s) => s > segment).sort((a, b) => a - b)[0];
        if (next === undefined) return undefined;
        cursor = { segment: next, offset: 0 };
        continue;
      }
      const bytes = Math.min(size - offset, Math.max(maxBatchBytes, 2 * MAX_PAYLOAD_BYTES));
      const stretch = await readAt(join(dir, segmentName(segment)), offset, { bytes });
      const final = segment < writer.segment() && offset + stretch.length >= size;
      const found = scanRecords(stretch, { final });
      await quarantine(segment, offset, found);
      const to = { segment, offset: offset + found.consumed };
      if (found.records.length > 0) return { records: found.records, to };
      // Damage only: the cursor steps over it. Nothing at all: the record is still being written.
      if (found.consumed === 0) return undefined;
      cursor = to;
    }
  }

  async function quarantine(segment: number, offset: number, found: Found): Promise<void> {
    for (const { start, bytes: damaged } of found.corrupt) {
      corruptRecords++;
      await writeFile(join(dir, QUARANTINE), damaged, { flag: 'a' });
      onAlarm({
        kind: 'corrupt',
        segment: segmentName(segment),
        offset: offset + start,
        bytes: damaged.length,
      });
    }
  }

  async function acknowledge(batch: Batch): Promise<void> {
    cursor = batch.to;
    // A full disk: an older cursor on it means sending again after a restart, which is harmless.
    await saveCursor(dir, { ...cursor, bootId }).catch((error: Error) => {
      onAlarm({ kind: 'disk', message: error.message });
    });
    const now = clock().getTime();
    for (const [segment, size] of sizes) {
      const isRead = segment === cursor.segment && cursor.offset >= size;
      const isOver = segment < cursor.segment || (isRead && segment < writer.segment());
      if (isOver && !acknowledgedAt.has(segment)) acknowledgedAt.set(segment, now);
    }
    expire(now);
  }

  /** Acknowledged segments go when their time is over, or sooner when the room is needed. */
  function expire(now: number, more = 0): void {
    for (const [segment, at] of [...acknowledgedAt].sort((a, b) => a[0] - b[0])) {
      const isNeeded = takenWith(more) >= maxBytes || writer.problem() !== undefined;
      if (now - at < keepMs && !isNeeded) continue;
      acknowledgedAt.delete(segment);
      sizes.delete(segment);
      unlinkSync(join(dir, segmentName(segment)));
    }
  }

  return {
    append,
    flush: writer.flush,
    read,
    acknowledge,
    stats: () => ({
      bytes: bytes(),
      pendingBytes: pendingBytes(),
      appendedRecords,
      droppedRecords,
      corruptRecords,
      maxBytes,
      isRefusing: refusing,
      diskProblem: writer.problem(),
    }),
    close: writer.close,
  };
}

const segmentName = (segment: number) => `${String(segment).padStart(10, '0')}.seg`;

async function segmentSizes(dir: string): Promise<Map<number, number>> {
  const names = (await readdir(dir)).filter((name) => /^\d{10}\.seg$/.test(name)).sort();
  const sizes = new Map<number, number>();
  for (const name of names)
    sizes.set(Number(name.slice(0, 10)), (await stat(join(dir, name))).size);
  return sizes;
}

/** The saved position; the oldest kept segment when there is none or the machine has rebooted. */
async function restoreCursor(
  dir: string,
  bootId: string,
  sizes: ReadonlyMap<number, number>,
): Promise<Position> {
  const oldest = Math.min(...sizes.keys());
  const text = await readFile(join(dir, CURSOR), 'utf8').catch(() => '');
  const saved = parseCursor(text);
  if (saved && saved.bootId === bootId && (sizes.size === 0 || saved.segment >= oldest)) {
    return { segment: saved.segment, offset: saved.offset };
  }
  return { segment: sizes.size > 0 ? oldest : (saved?.segment ?? 0), offset: 0 };
}

function parseCursor(text: string): (Position & { bootId: string }) | undefined {
  const match = /^\{"segment":(\d+),"offset":(\d+),"bootId":"([^"]*)"\}$/.exec(text);
  if (!match) return undefined;
  return { segment: Number(match[1]), offset: Number(match[2]), bootId: match[3] ?? '' };
}

/** By rename, so that a kill leaves the old cursor or the new one, never half of either. */
async function saveCursor(dir: string, { segment, offset, bootId }: Position & { bootId: string }) {
  const part = join(dir, `${CURSOR}.part`);
  await writeFile(part, JSON.stringify({ segment, offset, bootId }));
  await rename(part, join(dir, CURSOR));
}

async function readAt(file: string, offset: number, { bytes }: { bytes: number }): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(bytes), 0, bytes, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
