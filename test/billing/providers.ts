/**
 * The other side of each way out, as servers on loopback: Aliyun's SMS with a signature check of its own, a
 * mail server, a receiver of webhooks. Each answers as the test tells it to and keeps what it was given.
 */
import { createHmac, webcrypto } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** RFC 3986 by the bytes, as Alibaba Cloud describes it. */
function encoded(value: string): string {
  let out = '';
  for (const byte of new TextEncoder().encode(value)) {
    const letter = String.fromCharCode(byte);
    out += /[A-Za-z0-9\-_.~]/.test(letter)
      ? letter
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** The RPC signature 1.0 of parameters. */
export async function rpcSignature(
  method: 'GET' | 'POST',
  parameters: Map<string, string>,
  secret: string,
): Promise<string> {
  const pairs: string[] = [];
  for (const name of [...parameters.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    if (name !== 'Signature') pairs.push(`${encoded(name)}=${encoded(parameters.get(name) ?? '')}`);
  }
  const toSign = [method, encoded('/'), encoded(pairs.join('&'))].join('&');
  const key = await webcrypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(`${secret}&`),
    { name: 'HMAC', hash: 'SHA-1' },
    false,
    ['sign'],
  );
  const digest = await webcrypto.subtle.sign('HMAC', key, new TextEncoder().encode(toSign));
  return Buffer.from(digest).toString('base64');
}

/** What a server does with the next requests; the last one stands. `beforeAnswer` is waited for once it has one. */
type Plan<Answer> = { next: Answer[]; beforeAnswer?: (() => Promise<void>) | undefined };
const take = <Answer>(plan: Plan<Answer>): Answer | undefined =>
  plan.next.length > 1 ? plan.next.shift() : plan.next[0];

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // It listens on a port.
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface AliyunRecord {
  phone: string;
  outId: string;
  template: string;
  parameters: Record<string, string>;
  /** 1 waits, 2 failed, 3 delivered. */
  status: number;
}

/** `silent` takes the message and never answers; `lost` neither takes nor answers. */
export type AliyunAnswer = 'ok' | 'silent' | 'lost' | 'proxy' | `isv.${string}` | `isp.${string}`;

export async function openAliyun({ key, secret }: { key: string; secret: string }) {
  const plan: Plan<AliyunAnswer> = { next: ['ok'] };
  const records: AliyunRecord[] = [];
  const nonces = new Set<string>();
  /** What was wrong with a request, if anything was. */
  const faults: string[] = [];
  let asked = 0;
  const server = await listen(async (request, response) => {
    const body = new Map(new URLSearchParams(await text(request)));
    const answer = (status: number, content: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(content));
    };
    const nonce = body.get('SignatureNonce') ?? '';
    const expected = await rpcSignature('POST', body, secret);
    const fault =
      request.method !== 'POST' || body.get('Signature') !== expected
        ? 'SignatureDoesNotMatch'
        : nonces.has(nonce)
          ? 'SignatureNonceUsed'
          : !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(body.get('Timestamp') ?? '')
            ? 'InvalidTimeStamp.Format'
            : body.get('AccessKeyId') !== key || body.get('Version') !== '2017-05-25'
              ? 'InvalidAccessKeyId.NotFound'
              : undefined;
    nonces.add(nonce);
    if (fault) {
      faults.push(fault);
      return answer(400, { Code: fault, Message: 'refused', RequestId: 'r' });
    }
    if (body.get('Action') === 'QuerySendDetails') {
      asked++;
      const found = records.filter((r) => r.phone === body.get('PhoneNumber'));
      return answer(200, {
        ...{ Code: 'OK', Message: 'OK', TotalCount: found.length },
        SmsSendDetailDTOs: {
          SmsSendDetailDTO: found.map((r) => ({
            ...{ OutId: r.outId, SendStatus: r.status, PhoneNum: r.phone },
            ...(r.status !== 1 && {
              ErrCode: r.status === 3 ? 'DELIVERED' : 'MOBILE_NOT_ON_SERVICE',
            }),
            ReceiveDate: '2026-11-28 10:00:05',
          })),
        },
      });
    }
    const how = take(plan) ?? 'ok';
    if (how === 'lost') return await plan.beforeAnswer?.();
    if (how === 'proxy') {
      response.writeHead(502, { 'content-type': 'text/html' });
      return response.end('<h1>Bad gateway</h1>');
    }
    if (how !== 'ok' && how !== 'silent') return answer(200, { Code: how, Message: how });
    records.push({
      phone: body.get('PhoneNumbers') ?? '',
      outId: body.get('OutId') ?? '',
      template: body.get('TemplateCode') ?? '',
      parameters: JSON.parse(body.get('TemplateParam') ?? '{}'),
      status: 1,
    });
    await plan.beforeAnswer?.();
    if (how === 'ok') answer(200, { Code: 'OK', BizId: `biz^${records.length}`, Message: 'OK' });
  });
  return { ...server, plan, records, faults, asked: () => asked };
}

export interface Hooked {
  id: string;
  attempt: number;
  kind: string;
  text: string;
  parameters: Record<string, string>;
}

/** Takes only what is signed with `secret` and no older than five minutes, as the README says. */
export async function openReceiver({ secret, now }: { secret: string; now: () => Date }) {
  /** A status, or `silent`: it takes the call and never answers. */
  const plan: Plan<number | 'silent'> = { next: [200] };
  const taken: Hooked[] = [];
  const refused: string[] = [];
  const server = await listen(async (request, response) => {
    const body = await text(request);
    const header = String(request.headers['wattledger-signature']);
    const [, seconds = '', signature = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
    const mine = createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
    const age = Math.abs(now().getTime() / 1000 - Number(seconds));
    if (signature !== mine || age > 300) {
      refused.push(header);
      response.writeHead(401).end();
      return;
    }
    const how = take(plan) ?? 200;
    if (how === 'silent' || (how >= 200 && how < 300)) taken.push(JSON.parse(body));
    await plan.beforeAnswer?.();
    if (how !== 'silent') response.writeHead(how).end();
  });
  return { ...server, plan, taken, refused };
}

/** `cut` takes the message and breaks the line before it says so. */
export type MailAnswer = 'ok' | 'later' | 'never' | 'cut';

export async function openMailServer() {
  const plan: Plan<MailAnswer> = { next: ['ok'] };
  const mails: { to: string; raw: string }[] = [];
  const server = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, done) => {
      if (username === 'office' && password === 'secret') done(null, { user: username });
      else done(new Error('Invalid login'));
    },
    onRcptTo: ({ address }, _session, done) => {
      const how = plan.next[0];
      if (how === 'later' || how === 'never') {
        take(plan);
        const said = Object.assign(new Error(how === 'later' ? 'Try later' : `No ${address}`), {
          responseCode: how === 'later' ? 450 : 550,
        });
        return done(said);
      }
      done();
    },
    onData: async (stream, session, done) => {
      const raw = await text(stream);
      mails.push({ to: session.envelope.rcptTo[0]?.address ?? '', raw });
      const how = take(plan);
      await plan.beforeAnswer?.();
      if (how === 'cut') {
        for (const connection of server.connections) {
          // The package's own handle on its connections, which its types leave out.
          (connection as unknown as { _socket: { destroy: () => void } })._socket.destroy();
        }
        return;
      }
      done(null, 'queued as 4711');
    },
  });
  server.on('error', () => {}); // A line that is cut is what the test wants.
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo; // It listens on a port.
  return {
    url: `smtp://office:secret@127.0.0.1:${port}`,
    plan,
    mails,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
