/** The spool keeps what it took: torn tails, flipped bytes, full disks, restarts (faults 7, 9, 16). */
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSpool, type Spool, type SpoolAlarm, type SpoolOptions } from '../../ingest/spool.ts';
import { recordBytes, scanRecords, writeRecord } from '../../ingest/spool-record.ts';

let dir: string;
let now: number;
let alarms: SpoolAlarm[];
const open: Spool[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'spool-'));
  now = Date.UTC(2026, 10, 23);
  alarms = [];
});
afterEach(async () => {
  for (const spool of open.splice(0)) await spool.close();
  await rm(dir, { recursive: true });
});

async function spoolOf(options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await openSpool({
    dir,
    clock: () => new Date(now),
    onAlarm: (alarm) => alarms.push(alarm),
    bootId: 'one',
    ...options,
  });
  open.push(spool);
  return spool;
}

/** Everything that is waiting, acknowledged batch by batch. */
async function drain(spool: Spool, maxBytes = 1 << 20): Promise<string[]> {
  const lines: string[] = [];
  for (let batch = await spool.read(maxBytes); batch; batch = await spool.read(maxBytes)) {
    lines.push(...batch.records.map((r) => r.toString('latin1')));
    await spool.acknowledge(batch);
  }
  return lines;
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} ${'x'.repeat((from + i) % 90)}\n`);
const segments = async () => (await readdir(dir)).filter((name) => name.endsWith('.seg')).sort();
const newest = async () => join(dir, (await segments()).at(-1) ?? '');

describe('a spool', () => {
  test('gives back what it took, in order, once', async () => {
    const spool = await spoolOf();
    for (const line of lines(0, 500)) expect(spool.append(line)).toBe(true);
    expect(await drain(spool, 4096)).toEqual(lines(0, 500));
    expect(await spool.read(4096)).toBeUndefined();
    expect(spool.stats()).toMatchObject({ pendingBytes: 0, appendedRecords: 500 });
  });

  test('goes on after a restart where QuestDB had acknowledged', async () => {
    const first = await spoolOf();
    for (const line of lines(0, 3000)) first.append(line);
    const batch = await first.read(1);
    if (batch) await first.acknowledge(batch);
    const done = batch?.records.length ?? 0;
    expect(done).toBeGreaterThan(100);
    await first.close();
    const second = await spoolOf();
    for (const line of lines(3000, 3010)) second.append(line);
    expect(await drain(second)).toEqual(lines(done, 3010));
  });

  test('an unacknowledged batch comes again, the same bytes', async () => {
    const first = await spoolOf();
    for (const line of lines(0, 10)) first.append(line);
    const once = await first.read(1 << 20);
    const twice = await first.read(1 << 20);
    expect(twice).toEqual(once);
    await first.close();
    expect(await drain(await spoolOf())).toEqual(lines(0, 10));
  });

  test('a torn tail is cut silently, whatever its length', async () => {
    const whole = lines(0, 20);
    const last = recordBytes(whole[19] ?? '');
    const before = whole.slice(0, 19).reduce((sum, line) => sum + recordBytes(line), 0);
    for (let cut = 1; cut < last; cut++) {
      const first = await spoolOf();
      for (const line of whole) first.append(line);
      await first.close();
      await truncate(await newest(), before + last - cut);
      const second = await spoolOf();
      second.append('after\n');
      expect(await drain(second)).toEqual([...whole.slice(0, 19), 'after\n']);
      await second.close();
      await rm(dir, { recursive: true });
      dir = await mkdtemp(join(tmpdir(), 'spool-'));
    }
    expect(alarms).toEqual([]);
  });

  test('a flipped byte anywhere costs that record alone and is kept aside', async () => {
    const whole = lines(0, 5);
    const total = whole.reduce((sum, line) => sum + recordBytes(line), 0);
    for (let at = 0; at < total; at += 3) {
      const first = await spoolOf();
      for (const line of whole) first.append(line);
      await first.close();
      const file = await newest();
      const bytes = await readFile(file);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      await writeFile(file, bytes);
      const second = await spoolOf();
      const hit = whole.findIndex(
        (_, i) => at < whole.slice(0, i + 1).reduce((sum, line) => sum + recordBytes(line), 0),
      );
      const got = await drain(second);
      expect(got).toEqual(whole.filter((_, i) => i !== hit));
      expect(second.stats().pendingBytes).toBe(0);
      await second.close();
      const isTail = hit === whole.length - 1;
      if (!isTail) {
        expect(alarms.at(-1)).toMatchObject({ kind: 'corrupt' });
        const aside = await readFile(join(dir, 'quarantine.bin'));
        expect(aside.length).toBe(recordBytes(whole[hit] ?? ''));
      }
      await rm(dir, { recursive: true });
      dir = await mkdtemp(join(tmpdir(), 'spool-'));
    }
  });

  test('never grows past its bound, says so once, and goes on when there is room', async () => {
    const spool = await spoolOf({ maxBytes: 64 * 1024, segmentBytes: 8 * 1024, keepMs: 0 });
    let kept = 0;
    for (const line of lines(0, 2000)) kept += spool.append(line) ? 1 : 0;
    await spool.flush();
    expect(spool.stats().bytes).toBeLessThanOrEqual(64 * 1024);
    expect(alarms).toEqual([{ kind: 'full', droppedRecords: 1 }]);
    expect(await drain(spool)).toEqual(lines(0, kept));
    expect(spool.append('again\n')).toBe(true);
    expect(alarms.at(-1)).toEqual({ kind: 'recovered', droppedRecords: 2000 - kept });
    expect(await drain(spool)).toEqual(['again\n']);
  });

  test('acknowledged segments stay for their time, then go', async () => {
    const spool = await spoolOf({ segmentBytes: 1024, keepMs: 60_000 });
    for (const part of [0, 100, 200]) {
      for (const line of lines(part, part + 100)) spool.append(line);
      await spool.flush();
    }
    await drain(spool);
    expect((await segments()).length).toBe(3);
    now += 61_000;
    spool.append('later\n');
    await drain(spool);
    await drain(spool);
    expect((await segments()).length).toBeLessThanOrEqual(2);
  });

  test('after a reboot everything still kept is sent again', async () => {
    const first = await spoolOf();
    for (const line of lines(0, 50)) first.append(line);
    await drain(first);
    await first.close();
    const same = await spoolOf();
    expect(await drain(same)).toEqual([]);
    await same.close();
    const rebooted = await spoolOf({ bootId: 'two' });
    expect(await drain(rebooted)).toEqual(lines(0, 50));
  });

  test('a lost or broken cursor file means sending again, never losing', async () => {
    for (const cursor of ['', '{"segment":1', '{"segment":-1,"offset":0,"bootId":"one"}']) {
      const first = await spoolOf();
      for (const line of lines(0, 5)) first.append(line);
      await drain(first);
      await first.close();
      await writeFile(join(dir, 'cursor.json'), cursor);
      const again = await drain(await spoolOf());
      expect(again.slice(-5)).toEqual(lines(0, 5));
    }
  });

  test('a folder that vanishes raises an alarm and nothing is thrown', async () => {
    const spool = await spoolOf({ segmentBytes: 1 });
    spool.append('a\n');
    await spool.flush();
    await rm(dir, { recursive: true });
    spool.append('b\n');
    expect(await spool.flush()).toBe(false);
    expect(alarms[0]?.kind).toBe('disk');
    await mkdir(dir);
    await expect.poll(() => spool.flush()).toBe(true);
  });
});

test('any mixture of good and damaged stretches gives back exactly the undamaged records', () => {
  const part = fc.record({
    text: fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
    flip: fc.option(fc.nat(), { freq: 3 }),
  });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.nat(4000), (parts, cut) => {
      const buffer = Buffer.alloc(30 * 260);
      let end = 0;
      const good: { text: string; end: number }[] = [];
      for (const { text, flip } of parts) {
        const start = end;
        end = writeRecord(buffer, end, text);
        if (flip === null) good.push({ text, end });
        else {
          const at = start + (flip % (end - start));
          buffer[at] = (buffer[at] ?? 0) ^ 0x01;
        }
      }
      const seen = Math.min(end, cut);
      const found = scanRecords(buffer.subarray(0, seen), { final: false });
      const rest = scanRecords(buffer.subarray(found.consumed, end), { final: true });
      const texts = [...found.records, ...rest.records].map((r) => r.toString('latin1'));
      expect(texts).toEqual(good.map(({ text }) => text));
    }),
    { seed: 20261123, numRuns: 500 },
  );
});
