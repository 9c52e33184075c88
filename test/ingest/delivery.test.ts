/** What is in the spool reaches QuestDB exactly once, whatever happens between (faults 2, 6, 15, 16). */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sender } from '@questdb/nodejs-client';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { type DeliveryAlarm, type DeliveryOptions, startDelivery } from '../../ingest/delivery.ts';
import { encodeSample, type Sample } from '../../ingest/sample.ts';
import { openSpool, type Spool } from '../../ingest/spool.ts';
import { type ChannelName, channels } from '../../sql/channels.ts';
import { openQuestdb, QuestdbError } from '../../sql/questdb.ts';
import { freshDatabase } from '../servers.ts';

let dir: string;
let spool: Spool;
let alarms: DeliveryAlarm[];
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'delivery-'));
  spool = await openSpool({ dir, clock: () => new Date(0), onAlarm: () => {} });
  alarms = [];
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await spool.close();
  await rm(dir, { recursive: true });
});

function deliver(options: Partial<DeliveryOptions> & Pick<DeliveryOptions, 'write'>) {
  const delivery = startDelivery({
    spool,
    beforeRelease: async () => {},
    rejectedFile: join(dir, 'rejected.txt'),
    random: () => 0,
    onAlarm: (alarm) => alarms.push(alarm),
    lingerMs: 5,
    ...options,
  });
  stops.push(delivery.stop);
  return delivery;
}

const sample = (meterId: string, second: number): Sample => ({
  projectId: '1',
  meterId,
  atMs: Date.UTC(2026, 10, 1) + second * 1000,
  quality: 'ok',
  deviceClockMs: undefined,
  channels: { active_wh: second * 10 },
});
const fill = (count: number) => {
  for (let i = 0; i < count; i++) spool.append(encodeSample(sample('5', i)));
};
const linesOf = (sent: Uint8Array) => Buffer.from(sent).toString().trimEnd().split('\n');
const refuse = (status: number) => new QuestdbError('refused', `status ${status}`, status);

describe('delivery', () => {
  test('sends everything and then has nothing left', async () => {
    const got: string[] = [];
    fill(1000);
    const delivery = deliver({ write: async (sent) => void got.push(...linesOf(sent)) });
    await delivery.drained();
    expect(got.length).toBe(1000);
    expect(spool.stats().pendingBytes).toBe(0);
  });

  test.each([
    ['does not answer', () => new QuestdbError('unreachable', 'gone')],
    ['answers 500', () => refuse(500)],
    ['answers 401', () => refuse(401)],
    ['answers 404', () => refuse(404)],
  ])('while QuestDB %s nothing leaves, afterwards all does', async (_, error) => {
    let down = 2;
    const got: string[] = [];
    fill(50);
    const delivery = deliver({
      write: async (sent) => {
        if (down-- > 0) throw error();
        got.push(...linesOf(sent));
      },
    });
    await delivery.drained();
    expect(got.length).toBe(50);
    expect(alarms.map(({ kind }) => kind)).toEqual(['stalled', 'stalled', 'resumed']);
  });

  test('a row that QuestDB refuses is put aside and the others go through', async () => {
    const got: string[] = [];
    fill(101);
    const bad = (line: string) =>
      line.includes('active_wh=370i') || line.includes('active_wh=380i');
    const delivery = deliver({
      write: async (sent) => {
        const lines = linesOf(sent);
        if (lines.some(bad)) throw refuse(400);
        got.push(...lines);
      },
    });
    await delivery.drained();
    expect(got.length).toBe(99);
    expect(alarms).toEqual([{ kind: 'rejected', rows: 2, message: 'status 400' }]);
    const aside = linesOf(await readFile(join(dir, 'rejected.txt')));
    expect(aside.length).toBe(2);
    expect(aside.every(bad)).toBe(true);
  });

  test('when every row is refused it is tried again before any is put aside', async () => {
    let wrong = 3;
    let requests = 0;
    fill(500);
    const delivery = deliver({
      write: async (sent) => {
        requests++;
        if (linesOf(sent).length === 500) wrong--;
        if (wrong >= 0) throw refuse(400);
      },
    });
    await delivery.drained();
    expect(delivery.stats()).toMatchObject({ deliveredRows: 500, rejectedRows: 0 });
    expect(requests).toBeLessThan(300);
  });

  test('a row that can never go does not block for ever', async () => {
    fill(1);
    const delivery = deliver({
      write: async () => {
        throw refuse(400);
      },
    });
    await delivery.drained();
    expect(delivery.stats().rejectedRows).toBe(1);
  });

  test('a batch is released only after whoever must know of it has committed', async () => {
    const order: string[] = [];
    let broken = 1;
    fill(3);
    const delivery = deliver({
      write: async () => void order.push('sent'),
      beforeRelease: async (rows) => {
        expect(spool.stats().pendingBytes).toBeGreaterThan(0);
        if (broken-- > 0) throw new Error('Postgres is away');
        order.push(`told of ${rows.map((r) => `${r.projectId}/${r.meterId}@${r.atMs}`).join(' ')}`);
      },
    });
    await delivery.drained();
    const start = Date.UTC(2026, 10, 1);
    expect(order).toEqual([
      'sent',
      `told of ${[0, 1000, 2000].map((ms) => `1/5@${start + ms}`).join(' ')}`,
    ]);
  });

  test('stopped in the middle, it leaves the rest for the next process', async () => {
    fill(10);
    const delivery = deliver({
      write: async () => {
        throw refuse(503);
      },
    });
    await expect.poll(() => alarms.length).toBeGreaterThan(0);
    await delivery.stop();
    expect((await spool.read(1 << 20))?.records.length).toBe(10);
  });
});

describe('with the real QuestDB', async () => {
  const database = await freshDatabase();
  afterAll(database.close);
  const questdb = openQuestdb({ url: inject('questdbUrl') });
  const projectId = String(
    BigInt(Math.floor(Number(process.hrtime.bigint() % 10n ** 15n))) + 10n ** 17n,
  );

  async function countOf(meterId: string): Promise<number> {
    await questdb.settled(['samples']);
    const { rows } = await questdb.exec(
      `SELECT count() FROM samples WHERE project = '${projectId}' AND meter = '${meterId}'`,
    );
    return Number(rows[0]?.[0]);
  }
  const at = (meterId: string, second: number): Sample => ({
    ...sample(meterId, second),
    projectId,
  });

  test('a batch sent one to five times is there once', async () => {
    for (let second = 0; second < 300; second++) spool.append(encodeSample(at('1', second)));
    const delivery = deliver({
      write: async (sent) => {
        for (let time = 0; time <= sent.length % 5; time++) await questdb.write(sent);
      },
      batchBytes: 1,
    });
    await delivery.drained();
    expect(await countOf('1')).toBe(300);
  });

  test('a request whose answer was lost is repeated and counts once', async () => {
    let lost = 0;
    for (let second = 0; second < 200; second++) spool.append(encodeSample(at('2', second)));
    const delivery = deliver({
      write: async (sent) => {
        await questdb.write(sent);
        if (lost++ % 2 === 0) throw new QuestdbError('unreachable', 'the answer was lost');
      },
    });
    await delivery.drained();
    expect(await countOf('2')).toBe(200);
  });

  test('a differing row for the same instant stays beside the first', async () => {
    const first = at('3', 0);
    spool.append(encodeSample(first));
    spool.append(encodeSample({ ...first, channels: { active_wh: 20 } }));
    spool.append(encodeSample(first));
    await deliver({ write: (sent) => questdb.write(sent) }).drained();
    expect(await countOf('3')).toBe(2);
  });

  test('a poisoned row among good ones is found with what QuestDB says of it', async () => {
    for (let second = 0; second < 64; second++) spool.append(encodeSample(at('4', second)));
    const good = encodeSample(at('4', 64));
    spool.append(good.replace('active_wh=', 'no_such_column='));
    await deliver({ write: (sent) => questdb.write(sent) }).drained();
    expect(await countOf('4')).toBe(64);
    expect(alarms).toMatchObject([{ kind: 'rejected', rows: 1 }]);
  });

  test('every channel comes back as it was sent, and as the client would have sent it', async () => {
    const extremes: Record<string, number[]> = {
      LONG: [0, 42_949_672_950, -2_147_483_648],
      INT: [0, 1],
      DOUBLE: [0, 230.1, -0.001, 655.35, -2147483.648],
    };
    const full = (second: number): Sample => ({
      ...at('6', second),
      quality: 'implausible:factor',
      deviceClockMs: Date.UTC(2026, 0, 1, 0, 0, 7),
      channels: Object.fromEntries(
        channels.map(({ name, type }, i): [ChannelName, number] => [
          name,
          extremes[type]?.[(i + second) % (extremes[type]?.length ?? 1)] ?? 0,
        ]),
      ),
    });
    const sender = await Sender.fromConfig(
      `${clientConf(inject('questdbUrl'))}auto_flush=off;protocol_version=1;`,
    );
    for (let second = 0; second < 5; second++) {
      const { channels: values, deviceClockMs, quality } = full(second);
      spool.append(encodeSample(full(second)));
      sender
        .table('samples')
        .symbol('project', projectId)
        .symbol('meter', '7')
        .symbol('quality', quality);
      sender.intColumn('digest', 1).timestampColumn('device_clock', deviceClockMs ?? 0, 'ms');
      for (const { name, type } of channels) {
        if (type === 'DOUBLE') sender.floatColumn(name, values[name] ?? 0);
        else sender.intColumn(name, values[name] ?? 0);
      }
      await sender.at(full(second).atMs, 'ms');
    }
    await sender.flush();
    await sender.close();
    await deliver({ write: (sent) => questdb.write(sent) }).drained();
    expect([await countOf('6'), await countOf('7')]).toEqual([5, 5]);
    const columns = ['ts', 'quality', 'device_clock', ...channels.map(({ name }) => name)].join(
      ', ',
    );
    const rowsOf = async (meter: string) =>
      (
        await questdb.exec(
          `SELECT ${columns} FROM samples WHERE project = '${projectId}' AND meter = '${meter}' ORDER BY ts`,
        )
      ).rows;
    const ours = await rowsOf('6');
    expect(ours).toEqual(await rowsOf('7'));
    expect(ours[0]?.slice(0, 3)).toEqual([
      '2026-11-01T00:00:00.000000Z',
      'implausible:factor',
      '2026-01-01T00:00:07.000000Z',
    ]);
    expect(ours[0]?.slice(3)).toEqual(channels.map(({ name }) => full(0).channels[name]));
  });
});

test('the row that a record holds is read back from its line', async () => {
  const { rowOf } = await import('../../ingest/delivery.ts');
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), fc.nat(2 ** 31), (id, second) => {
      const line = encodeSample({ ...sample(String(id), second), projectId: String(id + 1n) });
      expect(rowOf(Buffer.from(line))).toEqual({
        projectId: String(id + 1n),
        meterId: String(id),
        atMs: Date.UTC(2026, 10, 1) + second * 1000,
      });
    }),
    { seed: 20261123, numRuns: 100 },
  );
  expect(() => rowOf(Buffer.from('cpu value=1 1\n'))).toThrow('not a sample');
});

function clientConf(url: string): string {
  const { protocol, host, username, password } = new URL(url);
  const login = username ? `username=${username};password=${password};` : '';
  return `${protocol.replace(':', '')}::addr=${host};${login}`;
}
