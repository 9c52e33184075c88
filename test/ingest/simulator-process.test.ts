/** The simulator as a process: ready, its sheet, the same ports after SIGTERM and after SIGKILL, relays kept. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ModbusRTU from 'modbus-serial';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { Sheet } from '../../ingest/simulator/sheet.ts';

const folder = mkdtempSync(join(tmpdir(), 'simulator-process-'));
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function start(env: Record<string, string> = {}): Promise<ChildProcess> {
  const child = fork('ingest/simulator/main.ts', {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, DATA_DIR: folder, SIMULATOR_PORT: '27020', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  await new Promise<void>((resolve, reject) => {
    child.once('message', (message) => message === 'ready' && resolve());
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
  return child;
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
const sheet = (): Sheet => JSON.parse(readFileSync(join(folder, 'simulator/park.json'), 'utf8'));

async function ask<T>(use: (client: ModbusRTU) => Promise<T>): Promise<T> {
  const client = new ModbusRTU();
  const bus = sheet().gateways[0]?.buses[0];
  await client.connectTCP('127.0.0.1', { port: bus?.port ?? 0 });
  client.setTimeout(30_000);
  client.setID(4);
  try {
    return await use(client);
  } finally {
    await new Promise<void>((resolve) => client.close(() => resolve()));
  }
}

test('it writes the sheet, keeps ports and open relays over SIGTERM and SIGKILL', async () => {
  const first = await start();
  const before = sheet();
  expect(before.meters).toHaveLength(180);
  await ask((client) => client.writeRegisters(0x57, [1, 1]));
  const gone = ended(first);
  first.kill('SIGTERM');
  expect(await gone).toBe(0);

  const second = await start();
  expect(sheet()).toEqual(before);
  const words = await ask((client) => client.readHoldingRegisters(0x224, 1));
  expect(words.data).toEqual([0x0008]);
  const killed = ended(second);
  second.kill('SIGKILL');
  await killed;

  const third = await start();
  expect(sheet()).toEqual(before);
  const left = ended(third);
  third.disconnect(); // as when the parent was killed
  expect(await left).toBe(0);
});

test('a nonsense port or another seed than the park was begun with ends it with a line', async () => {
  await expect(start({ SIMULATOR_PORT: 'abc' })).rejects.toThrow('ended with 2');
  await expect(start({ SIMULATOR_SEED: 'another' })).rejects.toThrow('ended with 2');
});
