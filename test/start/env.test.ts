/** The environment: what stands in for what is not set, and that a wrong variable is named in one line. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  forgetSecrets,
  launchEnvironment,
  roomEnvironment,
  secretVariables,
  variables,
} from '../../sql/env.ts';
import { Refusal } from '../../sql/refusal.ts';
import { roomEnvironments } from '../../sql/room-environments.ts';

const startMjs = readFileSync(new URL('../../start.mjs', import.meta.url), 'utf8');

const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    return (error as Error).message;
  }
  return 'accepted';
};

describe('secrets of the environment', () => {
  test('are known by name, in start.mjs as well, and every other variable is none', () => {
    const named = variables.map(({ name }) => name);
    const looksLike = /SECRET|PASSWORD|TOKEN|_KEY|_CONF|_URL/;
    expect([...secretVariables].sort()).toEqual(named.filter((n) => looksLike.test(n)).sort());
    const [, list] = /const secretVariables = \[(.+?)\n\];/s.exec(startMjs) ?? [];
    expect([...(list ?? '').matchAll(/'(\w+)'/g)].map(([, name]) => name)).toEqual([
      ...secretVariables,
    ]);
  });

  test('reach the processes that cannot do without them, and no other', () => {
    const set = {
      ...{ ADMIN_PASSWORD: 'the-password-of-the-first', METRICS_TOKEN: 'a-token-for-the-metrics' },
      ...{ SMS_KEY: 'access-key-id', SMS_SECRET: 'access-key-secret' },
      ...{ WEBHOOK_SECRET: 'signs-the-webhooks', ORDER_QUERY_SECRET: 'signs-the-queries' },
      ...{ SMTP_URL: 'smtp://u:of-the-mail-server@127.0.0.1:9' },
    };
    const env = launchEnvironment({
      ...{ ...set, SMS_GATEWAY: 'aliyun', SMS_SIGN_NAME: 'Park', MAIL_FROM: 'office@park.example' },
      ORDER_QUERY_URL: 'http://127.0.0.1:9/orders',
    });
    const passwords = { ingest: 'pw-i', billing: 'pw-b', analytics: 'pw-a', web: 'pw-w' };
    const own = { postgres: 'pw-owner', session: 'signs-the-cookies', admin: 'generated-once' };
    const told = roomEnvironments(
      env,
      { ...own, questdb: 'pw-questdb', metrics: 'generated-token', rooms: passwords },
      {
        owner: 'postgres://owner:pw-owner@127.0.0.1:5432/w',
        questdb: 'http://u:pw-questdb@127.0.0.1:9000',
        base: { PATH: '/bin', ...set },
      },
    );
    const secrets = Object.entries({ ...set, ...own, ...passwords, questdb: 'pw-questdb' });
    const known = Object.entries(told).map(([process, variables]) => {
      const all = Object.values(variables).join('\n');
      return [process, secrets.filter(([, secret]) => all.includes(secret)).map(([name]) => name)];
    });
    expect(Object.fromEntries(known)).toEqual({
      simulator: [],
      ingest: ['ingest', 'questdb'],
      billing: [
        ...['SMS_KEY', 'SMS_SECRET', 'WEBHOOK_SECRET', 'ORDER_QUERY_SECRET', 'SMTP_URL'],
        ...['billing', 'questdb'],
      ],
      analytics: ['analytics', 'questdb'],
      web: [
        ...['ADMIN_PASSWORD', 'METRICS_TOKEN', 'session'],
        ...['ingest', 'billing', 'analytics', 'web', 'questdb'],
      ],
    });
  });

  test('are gone once they have been read, and nothing else', () => {
    const env = { PATH: '/bin', PORT: '1', SMS_SECRET: 'aaaaaaaa', SMTP_URL: 'smtp://u:p@h' };
    forgetSecrets(env);
    expect(env).toEqual({ PATH: '/bin', PORT: '1' });
  });
});

describe('the environment of npm start', () => {
  test('needs nothing: everything has a value that stands in', () => {
    const env = launchEnvironment({ PATH: '/bin' });
    expect(env).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
      adminEmail: 'admin@wattledger.local',
      settlementGraceMinutes: 30,
      logLevel: 'info',
      databaseUrl: undefined,
      questdbUrl: undefined,
    });
    expect(env.dataFolder).toMatch(/^\/.*\/data$/);
  });

  test('an empty variable counts as unset', () => {
    expect(launchEnvironment({ PORT: '', ADMIN_PASSWORD: ' ' })).toMatchObject({
      port: 8080,
      adminPassword: undefined,
    });
  });

  test('a QuestDB client configuration becomes an address', () => {
    const conf = 'http::addr=db.example:9000;username=u;password=p;';
    expect(launchEnvironment({ QDB_CLIENT_CONF: conf }).questdbUrl).toBe(
      'http://u:p@db.example:9000',
    );
  });

  test.each([
    [{ PORT: 'abc' }, 'PORT must be a number from 1 to 65535, not "abc"'],
    [{ PORT: '0' }, 'PORT must be a number from 1 to 65535, not "0"'],
    [{ PORT: '65536' }, 'PORT must be a number from 1 to 65535, not "65536"'],
    [{ PORT: '80.5' }, 'PORT must be a number from 1 to 65535, not "80.5"'],
    [
      { DATABASE_URL: 'mysql://u:secret@h/d' },
      'DATABASE_URL must be like postgres://owner:password@host:5432/database',
    ],
    [{ QDB_CLIENT_CONF: 'localhost:9000' }, 'QDB_CLIENT_CONF must begin with http:: or https::'],
    [{ QDB_CLIENT_CONF: 'http::username=u;' }, 'QDB_CLIENT_CONF needs addr=host:port'],
    [{ ADMIN_EMAIL: 'root' }, 'ADMIN_EMAIL must be an e-mail address, not "root"'],
    [{ ADMIN_PASSWORD: 'short' }, 'ADMIN_PASSWORD must have 10 characters or more'],
    [
      { SETTLEMENT_GRACE_MINUTES: '-1' },
      'SETTLEMENT_GRACE_MINUTES must be a number of minutes from 0 to 1440, not "-1"',
    ],
    [{ SMS_GATEWAY: 'pigeon' }, 'SMS_GATEWAY must be aliyun or http, not "pigeon"'],
    [{ SMS_GATEWAY: 'aliyun' }, 'SMS_KEY is not set, and SMS_GATEWAY needs it'],
    [{ SMS_GATEWAY: 'http' }, 'SMS_URL is not set, and SMS_GATEWAY needs it'],
    [{ SMTP_URL: 'smtp://u:p@mail:25' }, 'MAIL_FROM is not set, and SMTP_URL needs it'],
    [{ SMTP_URL: 'mail' }, 'SMTP_URL must be like smtps://user:password@host:465'],
    [
      { ORDER_QUERY_URL: 'http://pay.example' },
      'ORDER_QUERY_SECRET is not set, and ORDER_QUERY_URL needs it',
    ],
    [{ WEBHOOK_SECRET: 'short' }, 'WEBHOOK_SECRET must have 16 characters or more'],
    [
      { LOG_LEVEL: 'loud' },
      'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, not "loud"',
    ],
  ])('%j is refused in one line', (env, message) => {
    expect(refusal(() => launchEnvironment(env as unknown as Record<string, string>))).toBe(
      message,
    );
  });

  test('several wrong variables are all named at once, and no password is repeated', () => {
    const message = refusal(() => launchEnvironment({ PORT: 'x', ADMIN_PASSWORD: 'pw-secret' }));
    expect(message).toContain('PORT');
    expect(message).toContain('ADMIN_PASSWORD');
    expect(message).not.toContain('pw-secret');
    expect(message).not.toContain('\n');
  });
});

describe("the environment of a room's process", () => {
  const env = {
    DATABASE_URL_BILLING: 'postgres://wattledger_billing:x@127.0.0.1:5432/wattledger',
    QUESTDB_URL: 'http://u:p@127.0.0.1:9000',
    DATA_DIR: '/tmp/data',
  };

  test('holds the address of its own role and of no other', () => {
    const { databaseUrl, databaseUrlOf } = roomEnvironment('billing', env);
    expect(databaseUrl).toBe(env.DATABASE_URL_BILLING);
    expect(refusal(() => databaseUrlOf('web'))).toContain('DATABASE_URL_WEB is not set');
  });

  test('what the launcher did not say is named', () => {
    expect(refusal(() => roomEnvironment('billing', {}))).toBe(
      'QUESTDB_URL is not set; DATA_DIR is not set',
    );
  });

  test('of web tells which channels of notices are set up, and nothing of their secrets', () => {
    const launch = launchEnvironment({ WEBHOOK_SECRET: 'sixteen letters or more' });
    expect(launch.noticeChannels).toEqual(['webhook']);
    const own = { ...env, DATABASE_URL_WEB: env.DATABASE_URL_BILLING };
    const told = { ...own, NOTICE_CHANNELS: launch.noticeChannels.join() };
    const web = roomEnvironment('web', told);
    expect(web.noticeChannels).toEqual(['webhook']);
    expect(JSON.stringify(web)).not.toContain('sixteen');
    expect(roomEnvironment('web', own).noticeChannels).toEqual([]);
  });
});
