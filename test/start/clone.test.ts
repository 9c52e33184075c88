/** What a fresh clone relies on: a lockfile for every platform, and a README that says what is true. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { variables } from '../../sql/env.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

describe('the lockfile', () => {
  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string>; resolved?: string }>;
  };

  test('names no address to download from', () => {
    const named = Object.entries(lock.packages).filter(([, entry]) => entry.resolved);
    expect(named.map(([name]) => name)).toEqual([]);
  });

  test('has an entry for every optional package of every platform, or npm ci refuses it', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          !lock.packages[`node_modules/${name}`] && !lock.packages[`${path}/node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });

  test('was made for these dependencies, each pinned to one version', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    expect(lock.packages['']).toMatchObject({ dependencies, devDependencies });
    for (const version of Object.values({ ...dependencies, ...devDependencies })) {
      expect(version).toMatch(/^(npm:[^@]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });
});

describe('the README', () => {
  const readme = read('README.md');

  test('opens with the two commands', () => {
    expect(readme.slice(0, 300)).toMatch(/npm start[\s\S]*npm test/);
  });

  test('lists exactly the variables that are parsed, each with what it says', () => {
    const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| [^|]+ \| (.+) \|$/gm)];
    expect(rows.map((row) => row[1])).toEqual(variables.map(({ name }) => name));
    for (const [index, { name, says }] of variables.entries()) {
      const start = says.split(/[;:(]| the logs/)[0]?.trim() ?? says;
      expect(`${name}: ${rows[index]?.[2]}`).toContain(`${name}: ${start}`);
    }
  });

  test('lists exactly the rooms that there are, and each has its README of one screen', () => {
    const rooms = [...readme.matchAll(/^\| `(\w+)\/` \|/gm)].map((row) => row[1] ?? '');
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((e) => e.isDirectory() && !e.name.startsWith('.'))
      .map((e) => e.name)
      .filter((name) => !['node_modules', 'data'].includes(name));
    expect([...rooms].sort()).toEqual(folders.sort());
    for (const room of rooms.filter((name) => name !== 'test')) {
      expect(existsSync(join(root, room, 'README.md')), `${room}/README.md`).toBe(true);
      expect(read(`${room}/README.md`).split('\n').length, `${room}/README.md`).toBeLessThan(80);
    }
  });

  test('links to nothing that is not there', () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((link) => link[1] ?? '');
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });
});
