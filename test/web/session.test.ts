/** Signing in: what a session is, how guessing is slowed down, what other sites' pages may not do. */
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grants, sessions, users } from '../../sql/schema/index.ts';
import { ensureFirstOperator } from '../../web/auth.ts';
import { ACCOUNT_TRIES_MAX, PEER_TRIES_MAX, WINDOW_MINUTES } from '../../web/throttle.ts';
import { ADMIN, type Ask, cookieOf, makeProject, openRig, type Rig, signInAs } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

const from = (peer: string) => ({ incoming: { socket: { remoteAddress: peer } } });
const tryFrom = (peer: string, body: { email: string; password: string }, headers = {}) =>
  rig.app.request(
    '/api/v1/session',
    {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    },
    from(peer),
  );

describe('a session', () => {
  test('names the user and the projects with what may be done there', async () => {
    const { id } = await makeProject(rig.admin, 'Session Park');
    const { status, body } = await rig.admin('GET', '/api/v1/session');
    expect(status).toBe(200);
    expect(body.user).toMatchObject({ name: 'Administrator', email: ADMIN.email });
    const project = body.projects.find((p: { id: string }) => p.id === id);
    expect(project).toMatchObject({ zone: 'Asia/Shanghai', currency: 'CNY' });
    expect(project.permissions).toContain('sale.write');
  });

  test('is a cookie that scripts cannot read and other sites cannot send', async () => {
    const answer = await rig.anyone('POST', '/api/v1/session', ADMIN);
    const line = answer.headers.getSetCookie().join('\n');
    expect(line).toMatch(/^wattledger\.session_token=/);
    expect(line).toMatch(/HttpOnly/);
    expect(line).toMatch(/SameSite=Strict/);
    expect(line).not.toMatch(/Secure/);
  });

  test('is kept to https when the page is on https', async () => {
    const headers = { origin: 'https://park.example', host: 'park.example' };
    const answer = await rig.anyone('POST', '/api/v1/session', ADMIN, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie().join()).toMatch(/; Secure/);
  });

  test('ends when it is deleted, also for who kept the cookie', async () => {
    const ask = await rig.signIn(ADMIN);
    expect((await ask('GET', '/api/v1/session')).status).toBe(200);
    expect((await ask('DELETE', '/api/v1/session')).status).toBe(204);
    expect((await ask('GET', '/api/v1/session')).status).toBe(401);
  });

  test('does not come from a cookie whose signature is wrong', async () => {
    const answer = await rig.anyone('POST', '/api/v1/session', ADMIN);
    const cookie = cookieOf(answer.headers).replace(/.{4}$/, 'AAAA');
    const asked = await rig.anyone('GET', '/api/v1/session', undefined, { cookie });
    expect(asked.status).toBe(401);
  });

  test('ends at once when the user is disabled, and he cannot sign in again', async () => {
    const who = { email: 'leaver@test.local', password: 'a long enough password' };
    const made = await rig.admin('POST', '/api/v1/users', { name: 'Leaver', ...who });
    const ask = await rig.signIn(who);
    await rig.admin('PATCH', `/api/v1/users/${made.body.id}`, { disabled: true });
    expect((await ask('GET', '/api/v1/session')).status).toBe(401);
    const again = await rig.anyone('POST', '/api/v1/session', who);
    expect(again.body.code).toBe('sign-in-failed');
  });

  test('is asked of the store each time: what is taken away is gone with the next request', async () => {
    const { id } = await makeProject(rig.admin, 'Taken Park');
    const path = `/api/v1/projects/${id}`;
    const asked = async (ask: Ask, times: number) => {
      for (let time = 0; time < times; time++) expect((await ask('GET', path)).status).toBe(200);
    };
    const userOf = async (ask: Ask) => (await ask('GET', '/api/v1/session')).body.user.id as string;
    const whileGone: [string, number, (userId: string) => Promise<unknown>][] = [
      ['the grant', 404, (user) => rig.db.delete(grants).where(eq(grants.userId, user))],
      ['the session', 401, (user) => rig.db.delete(sessions).where(eq(sessions.userId, user))],
      [
        'its time',
        401,
        (user) =>
          rig.db
            .update(sessions)
            .set({ expiresAt: sql`now() - interval '1 second'` })
            .where(eq(sessions.userId, user)),
      ],
      [
        'the user',
        401,
        (user) => rig.db.update(users).set({ disabledAt: sql`now()` }).where(eq(users.id, user)),
      ],
    ];
    for (const [what, status, take] of whileGone) {
      const ask = await signInAs(rig, 'analyst', { projectId: id });
      await asked(ask, 3);
      await take(await userOf(ask));
      expect((await ask('GET', path)).status, what).toBe(status);
    }
  });

  test('is prolonged when half an hour of it is over, and not before', async () => {
    const ask = await signInAs(rig, 'analyst', {});
    const { body } = await ask('GET', '/api/v1/session');
    const leave = (minutes: number) =>
      rig.db
        .update(sessions)
        .set({ expiresAt: sql`now() + make_interval(mins => ${minutes})` })
        .where(eq(sessions.userId, body.user.id));
    const isProlonged = async () =>
      (await ask('GET', '/api/v1/session')).headers.getSetCookie().length > 0;
    await leave(11 * 60 + 31);
    expect(await isProlonged()).toBe(false);
    await leave(11 * 60 + 29);
    expect(await isProlonged()).toBe(true);
    expect(await isProlonged()).toBe(false);
  });

  test('cannot be had by signing up', async () => {
    for (const path of [
      '/api/auth/sign-up/email',
      '//api//auth//sign-up/email',
      '/sign-up/email',
    ]) {
      const answer = await rig.anyone('POST', path, { name: 'x', ...ADMIN });
      expect([404, 405]).toContain(answer.status);
    }
  });
});

describe('guessing', () => {
  test('an unknown user and a wrong password are answered alike', async () => {
    const wrong = await rig.anyone('POST', '/api/v1/session', {
      ...ADMIN,
      password: 'no such one',
    });
    const unknown = await rig.anyone('POST', '/api/v1/session', {
      email: 'nobody@wattledger.local',
      password: 'no such one',
    });
    const plain = ({ status, body }: typeof wrong) => ({ status, ...body, traceId: '' });
    expect(plain(unknown)).toEqual(plain(wrong));
    expect(wrong.status).toBe(401);
  });

  test('takes about as long for an unknown user as for a wrong password', async () => {
    const time = async (email: string, peer: string) => {
      const start = performance.now();
      await tryFrom(peer, { email, password: 'not the password' });
      return performance.now() - start;
    };
    await time('warm-up@test.local', '10.9.0.1');
    const known: number[] = [];
    const unknown: number[] = [];
    for (let i = 0; i < 5; i++) {
      known.push(await time(ADMIN.email, `10.9.1.${i}`));
      unknown.push(await time(`nobody${i}@test.local`, `10.9.2.${i}`));
    }
    // The quickest of each: what else runs on the machine only ever adds.
    const share = Math.min(...unknown) / Math.min(...known);
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(2.5);
    await tryFrom('10.9.3.1', ADMIN);
  });

  test('two hundred tries at once on one account are held to its limit', async () => {
    const email = 'target@test.local';
    const password = 'the right password';
    await rig.admin('POST', '/api/v1/users', { name: 'Target', email, password });
    const tries = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        tryFrom(`10.1.${i % 50}.${i}`, { email, password: `wrong ${i}` }),
      ),
    );
    const statuses = tries.map((t) => t.status);
    expect(statuses.filter((s) => s === 401)).toHaveLength(ACCOUNT_TRIES_MAX);
    expect(statuses.filter((s) => s === 429)).toHaveLength(200 - ACCOUNT_TRIES_MAX);
    const refused = await tryFrom('10.1.99.1', { email, password });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('an account is open again when the window has passed', async () => {
    const email = 'target@test.local';
    const before = rig.clock.now;
    rig.clock.now = new Date(before.getTime() + (WINDOW_MINUTES * 60 + 1) * 1000);
    const answer = await tryFrom('10.1.99.2', { email, password: 'the right password' });
    rig.clock.now = before;
    expect(answer.status).toBe(200);
  });

  test('one address trying many accounts is held, whatever it forwards for', async () => {
    const tries = [];
    for (let i = 0; i < PEER_TRIES_MAX + 20; i++) {
      const headers = { 'x-forwarded-for': `203.0.113.${i}`, 'x-real-ip': `203.0.113.${i}` };
      const body = { email: `victim${i}@test.local`, password: 'password1234' };
      tries.push(tryFrom('::ffff:10.2.0.1', body, headers));
    }
    const statuses = (await Promise.all(tries)).map((t) => t.status);
    expect(statuses.filter((s) => s === 429)).toHaveLength(20);
    expect((await tryFrom('10.2.0.1', ADMIN)).status).toBe(429);
    expect((await tryFrom('10.2.0.2', ADMIN)).status).toBe(200);
  });

  test.runIf(process.env.SOAK)('a thousand tries of many kinds leave nobody in', async () => {
    const right = { email: 'soak@test.local', password: 'the right one here' };
    await rig.admin('POST', '/api/v1/users', { name: 'Soak', ...right });
    const statuses = new Map<number, number>();
    for (let round = 0; round < 5; round++) {
      const tries = Array.from({ length: 200 }, (_, i) => {
        const email = i % 2 ? right.email.toUpperCase() : `many${round * 200 + i}@test.local`;
        const headers = { 'x-forwarded-for': `192.0.2.${i}`, forwarded: `for=192.0.2.${i}` };
        return tryFrom(`10.7.${round}.${i % 7}`, { email, password: `guess ${i}` }, headers);
      });
      for (const { status } of await Promise.all(tries)) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
    expect([...statuses.keys()].sort()).toEqual([401, 429]);
    expect(statuses.get(401)).toBeLessThanOrEqual(5 * 7 * PEER_TRIES_MAX);
    expect((await tryFrom('10.8.0.1', right)).status).toBe(429);
  });

  test('successes are not held against anyone', async () => {
    for (let i = 0; i < ACCOUNT_TRIES_MAX + 5; i++) {
      expect((await tryFrom('10.3.0.1', ADMIN)).status).toBe(200);
    }
  });
});

describe('the first operator', () => {
  test('is made once, and takes the password of the environment', async () => {
    expect(await ensureFirstOperator(rig.db, ADMIN)).toBe('unchanged');
    const other = { email: 'second@wattledger.local', password: 'another password' };
    const made = await Promise.all([1, 2, 3].map(() => ensureFirstOperator(rig.db, other)));
    expect(made.sort()).toEqual(['created', 'unchanged', 'unchanged']);
    const changed = { ...other, password: 'yet another password' };
    const ask = await rig.signIn(other);
    expect(await ensureFirstOperator(rig.db, changed)).toBe('password-set');
    expect((await ask('GET', '/api/v1/session')).status).toBe(401);
    await rig.signIn(changed);
  });
});

describe('another site’s page', () => {
  const body = { name: 'From elsewhere' };
  test.each([
    ['JSON with an evil Origin', { origin: 'https://evil.example' }, 403],
    ['a null Origin', { origin: 'null' }, 403],
    ['sec-fetch-site cross-site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a neighbour’s port', { 'sec-fetch-site': 'same-site' }, 403],
    ['an evil Referer', { referer: 'https://evil.example/form' }, 403],
    ['an Origin that begins like ours', { origin: 'http://localhost.evil.example' }, 403],
    ['text/plain', { 'content-type': 'text/plain' }, 400],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 400],
    ['no content type', { 'content-type': '' }, 400],
    ['its own page', { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' }, 201],
  ])('%s', async (_, headers, status) => {
    const text = JSON.stringify(body);
    const answer = await rig.admin('POST', '/api/v1/groups', text, headers);
    expect(answer.status).toBe(status);
  });

  test('gets no permission to read either', async () => {
    const headers = { origin: 'https://evil.example' };
    const answer = await rig.admin('GET', '/api/v1/session', undefined, headers);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});
