/**
 * A backup of a park that goes on being settled and sampled, restored into an empty database and a QuestDB
 * of its own: the same to the last row, and what came meanwhile is worked off to the same ledger.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createMeterRound } from '../../billing/meter-round.ts';
import { seal } from '../../billing/seal.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { verifyLedger } from '../../billing/verify.ts';
import { makeBackup } from '../../sql/backup/backup.ts';
import { type Manifest, openBackup, writeManifest } from '../../sql/backup/manifest.ts';
import { writePacked } from '../../sql/backup/packed.ts';
import { comparisonLines, restoreBackup } from '../../sql/backup/restore.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { dayStart } from '../../sql/local-day.ts';
import { DataNewerThanCode, urlAs } from '../../sql/migrate.ts';
import { rooms } from '../../sql/owners.ts';
import { openPostgres } from '../../sql/postgres.ts';
import { openQuestdb } from '../../sql/questdb.ts';
import { obtainQuestdb } from '../../sql/questdb-jar.ts';
import { type QuestdbServer, startQuestdb } from '../../sql/questdb-server.ts';
import { openFace } from '../billing/face.ts';
import { ledgerOf, openPark, type Park } from '../billing/park.ts';
import { ROLE_PASSWORD } from '../global-setup.ts';

const days = ['2026-01-05', '2026-01-06', '2026-01-07'];
const top = mkdtempSync(join(tmpdir(), 'wattledger-backup-'));
const folder = join(top, 'whole');
const passwords = Object.fromEntries(rooms.map((room) => [room, ROLE_PASSWORD])) as Record<
  (typeof rooms)[number],
  string
>;
let park: Park;
let other: QuestdbServer;
let manifest: Manifest;
const databases: string[] = [];
const quiet = () => {};

beforeAll(async () => {
  const { JAVA_HOME: javaHome, PATH: path } = process.env;
  const parts = await obtainQuestdb({ cacheFolder: inject('cacheFolder'), javaHome, path });
  const target = { folder: join(top, 'questdb'), ...parts, password: 'x'.repeat(20), heapMb: 256 };
  [park, other] = await Promise.all([settledPark(), startQuestdb(target)]);
  manifest = await backUp(folder, { onSnapshot: meanwhile });
});
afterAll(async () => {
  await park?.close();
  await other?.stop();
  const books = new pg.Client({ connectionString: inject('postgresUrl') });
  await books.connect();
  for (const name of databases) await books.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await books.end();
  rmSync(top, { recursive: true, force: true });
});

/** Three settled days, a correction, a sale and samples; all of it sealed but the last settlement. */
async function settledPark(): Promise<Park> {
  const component = { kind: 'usage', code: 'energy', name: 'Energy', price: '0.61837' };
  const made = await openPark({ from: days[0], definition: { components: [component] } });
  for (const [i, point] of made.points.entries()) {
    for (const day of days) {
      await made.intervals(point, day, (slot) => 250 + slot + i);
    }
  }
  // A day that is not settled, with a quarter-hour that nobody knows.
  await made.intervals(made.points[1] ?? '', '2026-01-08', (slot) => (slot === 7 ? 'missing' : 9));
  await sample(made, '2026-01-06');
  made.after('2026-01-07');
  await holdOnMeter(made);
  await settleDue(made.deps, made.project);
  await correct(made, '2026-01-06', 333);
  await openFace(made)(
    'POST',
    `/accounts/${made.accounts[0]}/sales`,
    { channel: 'cash', amount: { amount: '100.00', currency: 'CNY' } },
    { 'idempotency-key': 'one' },
  );
  while ((await seal(made.postgres.db, { projectId: made.project.id, at: made.now })) > 0);
  return made;
}

/** The second account's meter holds its money; its counter is known, and one recharge was made. */
async function holdOnMeter(made: Park): Promise<void> {
  await made.rows(
    `WITH g AS (INSERT INTO gateways (project_id, name) VALUES ($1, 'G') RETURNING id),
     b AS (INSERT INTO buses (project_id, gateway_id, name, framing, host, port)
       SELECT $1, id, 'B', 'tcp', '127.0.0.1', 1 FROM g RETURNING id)
     UPDATE meters SET bus_id = b.id, unit = 1 FROM b WHERE project_id = $1 AND serial = 'S2'`,
    [made.project.id],
  );
  const mode = { mode: 'meter', reason: 'agreed' };
  const path = `/accounts/${made.accounts[1]}/credit-mode`;
  expect((await openFace(made)('PUT', path, mode)).status).toBe(200);
  await made.rows("UPDATE meter_wallets SET counter = 4, counter_at = '2026-01-07'");
}

/** A new version of a day of the first point, made dirty before it is written, and settled. */
async function correct(
  { points, project, postgres, deps, intervals }: Park,
  day: string,
  wh: number,
) {
  const [pointId = ''] = points;
  await markDirty(postgres.db, {
    ...{ projectId: project.id, who: 'billing', why: 'test' },
    days: [{ pointId, localDay: day }],
  });
  await intervals(pointId, day, () => wh, { version: 2 });
  await deps.source.questdb.settled(['intervals']);
  expect(await settleDirty(deps, project)).toMatchObject({ outcome: 'settled', headers: 1 });
}

/** Every kind of cell: exact and floating numbers, an instant with microseconds, none at all. */
async function sample({ questdb, project }: Park, day: string): Promise<void> {
  const startMs = dayStart(project.zone, day);
  const lines = Array.from({ length: 300 }, (_, n) => {
    const clock = n % 3 === 0 ? '' : `,device_clock=${startMs + n * 60_000}123t`;
    return `samples,project=${project.id},meter=M\\ 1\\,"a",quality=ok digest=${n}i,active_wh=${1e15 + n}i,voltage_a_v=${230 + n / 7},current_a_a=${n * 1e-9},valve=${n % 2}i${clock} ${startMs + n * 60_000}000000\n`;
  });
  await questdb.write(lines.join(''));
}

/**
 * Somebody has charged the meter after the backup was made, which the restored books do not know: no money leaves for it
 * before a reading that is younger than the restore has told the counter, and the difference is a person's.
 */
async function readsCountersFirst(restored: Park): Promise<void> {
  const { postgres, project, rows, questdb, deps } = restored;
  const accountId = restored.accounts[1];
  const meterId = String((await rows("SELECT id FROM meters WHERE serial = 'S2'"))[0]?.id);
  const clock = () => restored.now;
  const round = createMeterRound({
    ...{ db: postgres.db, source: deps.source, clock },
    log: { info: quiet, warn: quiet, error: (told: unknown) => expect(told).toBeNull() },
  });
  /** Learns a counter, then sends what has waited for it. */
  const twice = async () => {
    await round();
    await round();
  };
  const face = openFace(restored);
  const show = async (counter: number, ms: number) => {
    await questdb.write(
      `samples,project=${project.id},meter=${meterId},quality=ok remaining_minor=0i,purchase_count=${counter}i,digest=${ms}i ${ms}000000\n`,
    );
    await questdb.settled(['samples'], { timeoutMs: 20_000 });
  };
  const commands = async () =>
    (await rows("SELECT arguments FROM commands WHERE function = 'recharge'")).map(
      ({ arguments: args }) => args,
    );
  const amount = { amount: '25.00', currency: project.currency };
  const sale = await face(
    'POST',
    `/accounts/${accountId}/sales`,
    { channel: 'transfer', amount, meterId },
    { 'idempotency-key': 'after the restore' },
  );
  const state = async () =>
    (await face('GET', `/recharges/${sale.body.rechargeId}`)).body as Record<string, unknown>;
  expect(await state()).toMatchObject({ state: 'waiting', waitsFor: 'restored' });
  // What was read before the restore tells nothing.
  await show(4, restored.now.getTime() - 3_600_000);
  await twice();
  expect([await state(), await commands()]).toEqual([
    expect.objectContaining({ state: 'waiting', waitsFor: 'restored' }),
    [],
  ]);
  // Another counter than the ledger's: whatever it was, it is not charged over.
  restored.now = new Date(restored.now.getTime() + 60_000);
  await show(5, restored.now.getTime());
  restored.now = new Date(restored.now.getTime() + 1_000);
  await twice();
  expect([(await state()).state, await commands()]).toEqual(['waiting', []]);
  // Nobody has: the counter is the ledger's, and the money goes with the next one.
  restored.now = new Date(restored.now.getTime() + 60_000);
  await show(4, restored.now.getTime());
  restored.now = new Date(restored.now.getTime() + 1_000);
  await twice();
  expect([(await state()).state, await commands()]).toEqual([
    'sent',
    // Half of the sale pays what the account owes.
    [{ counter: 5, amountMinor: 1_250 }],
  ]);
}

/** What goes on between the snapshot and the end of the backup. */
async function meanwhile(): Promise<void> {
  await correct(park, '2026-01-05', 444);
  await sample(park, '2026-01-07');
}

const backUp = (to: string, more: Partial<Parameters<typeof makeBackup>[0]> = {}) =>
  makeBackup({
    ...{
      folder: to,
      ownerUrl: park.urls.owner,
      questdbUrl: park.questdbUrl,
      version: '0',
      say: quiet,
    },
    ...{ demo: 'none', clock: () => new Date('2026-01-08T00:00:00Z'), dirtyGraceMs: 0, ...more },
  });

async function emptyDatabase(): Promise<string> {
  const name = `restored_${park.project.id}_${databases.length}`;
  const books = new pg.Client({ connectionString: inject('postgresUrl') });
  await books.connect();
  await books.query(`CREATE DATABASE ${name}`);
  await books.end();
  databases.push(name);
  return Object.assign(new URL(inject('postgresUrl')), { pathname: `/${name}` }).toString();
}

const restore = (from: string, ownerUrl: string, of = manifest) =>
  restoreBackup({
    ...{ folder: from, manifest: of, ownerUrl, questdbUrl: other.url, say: quiet },
    rolePasswords: passwords,
  });

/** A copy of the backup to be spoilt. */
function copied(name: string): string {
  const copy = join(top, name);
  cpSync(folder, copy, { recursive: true });
  return copy;
}

describe('a backup', () => {
  test('tells what is in it: rows, versions, sealed positions; no keys unless asked for', () => {
    const rowsOf = (table: string) =>
      manifest.postgres.tables.find(({ name }) => name === table)?.file.rows;
    // Two points on three days and a correction; the second correction came after the snapshot.
    expect(rowsOf('settlements')).toBe(7);
    expect(manifest.projects).toMatchObject([{ id: park.project.id, position: '8' }]);
    const samples = manifest.questdb.tables.find(({ name }) => name === 'samples');
    expect(samples?.files.map(({ day, rows }) => [day, rows])).toEqual([
      ['2026-01-05', 300],
      ['2026-01-06', 300],
    ]);
    expect(manifest).toMatchObject({ keys: null, code: { version: '0' } });
  });

  test('that was cut off is recognised, and so is one that never was', async () => {
    const copy = copied('cut');
    rmSync(join(copy, 'manifest.json'));
    await expect(openBackup(copy)).rejects.toThrow(`${copy} is not a whole backup: it was cut off`);
    await expect(openBackup(join(top, 'none'))).rejects.toThrow('there is no backup in');
  });

  test('with a flipped byte, a short file or an altered manifest names it', async () => {
    const copy = copied('flipped');
    const flipped = join(copy, 'postgres', 'charges.gz');
    const bytes = readFileSync(flipped);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(flipped, bytes);
    truncateSync(join(copy, 'questdb', 'samples', '2026-01-05.gz'), 40);
    const refused = openBackup(copy);
    await expect(refused).rejects.toThrow('postgres/charges.gz was altered (SHA-256)');
    await expect(refused).rejects.toThrow('questdb/samples/2026-01-05.gz has 40 bytes instead of');
    const text = readFileSync(join(copy, 'manifest.json'), 'utf8');
    writeFileSync(join(copy, 'manifest.json'), text.replace('"position": "8"', '"position": "7"'));
    await expect(openBackup(copy)).rejects.toThrow('manifest.json was altered');
  });

  test('wants a folder of its own, and takes it away when it does not become whole', async () => {
    await expect(backUp(folder)).rejects.toThrow(`${folder} is not empty`);
    const broken = join(top, 'broken');
    const onSnapshot = async () => {
      throw new Error('cut');
    };
    await expect(backUp(broken, { onSnapshot })).rejects.toThrow('cut');
    await expect(openBackup(broken)).rejects.toThrow('there is no backup in');
  });

  // Only root may mount the small disk.
  test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'says plainly that the disk is full, and gives the room back',
    async () => {
      const small = mkdtempSync(join(tmpdir(), 'wattledger-small-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', small]);
      try {
        const full = backUp(join(small, 'backup'));
        await expect(full).rejects.toThrow(`the disk of ${join(small, 'backup')} is full`);
        expect(readdirSync(small)).toEqual([]);
      } finally {
        execFileSync('umount', [small]);
        rmSync(small, { recursive: true });
      }
    },
  );

  test('of nothing is refused', async () => {
    await expect(backUp(join(top, 'nothing'), { ownerUrl: await emptyDatabase() })).rejects.toThrow(
      'there is nothing to back up',
    );
  });
});

describe('a restore', () => {
  test('refuses a backup of a later version', async () => {
    const later = { when: 9_999_999_999_999, hash: 'x' };
    const { postgres } = manifest;
    const of = {
      ...manifest,
      postgres: { ...postgres, migrations: [...postgres.migrations, later] },
    };
    await expect(restore(folder, await emptyDatabase(), of)).rejects.toThrow(DataNewerThanCode);
  });

  test('names the day whose rows are not those of the backup', async () => {
    const copy = copied('tampered');
    const name = 'postgres/charges.gz';
    const text = gunzipSync(readFileSync(join(copy, name))).toString();
    rmSync(join(copy, name));
    const file = await writePacked(copy, name, [text.replace(/\tenergy\t/, '\tother\t')]);
    const { postgres, questdb } = manifest;
    const tables = postgres.tables.map((t) => (t.name === 'charges' ? { ...t, file } : t));
    const of = {
      ...{ ...manifest, postgres: { ...postgres, tables } },
      questdb: { ...questdb, tables: [] },
    };
    writeManifest(copy, of);
    const compared = await restore(copy, await emptyDatabase(), await openBackup(copy));
    const differing = Object.fromEntries(
      compared.flatMap(({ what, different }) => (different.length ? [[what, different]] : [])),
    );
    expect(differing).toEqual({
      'charges of a day': [expect.stringMatching(/\/charges\/2026-01-0[567]$/)],
      // None were loaded.
      'intervals of a day': [...days, '2026-01-08'].map(
        (day) => `${park.project.id}/intervals/${day}`,
      ),
    });
    expect(comparisonLines(compared).at(-1)).toBe('  It DIFFERS');
  });

  test('into an empty system gives the same days, a ledger that holds, and works off what came meanwhile', async () => {
    const ownerUrl = await emptyDatabase();
    const compared = await restore(folder, ownerUrl, await openBackup(folder));
    expect(compared.filter(({ different }) => different.length > 0)).toEqual([]);
    expect(Object.fromEntries(compared.map(({ what, equal }) => [what, equal]))).toEqual({
      ...{ 'settlements of a day': 3, 'charges of a day': 3, 'intervals of a day': 4 },
      // Corrections and the sale are posted on a day of their own.
      'entries of a day': Number(
        await park.value(`SELECT count(DISTINCT accounting_date) FROM transactions`),
      ),
      ...{ samples: 2, intervals: 5, interval_versions: 0, 'sealed positions': 1 },
    });
    const postgres = openPostgres({ url: urlAs(ownerUrl, 'billing', ROLE_PASSWORD) });
    const owner = new pg.Pool({ connectionString: ownerUrl, max: 1 });
    owner.on('error', quiet);
    try {
      const { id: projectId, currency } = park.project;
      const proof = await verifyLedger(postgres.db, { projectId, currency });
      expect(proof).toMatchObject({ holds: true, positions: 8n, hash: manifest.projects[0]?.hash });
      // The mark of the correction that came after the snapshot is there, the correction is not.
      const questdb = openQuestdb({ url: other.url });
      const deps = { ...park.deps, postgres, source: { ...park.deps.source, questdb } };
      expect(await settleDirty(deps, park.project)).toMatchObject({
        outcome: 'settled',
        headers: 1,
      });
      const rows: Park['rows'] = async (statement, values) =>
        (await owner.query(statement, values)).rows;
      const { runs: _, ...now } = (await ledgerOf({ ...park, rows })) as Record<string, unknown>;
      const { runs: __, ...meant } = (await ledgerOf(park)) as Record<string, unknown>;
      expect(now).toEqual(meant);
      const fresh = await rows("SELECT nextval('ids')::text AS id");
      const used = await park.value('SELECT max(id)::text FROM transactions');
      expect(BigInt(String(fresh[0]?.id))).toBeGreaterThan(BigInt(used));
      await readsCountersFirst({ ...park, postgres, questdb, rows, deps, now: new Date() });
    } finally {
      await postgres.close();
      await owner.end();
    }
    await expect(restore(folder, ownerUrl)).rejects.toThrow(/into an empty system only, and table/);
    await expect(restore(folder, await emptyDatabase())).rejects.toThrow(
      /table samples of QuestDB holds rows/,
    );
  });
});
