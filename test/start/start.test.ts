/** `npm start` from outside: what it refuses in one line, and a whole life from first start to restart. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, inject, test } from 'vitest';
import { freePort } from '../../sql/port.ts';
import { processMark, waitUntil } from '../../sql/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const top = mkdtempSync(join(tmpdir(), 'wattledger-start-'));
const started = new Set<ChildProcess>();

interface Running {
  child: ChildProcess;
  output: () => string;
  /** Resolves to the exit code, or to the name of the signal. */
  ended: Promise<number | string | null>;
}

/** start.ts as start.mjs runs it, with the environment of nobody. */
function start(env: Record<string, string>, ...flags: string[]): Running {
  const child = spawn(process.execPath, ['--import', 'tsx', 'start.ts', ...flags], {
    cwd: root,
    env: {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, JAVA_HOME: process.env.JAVA_HOME },
      ...{ JAVA_TOOL_OPTIONS: process.env.JAVA_TOOL_OPTIONS },
      ...{ CACHE_DIR: inject('cacheFolder'), ...env },
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  started.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => {
      started.delete(child);
      resolve(signal ?? code);
    }),
  );
  return { child, output: () => output, ended };
}

afterEach(async () => {
  for (const child of started) child.kill('SIGTERM');
  await waitUntil(() => started.size === 0, 30_000);
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

describe('npm start refuses in one line', () => {
  const refused = async (env: Record<string, string>, ...flags: string[]) => {
    const run = start({ DATA_DIR: join(top, 'refused'), ...env }, ...flags);
    expect(await run.ended).toBe(1);
    return run.output();
  };

  test('a variable that is wrong', async () => {
    expect(await refused({ PORT: 'many' })).toBe(
      'Wattledger: PORT must be a number from 1 to 65535, not "many"\n',
    );
  });

  test('an option that it does not know', async () => {
    expect(await refused({}, '--demo=none')).toBe(
      'Wattledger: there is no option --demo=none; there is --no-demo\n',
    );
  });

  test('to verify what is not there', async () => {
    const folder = join(top, 'nowhere');
    expect(await refused({ DATA_DIR: folder }, '--verify')).toBe(
      `Wattledger: there are no data in ${folder}: set DATA_DIR to the folder of yours\n`,
    );
  });

  test('to back up or restore what is not there, or without a folder', async () => {
    const folder = join(top, 'nowhere');
    expect(await refused({ DATA_DIR: folder }, '--backup', join(top, 'backup'))).toBe(
      `Wattledger: there are no data in ${folder}: set DATA_DIR to the folder of yours\n`,
    );
    expect(await refused({ DATA_DIR: folder }, '--restore', join(top, 'backup'))).toBe(
      `Wattledger: there is no backup in ${join(top, 'backup')}\n`,
    );
    expect(await refused({}, '--backup', '--with-key', 'somewhere')).toBe(
      'Wattledger: say it like: npm run backup -- <folder> [--with-keys]\n',
    );
    expect(readdirSync(top)).not.toContain('nowhere');
  });

  test('a port in use, before anything is started', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    expect(await refused({ PORT: String(port) })).toBe(
      `Wattledger: port ${port} on 127.0.0.1 is in use: free it, or set PORT (and HOST)\n`,
    );
    other.close();
    expect(readdirSync(join(top, 'refused'))).not.toContain('postgres');
  });

  test('data that a newer version wrote', async () => {
    const folder = mkdtempSync(join(top, 'newer-'));
    writeFileSync(join(folder, 'state.json'), '{"format": 999}');
    expect(await refused({ DATA_DIR: folder })).toMatch(
      /^Wattledger: the data in .* were written by a newer Wattledger: [^\n]*\n$/,
    );
  });

  test('no Java', async () => {
    expect(await refused({ JAVA_HOME: top, PORT: String(await freePort()) })).toContain(
      `Wattledger: JAVA_HOME (${top}) holds no Java 17 or newer: correct it or unset it\n`,
    );
  });

  test('a PostgreSQL of the user that does not answer', async () => {
    const port = await freePort();
    const output = await refused({
      PORT: String(await freePort()),
      DATABASE_URL: `postgres://u:secret@127.0.0.1:${port}/d`,
      QDB_CLIENT_CONF: `http::addr=127.0.0.1:${port};`,
    });
    expect(output).toMatch(/^Wattledger: DATABASE_URL cannot be used: [^\n]*ECONNREFUSED[^\n]*\n$/);
    expect(output).not.toContain('secret');
  });
});

describe('npm start', () => {
  const READY_DEADLINE_MS = 120_000;
  const folder = join(top, 'data');
  const readyIn = async (run: Running) => {
    const ready = () => /^Ready .*$/m.test(run.output()) || run.child.exitCode !== null;
    await waitUntil(ready, READY_DEADLINE_MS);
    expect(run.output()).toMatch(/^Ready .*$/m);
  };
  const pids = () =>
    (JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')) as { pid: number }[]).concat(
      {
        pid: Number(
          readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0],
        ),
      },
      JSON.parse(readFileSync(join(folder, 'questdb', 'server.json'), 'utf8')),
    );
  const alive = (marks: { pid: number }[]) => marks.filter(({ pid }) => processMark(pid)).length;

  test('starts empty, refuses a second start, survives kill −9, and stops with nothing left', async () => {
    const port = await freePort();
    const env = { DATA_DIR: folder, PORT: String(port), ADMIN_PASSWORD: 'correct horse' };
    const first = start(env, '--no-demo');
    await readyIn(first);
    expect(first.output().trimEnd().split('\n').at(-1)).toBe(
      `Ready  http://127.0.0.1:${port}  sign in as admin@wattledger.local with the password in ADMIN_PASSWORD`,
    );
    expect((await fetch(`http://127.0.0.1:${port}/api/health`)).status).toBe(200);

    const second = start({ ...env, PORT: String(await freePort()) });
    expect(await second.ended).toBe(1);
    expect(second.output()).toBe(
      `Wattledger: it already runs on ${folder} (process ${first.child.pid}): stop that first\n`,
    );

    const before = pids();
    expect(alive(before)).toBe(6);
    first.child.kill('SIGKILL');
    await first.ended;
    const third = start(env);
    await readyIn(third);
    const signIn = await fetch(`http://127.0.0.1:${port}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: `http://127.0.0.1:${port}` },
      body: JSON.stringify({ email: 'admin@wattledger.local', password: env.ADMIN_PASSWORD }),
    });
    expect(signIn.ok).toBe(true);

    const proven = async () => {
      const proof = start({ DATA_DIR: folder }, '--verify');
      expect(await proof.ended).toBe(0);
      expect(proof.output()).toBe('The ledger holds in 0 projects\n');
    };
    const now = pids();
    await proven();
    expect(alive(now)).toBe(6);
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(0);
    expect(alive([...before, ...now])).toBe(0);
    await proven();
    expect(readdirSync(join(folder, 'postgres'))).not.toContain('postmaster.pid');
    expect(readdirSync(folder)).not.toContain('lock.json');
  });
});
