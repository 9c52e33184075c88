/** Supervision, tried on small children: readiness, backoff, stopping, and what happens without us. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive, type ProcessMark, processMark } from '../../sql/process.ts';
import { type Crew, keepServer, openCrew } from '../../sql/supervise.ts';
import { eventually } from '../patience.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const limits = { firstPauseMs: 20, longestPauseMs: 100, stopMs: 500, readyMs: 60_000 };
let top: string;
let said: string[];
let marks: ProcessMark[];
let crew: Crew;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'wattledger-crew-'));
  said = [];
  marks = [];
  const remember = (children: ProcessMark[]) => {
    marks = children;
  };
  crew = openCrew({ logFolder: top, cwd: root, say: (line) => said.push(line), remember, limits });
});
afterEach(async () => {
  await crew.stop();
  rmSync(top, { recursive: true, force: true });
});

const child = (name: string, code: string) => ({
  name,
  args: ['--input-type=module', '-e', code],
  env: { PATH: process.env.PATH },
});
const ready = "process.send('ready'); process.on('SIGTERM', () => process.exit(0));";
const theOnly = () => {
  const [mark, ...others] = marks;
  if (!mark || others.length > 0) throw new Error(`${marks.length} children live`);
  return mark;
};

describe('a child', () => {
  test('that is killed is started again, and that is said', async () => {
    await crew.start(child('ingest', `${ready} setInterval(() => {}, 1000)`));
    const first = theOnly();
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => said.includes('ingest is back'));
    expect(said[0]).toBe('ingest ended (signal SIGKILL); starting it again in 0.02 s');
    expect(theOnly().pid).not.toBe(first.pid);
  });

  test('that dies again and again is started ever more slowly', async () => {
    await crew.start(child('billing', `${ready} setTimeout(() => process.exit(7), 50)`));
    await eventually(() => said.filter((l) => l.includes('ended')).length >= 5);
    const pauses = said.flatMap((line) => /in ([\d.]+) s/.exec(line)?.[1] ?? []);
    expect(pauses.slice(0, 5)).toEqual(['0.02', '0.04', '0.08', '0.1', '0.1']);
    expect(said[0]).toContain('exit code 7');
  });

  test('that never gets ready is given up with its last words', async () => {
    const start = crew.start(child('web', "throw new Error('no such table: meters')"));
    await expect(start).rejects.toThrow(
      /^web does not start \(exit code 1\): Error: no such table: meters \(more in .*web\.log\)$/,
    );
    expect(said).toHaveLength(2);
  });

  test('that says nothing within its deadline is ended and counted as dead', async () => {
    const slow = openCrew({
      logFolder: top,
      cwd: root,
      say: () => {},
      limits: { ...limits, readyMs: 200 },
    });
    await expect(slow.start(child('mute', 'setInterval(() => {}, 1000)'))).rejects.toThrow(
      'mute does not start (signal SIGKILL)',
    );
    await slow.stop();
  });

  test('that is deaf to SIGTERM is killed at the deadline when all is stopped', async () => {
    const deaf =
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.send('ready')";
    await crew.start(child('deaf', deaf));
    const mark = theOnly();
    await crew.stop();
    expect(isAlive(mark)).toBe(false);
    expect(said).toEqual([`process ${mark.pid} does not stop: killed`]);
    expect(marks).toEqual([]);
  });

  test('is not started again once all is stopped, and who waits for it is told', async () => {
    const start = crew.start(child('late', 'setInterval(() => {}, 1000)'));
    start.catch(() => {});
    await eventually(() => marks.length === 1);
    await crew.stop();
    await expect(start).rejects.toThrow('stopped');
    await expect(crew.runOnce(child('later', ''))).rejects.toThrow('stopped');
    expect(marks).toEqual([]);
  });

  test('writes into its own log, which is cut when it has grown too long', async () => {
    writeFileSync(join(top, 'talker.log'), 'x'.repeat(2_000));
    const cutting = openCrew({
      logFolder: top,
      cwd: root,
      say: () => {},
      limits: { ...limits, logBytes: 1_000 },
    });
    await cutting.start(
      child('talker', `console.log('hello'); ${ready} setInterval(() => {}, 1000)`),
    );
    await cutting.stop();
    expect(readFileSync(join(top, 'talker.log'), 'utf8')).toBe('hello\n');
    expect(readFileSync(join(top, 'talker.log.1'), 'utf8')).toHaveLength(2_000);
  });
});

describe('a child that runs once', () => {
  test('has its lines told as they come', async () => {
    await crew.runOnce(child('history', "console.log('day 1'); console.log('day 2')"));
    expect(said).toEqual(['day 1', 'day 2']);
  });

  test('that fails is told with its last words', async () => {
    const once = crew.runOnce(
      child('demo', "console.error('Error: no building'); process.exit(3)"),
    );
    await expect(once).rejects.toThrow(/^demo failed \(exit code 3\): Error: no building/);
  });
});

describe('the leash', () => {
  test.each([
    ['heeds SIGTERM', "process.on('SIGTERM', () => process.exit(0));"],
    ['knows nothing of signals', ''],
  ])('ends a child that %s when its launcher is killed', async (_, heed) => {
    const main = join(top, 'main.mjs');
    writeFileSync(
      main,
      `${heed} setInterval(() => {}, 1000); process.send('ready ' + process.pid);`,
    );
    const launcher = join(top, 'launcher.mjs');
    writeFileSync(
      launcher,
      `import { spawn } from 'node:child_process';
       const child = spawn(process.execPath, ['--import', 'tsx', '--import', './sql/leash.ts', ${JSON.stringify(main)}],
         { cwd: ${JSON.stringify(root)}, detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
       child.on('message', (m) => console.log(m));`,
    );
    const parent = spawn(process.execPath, [launcher], { stdio: ['ignore', 'pipe', 'inherit'] });
    const words = await new Promise<string>((told) =>
      parent.stdout.once('data', (data) => told(String(data))),
    );
    const mark = processMark(Number(words.split(' ')[1]));
    if (!mark) throw new Error('the child is gone too early');
    parent.kill('SIGKILL');
    await eventually(() => !isAlive(mark));
  });

  test('does not keep a process alive that has finished', async () => {
    const once = {
      name: 'brief',
      args: ['--import', 'tsx', '--import', './sql/leash.ts', '-e', '0'],
    };
    await crew.runOnce({ ...once, env: { PATH: process.env.PATH } });
  });
});

describe('a kept server', () => {
  async function processOf(): Promise<ProcessMark> {
    const server = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
    });
    await new Promise((up) => server.once('spawn', up));
    const mark = processMark(server.pid ?? 0);
    if (!mark) throw new Error('the server is gone');
    return mark;
  }
  const stop = (mark: ProcessMark) => async () => process.kill(mark.pid) && undefined;

  test('is started again when its process is gone, also when that takes several tries', async () => {
    const first = await processOf();
    const lost: Error[] = [];
    const starts = [
      async () => ({ url: 'a', mark: first, stop: stop(first) }),
      async () => {
        throw new Error('not yet');
      },
      async () => {
        const mark = await processOf();
        return { url: 'a', mark, stop: stop(mark) };
      },
    ];
    const kept = await keepServer({
      name: 'PostgreSQL',
      start: () => (starts.shift() as (typeof starts)[number])(),
      say: (line) => said.push(line),
      onLost: (why) => lost.push(why),
    });
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => said.includes('PostgreSQL is back'));
    expect(said.slice(0, 2)).toEqual([
      'PostgreSQL ended; starting it again',
      'PostgreSQL does not start yet: not yet',
    ]);
    expect(lost).toEqual([]);
    await kept.stop();
  });

  test('that comes back at another address is lost', async () => {
    const [first, second] = [await processOf(), await processOf()];
    const lost: Error[] = [];
    const starts = [
      { url: 'a', mark: first, stop: stop(first) },
      { url: 'b', mark: second, stop: stop(second) },
    ];
    const kept = await keepServer({
      name: 'QuestDB',
      start: async () => starts.shift() as (typeof starts)[number],
      say: () => {},
      onLost: (why) => lost.push(why),
    });
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => lost.length > 0);
    expect(lost[0]?.message).toContain('came back at another address');
    await kept.stop();
  });
});
