/** The data folder: one start at a time, never newer than the code, and nothing left of a killed start. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATA_FORMAT, openDataFolder } from '../../sql/data-folder.ts';
import { isAlive, type ProcessMark, processMark, writeJson } from '../../sql/process.ts';
import { forgetAdminPassword, openSecrets } from '../../sql/secrets.ts';

let path: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'wattledger-data-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(path, { recursive: true, force: true });
});

/** A process that lives until it is ended, optionally deaf to SIGTERM. */
async function bystander({ deaf = false } = {}): Promise<ProcessMark> {
  const code = `${deaf ? "process.on('SIGTERM', () => {});" : ''} console.log('up'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await new Promise((up) => child.stdout?.once('data', up));
  const mark = processMark(child.pid ?? 0);
  if (!mark) throw new Error('the bystander is gone');
  return mark;
}

const lock = (mark: ProcessMark, stopping = false) =>
  writeJson(join(path, 'lock.json'), { ...mark, stopping });

describe('the data folder', () => {
  test('is made when absent, and may be opened again when it was released', async () => {
    const inner = join(path, 'a', 'b');
    const first = await openDataFolder(inner);
    expect(first.demo).toBeUndefined();
    first.setDemo('entered');
    first.release();
    const second = await openDataFolder(inner);
    expect(second.demo).toBe('entered');
    second.release();
  });

  test('that another start holds is refused with its process', async () => {
    const holder = await bystander();
    lock(holder);
    await expect(openDataFolder(path)).rejects.toThrow(
      `it already runs on ${path} (process ${holder.pid}): stop that first`,
    );
  });

  test('of a start that is just stopping is waited for', async () => {
    const holder = await bystander();
    lock(holder, true);
    setTimeout(() => process.kill(holder.pid), 300);
    (await openDataFolder(path)).release();
  });

  test.each([
    ['a dead process', { pid: 4_194_000, began: '1' }],
    ['a process whose pid is used again', { pid: process.pid, began: '1' }],
  ])('is taken over from %s', async (_, holder) => {
    lock(holder);
    (await openDataFolder(path)).release();
  });

  test('is taken over when its lock is torn', async () => {
    writeFileSync(join(path, 'lock.json'), '{"pid": 12');
    (await openDataFolder(path)).release();
  });

  test('written by a newer program is refused, and stays free for that program', async () => {
    writeJson(join(path, 'state.json'), { format: DATA_FORMAT + 1 });
    const refused = openDataFolder(path);
    await expect(refused).rejects.toThrow('were written by a newer Wattledger');
    expect(() => statSync(join(path, 'lock.json'))).toThrow('ENOENT');
  });

  test('on a full disk is refused with the figures; a first start needs more than a later one', async () => {
    const withFree = (megabytes: number) =>
      openDataFolder(path, { freeBytes: () => megabytes * 1e6 });
    await expect(withFree(1_999)).rejects.toThrow(
      `the disk of ${path} is full: 1999 MB free, 2000 MB needed`,
    );
    (await withFree(2_000)).release();
    (await withFree(500)).release();
    await expect(withFree(499)).rejects.toThrow('499 MB free, 500 MB needed');
  });

  test('that cannot be made is refused', async () => {
    writeFileSync(join(path, 'file'), '');
    await expect(openDataFolder(join(path, 'file', 'data'))).rejects.toThrow(
      /^DATA_DIR .* ENOTDIR/,
    );
  });

  test('brings to an end what a killed start has left running, and nobody else', async () => {
    const [orphan, stranger] = [await bystander(), await bystander()];
    writeJson(join(path, 'processes.json'), [orphan, { ...stranger, began: '1' }]);
    const folder = await openDataFolder(path);
    expect([isAlive(orphan), isAlive(stranger)]).toEqual([false, true]);
    folder.release();
  });

  test('ends an orphan that is deaf to SIGTERM too', async () => {
    const orphan = await bystander({ deaf: true });
    writeJson(join(path, 'processes.json'), [orphan]);
    (await openDataFolder(path, { orphanDeadlineMs: 300 })).release();
    expect(isAlive(orphan)).toBe(false);
  });
});

describe('secrets', () => {
  test('are made once, kept for their user only, and forget the first password when told', () => {
    const made = openSecrets(path);
    expect(openSecrets(path)).toEqual(made);
    expect(statSync(join(path, 'secrets.json')).mode & 0o777).toBe(0o600);
    const all = [made.postgres, made.questdb, made.session, ...Object.values(made.rooms)];
    expect(new Set(all).size).toBe(7);
    expect(made.admin?.length).toBeGreaterThanOrEqual(10);
    forgetAdminPassword(path, made);
    const { admin: _, ...rest } = made;
    expect(openSecrets(path)).toEqual(rest);
  });

  test('that are damaged are refused rather than made anew', () => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'secrets.json'), '{"postgres": "x"}');
    expect(() => openSecrets(path)).toThrow('is damaged');
  });
});
