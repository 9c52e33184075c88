/** Child processes kept alive: started until ready, restarted with backoff, stopped within a deadline. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessMark, processMark } from './process.ts';
import { messageOf, Refusal } from './refusal.ts';

export interface Work {
  name: string;
  /** Arguments of node. */
  args: string[];
  env: Record<string, string | undefined>;
}

export interface Crew {
  /** Resolves when the child has said `ready`; from then on it is restarted whenever it ends. */
  start: (work: Work) => Promise<void>;
  /** Runs a child to its end, telling its lines. Throws Refusal with its last line when it fails. */
  runOnce: (work: Work) => Promise<void>;
  /** SIGTERM to all, SIGKILL to who lives past the deadline; resolves when nobody is left. */
  stop: () => Promise<void>;
}

export interface CrewOptions {
  /** Each child's output goes to `<name>.log` in it, bounded. */
  logFolder: string;
  cwd: string;
  say: (line: string) => void;
  /** Called with the marks of all living children whenever they change. */
  remember?: (children: ProcessMark[]) => void;
  limits?: Partial<typeof LIMITS>;
}

const LIMITS = {
  /** Deaths in a row before a child that was never ready is given up. */
  startAttempts: 3,
  readyMs: 60_000,
  firstPauseMs: 500,
  longestPauseMs: 30_000,
  /** One that lived this long begins again with the first pause. */
  steadyMs: 60_000,
  stopMs: 10_000,
  logBytes: 20_000_000,
  logCheckMs: 60_000,
};

/** Opens a crew without children. */
export function openCrew({
  logFolder,
  cwd,
  say,
  remember = () => {},
  ...options
}: CrewOptions): Crew {
  const limits = { ...LIMITS, ...options.limits };
  const living = new Map<ChildProcess, ProcessMark>();
  const pauses = new Set<() => void>();
  const logs = new Set<string>();
  let stopping = false;
  mkdirSync(logFolder, { recursive: true, mode: 0o700 });
  const trim = setInterval(() => logs.forEach(trimLog), limits.logCheckMs);
  trim.unref();

  /** Appending, so that what is written after a truncation lands at the beginning. */
  function trimLog(file: string): void {
    if (!existsSync(file) || statSync(file).size < limits.logBytes) return;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  }

  function launch({ name, args, env }: Work, output: 'log' | 'pipe'): ChildProcess {
    const file = logOf(name);
    logs.add(file);
    trimLog(file);
    const log = openSync(file, 'a', 0o600);
    try {
      const child = spawn(process.execPath, args, {
        cwd,
        env: env as NodeJS.ProcessEnv,
        // A session of its own: Ctrl-C reaches the launcher only, which then stops all in order.
        detached: true,
        stdio: ['ignore', output === 'pipe' ? 'pipe' : log, log, 'ipc'],
      });
      child.once('spawn', () => {
        const mark = processMark(child.pid ?? 0);
        if (mark) living.set(child, mark);
        remember([...living.values()]);
      });
      child.once('close', () => {
        living.delete(child);
        remember([...living.values()]);
      });
      return child;
    } finally {
      closeSync(log);
    }
  }

  const logOf = (name: string): string => join(logFolder, `${name}.log`);

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      pauses.add(end);
    });
  }

  const start: Crew['start'] = (work) =>
    new Promise((resolve, reject) => {
      void keep(work, resolve, reject);
    });

  async function keep(
    work: Work,
    onReady: () => void,
    onGivenUp: (why: Refusal) => void,
  ): Promise<void> {
    let deaths = 0;
    let wasReady = false;
    while (!stopping) {
      const began = performance.now();
      const child = launch(work, 'log');
      const how = await new Promise<string>((ended) => {
        const late = setTimeout(() => child.kill('SIGKILL'), limits.readyMs);
        child.on('message', (message) => {
          if (message !== 'ready') return;
          clearTimeout(late);
          if (deaths > 0) say(`${work.name} is back`);
          wasReady = true;
          onReady();
        });
        child.once('error', (error) => ended(messageOf(error)));
        child.once('close', (code, signal) => {
          clearTimeout(late);
          ended(signal ? `signal ${signal}` : `exit code ${code}`);
        });
      });
      if (stopping) break;
      deaths = performance.now() - began >= limits.steadyMs ? 1 : deaths + 1;
      if (!wasReady && deaths >= limits.startAttempts) {
        onGivenUp(
          new Refusal(`${work.name} does not start (${how}): ${lastLine(logOf(work.name))}`),
        );
        return;
      }
      const ms = Math.min(limits.firstPauseMs * 2 ** (deaths - 1), limits.longestPauseMs);
      say(`${work.name} ended (${how}); starting it again in ${ms / 1000} s`);
      await pause(ms);
    }
    // Nobody may wait for a child that will not come any more.
    onGivenUp(new Refusal('stopped'));
  }

  const runOnce: Crew['runOnce'] = async (work) => {
    if (stopping) throw new Refusal('stopped');
    const child = launch(work, 'pipe');
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim()) say(line);
    });
    const how = await new Promise<string>((ended) => {
      child.once('error', (error) => ended(messageOf(error)));
      child.once('close', (code, signal) => {
        if (signal) ended(`signal ${signal}`);
        else ended(code === 0 ? '' : `exit code ${code}`);
      });
    });
    if (how) throw new Refusal(`${work.name} failed (${how}): ${lastLine(logOf(work.name))}`);
  };

  const stop: Crew['stop'] = async () => {
    stopping = true;
    clearInterval(trim);
    for (const end of pauses) end();
    await Promise.all(
      [...living].map(async ([child, mark]) => {
        const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
        child.kill('SIGTERM');
        const late = setTimeout(() => {
          say(`process ${mark.pid} does not stop: killed`);
          child.kill('SIGKILL');
        }, limits.stopMs);
        if (isAlive(mark)) await gone;
        clearTimeout(late);
      }),
    );
  };

  return { start, runOnce, stop };
}

/** The last line that names an error, else the last line: of a stack, or of a log in JSON. */
function lastLine(file: string): string {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-60) : [];
  const error = lines.findLast(
    (line) => /^\w+( \[\w+\])?: /.test(line) || /^{"level":"(fatal|error)"/.test(line),
  );
  const said = error ?? lines.at(-1) ?? 'it said nothing';
  return `${said.slice(0, 500)} (more in ${file})`;
}

export interface Server {
  url: string;
  mark: ProcessMark;
  stop: () => Promise<void>;
}

export interface KeptServer {
  url: string;
  stop: () => Promise<void>;
}

const WATCH_MS = 500;
const RESTART_ATTEMPTS = 5;

/**
 * Starts a server and starts it again whenever its process is gone. When it comes back at another
 * address, or cannot be started, `onLost` is told why: then everything has to be started anew.
 */
export async function keepServer({
  name,
  start,
  say,
  onLost,
}: {
  name: string;
  start: () => Promise<Server>;
  say: (line: string) => void;
  onLost: (why: Error) => void;
}): Promise<KeptServer> {
  let server = await start();
  const { url } = server;
  let restarting: Promise<void> | undefined;
  let stopping = false;
  const restart = async () => {
    say(`${name} ended; starting it again`);
    for (let attempt = 1; !stopping; attempt++) {
      try {
        server = await start();
        if (server.url === url) say(`${name} is back`);
        else onLost(new Refusal(`${name} came back at another address: its port was taken`));
        return;
      } catch (error) {
        if (attempt < RESTART_ATTEMPTS) say(`${name} does not start yet: ${messageOf(error)}`);
        else return onLost(new Refusal(`${name} does not come back: ${messageOf(error)}`));
      }
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS * 2 ** attempt));
    }
  };
  const watch = setInterval(() => {
    if (restarting || isAlive(server.mark)) return;
    restarting = restart().finally(() => {
      restarting = undefined;
    });
  }, WATCH_MS);
  return {
    url,
    stop: async () => {
      stopping = true;
      clearInterval(watch);
      await restarting;
      await server.stop();
    },
  };
}
