/** What people do with their own account, and what others with the right to do about it: real better-auth, real codes. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN, type Answer, type Ask, cookieOf, openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

/** A code as RFC 6238 says it: by our own hand, so that it is not the library that agrees with itself. */
function codeAt(secret: Buffer, ms: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(ms / 30_000)));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

function secretOf(uri: string): Buffer {
  const text = new URL(uri).searchParams.get('secret') ?? '';
  const bits = [...text.replace(/=+$/, '')]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}

let nth = 0;
/** Somebody new. */
async function somebody() {
  const who = { email: `p${++nth}@test.local`, password: 'a long enough password' };
  const { body } = await rig.admin('POST', '/api/v1/users', { name: `Person ${nth}`, ...who });
  return { ...who, id: body.id as string };
}
/** Asks with the cookies of an answer. */
const with_ =
  ({ headers }: Answer): Ask =>
  (method, path, body) =>
    rig.anyone(method, path, body, { cookie: cookieOf(headers) });
const session = '/api/v1/session';

describe('a second factor', () => {
  test('is asked for once a code has confirmed it; recovery codes hold once each', async () => {
    const { id, ...who } = await somebody();
    const ask = await rig.signIn(who);
    const wrong = await ask('POST', `${session}/totp`, { password: 'not this one at all' });
    expect([wrong.status, wrong.body.code]).toEqual([422, 'password-wrong']);
    const begun = await ask('POST', `${session}/totp`, { password: who.password });
    expect(begun.status).toBe(201);
    expect(begun.body.uri).toMatch(/^otpauth:\/\/totp\/Wattledger/);
    // Not confirmed yet: nobody is locked out by a code that was never scanned.
    expect((await rig.anyone('POST', session, who)).status).toBe(200);
    const secret = secretOf(begun.body.uri);
    const unlike = await ask('POST', `${session}/totp/confirmations`, {
      code: codeAt(secret, Date.now() + 3_600_000),
    });
    expect([unlike.status, unlike.body.code]).toEqual([401, 'second-factor-wrong']);
    const code = () => codeAt(secret, Date.now());
    const confirmed = await ask('POST', `${session}/totp/confirmations`, { code: code() });
    expect(confirmed.status).toBe(204);
    const own = await with_(confirmed)('GET', session);
    expect(own.body.user).toMatchObject({ id, secondFactor: true });

    const without = await rig.anyone('POST', session, who);
    expect([without.status, without.body.code]).toEqual([401, 'second-factor-needed']);
    expect(cookieOf(without.headers)).not.toMatch(/session_token=\S/);
    const badly = await rig.anyone('POST', session, { ...who, code: '000000' });
    expect([badly.status, badly.body.code]).toEqual([401, 'second-factor-wrong']);
    expect((await rig.anyone('POST', session, { ...who, code: code() })).status).toBe(200);
    const recovery = begun.body.recoveryCodes[0];
    expect((await rig.anyone('POST', session, { ...who, code: recovery })).status).toBe(200);
    expect((await rig.anyone('POST', session, { ...who, code: recovery })).status).toBe(401);
  });

  test('that was lost is ended by who may, and its sessions with it', async () => {
    const { id, ...who } = await somebody();
    const ask = await rig.signIn(who);
    const begun = await ask('POST', `${session}/totp`, { password: who.password });
    const code = codeAt(secretOf(begun.body.uri), Date.now());
    const mine = with_(await ask('POST', `${session}/totp/confirmations`, { code }));
    expect((await mine('GET', session)).status).toBe(200);
    const changed = await rig.admin('PATCH', `/api/v1/users/${id}`, { secondFactor: false });
    expect(changed.body).toMatchObject({ secondFactor: false, sessions: 0 });
    expect((await mine('GET', session)).status).toBe(401);
    expect((await rig.anyone('POST', session, who)).status).toBe(200);
    const log = await rig.admin('GET', '/api/v1/audit?action=user.changed&limit=1');
    expect(log.body.data[0]).toMatchObject({ subjectId: id, detail: { secondFactor: 'ended' } });
  });

  test('is ended by its owner with the password', async () => {
    const { id: _, ...who } = await somebody();
    const ask = await rig.signIn(who);
    const begun = await ask('POST', `${session}/totp`, { password: who.password });
    const code = codeAt(secretOf(begun.body.uri), Date.now());
    const mine = with_(await ask('POST', `${session}/totp/confirmations`, { code }));
    expect((await mine('POST', `${session}/totp/removals`, { password: 'x' })).status).toBe(422);
    const gone = await mine('POST', `${session}/totp/removals`, { password: who.password });
    expect(gone.status).toBe(204);
    expect((await rig.anyone('POST', session, who)).status).toBe(200);
  });
});

describe('sessions', () => {
  test('are listed with where they began, and ended one by one or all', async () => {
    const { id, ...who } = await somebody();
    const desk = await rig.anyone('POST', session, who, { 'user-agent': 'Desk/1.0' });
    const phone = await rig.anyone('POST', session, who, { 'user-agent': 'Phone/2.0' });
    const { body } = await with_(desk)('GET', `${session}/sessions`);
    expect(body.data.map((s: Record<string, unknown>) => [s.agent, s.current])).toEqual([
      ['Phone/2.0', false],
      ['Desk/1.0', true],
    ]);
    const ofPhone = body.data[0].id;
    const other = await rig.signIn(ADMIN);
    expect((await other('DELETE', `${session}/sessions/${ofPhone}`)).status).toBe(404);
    expect((await with_(desk)('DELETE', `${session}/sessions/${ofPhone}`)).status).toBe(204);
    expect((await with_(phone)('GET', session)).status).toBe(401);
    expect((await with_(desk)('GET', session)).status).toBe(200);
    const seen = await rig.admin('GET', `/api/v1/users/${id}/sessions`);
    expect(seen.body.data).toHaveLength(1);
    expect((await rig.admin('DELETE', `/api/v1/users/${id}/sessions`)).status).toBe(204);
    expect((await with_(desk)('GET', session)).status).toBe(401);
  });

  test('a password that is guessed first is refused, for others and for oneself', async () => {
    const who = { name: 'Wang Fang', email: 'wang.fang@test.local' };
    const guessed = [
      ...['aaaaaaaaaaaa', '1212121212121', '1234567890', '0987654321', 'qwertyuiop'],
      ...['Password2026!', 'wattledger-1', 'Wang.Fang-1', 'wangfang2222', 'fang-fang-fang'],
    ];
    for (const password of guessed) {
      const { status, body } = await rig.admin('POST', '/api/v1/users', { ...who, password });
      expect([password, status, body.code]).toEqual([password, 422, 'password-weak']);
    }
    const next = 'Administrator-Administrator';
    const own = { current: ADMIN.password, next };
    expect((await rig.admin('POST', '/api/v1/session/password', own)).body.code).toBe(
      'password-weak',
    );
    // The own name is no fault where there is enough beside it.
    const good = { ...who, password: 'wang fang likes jasmine tea' };
    const made = await rig.admin('POST', '/api/v1/users', good);
    expect(made.status).toBe(201);
    const weaker = await rig.admin('PATCH', `/api/v1/users/${made.body.id}`, {
      password: 'wangfangwangfang',
    });
    expect(weaker.body.code).toBe('password-weak');
    await rig.signIn(good);
  });

  test('but the one that asks end with a changed password', async () => {
    const { id: _, ...who } = await somebody();
    const [one, other] = [await rig.signIn(who), await rig.signIn(who)];
    const next = 'another long password';
    const wrong = await one('POST', `${session}/password`, { current: 'no', next });
    expect([wrong.status, wrong.body.code]).toEqual([422, 'password-wrong']);
    const short = await one('POST', `${session}/password`, {
      current: who.password,
      next: 'short',
    });
    expect(short.status).toBe(400);
    const changed = await one('POST', `${session}/password`, { current: who.password, next });
    expect(changed.status).toBe(204);
    expect((await with_(changed)('GET', session)).status).toBe(200);
    expect((await other('GET', session)).status).toBe(401);
    expect((await rig.anyone('POST', session, who)).status).toBe(401);
    expect((await rig.anyone('POST', session, { ...who, password: next })).status).toBe(200);
  });
});

describe('roles', () => {
  const role = {
    ...{ code: 'night-cashier', name: 'Night cashier', nameZh: '夜班收费员' },
    permissions: ['sale.write', 'project.read', 'account.read'],
  };

  test('are made, changed, granted, and deleted when nobody has them', async () => {
    const made = await rig.admin('POST', '/api/v1/roles', role);
    expect(made.status).toBe(201);
    // In the program's order, whatever was sent.
    expect(made.body.permissions).toEqual(['project.read', 'account.read', 'sale.write']);
    expect((await rig.admin('POST', '/api/v1/roles', role)).status).toBe(409);
    const { id, ...who } = await somebody();
    const grant = await rig.admin('POST', '/api/v1/grants', { userId: id, role: role.code });
    expect(grant.status).toBe(201);
    const path = `/api/v1/roles/${made.body.id}`;
    const ask = await rig.signIn(who);
    expect((await ask('GET', '/api/v1/users')).status).toBe(403);
    const more = { permissions: [...role.permissions, 'user.write'] };
    expect((await rig.admin('PATCH', path, more)).body.grants).toBe(1);
    // Holds for the next request.
    expect((await ask('GET', '/api/v1/users')).status).toBe(200);
    // And what they lack they put into no role.
    const greedy = await ask('POST', '/api/v1/roles', {
      ...role,
      code: 'x1',
      permissions: ['month.close'],
    });
    expect(greedy.status).toBe(403);
    expect((await rig.admin('DELETE', path)).status).toBe(409);
    await rig.admin('DELETE', `/api/v1/grants/${grant.body.id}`);
    expect((await rig.admin('DELETE', path)).status).toBe(204);
    const log = await rig.admin('GET', '/api/v1/audit?action=role.changed&limit=1');
    expect(log.body.data[0].detail.from.permissions).toHaveLength(3);
    expect(log.body.data[0].detail.to.permissions).toHaveLength(4);
  });

  test('of the program are not changed, and unknown permissions are refused', async () => {
    const { body } = await rig.admin('GET', '/api/v1/roles');
    const cashier = body.data.find((r: { code: string }) => r.code === 'cashier');
    expect(cashier.standard).toBe(true);
    const changed = await rig.admin('PATCH', `/api/v1/roles/${cashier.id}`, { name: 'Till' });
    expect(changed.status).toBe(409);
    const odd = await rig.admin('POST', '/api/v1/roles', { ...role, permissions: ['fly'] });
    expect(odd.status).toBe(400);
    const named = await rig.admin('POST', '/api/v1/roles', {
      ...role,
      code: '<script>',
    });
    expect(named.status).toBe(400);
  });
});
