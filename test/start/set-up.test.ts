/** start.mjs in a folder where nothing is installed: what it says and leaves when a step fails. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const startMjs = fileURLToPath(new URL('../../start.mjs', import.meta.url));
let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'wattledger-clone-'));
  copyFileSync(startMjs, join(clone, 'start.mjs'));
  writeFileSync(join(clone, 'package.json'), '{"name": "clone", "type": "module"}');
  writeFileSync(join(clone, 'package-lock.json'), '{}');
  writeFileSync(join(clone, 'start.ts'), "throw new Error('started')");
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

/** Runs start.mjs with an npm of ours on the PATH, which is a shell script of these lines. */
function setUp(npm: string, ...args: string[]) {
  writeFileSync(join(clone, 'npm'), `#!/bin/sh\n${npm}\n`);
  chmodSync(join(clone, 'npm'), 0o755);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['start.mjs', ...args], {
    cwd: clone,
    encoding: 'utf8',
    env: {
      PATH: `${clone}:/usr/bin:/bin`,
      ...(args[0] === 'test' ? { CHROME_PATH: '/nowhere' } : {}),
    },
  });
  return { status, stdout, stderr };
}

/** As npm does: node_modules are there, and tsx is whatever ignores what it is asked to load. */
const installing = `echo ran >> npm.log; echo "$@" > npm.args
mkdir -p node_modules/tsx && echo '{"name":"tsx","main":"index.cjs"}' > node_modules/tsx/package.json
echo "console.log('loaded'); process.exit(0)" > node_modules/tsx/index.cjs`;
const runs = () =>
  existsSync(join(clone, 'npm.log')) ? readFileSync(join(clone, 'npm.log'), 'utf8').length / 4 : 0;

describe('set-up', () => {
  test('that cannot install says so in its last line, ends with 1 and starts nothing', () => {
    const { status, stderr } = setUp('echo "npm error network" >&2; exit 1');
    expect(status).toBe(1);
    expect(stderr).toBe(
      'npm error network\nWattledger: npm ci failed: see above; it needs the npm registry\n',
    );
    expect(existsSync(join(clone, 'node_modules', '.wattledger-stamp'))).toBe(false);
  });

  test('installs once, exactly what the lockfile says, and again when the lockfile has changed', () => {
    expect(setUp(installing)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(clone, 'npm.args'), 'utf8')).toMatch(/^ci --include=dev /);
    expect(setUp(installing).stdout).toBe('loaded\n');
    expect(runs()).toBe(1);
    writeFileSync(join(clone, 'package-lock.json'), '{"changed": true}');
    expect(setUp(installing).stdout).toMatch(
      /^Installing dependencies \(npm ci\) …\n.*\d s\nloaded\n$/s,
    );
    expect(runs()).toBe(2);
  });

  test('an install that was cut short is done again', () => {
    expect(setUp(`${installing}; exit 1`).status).toBe(1);
    expect(setUp(installing).status).toBe(0);
    expect(runs()).toBe(2);
  });

  test('of the tests refuses a CHROME_PATH that is not there', () => {
    expect(setUp(installing, 'test')).toMatchObject({
      status: 1,
      stderr: 'Wattledger: CHROME_PATH (/nowhere) does not exist: correct or unset it\n',
    });
  });
});
