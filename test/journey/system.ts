/** The whole system as a user starts it, in a folder and on a port of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface System {
  url: string;
  process: ChildProcess;
  /** Everything it printed. */
  lines: () => string;
  /** SIGTERM; resolves with the exit code. */
  stop: () => Promise<number | null>;
}

export const EMAIL = 'admin@wattledger.local';
export const PASSWORD = 'a journey of one day';

/** Starts the system and resolves at its line `Ready`; rejects with what it printed when it ends first. */
export async function startSystem({
  dataFolder,
  port,
  flags = [],
  env = {},
}: {
  dataFolder: string;
  port: number;
  flags?: string[];
  env?: Record<string, string>;
}): Promise<System> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'start.ts', ...flags], {
    cwd: root,
    env: {
      ...withoutOurs(process.env),
      DATA_DIR: dataFolder,
      PORT: String(port),
      ADMIN_PASSWORD: PASSWORD,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ready = new Promise<void>((resolve, reject) => {
    const read = (piece: Buffer) => {
      text += piece.toString();
      if (/^Ready {2}http/m.test(text)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    ended.then((code) => reject(new Error(`start.ts ended with ${code}:\n${text}`)));
  });
  await ready;
  return {
    url: `http://127.0.0.1:${port}`,
    process: child,
    lines: () => text,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** Servers of the test run must not be taken for the system's own. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(TEST_|VITEST|DATABASE_URL|QDB_|QUESTDB_|NODE_ENV|TEST$)/.test(name),
    ),
  );
}

/** A port that nobody holds now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Processes whose command line or environment names the folder. */
export function processesOf(dataFolder: string): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    const pid = Number(name);
    if (pid === process.pid) continue;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (command.includes(dataFolder) || environment.includes(`DATA_DIR=${dataFolder}`)) {
        found.push({ pid, command });
      }
    } catch {
      // It ended while we looked, or is another user's: not one of ours.
    }
  }
  return found;
}
