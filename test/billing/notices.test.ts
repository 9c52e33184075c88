/** Notices: who is told of what and when, by servers of each protocol, and what is never told twice. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BACK_ABOVE_MINOR, tellBalances } from '../../billing/balance-alarms.ts';
import { gatherNotices } from '../../billing/notice-gather.ts';
import { openMail } from '../../billing/notice-mail.ts';
import { sendDue, TRIES_MAX, waitMs } from '../../billing/notice-send.ts';
import { openSms, signedForm } from '../../billing/notice-sms.ts';
import { openWebhook } from '../../billing/notice-webhook.ts';
import { readProject } from '../../billing/project.ts';
import { quietUntil } from '../../billing/quiet-hours.ts';
import { type EventKind, tell } from '../../sql/events.ts';
import { type Ask, openFace } from './face.ts';
import { openPark, type Park } from './park.ts';
import { openAliyun, openMailServer, openReceiver, rpcSignature } from './providers.ts';

const KEY = { key: 'LTAI-test', secret: 'sms-secret-&' };
const WEBHOOK_SECRET = 'a webhook secret of ours';
/** For what a server answers, however busy this machine is; and for what it is told never to answer. */
const PATIENT_MS = 20_000;
const IMPATIENT_MS = 400;
const MINUTE = 60_000;

let park: Park;
let ask: Ask;
let aliyun: Awaited<ReturnType<typeof openAliyun>>;
let mail: Awaited<ReturnType<typeof openMailServer>>;
let receiver: Awaited<ReturnType<typeof openReceiver>>;

beforeAll(async () => {
  park = await openPark({ points: 3, from: '2026-01-01' });
  ask = openFace(park);
  [aliyun, mail, receiver] = await Promise.all([
    openAliyun(KEY),
    openMailServer(),
    openReceiver({ secret: WEBHOOK_SECRET, now: () => park.now }),
  ]);
});
afterAll(async () => {
  await Promise.all([aliyun?.close(), mail?.close(), receiver?.close()]);
  await park?.close();
});
beforeEach(async () => {
  // Events carry the database's own time.
  park.now = new Date(Date.now() + 1000);
  for (const { plan } of [aliyun, mail, receiver]) plan.next = [];
  await park.rows('DELETE FROM notice_addresses');
  await park.rows('UPDATE notices SET next_try_at = NULL');
});

const quiet = { info: () => {}, warn: () => {} };
const channels = (answerMs = PATIENT_MS) => ({
  sms: openSms({ gateway: 'aliyun', url: aliyun.url, signName: '鑫达园区', ...KEY }, answerMs),
  email: openMail({ url: mail.url, from: 'Office <office@park.example>' }, answerMs),
  webhook: openWebhook(WEBHOOK_SECRET, answerMs),
});
/** A process of its own each time: nothing is remembered but what is in the tables. */
const send = (more: Partial<Parameters<typeof sendDue>[0]> = {}) =>
  sendDue({
    ...{ db: park.postgres.db, channels: channels(), log: quiet },
    clock: () => park.now,
    ...more,
  });
/** Gives up soon: the other side is silent. */
const sendInVain = () => send({ channels: channels(IMPATIENT_MS) });
const gather = async () =>
  await gatherNotices(park.postgres.db, {
    project: await readProject(park.postgres.db, park.project.id),
    at: park.now,
  });
const happen = async (kind: EventKind, subjectId: string, payload = {}) => {
  await tell(park.postgres.db, [{ projectId: park.project.id, kind, subjectId, payload }]);
  await gather();
};
const later = (minutes: number) => {
  park.now = new Date(park.now.getTime() + minutes * MINUTE);
};
const addressed = async (account: number, channel: string, address: string, language = 'en') => {
  const path = `/accounts/${park.accounts[account]}/notice-addresses`;
  const { status } = await ask('POST', path, { channel, address, language });
  expect(status).toBe(201);
};
/** The newest notices, oldest of them first. */
const outbox = async (query = '') =>
  (await ask('GET', `/notices?limit=50${query}`)).body.data.reverse();
const newest = async () => (await outbox()).at(-1);
const steps = async (id: string) =>
  (await ask('GET', `/notices/${id}`)).body.steps.map((s: { outcome: string }) => s.outcome);
const approve = (kind: string, language = 'en') =>
  ask('PUT', `/notice-templates/${kind}/sms/${language}`, {
    ...{ subject: null, body: 'Low: {balance}', providerCode: 'SMS_71390007' },
  });
const low = { balance: '12.30', currency: 'CNY', threshold: '80.00', hoursLeft: '5' };

describe('who is told, and what', () => {
  test('each address of the account, in its language, in the project’s words', async () => {
    await addressed(0, 'sms', '138 0000 0001', 'zh');
    await addressed(0, 'email', 'shop@example.com');
    await happen('balance.alarm2', park.accounts[0] ?? '', low);
    const told = (await outbox()).slice(-2);
    expect(told).toMatchObject([
      {
        kind: 'balance.alarm2',
        channel: 'sms',
        recipient: '13800000001',
        language: 'zh',
        state: 'queued',
      },
      {
        kind: 'balance.alarm2',
        channel: 'email',
        recipient: 'shop@example.com',
        subject: 'Balance of Shop 1 is very low',
      },
    ]);
    expect(told[0].body).toBe(
      'P：Shop 1（N1）余额仅剩 12.30 CNY，已低于 80.00，约可用 5 小时，请立即充值以免停供。',
    );
    expect(told[1].body).toContain('only 12.30 CNY, below the second alarm of 80.00');
  });

  test('an event is looked at once, however often and by however many', async () => {
    await addressed(0, 'sms', '13800000002');
    const before = (await outbox()).length;
    await tell(park.postgres.db, [
      { projectId: park.project.id, kind: 'balance.arrears', subjectId: park.accounts[0] ?? '' },
    ]);
    await Promise.all([gather(), gather(), gather()]);
    await gather();
    expect(await outbox()).toHaveLength(before + 1);
  });

  test('a sale gives a receipt, a trip names the point; the person stands in for addresses', async () => {
    const opened = await ask('POST', '/accounts', {
      ...{ name: 'Ruixin', openedOn: '2026-02-01', pointIds: [] },
      person: { name: 'Li', phone: '13900000009' },
    });
    await gather(); // Its opening is months ago: nobody is told.
    await ask(
      'POST',
      `/accounts/${opened.body.id}/sales`,
      { channel: 'cash', amount: { amount: '200.00', currency: 'CNY' } },
      { 'idempotency-key': 'n-1' },
    );
    await gather();
    expect(await newest()).toMatchObject({
      ...{ kind: 'sale.receipt', recipient: '13900000009', accountName: 'Ruixin' },
      body:
        'P: 200.00 CNY received for Ruixin (N' +
        `${opened.body.id}), receipt R00000001. Balance 200.00 CNY.`,
    });
    expect(await outbox('&kind=account.opened')).toEqual([]);

    // Of a contract, what can be called; a letter by post is not ours to send.
    await park.rows(
      `INSERT INTO supply_contracts (project_id, account_id, number, valid_from, notices, created_by)
       VALUES ($1, $2, 'C-1', '2026-01-01', $3, 'test')`,
      [
        park.project.id,
        park.accounts[2],
        JSON.stringify([
          { kind: 'post', address: 'Road 1' },
          { kind: 'sms', address: 'by the door' },
          { kind: 'email', address: 'agreed@example.com' },
        ]),
      ],
    );
    const agreed = await ask('GET', `/accounts/${park.accounts[2]}/notice-addresses`);
    expect(agreed.body.data).toMatchObject([
      { id: null, of: 'contract', channel: 'email', address: 'agreed@example.com' },
    ]);

    await addressed(1, 'webhook', 'http://127.0.0.1:9/hook');
    const meterId = await park.value("SELECT id FROM meters WHERE serial = 'S2'");
    await happen('command.confirmed', '1', { meterId, function: 'trip', supply: 'off' });
    expect((await newest()).body).toContain('the supply of A2 Unit 2 (Shop 2) was switched off at');
    await happen('command.confirmed', '1', { meterId, function: 'read-now', supply: null });
    expect(await outbox('&kind=supply.restored')).toEqual([]);
  });

  test('in quiet hours it waits for their end, unless it is urgent; what is off is not told', async () => {
    await addressed(2, 'sms', '13800000003');
    const wall = (ms: number) =>
      new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Shanghai', timeStyle: 'short' }).format(
        ms,
      );
    const [from, to] = [
      wall(park.now.getTime() - 30 * MINUTE),
      wall(park.now.getTime() + 90 * MINUTE),
    ];
    const put = (settings: object) => ask('PUT', '/notice-settings', settings);
    const set = await put({
      quiet: { from, to },
      urgent: ['balance.arrears'],
      off: ['balance.alarm1'],
    });
    expect(set.status).toBe(200);
    await happen('balance.alarm2', park.accounts[2] ?? '', low);
    const waiting = await newest();
    expect(waiting).toMatchObject({ state: 'queued', reason: 'quiet-hours' });
    expect(wall(Date.parse(waiting.nextTryAt))).toBe(to);
    expect(await send()).toBe(0);
    await happen('balance.arrears', park.accounts[2] ?? '', low);
    const urgent = await newest();
    expect(urgent).toMatchObject({ kind: 'balance.arrears', nextTryAt: park.now.toISOString() });
    await happen('balance.alarm1', park.accounts[2] ?? '', low);
    expect((await newest()).id).toBe(urgent.id);
    expect((await put({ quiet: { from, to: from }, urgent: [], off: [] })).status).toBe(400);
    await put({ quiet: null, urgent: [], off: [] });
  });

  test('people of the project are called at any hour, each in his language, and not without end', async () => {
    const put = (settings: object) => ask('PUT', '/notice-settings', settings);
    const hours = { quiet: { from: '00:00', to: '23:59' }, urgent: [], off: [] };
    const [accountId = ''] = park.accounts;
    const of = (kind: string) => outbox(`&kind=${kind}`);
    await happen('credit.person-called', accountId, { reason: 'doubtful-data' });
    expect(await of('credit.person-called')).toEqual([]); // Nobody is named yet.
    const staff = [
      { channel: 'sms', address: '138 0000 0077', language: 'zh' },
      { channel: 'email', address: 'duty@park.example', language: null },
    ];
    const nowhere = [{ channel: 'email', address: 'nowhere', language: null }];
    expect((await put({ ...hours, staff: nowhere })).status).toBe(400);
    expect((await put({ ...hours, staff })).body.staff).toMatchObject([
      ...[{ address: '13800000077' }, { address: 'duty@park.example' }],
    ]);
    // Who changes the hours alone leaves them where they are.
    expect((await put(hours)).body.staff).toHaveLength(2);
    await happen('credit.person-called', accountId, { reason: 'notice-proof' });
    const called = await of('credit.person-called');
    expect(called).toMatchObject([
      { recipient: '13800000077', language: 'zh', nextTryAt: park.now.toISOString() },
      { recipient: 'duty@park.example', language: 'en', accountNumber: 'N1' },
    ]);
    expect(called[0].body).toContain('Shop 1（N1）需人工处理：通知无法证明已送达。余额');
    expect(called[1].body).toContain('Why: a notice could not be proven to have arrived');
    await happen('credit.person-called', accountId, { reason: 'brake' });
    expect(await of('credit.person-called')).toHaveLength(2);
    const stopped = { trips: 2, allowed: 2, accounts: 9, accountId };
    await happen('credit.brake-engaged', park.project.id, stopped);
    expect((await of('credit.brake-engaged'))[1].body).toContain(
      '2 accounts were cut within an hour, 2 are allowed; the next would have been Shop 1 (N1).',
    );
    // Ten calls of a kind an hour: the page has them all.
    for (let i = 0; i < 12; i++) {
      await happen('credit.person-called', accountId, { reason: 'trip-refused' });
    }
    expect(await of('credit.person-called')).toHaveLength(20);
    const log = await park.value(
      "SELECT detail::text FROM audit WHERE action = 'notice-settings.changed' ORDER BY id DESC LIMIT 1",
    );
    expect([log.includes('duty@'), log.includes('"staff": 2')]).toEqual([false, true]);
    await put({ quiet: null, urgent: [], off: [], staff: [] });
  });

  test('quiet hours end by the wall clock, over midnight and where the clock jumps', () => {
    const night = { from: '22:00', to: '07:00' };
    const until = (zone: string, hours: { from: string; to: string }, at: string) => {
      const end = quietUntil(zone, hours, Date.parse(at));
      return end === undefined ? undefined : new Date(end).toISOString();
    };
    // zone, hours, instant, expected end
    expect(until('Asia/Shanghai', night, '2026-03-01T14:00:00Z')).toBe('2026-03-01T23:00:00.000Z');
    expect(until('Asia/Shanghai', night, '2026-03-01T22:59:59Z')).toBe('2026-03-01T23:00:00.000Z');
    expect(until('Asia/Shanghai', night, '2026-03-01T23:00:00Z')).toBeUndefined();
    expect(until('Asia/Shanghai', night, '2026-03-01T13:59:59Z')).toBeUndefined();
    // The night in which Berlin's clock goes forward is an hour shorter.
    expect(until('Europe/Berlin', night, '2026-03-28T21:00:00Z')).toBe('2026-03-29T05:00:00.000Z');
    // 02:30 does not exist then: the first instant after it.
    expect(until('Europe/Berlin', { from: '01:00', to: '02:30' }, '2026-03-29T00:30:00Z')).toBe(
      '2026-03-29T01:30:00.000Z',
    );
    expect(until('UTC', { from: '12:00', to: '13:00' }, '2026-03-01T12:30:00Z')).toBe(
      '2026-03-01T13:00:00.000Z',
    );
  });
});

describe('the words', () => {
  test('a template is checked where it is typed, kept, previewed and taken back', async () => {
    const path = '/notice-templates/balance.alarm1/email/en';
    const bad = await ask('PUT', path, {
      subject: 'Hi\nBcc: x@y.z',
      body: 'You owe {money}, {balance',
    });
    expect(bad.status).toBe(400);
    expect(bad.body.faults.map((f: { code: string }) => f.code)).toEqual([
      ...['unknown-name', 'brace', 'line-break'],
    ]);
    const good = { subject: 'Low', body: '{account}: <script>{balance}</script>' };
    expect((await ask('PUT', path, good)).body).toMatchObject({ ...good, isDefault: false });
    const preview = await ask('POST', '/notice-templates/preview', {
      ...{ kind: 'balance.alarm2', channel: 'sms', language: 'en', subject: null },
      body: '{account} {balance} {threshold}',
    });
    // The newest event of the kind in this project.
    expect(preview.body).toMatchObject({
      body: 'Shop 3 12.30 80.00',
      sample: 'event',
      lacking: [],
      faults: [],
    });
    const blank = await ask('POST', '/notice-templates/preview', {
      ...{ kind: 'account.closed', channel: 'sms', language: 'zh', subject: null, body: '{day}' },
    });
    expect(blank.body).toMatchObject({ body: '–', sample: 'account', lacking: ['day'] });
    expect((await ask('DELETE', path)).body).toMatchObject({ isDefault: true });
    // Each change says what it was before, in the words that a person had written.
    const said = await park.rows(
      `SELECT detail -> 'text' -> 'from' ->> 'body' AS was, detail -> 'text' -> 'to' ->> 'body' AS is
       FROM audit WHERE action = 'notice-template.changed' ORDER BY id`,
    );
    expect(said).toEqual([
      { was: null, is: good.body },
      { was: good.body, is: null },
    ]);
    const all = (await ask('GET', '/notice-templates')).body.data;
    expect(all).toHaveLength(11 * 2 * 2);
  });

  test('every template that comes with Wattledger passes its own check and lacks nothing', async () => {
    for (const { kind, channel, language, subject, body } of (await ask('GET', '/notice-templates'))
      .body.data) {
      const { faults } = (
        await ask('POST', '/notice-templates/preview', { kind, channel, language, subject, body })
      ).body;
      expect({ kind, channel, language, faults }).toEqual({ kind, channel, language, faults: [] });
    }
  });

  test('what a customer is called is never read as a template', async () => {
    await park.rows("UPDATE accounts SET name = '{balance}<b>' WHERE id = $1", [park.accounts[1]]);
    await addressed(1, 'sms', '13800000004');
    await happen('balance.arrears', park.accounts[1] ?? '', low);
    expect((await newest()).body).toContain('the balance of {balance}<b> (N2)');
  });

  test.each([
    ['sms', 'call me', 'is no phone number'],
    ['email', 'shop@', 'is no e-mail address'],
    ['webhook', 'ftp://x.example/', 'is no http or https address'],
    ['webhook', 'http://u:p@x.example/', 'is no http or https address'],
    ['webhook', 'http://169.254.169.254/latest', 'is no http or https address'],
  ])('no %s goes to %s', async (channel, address, why) => {
    const path = `/accounts/${park.accounts[0]}/notice-addresses`;
    const { status, body } = await ask('POST', path, { channel, address });
    expect([status, body.detail]).toEqual([400, expect.stringContaining(why)]);
  });
});

describe('a balance', () => {
  test('is told when it falls to a level, and again only after it was clearly above', async () => {
    const project = await readProject(park.postgres.db, park.project.id);
    const account = park.accounts[2] ?? '';
    const before = Number(
      await park.value("SELECT count(*) FROM events WHERE kind LIKE 'balance.%'"),
    );
    let minute = 0;
    /** What a balance in minor units, with alarms at 300 and 80, opens and tells. */
    const falls = async (live: bigint) => {
      const rows = [
        {
          account_id: account,
          live: String(live),
          alarm1: '30000',
          alarm2: '8000',
          hours_left: '5',
          held: true,
        },
      ];
      // An hour apart: nothing here is flapping.
      const at = new Date(Date.parse('2026-03-01T00:00:00Z') + minute++ * 3_600_000);
      await park.postgres.db.transaction((tx) => tellBalances(tx, { project, at, rows }));
      const open = await park.rows(
        'SELECT kind FROM alarms WHERE subject_id = $1 AND cleared_at IS NULL',
        [account],
      );
      const told = await park.rows(
        "SELECT kind FROM events WHERE kind LIKE 'balance.%' ORDER BY id OFFSET $1",
        [before],
      );
      return [open.map((a) => a.kind), told.map((e) => e.kind)];
    };
    const [a1, a2, arrears] = ['account.alarm1', 'account.alarm2', 'account.arrears'];
    const [b1, b2, gone] = ['balance.alarm1', 'balance.alarm2', 'balance.arrears'];
    // balance → alarms that stand, all that was told
    expect(await falls(30_001n)).toEqual([[], []]);
    expect(await falls(30_000n)).toEqual([[a1], [b1]]);
    expect(await falls(30_000n + BACK_ABOVE_MINOR)).toEqual([[a1], [b1]]);
    expect(await falls(29_999n)).toEqual([[a1], [b1]]);
    expect(await falls(7_990n)).toEqual([[a2], [b1, b2]]);
    expect(await falls(8_020n)).toEqual([[a2], [b1, b2]]);
    expect(await falls(-1n)).toEqual([[arrears], [b1, b2, gone]]);
    expect(await falls(0n)).toEqual([[a2], [b1, b2, gone]]);
    expect(await falls(20_000n)).toEqual([[a1], [b1, b2, gone]]);
    expect(await falls(50_000n)).toEqual([[], [b1, b2, gone]]);
    expect(await falls(100n)).toEqual([[a2], [b1, b2, gone, b2]]);
    await gather();
  });
});

describe('without any way out', () => {
  test('notices are seen and nothing leaves', async () => {
    await addressed(0, 'sms', '13800000005');
    await addressed(0, 'email', 'a@example.com');
    const before = aliyun.records.length + mail.mails.length;
    await happen('balance.arrears', park.accounts[0] ?? '', low);
    await send({ channels: {} });
    expect((await outbox()).slice(-2)).toMatchObject([
      { state: 'withheld', reason: 'no-channel', attempts: 0, nextTryAt: null },
      { state: 'withheld', reason: 'no-channel', attempts: 0, nextTryAt: null },
    ]);
    later(60);
    await send();
    expect(aliyun.records.length + mail.mails.length).toBe(before);
  });
});

describe('SMS at Aliyun', () => {
  test('the signature is the published one', async () => {
    // https://help.aliyun.com/document_detail/56189.html
    const published = new Map(
      Object.entries({
        ...{ AccessKeyId: 'testId', Action: 'SendSms', Format: 'XML', OutId: '123' },
        ...{ PhoneNumbers: '15300000001', RegionId: 'cn-hangzhou', SignName: '阿里云短信测试专用' },
        ...{ SignatureMethod: 'HMAC-SHA1', SignatureNonce: '45e25e9b-0a6f-4070-8c85-2956eda1b466' },
        ...{ SignatureVersion: '1.0', TemplateCode: 'SMS_71390007', Version: '2017-05-25' },
        ...{ TemplateParam: '{"customer":"test"}', Timestamp: '2017-07-12T02:42:19Z' },
      }),
    );
    // What checks the requests of these tests agrees with it, …
    expect(await rpcSignature('GET', published, 'testSecret')).toBe('zJDF+Lrzhj/ThnlvIToysFRq6t4=');
    // … and ours with what checks, for every kind of character.
    const odd = { b: "a b+c*d~e!'()", a: '中文&=%/?', Z: '' };
    const form = new URLSearchParams(signedForm(odd, 's&='));
    expect(form.get('Signature')).toBe(
      await rpcSignature('POST', new Map(Object.entries(odd)), 's&='),
    );
  });

  test('is sent with its approved template, and asked for until it is delivered', async () => {
    await addressed(0, 'sms', '+86 13800000006');
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    await send();
    expect(await newest()).toMatchObject({
      state: 'withheld',
      reason: 'no-provider-code',
      attempts: 0,
    });
    await approve('balance.alarm1');
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    await send();
    const sent = await newest();
    expect(sent).toMatchObject({
      state: 'sent',
      providerId: `biz^${aliyun.records.length}`,
      proof: 'OK',
    });
    const record = aliyun.records.at(-1);
    expect(record).toMatchObject({
      ...{ phone: '+8613800000006', outId: sent.id, template: 'SMS_71390007' },
      parameters: { balance: '12.30', account: 'Shop 1' },
    });
    if (record) Object.assign(record, { phone: '13800000006' }); // As its records say it.
    later(1);
    await send();
    expect(await newest()).toMatchObject({ state: 'sent', deliveredAt: null });
    if (record) record.status = 3;
    later(5);
    await send();
    expect(await newest()).toMatchObject({
      ...{ state: 'delivered', proof: 'DELIVERED 2026-11-28 10:00:05', nextTryAt: null },
      deliveredAt: park.now.toISOString(),
    });
    expect(aliyun.faults).toEqual([]);
  });

  test('a refusal for good fails at once; one that passes is tried again, later each time, and given up', async () => {
    await approve('balance.alarm1');
    await addressed(0, 'sms', '13800000007');
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    aliyun.plan.next = ['isv.MOBILE_NUMBER_ILLEGAL'];
    await send();
    expect(await newest()).toMatchObject({ state: 'failed', reason: 'isv.MOBILE_NUMBER_ILLEGAL' });
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    aliyun.plan.next = ['isv.BUSINESS_LIMIT_CONTROL'];
    const { id } = await newest();
    for (let tries = 1; tries < TRIES_MAX; tries++) {
      await send();
      const at = Date.parse((await newest()).nextTryAt);
      expect(at - park.now.getTime()).toBe(waitMs(tries));
      park.now = new Date(at - 1);
      expect(await send()).toBe(0);
      park.now = new Date(at);
    }
    await send();
    expect(await newest()).toMatchObject({
      id,
      state: 'failed',
      attempts: TRIES_MAX,
      nextTryAt: null,
    });
    expect(
      (await steps(id)).filter((s: string) => s === 'isv.BUSINESS_LIMIT_CONTROL'),
    ).toHaveLength(TRIES_MAX);
  });

  test('no answer: it is asked for, and not sent again when it is on record', async () => {
    await approve('balance.alarm1');
    await addressed(0, 'sms', '13800000008');
    aliyun.plan.next = ['silent'];
    const before = aliyun.records.length;
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    await sendInVain();
    expect(await newest()).toMatchObject({ state: 'unconfirmed', attempts: 1 });
    later(5);
    await send();
    expect(await newest()).toMatchObject({ state: 'sent', attempts: 1 });
    expect(aliyun.records).toHaveLength(before + 1);
  });

  test('no answer and no record after ten minutes: it never arrived, and is sent', async () => {
    await approve('balance.alarm1');
    await addressed(0, 'sms', '13800000010');
    aliyun.plan.next = ['lost', 'proxy', 'ok'];
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    await sendInVain();
    const { id } = await newest();
    later(2);
    await send();
    expect(await newest()).toMatchObject({ state: 'unconfirmed', attempts: 1 });
    later(15);
    await send(); // Asked, not on record: sent, to a proxy that answers in its place.
    await send();
    expect(await newest()).toMatchObject({
      id,
      state: 'unconfirmed',
      attempts: 2,
      reason: 'HTTP 502',
    });
    later(15);
    await send();
    await send();
    expect(await newest()).toMatchObject({ state: 'sent', attempts: 3 });
    expect(aliyun.records.filter((r) => r.outId === id)).toHaveLength(1);
    expect(await steps(id)).toContain('not-on-record');
  });

  test('killed between sent and noted: what comes after asks first', async () => {
    await approve('balance.alarm1');
    await addressed(0, 'sms', '13800000011');
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    const dies = () => {
      throw new Error('killed');
    };
    await expect(send({ failpoint: dies })).rejects.toThrow('killed');
    const { id } = await newest();
    expect(await newest()).toMatchObject({
      state: 'unconfirmed',
      reason: 'no-answer-yet',
      attempts: 1,
    });
    expect(await send()).toBe(0); // Not at once: the answer might still be under way.
    later(3);
    await send();
    expect(await newest()).toMatchObject({ state: 'sent', attempts: 1 });
    expect(aliyun.records.filter((r) => r.outId === id)).toHaveLength(1);
  });

  test('two processes send each notice once', async () => {
    await approve('balance.alarm1');
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) await addressed(1, 'sms', `1370000000${n}`);
    await happen('balance.alarm1', park.accounts[1] ?? '', low);
    const before = aliyun.records.length;
    await Promise.all([send(), send(), send()]);
    expect(aliyun.records).toHaveLength(before + 8);
  });
});

describe('e-mail', () => {
  test('is taken by the mail server, in UTF-8, with an id that stays', async () => {
    await addressed(0, 'email', 'shop@example.com', 'zh');
    await happen('balance.alarm2', park.accounts[0] ?? '', low);
    await send();
    const sent = await newest();
    expect(sent).toMatchObject({ state: 'sent', proof: expect.stringContaining('queued as 4711') });
    const { to, raw } = mail.mails.at(-1) ?? { to: '', raw: '' };
    expect(to).toBe('shop@example.com');
    expect(raw).toContain(`Message-ID: <notice-${sent.id}@park.example>`);
    expect(raw).toMatch(/^Subject: =\?UTF-8\?/m);
    const body = raw.slice(raw.indexOf('\r\n\r\n')).replace(/\s/g, '');
    expect(Buffer.from(body, 'base64').toString()).toContain('您的余额仅剩 12.30 CNY');
  });

  test('greylisted is tried again, unknown fails, a line cut after the message is not sent again by itself', async () => {
    await addressed(0, 'email', 'shop@example.com');
    mail.plan.next = ['later', 'ok'];
    await happen('balance.alarm2', park.accounts[0] ?? '', low);
    await send();
    expect(await newest()).toMatchObject({
      state: 'queued',
      reason: expect.stringContaining('450'),
    });
    later(1);
    await send();
    expect(await newest()).toMatchObject({ state: 'sent', attempts: 2, reason: null });
    mail.plan.next = ['never'];
    await happen('balance.alarm2', park.accounts[0] ?? '', low);
    await send();
    expect(await newest()).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('550'),
    });

    mail.plan.next = ['cut'];
    await happen('balance.alarm2', park.accounts[0] ?? '', low);
    await send();
    const cut = await newest();
    expect(cut).toMatchObject({ state: 'unconfirmed', nextTryAt: null });
    const before = mail.mails.length;
    later(200);
    await send();
    expect(mail.mails).toHaveLength(before);
    // A person may decide, and has to say that the recipient may read it twice.
    const retry = (body: object) => ask('POST', `/notices/${cut.id}/retry`, body);
    expect((await retry({})).status).toBe(409);
    expect((await retry({ mayRepeat: true })).body).toMatchObject({ state: 'queued' });
    mail.plan.next = ['ok'];
    await send();
    expect(await newest()).toMatchObject({ id: cut.id, state: 'sent', attempts: 2 });
    expect((await retry({ mayRepeat: true })).status).toBe(409);
  });

  test('a server that is not there is tried again; a wrong password too, and neither counts as sent', async () => {
    await addressed(0, 'email', 'shop@example.com');
    await happen('balance.alarm2', park.accounts[0] ?? '', low);
    const from = 'office@park.example';
    await send({ channels: { email: openMail({ url: 'smtp://127.0.0.1:1', from }, PATIENT_MS) } });
    expect(await newest()).toMatchObject({
      state: 'queued',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    later(1);
    const wrong = mail.url.replace('secret', 'wrong');
    await send({ channels: { email: openMail({ url: wrong, from }, PATIENT_MS) } });
    expect(await newest()).toMatchObject({
      state: 'queued',
      attempts: 2,
      reason: expect.stringContaining('Invalid login'),
    });
  });
});

describe('webhooks', () => {
  test('are signed; a receiver that fails is called again with the same id', async () => {
    await addressed(0, 'webhook', `${receiver.url}hook?for=shop`);
    receiver.plan.next = [503, 'silent', 204];
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    await send();
    expect(await newest()).toMatchObject({ state: 'queued', reason: 'HTTP 503' });
    later(1);
    await sendInVain();
    expect(await newest()).toMatchObject({ state: 'unconfirmed', attempts: 2 });
    later(2);
    await send();
    await send();
    const { id, ...done } = await newest();
    expect(done).toMatchObject({ state: 'delivered', attempts: 3, proof: 'HTTP 204' });
    // The one that it took without an answer, and the one after: told apart by their attempt.
    expect(receiver.taken.map((t) => [t.id, t.attempt])).toEqual([
      [id, 2],
      [id, 3],
    ]);
    expect(receiver.taken[0]).toMatchObject({
      kind: 'balance.alarm1',
      parameters: { balance: '12.30' },
    });
    expect(receiver.refused).toEqual([]);
  });

  test('refused for good, or signed with another secret: failed, and never followed elsewhere', async () => {
    for (const [answer, reason] of [
      [410, 'gone'],
      [404, 'HTTP 404'],
      [302, 'HTTP 302'],
    ] as const) {
      await addressed(0, 'webhook', `${receiver.url}${answer}`);
      receiver.plan.next = [answer];
      await happen('balance.alarm1', park.accounts[0] ?? '', low);
      await send();
      expect(await newest()).toMatchObject({ state: 'failed', reason });
      await park.rows('DELETE FROM notice_addresses');
    }
    await addressed(0, 'webhook', receiver.url);
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    await send({ channels: { webhook: openWebhook('another secret than theirs', PATIENT_MS) } });
    expect(await newest()).toMatchObject({ state: 'failed', reason: 'HTTP 401' });
  });
});

describe('by hand', () => {
  test('what is queued can be withheld and sent after all, each with who and why', async () => {
    await addressed(0, 'webhook', receiver.url);
    receiver.plan.next = [200];
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    const { id } = await newest();
    const withheld = await ask('POST', `/notices/${id}/withhold`, { reason: 'told by phone' });
    expect(withheld.body).toMatchObject({ state: 'withheld', reason: 'by-person' });
    expect(await send()).toBe(0);
    expect((await ask('POST', `/notices/${id}/withhold`, { reason: 'again' })).status).toBe(409);
    await ask('POST', `/notices/${id}/retry`, {});
    await send();
    const { body } = await ask('GET', `/notices/${id}`);
    expect(body.state).toBe('delivered');
    expect(body.steps.map((s: { act: string; by: string | null }) => [s.act, s.by])).toEqual([
      ...[
        ['withheld', 'Name of cashier-1'],
        ['retried', 'Name of cashier-1'],
        ['sent', null],
      ],
    ]);
    const logged = await park.rows(
      "SELECT action FROM audit WHERE detail ->> 'notice' = $1 ORDER BY id",
      [id],
    );
    expect(logged.map((l) => l.action)).toEqual(['notice.withheld', 'notice.retried']);
  });

  test('what waited for a day is of no use any more', async () => {
    await addressed(0, 'webhook', receiver.url);
    await happen('balance.alarm1', park.accounts[0] ?? '', low);
    later(25 * 60);
    const before = receiver.taken.length;
    await send();
    expect(await newest()).toMatchObject({ state: 'failed', reason: 'too-late', attempts: 0 });
    expect(receiver.taken).toHaveLength(before);
  });

  test('the list is filtered, counted and paged; without the permission it is not shown', async () => {
    const all = await ask('GET', '/notices?limit=1');
    expect(all.body.data).toHaveLength(1);
    const next = await ask('GET', `/notices?limit=1&cursor=${all.body.nextCursor}`);
    expect(BigInt(next.body.data[0].id)).toBeLessThan(BigInt(all.body.data[0].id));
    const failed = await ask('GET', '/notices?state=failed&channel=webhook&limit=1000');
    const { rows } = {
      rows: await park.rows(
        "SELECT id FROM notices WHERE state = 'failed' AND channel = 'webhook'",
      ),
    };
    expect(failed.body.data).toHaveLength(rows.length);
    expect(failed.body.totals.states.failed).toBe(rows.length);
    expect((await ask('GET', '/notices?q=13900000009')).body.data.length).toBeGreaterThan(0);
    const analyst = openFace(park, 'a', (permission) => permission === 'report.read');
    expect((await analyst('GET', '/notices')).status).toBe(403);
    expect((await analyst('GET', '/notice-channels')).status).toBe(403);
    expect((await ask('GET', '/notice-channels')).body.channels).toEqual([
      { channel: 'sms', isSetUp: false },
      { channel: 'email', isSetUp: false },
      { channel: 'webhook', isSetUp: false },
    ]);
    expect((await ask('GET', '/notices/1')).status).toBe(404);
  });
});
