/**
 * Billing's process killed from outside, by SIGKILL, while Postgres works for it: under steps that cumulate
 * over an account, in the middle of settling and in the middle of settling anew. A lock of the test's holds
 * the process at a statement, and there it dies. The ledger is afterwards that of a run that nobody disturbed.
 * And killed while it hands over notices, which go on from what is written, and while it decides to cut supply.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { post } from '../../billing/ledger.ts';
import { gatherNotices } from '../../billing/notice-gather.ts';
import { openMail } from '../../billing/notice-mail.ts';
import { sendDue } from '../../billing/notice-send.ts';
import { openSms } from '../../billing/notice-sms.ts';
import { openWebhook } from '../../billing/notice-webhook.ts';
import { readProject } from '../../billing/project.ts';
import { settleDirty, settleDue } from '../../billing/settle.ts';
import { markDirty } from '../../sql/dirty-days.ts';
import { tell } from '../../sql/events.ts';
import { daysBetween, localDayOf } from '../../sql/local-day.ts';
import { openCreditPark } from './credit-park.ts';
import { lowSteps } from './everything.ts';
import { openFace } from './face.ts';
import { faultsOf, namedLedgerOf, openPark, type Park } from './park.ts';
import { openAliyun, openMailServer, openReceiver } from './providers.ts';

const days = daysBetween('2024-02-24', '2024-03-01');
/** A month whose second and third step begin within the days. */
const { definition } = lowSteps([9000, 17_000]);
const main = fileURLToPath(new URL('../../billing/main.ts', import.meta.url));
/** A process that starts on a machine that others use as well may take long. */
const DEADLINE_MS = 90_000;
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

let quiet: Park;
let killed: Park;
beforeAll(async () => {
  [quiet, killed] = await Promise.all([loadedPark(), loadedPark()]);
});
afterAll(() => Promise.all([quiet.close(), killed.close()]));

/** Two accounts of two points each; nobody holds them after the last day. */
async function loadedPark(): Promise<Park> {
  const park = await openPark({ points: 4, accounts: 2, from: '2024-02-24', definition });
  await park.rows("UPDATE tenancies SET valid_to = '2024-02-29T16:00:00Z'");
  for (const [i, point] of park.points.entries()) {
    for (const day of days) {
      await park.intervals(point, day, (slot) => (slot * 37 + i * 101 + Number(day.slice(8))) % 61);
    }
  }
  park.after('2024-02-29');
  return park;
}

/** The second day of two points turns out to be another, so that all later days are rated anew. */
async function correct(park: Park): Promise<void> {
  for (const point of park.points.slice(0, 2)) {
    await park.intervals(point, '2024-02-25', (slot) => slot + 40, { version: 2 });
    await markDirty(park.postgres.db, {
      ...{ projectId: park.project.id, who: 'billing', why: 'late data' },
      days: [{ pointId: point, localDay: '2024-02-25' }],
    });
  }
}

const start = (park: Park, more: Record<string, string> = {}): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', main], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL_BILLING: park.urls.billing,
      QUESTDB_URL: park.questdbUrl,
      DATA_DIR: park.folder,
      LOG_LEVEL: 'warn',
      ...more,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

const endOf = (child: ChildProcess) =>
  new Promise<string | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)));

/** Starts billing, lets it wait for its first row in `table`, and kills it there. */
async function killAt(park: Park, table: string): Promise<void> {
  const holder = await park.owner.connect();
  try {
    await holder.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
    const child = start(park);
    const ended = endOf(child);
    const isHeld = async () =>
      (await park.value(
        `SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE a.datname = current_database() AND a.usename = 'wattledger_billing' AND NOT l.granted`,
      )) !== '0';
    const deadline = Date.now() + DEADLINE_MS;
    while (!(await isHeld())) {
      if (Date.now() > deadline || child.exitCode !== null) {
        child.kill('SIGKILL');
        throw new Error(`not held at ${table}`);
      }
      await pause();
    }
    child.kill('SIGKILL');
    expect([table, await ended]).toEqual([table, 'SIGKILL']);
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
  await isOver(park);
}

/** What Postgres still did for the dead is over once its connections are. */
async function isOver(park: Park): Promise<void> {
  const others = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND usename = 'wattledger_billing' AND state <> 'idle'`;
  await until(async () => (await park.value(others)) === '0');
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await isSo()) && Date.now() < deadline) await pause();
}

/** What a settlement touches, in its order: where it claims, charges, sums up and posts. */
const PLACES = ['settlements', 'charges', 'posted_totals', 'entries'];

test('killed while it settles, it leaves nothing, and then the ledger of an undisturbed run', async () => {
  await settleDue(quiet.deps, quiet.project);
  for (const place of process.env.SOAK === '1' ? [...PLACES, 'events'] : ['charges', 'entries']) {
    await killAt(killed, place);
    expect([place, await killed.value('SELECT count(*) FROM transactions')]).toEqual([place, '0']);
    expect(await killed.value('SELECT count(*) FROM settlements')).toBe('0');
  }
  expect(await settleDue(killed.deps, killed.project)).toMatchObject({ waiting: 0 });
  expect(await namedLedgerOf(killed)).toBe(await namedLedgerOf(quiet));
  expect(await faultsOf(killed)).toEqual([]);
});

test('killed while it settles anew with the later days of the steps, likewise', async () => {
  await correct(quiet);
  const settled = await settleDirty(quiet.deps, quiet.project);
  // Two days were corrected, and later ones of both accounts were rated otherwise by that.
  expect(settled.outcome === 'settled' && settled.corrections).toBeGreaterThan(8);
  await correct(killed);
  const before = await namedLedgerOf(killed);
  for (const place of process.env.SOAK === '1'
    ? [...PLACES, 'events', 'dirty_days_done']
    : ['posted_totals', 'dirty_days_done']) {
    await killAt(killed, place);
    expect(await namedLedgerOf(killed)).toBe(before);
  }
  await settleDirty(killed.deps, killed.project);
  expect(await namedLedgerOf(killed)).toBe(await namedLedgerOf(quiet));
  expect(await faultsOf(killed)).toEqual([]);
  expect(await settleDirty(killed.deps, killed.project)).toMatchObject({ headers: 0 });
});

test('killed while notices are handed over: none is lost, and none goes twice that nobody can tell apart', async () => {
  const KEY = { key: 'LTAI-test', secret: 'sms-secret-&' };
  const webhookSecret = 'a webhook secret of ours';
  const from = 'office@park.example';
  const [aliyun, mail, receiver] = await Promise.all([
    openAliyun(KEY),
    openMailServer(),
    openReceiver({ secret: webhookSecret, now: () => quiet.now }),
  ]);
  const holder = await quiet.owner.connect();
  try {
    const { db } = quiet.postgres;
    quiet.now = new Date();
    const ask = openFace(quiet);
    const [account = ''] = quiet.accounts;
    for (const [channel, address] of [
      ...[['sms', '13800000021'] as const, ['sms', '13800000022'] as const],
      ...[['email', 'shop@example.com'] as const, ['webhook', receiver.url] as const],
    ]) {
      const asked = { channel, address, language: 'en' };
      expect((await ask('POST', `/accounts/${account}/notice-addresses`, asked)).status).toBe(201);
    }
    await ask('PUT', '/notice-templates/balance.alarm1/sms/en', {
      ...{ subject: null, body: 'Low: {balance}', providerCode: 'SMS_71390007' },
    });
    const payload = { balance: '12.30', currency: 'CNY', threshold: '80.00', hoursLeft: '5' };
    await tell(db, [
      { projectId: quiet.project.id, kind: 'balance.alarm1', subjectId: account, payload },
    ]);
    quiet.now = new Date(Date.now() + 1000); // Events carry the database's own time.
    await gatherNotices(db, { project: await readProject(db, quiet.project.id), at: quiet.now });
    // What the process finds out by itself is told to nobody.
    await quiet.rows('DELETE FROM notice_addresses');
    await quiet.rows('UPDATE notices SET next_try_at = now()');
    const rows = () =>
      quiet.rows(
        `SELECT id::text, channel, state, attempts FROM notices
         WHERE kind = 'balance.alarm1' ORDER BY channel, recipient`,
      );
    const [email, sms, otherSms, webhook] = await rows();
    expect([email?.channel, sms?.channel, webhook?.channel]).toEqual(['email', 'sms', 'webhook']);

    // One SMS is taken and not answered, the other never arrives; the others are answered, and what came of them
    // waits for a row that the test has locked meanwhile.
    let held = 0;
    const hold = async (row: Record<string, unknown> | undefined) => {
      await holder.query('SELECT FROM notices WHERE id = $1 FOR UPDATE', [row?.id]);
    };
    await holder.query('BEGIN');
    Object.assign(aliyun.plan, {
      next: ['silent', 'lost'],
      beforeAnswer: async () => {
        held++;
      },
    });
    mail.plan.beforeAnswer = () => hold(email);
    receiver.plan.beforeAnswer = () => hold(webhook);
    const child = start(quiet, {
      ...{ SMS_GATEWAY: 'aliyun', SMS_URL: aliyun.url, SMS_SIGN_NAME: '鑫达园区' },
      ...{ SMS_KEY: KEY.key, SMS_SECRET: KEY.secret, SMTP_URL: mail.url, MAIL_FROM: from },
      WEBHOOK_SECRET: webhookSecret,
    });
    const ended = endOf(child);
    const waiting = `FROM pg_stat_activity WHERE datname = current_database()
      AND usename = 'wattledger_billing' AND wait_event_type = 'Lock' AND query LIKE '%UPDATE notices%'`;
    const isHeld = async () =>
      held === 2 && (await quiet.value(`SELECT count(*) ${waiting}`)) === '2';
    const deadline = Date.now() + DEADLINE_MS;
    while (!(await isHeld()) && Date.now() < deadline && child.exitCode === null) await pause();
    child.kill('SIGKILL');
    expect([held, await ended]).toEqual([2, 'SIGKILL']);
    // A statement that Postgres has begun would be carried out though nobody waits for it.
    expect(await quiet.rows(`SELECT pg_terminate_backend(pid) AS gone ${waiting}`)).toEqual([
      ...[{ gone: true }, { gone: true }],
    ]);
    await holder.query('ROLLBACK');

    const handedOver = { state: 'unconfirmed', attempts: 1 };
    expect(await rows()).toMatchObject([handedOver, handedOver, handedOver, handedOver]);
    for (const { plan } of [aliyun, mail, receiver]) plan.beforeAnswer = undefined;
    aliyun.plan.next = ['ok'];
    const log = { info: () => {}, warn: () => {} };
    const channels = {
      sms: openSms({ gateway: 'aliyun', url: aliyun.url, signName: '鑫达园区', ...KEY }, 20_000),
      email: openMail({ url: mail.url, from }, 20_000),
      webhook: openWebhook(webhookSecret, 20_000),
    };
    // What asks first finds one of the SMS on record, and after ten minutes that the other never came.
    for (const minutes of [3, 1, 15, 1]) {
      quiet.now = new Date(quiet.now.getTime() + minutes * 60_000);
      await sendDue({ db, channels, log, clock: () => quiet.now });
    }
    const smsIds = [sms?.id, otherSms?.id].map(String).sort();
    expect(aliyun.records.map(({ outId }) => outId).sort()).toEqual(smsIds);
    expect(mail.mails).toHaveLength(1);
    expect(receiver.taken.map(({ id, attempt }) => [id, attempt])).toEqual([
      ...[
        [webhook?.id, 1],
        [webhook?.id, 2],
      ],
    ]);
    const [mailed, one, other, hooked] = await rows();
    expect(mailed).toMatchObject(handedOver); // Nobody can be asked: a person decides.
    expect([one?.state, other?.state, hooked?.state]).toEqual(['sent', 'sent', 'delivered']);
    expect([one?.attempts, other?.attempts].sort()).toEqual([1, 2]);
  } finally {
    holder.release();
    await Promise.all([aliyun.close(), mail.close(), receiver.close()]);
  }
});

test('killed while it cuts an account: decision and command are there together or not at all, and once', async () => {
  const now = new Date();
  const credit = await openCreditPark(1, {
    from: localDayOf('Asia/Shanghai', now.getTime() - 86_400_000),
    now: new Date(now.getTime() - 3 * 3_600_000),
  });
  const { park } = credit;
  try {
    const { id: projectId, currency } = park.project;
    const [accountId = ''] = park.accounts;
    // A debt of the ledger: the process computes balances of its own.
    await park.postgres.db.transaction((tx) =>
      post(tx, {
        ...{ projectId, currency },
        head: {
          ...{ kind: 'transfer', accountId, postedAt: park.now, cause: {} },
          accountingDate: localDayOf(park.project.zone, park.now.getTime()),
        },
        legs: [
          { code: 'wallet', accountId, amountMinor: 500n },
          { code: 'adjustment', accountId: null, amountMinor: -500n },
        ],
      }),
    );
    await credit.due(0, 1);
    await credit.owes(0, 1);
    const ledger = await namedLedgerOf(park);
    const trips = async () => (await credit.told(0)).filter((line) => line.startsWith('trip'));
    const found = async () => [await credit.state(0), await trips(), await credit.commands(0)];
    const undecided = ['grace', [], []];
    const decided = ['tripping', ['trip/arrears'], ['trip requested']];
    for (const [place, leaves] of [
      ['credit-decided', undecided],
      ['credit-commanded', undecided],
      ['credit-committed', decided],
    ] as const) {
      const ended = await endOf(start(park, { BILLING_FAILPOINT: place }));
      await isOver(park);
      expect([place, ended, await found()]).toEqual([place, 'SIGKILL', leaves]);
    }
    // Who comes after it sees the cut carried out, and cuts no second time.
    await credit.carryOut();
    const child = start(park);
    const ended = endOf(child);
    await until(async () => (await credit.state(0)) === 'tripped');
    child.kill('SIGTERM');
    expect(await ended).toBe(null);
    expect(await found()).toEqual(['tripped', ['trip/arrears'], ['trip confirmed']]);
    expect(await namedLedgerOf(park)).toBe(ledger);
    expect(await faultsOf(park)).toEqual([]);
  } finally {
    await credit.close();
  }
});

test.runIf(process.env.SOAK === '1')(
  'killed forty times at any moment while data change, it comes to the same bill',
  async () => {
    for (let n = 0; n < 40; n++) {
      const point = killed.points[n % 4] ?? '';
      const day = days[(n * 5) % days.length] ?? '';
      for (const park of [killed, quiet]) {
        const own = park.points[n % 4] ?? point;
        await park.intervals(own, day, (slot) => (slot * 13 + n * 7) % 83, { version: n + 3 });
        await markDirty(park.postgres.db, {
          ...{ projectId: park.project.id, who: 'billing', why: 'late data' },
          days: [{ pointId: own, localDay: day }],
        });
      }
      const child = start(killed);
      const ended = endOf(child);
      await new Promise((resolve) => child.once('message', resolve));
      await new Promise((resolve) => setTimeout(resolve, (n * 53) % 700));
      child.kill('SIGKILL');
      await ended;
      expect(await faultsOf(killed)).toEqual([]);
    }
    await settleDirty(quiet.deps, quiet.project);
    killed.now = new Date();
    await settleDirty(killed.deps, killed.project);
    const totals = (park: Park) =>
      park.rows(
        `SELECT component, period, step, exact, posted_minor, tax_minor FROM posted_totals
         WHERE exact <> 0 OR posted_minor <> 0 ORDER BY scope_id, component, period, step`,
      );
    expect(await totals(killed)).toEqual(await totals(quiet));
  },
  600_000,
);
