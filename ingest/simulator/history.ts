/**
 * A one-off process of the first start: what the park's meters said before it was entered, as register blocks for past
 * instants, on the live path from the decoder on. Running it again adds nothing: the same rows come out.
 * DATA_DIR, DATABASE_URL_INGEST, QUESTDB_URL. Ends with 0 when QuestDB has acknowledged everything.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { openPostgres } from '../../sql/postgres.ts';
import { readJson } from '../../sql/process.ts';
import { openQuestdb } from '../../sql/questdb.ts';
import { takeReading } from '../blocks.ts';
import { startDelivery } from '../delivery.ts';
import { openSpool } from '../spool.ts';
import { blocksAt, type ParkInPostgres, readPark } from './history-park.ts';
import { plannedReadings } from './history-plan.ts';
import { dirtyMarker, keepNewest, type Newest } from './history-traces.ts';
import type { Sheet } from './sheet.ts';

/** Samples that may wait for QuestDB; the generator pauses there. */
const PENDING_BYTES_MAX = 48 * 2 ** 20;
const SPOOL_BYTES_MAX = 512 * 2 ** 20;
const BATCH_BYTES = 8 * 2 ** 20;
/** The event loop is given a turn after so many readings, for the spool and the sockets. */
const READINGS_PER_TURN = 500;
const PAUSE_MS = 20;
const PROGRESS_MS = 2_000;

const environment = z.object({
  DATA_DIR: z.string().min(1).default('./data'),
  DATABASE_URL_INGEST: z.url(),
  QUESTDB_URL: z.url(),
});

const env = environment.safeParse(process.env);
if (!env.success) {
  console.error(`history: ${z.prettifyError(env.error)}`);
  process.exit(2);
}
await main(env.data).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});

async function main(env: z.infer<typeof environment>) {
  const folder = join(env.DATA_DIR, 'simulator');
  const sheet = readJson(join(folder, 'park.json')) as Sheet | undefined; // our own file
  if (!sheet) throw new Error(`history: no commissioning sheet in ${folder}`);
  const postgres = openPostgres({ url: env.DATABASE_URL_INGEST, max: 2 });
  const park = await readPark({
    db: postgres.db,
    sheet,
    state: readJson(join(folder, 'state.json')),
  });
  const spool = await openSpool({
    dir: join(env.DATA_DIR, 'spool-history'),
    maxBytes: SPOOL_BYTES_MAX,
    segmentBytes: 4 * BATCH_BYTES,
    keepMs: 0,
    clock: () => new Date(),
    onAlarm: (alarm) => console.log(`history: spool ${alarm.kind}`),
  });
  const delivery = startDelivery({
    spool,
    write: openQuestdb({ url: env.QUESTDB_URL }).write,
    beforeRelease: dirtyMarker({ db: postgres.db, park }),
    rejectedFile: join(env.DATA_DIR, 'history-rejected.txt'),
    random: Math.random,
    onAlarm: (alarm) => {
      if (alarm.kind !== 'resumed') console.log(`history: ${alarm.kind}: ${alarm.message}`);
    },
    batchBytes: BATCH_BYTES,
  });
  const newest: Newest = new Map();
  let from = Date.parse(sheet.history.from);
  // What passes while the past is generated is the past, too: a second, short round.
  for (let round = 0; round < 2; round++) {
    const until = Date.now();
    await generate({ park, from, until });
    await delivery.drained();
    from = until;
  }
  await keepNewest({ db: postgres.db, park, newest });
  const { rejectedRows } = delivery.stats();
  await delivery.stop();
  await spool.close();
  await postgres.close();
  if (rejectedRows > 0) throw new Error(`history: QuestDB refused ${rejectedRows} samples`);

  async function generate(range: { park: ParkInPostgres; from: number; until: number }) {
    const { meters, silences } = range.park;
    let said = Date.now();
    let readings = 0;
    for (const { meter, at } of plannedReadings({ ...range, meters, silences })) {
      const blocks = blocksAt(meter, at);
      const { sample, kept } = takeReading({ meter: meter.ref, at: new Date(at), blocks }, spool);
      if (!kept) throw new Error('history: the spool takes no more');
      newest.set(meter.ref.id, sample);
      if (++readings % READINGS_PER_TURN !== 0) continue;
      await new Promise((resolve) => setImmediate(resolve));
      while (spool.stats().pendingBytes > PENDING_BYTES_MAX)
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      if (Date.now() - said < PROGRESS_MS) continue;
      said = Date.now();
      const share = Math.floor((100 * (at - range.from)) / (range.until - range.from));
      const day = new Date(at).toISOString().slice(0, 'YYYY-MM-DD'.length);
      console.log(`history: ${share} % · ${day} · ${readings.toLocaleString('en')} samples`);
    }
    console.log(`history: ${readings.toLocaleString('en')} samples generated`);
  }
}
