/**
 * Set-up and launch for a clone in which nothing is installed: plain JavaScript, no dependencies.
 * `node start.mjs [--no-demo]` runs the system, `node start.mjs test` proves it, `soak` proves it at
 * length, `bench` measures it, `verify` proves the ledger of the data, `backup` and
 * `restore` copy all of it. Every step is skipped while what it was made from has not changed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const oldestNode = [20, 19];
const installTimeoutMs = 600_000;
const parentPollMs = 500;
/** What programs of others (npm, its packages, apt-get) have no use for; sql/env.ts has the same list. */
const secretVariables = [
  ...['DATABASE_URL', 'QDB_CLIENT_CONF', 'ADMIN_PASSWORD', 'METRICS_TOKEN', 'SMS_URL', 'SMS_KEY'],
  ...['SMS_SECRET', 'SMTP_URL', 'WEBHOOK_SECRET', 'ORDER_QUERY_URL', 'ORDER_QUERY_SECRET'],
];
const [task, ...rest] = ['test', 'soak', 'bench', 'verify', 'backup', 'restore'].includes(
  process.argv[2],
)
  ? process.argv.slice(2)
  : ['start', ...process.argv.slice(2)];

/** Why we cannot go on, in one line; printed without a stack. */
class Refusal extends Error {}

try {
  process.chdir(root);
  checkNode();
  installDependencies();
  if (!['verify', 'backup', 'restore'].includes(task)) buildWebApp();
  const act = {
    verify: () => launch(['--verify']),
    backup: (args) => launch(['--backup', ...args]),
    restore: (args) => launch(['--restore', ...args]),
    start: launch,
    test: prove,
    soak: prove,
    bench: measure,
  }[task];
  process.exitCode = await act(rest);
} catch (error) {
  console.error(error instanceof Refusal ? `Wattledger: ${error.message}` : error);
  process.exitCode = 1;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new Refusal(`Node ${oldestNode.join('.')} or newer is needed, this is ${process.version}`);
}

function installDependencies() {
  const stamp = join(root, 'node_modules', '.wattledger-stamp');
  const wanted = digest(
    ['package-lock.json', 'package.json'],
    [process.platform, process.arch, process.versions.modules],
  );
  if (read(stamp) === wanted) return;
  // The npm that called us, else the one on the PATH.
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  step('Installing dependencies (npm ci)', 'npm ci failed: see above; it needs the npm registry', [
    ...npm,
    ...args,
  ]);
  writeFileSync(stamp, wanted);
}

function buildWebApp() {
  const app = join('web', 'app');
  if (!existsSync(join(app, 'index.html'))) return;
  const stamp = join(root, app, 'dist', '.wattledger-stamp');
  const sources = readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !file.startsWith(join(app, 'dist')) && !file.endsWith('.md'))
    .sort();
  const wanted = digest(['package-lock.json', ...sources]);
  if (read(stamp) === wanted) return;
  const vite = join('node_modules', 'vite', 'bin', 'vite.js');
  step('Building the web app', 'the web app does not build: see above', [
    ...[process.execPath, vite, 'build', app, '--logLevel', 'warn'],
  ]);
  writeFileSync(stamp, wanted);
}

/** Runs the system until it ends by itself or is told to end; its exit code is ours. */
async function launch(args) {
  // The channel tells it when we are killed, so that it never runs on alone.
  const child = spawn(process.execPath, ['--import', 'tsx', 'start.ts', ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const pass = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass);
  // npm that is killed takes nobody along: its `npm start` is over when it is.
  const parents = callers();
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event && callers() !== parents) child.kill('SIGTERM');
  }, parentPollMs);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...how) => resolve(how));
  });
  clearInterval(watch);
  return signal ? 1 : code;
}

/** Who called us: npm, or the shell that npm runs us in and npm behind it. */
function callers() {
  const stat = read(`/proc/${process.ppid}/stat`);
  const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(stat ?? '') ?? [];
  return `${process.ppid} ${/^(sh|dash|bash)$/.test(name) ? parent : ''}`;
}

/** Types, style and dead code first, since they take seconds; the tests are run whatever they say. */
async function prove(args) {
  const chrome = findChromium();
  step('Looking for QuestDB and Java', undefined, [
    ...[process.execPath, '--import', 'tsx', 'start.ts', '--set-up'],
  ]);
  const checks = { passed: 0, failed: 0 };
  if (task === 'test' && args.length === 0) {
    const runs = [
      ['types (tsc)', join('node_modules', '.bin', 'tsc'), '--noEmit'],
      ['style (biome)', join('node_modules', '.bin', 'biome'), 'check', '.'],
      ['dead code (knip)', join('node_modules', '.bin', 'knip')],
    ].map(([name, ...command]) => check(name, command));
    for (const ok of await Promise.all(runs)) checks[ok ? 'passed' : 'failed'] += 1;
  }
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-report-'));
  const report = join(folder, 'report.json');
  const child = spawn(
    process.execPath,
    [
      ...[join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', 'test/vitest.config.ts'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
    ],
    {
      stdio: 'inherit',
      env: { ...process.env, CHROME_PATH: chrome, ...(task === 'soak' ? { SOAK: '1' } : {}) },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
  const { passed, failed, skipped } = countTests(report, code);
  rmSync(folder, { recursive: true, force: true });
  const ignored = skipped > 0 ? `, ${skipped} skipped` : '';
  console.log(`${passed + checks.passed} passed, ${failed + checks.failed} failed${ignored}`);
  return failed + checks.failed > 0 ? 1 : code;
}

/** Runs a command that proves something by its exit code, and prints what it said when it fails. */
async function check(name, [file, ...args]) {
  const began = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  }
  const ok = await new Promise((resolve) => {
    child.once('error', (error) => {
      said += error.message;
      resolve(false);
    });
    child.once('close', (status) => resolve(status === 0));
  });
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name}  ${took}${ok ? '' : `\n${said}`}`);
  return ok;
}

/** Benchmarks want the same things as tests; a Ctrl-C reaches them so that they end their servers. */
async function measure(args) {
  const chrome = findChromium();
  step('Looking for QuestDB and Java', undefined, [
    ...[process.execPath, '--import', 'tsx', 'start.ts', '--set-up'],
  ]);
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/bench/main.ts', ...args], {
    stdio: 'inherit',
    env: { ...process.env, CHROME_PATH: chrome },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
}

/** A file that does not load, or an error outside of any test, counts as one failed test. */
function countTests(report, code) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const unloaded = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = numFailedTests + unloaded;
  return {
    passed: numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: numPendingTests + numTodoTests,
  };
}

function findChromium() {
  const { CHROME_PATH, PATH = '' } = process.env;
  if (CHROME_PATH && existsSync(CHROME_PATH)) return CHROME_PATH;
  if (CHROME_PATH)
    throw new Refusal(`CHROME_PATH (${CHROME_PATH}) does not exist: correct or unset it`);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const find = () =>
    PATH.split(':')
      .concat('/usr/bin')
      .flatMap((folder) => names.map((name) => join(folder, name)))
      .concat('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome')
      .find((file) => existsSync(file));
  const found = find();
  if (found) return found;
  const advice = 'no Chromium: install it (Debian: apt-get install chromium) or set CHROME_PATH';
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Refusal(advice);
  const aptGet = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  step('Updating the list of packages (apt-get update)', advice, [...aptGet, 'update']);
  step('Installing Chromium (apt-get)', advice, [
    ...[...aptGet, 'install', '-y', '--no-install-recommends', 'chromium', 'fonts-wqy-microhei'],
  ]);
  const installed = find();
  if (!installed) throw new Refusal(advice);
  return installed;
}

/** One named step of the set-up, its output shown; ends everything when it fails. */
function step(name, failure, [program, ...args]) {
  if (failure) console.log(`${name} …`);
  const began = performance.now();
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([variable]) => !secretVariables.includes(variable)),
  );
  const { status } = spawnSync(program, args, { stdio: 'inherit', timeout: installTimeoutMs, env });
  if (status === 0) {
    if (failure) console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    return;
  }
  if (failure) throw new Refusal(failure);
  process.exit(1); // It has said itself what is wrong.
}

function digest(files, words = []) {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word}\n`);
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(file)).update('\n');
  return hash.digest('hex');
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
