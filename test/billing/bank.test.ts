/** Files of the bank and of channels: read, matched, imported once, unidentified money claimed, every cent of it booked. */
import { writeXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../billing/verify.ts';
import { type Counter, cny, openCounter } from './counter.ts';

let counter: Counter;
beforeAll(async () => {
  counter = await openCounter();
  await counter.read(0);
  await counter.balances();
});
afterAll(() => counter.close());

const titles = ['日期', '收入', '支出', '余额', '流水号', '对方户名', '摘要'];
const statement = {
  source: 'bank',
  template: 'Our bank',
  mapping: {
    columns: {
      ...{ date: '日期', income: '收入', expense: '支出', balance: '余额', currency: '币种' },
      ...{ reference: '流水号', payer: '对方户名', text: '摘要' },
    },
  },
};
const settlement = {
  source: 'channel',
  template: 'Our channel',
  mapping: {
    columns: {
      ...{ date: '交易时间', amount: '金额', fee: '手续费', net: '净额', status: '状态' },
      ...{ reference: '流水号', order: '订单号' },
    },
    counted: ['SUCCESS'],
  },
};
const paid = ['交易时间', '金额', '手续费', '净额', '状态', '流水号', '订单号'];

type Cells = (string | number)[];
const csv = (rows: Cells[]) => rows.map((row) => row.join(',')).join('\r\n');
const base64 = (text: string) => Buffer.from(text).toString('base64');
/** A statement whose balance is worked out, from day, in or out, reference, payer, text. */
const bank = (lines: [string, number, string?, string?, string?][], head = titles) => {
  let balance = 1000;
  const rows = lines.map(([day, amount, reference = '', payer = '', text = '']) => {
    balance += amount;
    const sides = amount > 0 ? [amount.toFixed(2), ''] : ['', (-amount).toFixed(2)];
    return [day, ...sides, balance.toFixed(2), reference, payer, text];
  });
  return csv([head, ...rows]);
};

let files = 0;
const fileOf = (content: string, given: object = statement) => ({
  ...{ name: `file-${++files}.csv`, content: base64(content) },
  ...given,
});
const preview = (file: object) => counter.faces.chen('POST', '/bank-files/preview', file);
const load = async (file: object, key?: string) => {
  const seen = (await preview(file)).body;
  expect(seen.digest, JSON.stringify(seen)).toBeDefined();
  return await counter.post(
    counter.faces.chen,
    '/bank-files',
    { ...file, digest: seen.digest },
    key,
  );
};
const lines = async (query = '') =>
  (await counter.faces.chen('GET', `/bank-lines?${query}`)).body.data;
const lineOf = async (text: string) => {
  const [line] = await lines(`q=${encodeURIComponent(text)}`);
  return line;
};
const act = (id: string, body: object, key?: string) =>
  counter.post(counter.faces.chen, `/bank-lines/${id}/acts`, body, key);
const traced = async () => [
  await counter.trace(),
  ...(await counter.park.rows(`SELECT (SELECT count(*) FROM bank_files) AS files,
    (SELECT count(*) FROM bank_lines) AS lines, (SELECT count(*) FROM bank_line_acts) AS acts`)),
];

describe('a statement of the bank', () => {
  test('is matched by receipt, by name and by what was carried there; the rest waits for a person', async () => {
    const { faces, park, post, sell, books } = counter;
    const sold = (await sell(faces.wang, 0, '120.00', { channel: 'transfer' })).body;
    await sell(faces.wang, 1, '80.00', { channel: 'transfer' });
    await sell(faces.wang, 2, '55.00', { channel: 'transfer', reference: 'TX-7788' });
    await sell(faces.wang, 0, '33.00', { channel: 'transfer' });
    await sell(faces.wang, 1, '33.00', { channel: 'transfer' });
    await post(faces.wang, '/shifts', { float: cny('0') });
    await sell(faces.wang, 0, '500.00');
    const [shift] = await park.rows('SELECT id FROM shifts');
    await post(faces.wang, `/shifts/${shift?.id}/hand-ins`, { amount: cny('500.00') });
    await post(faces.chen, '/cash-movements', { kind: 'deposit', amount: cny('500.00') });
    const [name] = await park.rows('SELECT name FROM accounts WHERE id = $1', [park.accounts[1]]);
    const file = fileOf(
      bank([
        ['2026-02-10', 120, 'B1', 'somebody', `电费 ${sold.receipt}`],
        ['2026/2/10', 80, 'B2', String(name?.name)],
        ['20260210', 55, 'TX-7788', 'nobody'],
        ['2026-02-10', 500, 'B4', '', '现金存入'],
        ['2026-02-09', 33, 'B5', 'who?'],
        ['2026年2月9日', 77.5, 'B6', 'a stranger'],
      ]),
    );
    const before = await traced();
    const seen = (await preview(file)).body;
    expect(await traced()).toEqual(before);
    const fates = seen.lines.map((line: { fate: string; rule: string }) => [line.fate, line.rule]);
    expect(fates).toEqual([
      ['match', 'number'],
      ['match', 'name'],
      ['match', 'number'],
      ['match', 'amount'],
      ['ambiguous', 'ambiguous'],
      ['unknown', 'unknown'],
    ]);
    expect(seen.lines[4].candidates).toBe(2);
    expect(seen).toMatchObject({ income: cny('865.50'), expense: cny('0.00'), before: null });
    const was = await books();
    const answer = await load(file);
    expect(answer.status).toBe(201);
    const now = await books();
    // Sales by transfer stood in the bank already; the cash has arrived, 33.00 and 77.50 are nobody's.
    expect((now.bank ?? 0) - (was.bank ?? 0)).toBe(500_00 + 33_00 + 77_50);
    expect(now['bank-transit']).toBeUndefined();
    expect(now.unidentified).toBe(-(33_00 + 77_50));
    await counter.proves();
  });

  test('imported twice adds nothing and says so; one that overlaps adds what is new', async () => {
    const [first] = (await counter.faces.chen('GET', '/bank-files')).body.data;
    const content = [
      ['2026-02-10', 41, 'C1', 'x'],
      ['2026-02-10', 42, 'C2', 'y'],
    ] as [string, number, string, string][];
    const file = fileOf(bank(content));
    const made = await load(file, 'bank-once');
    expect(made.body).toMatchObject({ counts: { unknown: 2, duplicate: 0 }, before: null });
    const before = await traced();
    const seen = (await preview(file)).body;
    const again = await counter.post(
      counter.faces.chen,
      '/bank-files',
      { ...file, digest: seen.digest },
      'another key',
    );
    expect(again.body).toMatchObject({ fileId: null, counts: { unknown: 0, duplicate: 2 } });
    expect(again.body.before).toMatchObject({
      ...{ fileId: made.body.fileId, importedBy: 'Name of chen' },
    });
    expect(made.body.fileId).not.toBe(first.id);
    expect(await traced()).toEqual(before);
    // Twice the same in one file are two lines.
    const more = fileOf(
      bank([...content, ['2026-02-10', 42, 'C2', 'y'], ['2026-02-10', 43, 'C3', 'z']]),
    );
    expect((await load(more)).body.counts).toMatchObject({ duplicate: 2, unknown: 2 });
    expect(await lines('q=C2')).toHaveLength(2);
    await counter.proves();
  });

  test('without numbers: payments alike are told apart by the balance behind them, else they are counted', async () => {
    const alike = (times: number): [string, number, string, string][] =>
      Array.from({ length: times }, () => ['2026-02-09', 21, '', 'alike']);
    const counts = async (content: string) => (await load(fileOf(content))).body.counts;
    const [head = '', first, ...behind] = bank(alike(3)).split('\r\n');
    const [second = ''] = behind;
    // What the morning holds, and from the second of its lines on what the day holds.
    expect(await counts([head, first, second].join('\r\n'))).toMatchObject({ unknown: 2 });
    const afternoon = [head, ...behind].join('\r\n');
    expect(await counts(afternoon)).toMatchObject({ duplicate: 1, unknown: 1 });
    // A file that states no balance adds what is more of them than were there.
    const plain = (times: number) =>
      bank(alike(times))
        .split('\r\n')
        .map((row) => row.split(',').toSpliced(3, 1).join())
        .join('\r\n');
    expect(await counts(plain(2))).toMatchObject({ duplicate: 2, unknown: 0 });
    expect(await counts(plain(4))).toMatchObject({ duplicate: 3, unknown: 1 });
    expect(await counts(plain(4))).toMatchObject({ duplicate: 4, unknown: 0 });
    expect(await counts(bank(alike(4)))).toMatchObject({ duplicate: 4, unknown: 0 });
    expect(await lines('q=alike')).toHaveLength(4);
    await counter.proves();
  });

  test('of two at once is imported once', async () => {
    const file = fileOf(bank([['2026-02-10', 17, 'D1', 'twice']]));
    const { digest } = (await preview(file)).body;
    const answers = await Promise.all(
      [1, 2, 3].map((n) =>
        counter.post(counter.faces.chen, '/bank-files', { ...file, digest }, `at-once-${n}`),
      ),
    );
    const done = answers.filter(({ body }) => body.fileId);
    expect(done).toHaveLength(1);
    for (const { status, body } of answers) {
      if (status !== 201) expect(body.code).toBe('preview-outdated');
    }
    expect(await lines('q=D1')).toHaveLength(1);
  });

  test('in GB18030, or as a workbook, is read as it is in UTF-8', async () => {
    // 日期,收入,支出,余额,流水号,对方户名,摘要 and 电费, as a Chinese bank writes them.
    const head = 'c8d5c6da2ccad5c8eb2cd6a7b3f62cd3e0b6ee2cc1f7cbaebac52cb6d4b7bdbba7c3fb2cd5aad2aa';
    const row = Buffer.from('\r\n2026-02-10,"1,234.50",,2234.50,G1,');
    const content = Buffer.concat([
      ...[Buffer.from(head, 'hex'), row, Buffer.from('b5e7b7d1', 'hex')],
    ]).toString('base64');
    const gb = { ...fileOf(''), content };
    expect((await preview(gb)).body.lines).toMatchObject([
      { amount: cny('1234.50'), reference: 'G1', payer: '电费', fate: 'unknown' },
    ]);
    const sheet = await writeXlsx({
      sheets: [
        {
          name: 's',
          rows: [['银行对账单'], titles, ['2026-02-10', 1234.5, null, 2234.5, 'G1', '电费', null]],
        },
      ],
    });
    const xlsx = { ...fileOf(''), content: Buffer.from(sheet).toString('base64') };
    expect((await preview(xlsx)).body.lines).toMatchObject([
      { row: 3, amount: cny('1234.50'), payer: '电费', day: '2026-02-10' },
    ]);
  });
});

describe('money that nobody knows', () => {
  test('is claimed for an account: a sale with its receipt, booked once', async () => {
    const { books, faces, park } = counter;
    const line = await lineOf('B6');
    expect(line).toMatchObject({ state: 'unidentified', amount: cny('77.50'), target: null });
    const was = await books();
    const claim = { kind: 'claim', accountId: park.accounts[2] };
    const answers = await Promise.all(
      ['c1', 'c1', 'c2', 'c3'].map((key) => act(line.id, claim, key)),
    );
    // Whichever comes first has it; the same key asked twice is answered twice.
    const [twice, again, ...others] = answers.map(({ status }) => status);
    const first = [201, 201, 409, 409];
    expect([twice, again, ...others].sort()).toEqual(twice === 201 ? first : [201, 409, 409, 409]);
    expect(again).toBe(twice);
    const [done] = answers.filter(({ status }) => status === 201);
    expect(done?.body).toMatchObject({
      ...{ state: 'claimed', accountId: park.accounts[2], target: { kind: 'sale' } },
    });
    const now = await books();
    expect([now.bank, now.unidentified]).toEqual([was.bank, (was.unidentified ?? 0) + 7750]);
    const [sale] = (await faces.chen('GET', '/sales?q=B6')).body.data;
    expect(sale).toMatchObject({ channel: 'transfer', amount: cny('77.50'), reference: 'B6' });
    await counter.proves();
  });

  test('claimed for the wrong account is nobody’s again when its sale is reversed, and claimed anew', async () => {
    const { books, faces, park, post } = counter;
    const line = await lineOf('B6');
    const was = await books();
    const refused = await act(line.id, { kind: 'release', reason: 'wrong' });
    expect(refused.body).toMatchObject({ code: 'conflict', detail: /reverse its sale/ });
    const wish = await post(faces.wang, `/sales/${line.target.id}/reversals`, { reason: 'wrong' });
    expect(wish.body.state).toBe('reversed');
    const now = await books();
    expect([now.bank, now.unidentified]).toEqual([was.bank, (was.unidentified ?? 0) - 7750]);
    expect(await lineOf('B6')).toMatchObject({ state: 'unidentified', target: null });
    await counter.proves();
    const again = await act(line.id, { kind: 'claim', accountId: park.accounts[0] });
    expect(again.body).toMatchObject({ state: 'claimed', accountId: park.accounts[0] });
    const { acts } = (await faces.chen('GET', `/bank-lines/${line.id}`)).body;
    expect(acts.map(({ kind }: { kind: string }) => kind)).toEqual([
      ...['suspend', 'claim', 'reopen', 'claim'],
    ]);
  });

  test('is matched by a person with one of those it may be, which no other line then is', async () => {
    const { books, faces } = counter;
    const line = await lineOf('B5');
    const { candidates } = (await faces.chen('GET', `/bank-lines/${line.id}`)).body;
    expect(candidates.map(({ amount }: { amount: object }) => amount)).toEqual([
      ...[cny('33.00'), cny('33.00')],
    ]);
    const [{ kind, id }] = candidates;
    const was = await books();
    expect((await act(line.id, { kind: 'match', target: { kind, id } })).body.state).toBe(
      'matched',
    );
    // Its sale stood in the bank: what waited as nobody's was that money, seen a second time.
    const now = await books();
    expect((now.bank ?? 0) - (was.bank ?? 0)).toBe(-3300);
    expect((now.unidentified ?? 0) - (was.unidentified ?? 0)).toBe(3300);
    await counter.proves();
    await load(fileOf(bank([['2026-02-10', 33, 'E1', 'again']])));
    const other = await lineOf('E1');
    const taken = await act(other.id, { kind: 'match', target: { kind, id } });
    expect(taken.body.code).toBe('conflict');
    const sale = { kind: 'match', target: { kind: 'sale', id: '999999' } };
    expect((await act(other.id, sale)).body.code).toBe('conflict');
    // A match that was wrong is released, and what it matched is free.
    await act(line.id, { kind: 'release', reason: 'it was E1' });
    expect((await act(other.id, { kind: 'match', target: { kind, id } })).status).toBe(201);
    await counter.proves();
  });

  test('is sent back, and the bank’s line of that is known', async () => {
    const { books } = counter;
    const line = await lineOf('C1');
    const was = await books();
    const back = await act(line.id, { kind: 'return', reason: 'paid by mistake' });
    expect(back.body.state).toBe('returned');
    const now = await books();
    expect([now.bank, now.unidentified]).toEqual([
      ...[(was.bank ?? 0) - 4100, (was.unidentified ?? 0) + 4100],
    ]);
    await load(fileOf(bank([['2026-02-10', -41, 'F1', '', 'back']])));
    expect(await lineOf('F1')).toMatchObject({ state: 'matched', target: { kind: 'return' } });
    expect((await books()).bank).toBe(now.bank);
    await counter.proves();
  });

  test('that went out is a fee, or waits', async () => {
    await load(fileOf(bank([['2026-02-10', -2.5, 'H1', '', '账户管理费']])));
    const line = await lineOf('H1');
    expect(line.state).toBe('unidentified');
    const claim = { kind: 'claim', accountId: counter.park.accounts[0] };
    expect((await act(line.id, claim)).body.code).toBe('conflict');
    expect((await act(line.id, { kind: 'fee', reason: 'of the bank' })).body.state).toBe('matched');
    expect((await counter.books())['channel-fee']).toBe(250);
    await counter.proves();
  });

  test('of a closed account, another project or a payment that was sold is not claimed', async () => {
    const { faces, park, sell } = counter;
    await load(fileOf(bank([['2026-02-10', 91, 'K1', 'late']])));
    const line = await lineOf('K1');
    await sell(faces.wang, 0, '19.00', { channel: 'transfer', reference: 'K1' });
    const before = await traced();
    const claim = (accountId: unknown) => act(line.id, { kind: 'claim', accountId });
    expect((await claim(park.accounts[0])).body).toMatchObject({
      ...{ code: 'conflict', detail: expect.stringMatching(/Receipt R\d+ is of the payment K1/) },
    });
    expect((await claim('999999')).body.code).toBe('not-found');
    expect((await act('999999', { kind: 'return', reason: 'x' })).body.code).toBe('not-found');
    await park.rows("UPDATE accounts SET closed_on = '2026-02-10' WHERE id = $1", [
      park.accounts[0],
    ]);
    expect((await claim(park.accounts[0])).body.code).toBe('account-closed');
    await park.rows('UPDATE accounts SET closed_on = NULL');
    expect(await traced()).toEqual(before);
  });
});

describe('files as channels publish their form', () => {
  const template = async (name: string) => {
    const found = (await counter.faces.chen('GET', '/bank-templates')).body.data;
    const { mapping } = found.find((one: { name: string }) => one.name.startsWith(name));
    return { source: 'channel', template: 'Our channel', mapping };
  };
  /** A line of WeChat Pay's bill of all trades: 27 columns, each behind a grave accent. */
  const trade = (day: string, state: string, [paid, back, fee]: [string, string, string]) =>
    `${day} 10:11:12,wx1,1900000001,0,,420000${state},T-${state},o1,NATIVE,${state},OTHERS,CNY,${paid},0.00,0,0,${back},0.00,,,top up,,${fee},0.60%,${paid},${back},`
      .split(',')
      .map((cell) => `\`${cell}`)
      .join();
  const weChat = (...trades: string[]) =>
    [
      '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注',
      ...trades,
      '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额',
      '`3,`110.00,`110.00,`0.00,`0.00000,`110.00,`110.00',
    ].join('\r\n');

  test('WeChat Pay: cents with five decimals, a fee that comes back with its refund, what was revoked', async () => {
    const was = await counter.books();
    const bill = weChat(
      trade('2026-02-09', 'SUCCESS', ['110.00', '0.00', '0.66000']),
      trade('2026-02-10', 'REFUND', ['0.00', '100.00', '-0.60000']),
      trade('2026-02-10', 'REVOKED', ['0.00', '10.00', '-0.06000']),
    );
    const file = fileOf(bill, await template('WeChat Pay bill'));
    const seen = (await preview(file)).body;
    const told = seen.lines.map(({ day, amount, fee }: Record<string, { amount: string }>) => [
      ...[day, amount?.amount, fee?.amount],
    ]);
    expect(told).toEqual([
      ['2026-02-09', '110.00', '0.66'],
      ['2026-02-10', '-100.00', '-0.60'],
      ['2026-02-10', '-10.00', '-0.06'],
    ]);
    expect((await load(file)).body.counts).toMatchObject({ unknown: 3, error: 0 });
    expect(await counter.books()).toEqual(was);
    const fees = await counter.park.rows(
      'SELECT local_day::text AS day, fee_minor::int AS fee FROM bank_file_fees ORDER BY 1',
    );
    expect(fees).toEqual([
      { day: '2026-02-09', fee: 66 },
      { day: '2026-02-10', fee: -66 },
    ]);
    await counter.proves();
    // Bills of its first years state what a fee would be: parts of a cent, which nobody ever paid.
    const old = fileOf(
      weChat(trade('2026-02-09', 'SUCCESS', ['0.01', '0.00', '0.00020'])),
      await template('WeChat Pay bill'),
    );
    expect((await preview(old)).body.lines[0].faults).toMatchObject([
      { code: 'amount-decimals', value: '0.00020' },
    ]);
  });

  test('Alipay: remarks and sums behind #, tabs behind numbers, fees as lines of their own', async () => {
    const log = [
      '#支付宝账务明细查询',
      '#账号：[20880000000000000156]',
      '#起始日期：[2026年02月10日 00:00:00]   终止日期：[2026年02月11日 00:00:00]',
      '#-----------------------------------------账务明细列表----------------------------------------',
      '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注',
      '51\t,2026021000\t,A-1\t,top up\t,2026-02-10 21:02:06,张* (a@example.com)\t,200.00,0.00,1200.00,支付宝,在线支付,',
      '52\t,2026021001\t,A-1\t,top up\t,2026-02-10 21:02:06,\t,0.00,-1.20,1198.80,支付宝,收费,服务费',
      '53\t,2026021002\t,A-1\t,top up\t,2026-02-10 22:00:00,张* (a@example.com)\t,0.00,-50.00,1148.80,支付宝,交易退款,',
      '#----------------------------------------账务明细列表结束-------------------------------------',
      '#支出合计：2笔，共51.20元',
      '#收入合计：1笔，共200.00元',
      '#导出时间：[2026年02月11日 08:19:01]',
    ].join('\r\n');
    const seen = (await preview(fileOf(log, await template('Alipay')))).body;
    expect(seen.counts).toMatchObject({ error: 0, skipped: 0 });
    expect(seen.lines).toMatchObject([
      { amount: cny('200.00'), reference: '2026021000', order: 'A-1' },
      { amount: cny('-1.20'), fate: 'match', rule: 'fee' },
      { amount: cny('-50.00'), reference: '2026021002' },
    ]);
  });
});

describe('a settlement of a channel', () => {
  test('is matched by order number, its fees are booked, and the bank’s line is its payout', async () => {
    const { faces, sell, books } = counter;
    const was = await books();
    await sell(faces.key, 0, '200.00', { channel: 'online', reference: 'WX-0001' });
    const second = (await sell(faces.key, 1, '60.00', { channel: 'online' })).body;
    const rows = [
      ['`2026-02-10 10:00:00', '`200.00', '1.20', '198.80', 'SUCCESS', '`P1', '`WX-0001'],
      ['`2026-02-10 11:00:00', '`60.00', '0.36000', '59.64', 'SUCCESS', '`P2', second.receipt],
      ['`2026-02-09 11:00:00', '`9.00', '0.05', '8.95', 'SUCCESS', '`P3', '`WX-0003'],
      ['`2026-02-10 12:00:00', '`10.00', '0', '10.00', 'FAILED', '`P4', '`WX-0004'],
      ['合计', '279.00', '1.61', '277.39'],
    ];
    const failed = fileOf(csv([paid, ...rows]), settlement);
    expect((await load(failed)).body.counts).toMatchObject({ match: 2, unknown: 1, skipped: 1 });
    const now = await books();
    expect(now['online-clearing']).toBe(269_00 - 1_61);
    expect((now['channel-fee'] ?? 0) - (was['channel-fee'] ?? 0)).toBe(1_61);
    expect((now.unidentified ?? 0) - (was.unidentified ?? 0)).toBe(-9_00);
    expect((await load(fileOf(bank([['2026-02-10', 267.39, 'Z1']])))).body.counts.match).toBe(1);
    expect(await lineOf('Z1')).toMatchObject({ state: 'matched', target: { kind: 'payout' } });
    const paidOut = await books();
    expect(paidOut['online-clearing']).toBeUndefined();
    expect((paidOut.bank ?? 0) - (now.bank ?? 0)).toBe(267_39);
    await counter.proves();
  });

  test('clears what it settles: it can be refunded', async () => {
    const { faces, park } = counter;
    const path = `/accounts/${park.accounts[1]}/refundable`;
    expect((await faces.wang('GET', path)).body.uncleared).toEqual(cny('0.00'));
  });
});

describe('bad input', () => {
  const one = (cells: Partial<Record<string, string>>) => {
    const row = { 日期: '2026-02-10', 收入: '1.00', 流水号: 'bad', ...cells };
    const head = [...titles, '币种'];
    return csv([head, head.map((title) => row[title as keyof typeof row] ?? '')]);
  };
  test.each([
    [{ 收入: '1e18' }, 'amount'],
    [{ 收入: '1000000000000000000' }, 'amount-large'],
    [{ 收入: '1.005' }, 'amount-decimals'],
    [{ 收入: 'five' }, 'amount'],
    [{ 收入: '' }, 'amount-missing'],
    [{ 支出: '1.00' }, 'amount-both'],
    [{ 币种: 'USD' }, 'currency'],
    [{ 日期: '2026-02-30' }, 'date'],
    [{ 日期: '2026-02-11' }, 'date-ahead'],
    [{ 日期: '1926-02-11' }, 'date-old'],
  ])('%j is told as %s, and nothing is posted', async (cells, code) => {
    const file = fileOf(one(cells));
    const before = await traced();
    const seen = (await preview(file)).body;
    expect(seen.lines.map((line: { fate: string }) => line.fate)).toEqual(['error']);
    expect(seen.lines[0].faults[0].code).toBe(code);
    const refused = await load(file);
    expect(refused.body).toMatchObject({ status: 422, code: 'import-refused' });
    expect(refused.body.faults).toMatchObject([{ at: 'row 2', code }]);
    expect(await traced()).toEqual(before);
  });

  test('a balance or a total that does not foot, columns that are not there, no table at all', async () => {
    const before = await traced();
    const broken = csv([
      titles,
      ['2026-02-10', '1.00', '', '101.00', 'x'],
      ['2026-02-10', '1.00', '', '103.00', 'y'],
    ]);
    expect((await load(fileOf(broken))).body.faults).toMatchObject([
      { at: 'row 3', code: 'balance', parameters: { value: '103.00', expected: '102.00' } },
    ]);
    const total = csv([
      titles,
      ['2026-02-10', '1.00', '', '101.00', 'x'],
      ['合计', '2.00', '0.00'],
    ]);
    expect((await load(fileOf(total))).body.faults).toMatchObject([
      { code: 'total', parameters: { value: '2.00', expected: '1.00' } },
    ]);
    const net = csv([paid, ['2026-02-10', '10.00', '0.10', '9.80', 'SUCCESS', 'x', 'y']]);
    expect((await load(fileOf(net, settlement))).body.faults).toMatchObject([{ code: 'net' }]);
    const strange = await preview(fileOf('a,b\r\n1,2'));
    expect(strange.body).toMatchObject({
      ...{ code: 'import-refused', detail: expect.stringMatching(/date \(日期\), income/) },
    });
    for (const text of ['', '\u0000\u0001', titles.join()]) {
      expect((await preview(fileOf(text))).body.code).toBe('import-refused');
    }
    const many = bank(Array.from({ length: 5_001 }, () => ['2026-02-10', 1]));
    expect((await preview(fileOf(many))).body.code).toBe('too-large');
    expect(await traced()).toEqual(before);
  });

  test('a preview that is older than what is booked, no key, and who may not', async () => {
    const { faces, sell, park } = counter;
    const file = fileOf(bank([['2026-02-10', 64, 'M1', 'm']]));
    const { digest } = (await preview(file)).body;
    await sell(faces.wang, 0, '64.00', { channel: 'transfer', reference: 'M1' });
    const late = await counter.post(faces.chen, '/bank-files', { ...file, digest });
    expect(late.body.code).toBe('preview-outdated');
    const keyless = await faces.chen('POST', '/bank-files', { ...file, digest });
    expect(keyless.body.code).toBe('idempotency-key-missing');
    expect(await park.value("SELECT count(*) FROM bank_lines WHERE reference = 'M1'")).toBe('0');
    await expect(park.rows('DELETE FROM bank_lines')).rejects.toThrow(/history/);
    await expect(park.rows("UPDATE bank_line_acts SET kind = 'match'")).rejects.toThrow(/history/);
  });
});

test('lists foot, are searched, and templates that were used are offered', async () => {
  const { faces } = counter;
  const all = (await faces.chen('GET', '/bank-lines')).body;
  expect(all.totals.count).toBe(all.data.length);
  const open = (await faces.chen('GET', '/bank-lines?state=unidentified')).body;
  const sum = (rows: { amount: { amount: string } }[]) =>
    rows.reduce((total, { amount }) => total + Math.round(Number(amount.amount) * 100), 0);
  expect(-sum(open.data)).toBe((await counter.books()).unidentified);
  const pages = (await faces.chen('GET', '/bank-lines?limit=2')).body;
  const next = (await faces.chen('GET', `/bank-lines?limit=2&cursor=${pages.nextCursor}`)).body;
  expect([...pages.data, ...next.data]).toEqual(all.data.slice(0, 4));
  const templates = (await faces.chen('GET', '/bank-templates')).body.data;
  expect(templates.slice(0, 2)).toMatchObject([
    { name: 'Our bank', isBuiltIn: false },
    { name: 'Our channel', isBuiltIn: false },
  ]);
  const [file] = (await faces.chen('GET', '/bank-files?source=channel')).body.data;
  expect(file).toMatchObject({ lines: 3, skipped: 1, unidentified: 1, net: cny('267.39') });
});

describe('the proof of the ledger', () => {
  const forged: [string, string, string[]][] = [
    ['a refund', 'UPDATE refunds SET amount_minor = amount_minor + 1', ['refunds']],
    [
      'a reversal that names another posting',
      `UPDATE sale_reversal_decisions SET transaction_id = (SELECT min(id) FROM transactions)`,
      ['reversals'],
    ],
    [
      'a line whose amount is another',
      "UPDATE bank_lines SET amount_minor = amount_minor + 1 WHERE reference = 'K1'",
      ['bank'],
    ],
    [
      'a line that nobody is said to have left unidentified',
      "UPDATE bank_line_acts SET kind = 'match' WHERE kind = 'suspend'",
      ['bank'],
    ],
    ['a fee', 'UPDATE bank_file_fees SET fee_minor = fee_minor - 1', ['bank']],
    ['an act that is taken away', "DELETE FROM bank_line_acts WHERE kind = 'return'", ['bank']],
  ];
  test.each(forged)('finds %s', async (_, statement, names) => {
    const { park } = counter;
    const path = `/accounts/${park.accounts[1]}/refunds`;
    const [done] = await park.rows('SELECT count(*)::int AS n FROM refunds');
    if (done?.n === 0) {
      const refund = { channel: 'transfer', amount: cny('1.00'), reason: 'moves out' };
      expect((await counter.post(counter.faces.wang, path, refund)).status).toBe(201);
    }
    await counter.proves();
    const client = await park.owner.connect();
    const { db } = park.postgres;
    const prove = () => verifyLedger(db, { projectId: park.project.id, currency: 'CNY' });
    const table = statement.match(/(?:UPDATE|FROM) (\w+)/)?.[1];
    await client.query(`CREATE TEMP TABLE kept AS SELECT * FROM ${table}`);
    await client.query("SET session_replication_role = 'replica'");
    try {
      await client.query(statement);
      const proof = await prove();
      expect(proof.checks.filter(({ faults }) => faults > 0).map(({ name }) => name)).toEqual(
        names,
      );
      expect(proof.holds).toBe(false);
    } finally {
      await client.query(`DELETE FROM ${table}`);
      await client.query(`INSERT INTO ${table} SELECT * FROM kept`);
      await client.query('DROP TABLE kept');
      await client.query("SET session_replication_role = 'origin'");
      client.release();
    }
    await counter.proves();
  });
});
