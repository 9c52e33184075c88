/**
 * Every variable of the environment that Wattledger knows: its shape, its meaning and what stands in
 * for it. Parsed once, by the launcher and by each room's main; a wrong one is refused in one line.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { logLevels } from './log.ts';
import type { Room } from './owners.ts';
import { questdbUrl } from './questdb.ts';
import { messageOf, Refusal } from './refusal.ts';

const text = z.string().max(4000, 'is longer than 4000 characters');
const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number from 1 to 65535')
  .transform(Number)
  .refine((n) => n >= 1 && n <= 65_535, 'must be a number from 1 to 65535');
const postgresUrl = text.regex(
  /^postgres(ql)?:\/\/[^/]+\/./,
  'must be like postgres://owner:password@host:5432/database',
);
const minutes = z
  .string()
  .regex(/^\d{1,4}$/, 'must be a number of minutes from 0 to 1440')
  .transform(Number)
  .refine((n) => n <= 1440, 'must be a number of minutes from 0 to 1440');
const questdbConf = text.transform((conf, context) => {
  try {
    return questdbUrl(conf);
  } catch (error) {
    const message = messageOf(error).replace(/^QDB_CLIENT_CONF /, '');
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
});

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(500);
const oneLine = text.regex(/^[\x20-\x7e\u00a0-\uffff]+$/, 'must be one line of text');
const secretText = text
  .min(8, 'must have 8 characters or more')
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');

/** How notices leave; billing's process alone is handed them. Nothing leaves by a way that is not set. */
const noticeShape = {
  SMS_GATEWAY: z
    .enum(['aliyun', 'http'], 'must be aliyun or http')
    .optional()
    .describe(
      'How SMS are sent: `aliyun`, or `http` for a gateway that takes JSON; unset: not at all',
    ),
  SMS_URL: httpUrl
    .optional()
    .describe('Address of the SMS gateway; unset: Aliyun’s `https://dysmsapi.aliyuncs.com/`'),
  SMS_KEY: oneLine.optional().describe('AccessKey ID at Aliyun'),
  SMS_SECRET: secretText
    .optional()
    .describe('AccessKey secret at Aliyun, or the bearer token of the gateway'),
  SMS_SIGN_NAME: oneLine.optional().describe('Name of the sender as Aliyun has approved it'),
  SMTP_URL: text
    .regex(/^smtps?:\/\/[^/]+/, 'must be like smtps://user:password@host:465')
    .optional()
    .describe('Mail server, like `smtps://user:password@host:465`; unset: no e-mail is sent'),
  MAIL_FROM: oneLine.optional().describe('Sender of e-mail, like `Office <office@example.com>`'),
  WEBHOOK_SECRET: text
    .min(16, 'must have 16 characters or more')
    .optional()
    .describe('Signs webhooks; unset: none are called'),
};

/** Whom billing asks for online orders before it cuts somebody off; billing's process alone is handed it. */
const orderShape = {
  ORDER_QUERY_URL: httpUrl
    .optional()
    .describe(
      'Address that is asked for online orders before a trip; unset: sales here are all there are',
    ),
  ORDER_QUERY_SECRET: text
    .min(16, 'must have 16 characters or more')
    .optional()
    .describe('Signs these queries and their answers'),
};

/** What a person may set; `npm start` and `npm test` read nothing else. The README lists it. */
const launchShape = z.object({
  PORT: port.default(8080).describe('Port of the web server'),
  HOST: text.default('127.0.0.1').describe('Address that the web server listens on'),
  DATA_DIR: text.default('./data').describe('Folder of all data, made when absent'),
  CACHE_DIR: text
    .default(join(homedir(), '.cache', 'wattledger'))
    .describe('Folder of what was fetched: the QuestDB jar, perhaps a Java'),
  DATABASE_URL: postgresUrl
    .optional()
    .describe('A PostgreSQL server of yours, as the owner of an empty database; unset: embedded'),
  QDB_CLIENT_CONF: questdbConf
    .optional()
    .describe(
      'A QuestDB of yours, like `http::addr=host:9000;username=u;password=p;`; unset: embedded',
    ),
  ADMIN_EMAIL: z
    .email('must be an e-mail address')
    .default('admin@wattledger.local')
    .describe('Who the first operator signs in as'),
  ADMIN_PASSWORD: text
    .min(10, 'must have 10 characters or more')
    .max(128, 'must have 128 characters or less')
    .optional()
    .describe('Password of the first operator; unset: generated and printed once'),
  SETTLEMENT_GRACE_MINUTES: minutes
    .default(30)
    .describe('How long after midnight a day is settled although samples are missing'),
  LOG_LEVEL: z
    .enum(logLevels, `must be one of ${logLevels.join(', ')}`)
    .default('info')
    .describe('How much the logs in `DATA_DIR/logs` tell'),
  METRICS_TOKEN: text
    .min(16, 'must have 16 characters or more')
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .optional()
    .describe(
      'Bearer token for `/metrics` from other machines; unset: `metrics` in `DATA_DIR/secrets.json`',
    ),
  ...noticeShape,
  ...orderShape,
  JAVA_HOME: text.optional().describe('A Java 17 or newer; unset: looked for, else fetched'),
  CHROME_PATH: text
    .optional()
    .describe('The Chromium of the tests; unset: looked for, else installed'),
});

/** Those that hold a secret, or an address that may hold one. `start.mjs` has the same list, since it imports nothing. */
export const secretVariables = [
  ...['DATABASE_URL', 'QDB_CLIENT_CONF', 'ADMIN_PASSWORD', 'METRICS_TOKEN', 'SMS_URL', 'SMS_KEY'],
  ...['SMS_SECRET', 'SMTP_URL', 'WEBHOOK_SECRET', 'ORDER_QUERY_URL', 'ORDER_QUERY_SECRET'],
] as const satisfies readonly (keyof typeof launchShape.shape)[];

/** Takes them out of an environment once they are parsed: programs that it starts then inherit none. */
export function forgetSecrets(env: Environment): void {
  for (const name of secretVariables) delete env[name];
}

/** The documented variables, for the README and its test. */
export const variables = Object.entries(launchShape.shape).map(([name, schema]) => ({
  name,
  says: schema.description ?? '',
}));

export interface LaunchEnvironment {
  port: number;
  host: string;
  dataFolder: string;
  cacheFolder: string;
  databaseUrl?: string;
  questdbUrl?: string;
  adminEmail: string;
  adminPassword?: string;
  settlementGraceMinutes: number;
  logLevel: (typeof logLevels)[number];
  metricsToken?: string;
  /** The variables of how notices leave, as they were set. */
  notices: Environment;
  /** Channels that are set up, by name: all that web is told of them. */
  noticeChannels: readonly string[];
  /** Those of whom is asked for orders. */
  orders: Environment;
  javaHome?: string;
  path: string;
}

type Environment = Record<string, string | undefined>;

/** The launcher's environment. Throws Refusal naming every variable that is wrong. */
export function launchEnvironment(env: Environment): LaunchEnvironment {
  const parsed = parse(launchShape, env);
  return {
    port: parsed.PORT,
    host: parsed.HOST,
    dataFolder: resolve(parsed.DATA_DIR),
    cacheFolder: resolve(parsed.CACHE_DIR),
    databaseUrl: parsed.DATABASE_URL,
    questdbUrl: parsed.QDB_CLIENT_CONF,
    adminEmail: parsed.ADMIN_EMAIL,
    adminPassword: parsed.ADMIN_PASSWORD,
    settlementGraceMinutes: parsed.SETTLEMENT_GRACE_MINUTES,
    logLevel: parsed.LOG_LEVEL,
    metricsToken: parsed.METRICS_TOKEN,
    notices: noticeVariables(parsed),
    noticeChannels: channelsOf(noticeWays(parsed)),
    orders: orderVariables(parsed),
    javaHome: parsed.JAVA_HOME,
    path: env.PATH ?? '',
  };
}

/** Those of them that are set. Throws Refusal for a way that is set by half. */
function noticeVariables(parsed: z.output<z.ZodObject<typeof noticeShape>>): Environment {
  noticeWays(parsed);
  const names = Object.keys(noticeShape) as (keyof typeof noticeShape)[]; // Its own keys.
  return Object.fromEntries(names.map((name) => [name, parsed[name]]));
}

const channelsOf = ({ sms, mail, webhookSecret }: NoticeWays): string[] => [
  ...(sms ? ['sms'] : []),
  ...(mail ? ['email'] : []),
  ...(webhookSecret ? ['webhook'] : []),
];

/** Both or none. Throws Refusal for a half. */
function orderVariables(parsed: z.output<z.ZodObject<typeof orderShape>>): Environment {
  orderWay(parsed);
  const { ORDER_QUERY_URL, ORDER_QUERY_SECRET } = parsed;
  return { ORDER_QUERY_URL, ORDER_QUERY_SECRET };
}

function orderWay({
  ORDER_QUERY_URL: url,
  ORDER_QUERY_SECRET: secret,
}: z.output<z.ZodObject<typeof orderShape>>): { url: string; secret: string } | undefined {
  if (url === undefined) return undefined;
  if (secret === undefined) {
    throw new Refusal('ORDER_QUERY_SECRET is not set, and ORDER_QUERY_URL needs it');
  }
  return { url, secret };
}

const ALIYUN_SMS = 'https://dysmsapi.aliyuncs.com/';

/** How notices leave: by each way that is set, and by no other. */
export interface NoticeWays {
  sms?: { gateway: 'aliyun' | 'http'; url: string; key: string; secret: string; signName: string };
  mail?: { url: string; from: string };
  webhookSecret?: string;
}

function noticeWays(parsed: z.output<z.ZodObject<typeof noticeShape>>): NoticeWays {
  const need = (name: keyof typeof noticeShape, of: keyof typeof noticeShape): string => {
    const value = parsed[name];
    if (value === undefined) throw new Refusal(`${name} is not set, and ${of} needs it`);
    return value;
  };
  const ways: NoticeWays = {};
  const { SMS_GATEWAY: gateway, SMS_URL: given } = parsed;
  if (gateway) {
    const isAliyun = gateway === 'aliyun';
    ways.sms = {
      gateway,
      url: isAliyun ? (given ?? ALIYUN_SMS) : need('SMS_URL', 'SMS_GATEWAY'),
      key: isAliyun ? need('SMS_KEY', 'SMS_GATEWAY') : '',
      secret: need('SMS_SECRET', 'SMS_GATEWAY'),
      signName: isAliyun ? need('SMS_SIGN_NAME', 'SMS_GATEWAY') : '',
    };
  }
  if (parsed.SMTP_URL) ways.mail = { url: parsed.SMTP_URL, from: need('MAIL_FROM', 'SMTP_URL') };
  if (parsed.WEBHOOK_SECRET) ways.webhookSecret = parsed.WEBHOOK_SECRET;
  return ways;
}

/** What the launcher hands to each room's process. */
const roomShape = z.object({
  ...noticeShape,
  ...orderShape,
  DATABASE_URL_INGEST: postgresUrl.optional(),
  DATABASE_URL_BILLING: postgresUrl.optional(),
  DATABASE_URL_ANALYTICS: postgresUrl.optional(),
  DATABASE_URL_WEB: postgresUrl.optional(),
  QUESTDB_URL: z.url(),
  DATA_DIR: text.min(1),
  LOG_LEVEL: launchShape.shape.LOG_LEVEL,
  SETTLEMENT_GRACE_MINUTES: launchShape.shape.SETTLEMENT_GRACE_MINUTES,
  PORT: launchShape.shape.PORT,
  HOST: launchShape.shape.HOST,
  SESSION_SECRET: text.min(32).optional(),
  NOTICE_CHANNELS: text.default(''),
  METRICS_TOKEN: launchShape.shape.METRICS_TOKEN,
  ADMIN_EMAIL: launchShape.shape.ADMIN_EMAIL,
  ADMIN_PASSWORD: launchShape.shape.ADMIN_PASSWORD,
});

export interface RoomEnvironment {
  /** As the room's own role. */
  databaseUrl: string;
  /** As any room's role: only web is given all of them. */
  databaseUrlOf: (room: Room) => string;
  questdbUrl: string;
  dataFolder: string;
  logLevel: (typeof logLevels)[number];
  settlementGraceMinutes: number;
  port: number;
  host: string;
  /** Signs session cookies; web only. */
  sessionSecret: string | undefined;
  /** Who sends it may read /metrics from anywhere; web only. */
  metricsToken: string | undefined;
  /** Billing only. */
  notices: NoticeWays;
  /** Names of the channels that billing was given; web only. */
  noticeChannels: readonly string[];
  /** Who is asked for orders; billing only. */
  orders: { url: string; secret: string } | undefined;
  adminEmail: string;
  /** Set until the first operator has been made; web only. */
  adminPassword: string | undefined;
}

/** The environment of one room's process. Throws Refusal naming every variable that is wrong. */
export function roomEnvironment(room: Room, env: Environment): RoomEnvironment {
  const parsed = parse(roomShape, env);
  const databaseUrlOf = (of: Room): string => {
    const name = `DATABASE_URL_${of.toUpperCase()}`;
    const url = parsed[name as 'DATABASE_URL_WEB'];
    if (!url) throw new Refusal(`${name} is not set: ${room} is started by npm start`);
    return url;
  };
  return {
    databaseUrl: databaseUrlOf(room),
    databaseUrlOf,
    questdbUrl: parsed.QUESTDB_URL,
    dataFolder: resolve(parsed.DATA_DIR),
    logLevel: parsed.LOG_LEVEL,
    settlementGraceMinutes: parsed.SETTLEMENT_GRACE_MINUTES,
    port: parsed.PORT,
    host: parsed.HOST,
    sessionSecret: parsed.SESSION_SECRET,
    metricsToken: parsed.METRICS_TOKEN,
    notices: noticeWays(parsed),
    noticeChannels: parsed.NOTICE_CHANNELS.split(',').filter(Boolean),
    orders: orderWay(parsed),
    adminEmail: parsed.ADMIN_EMAIL,
    adminPassword: parsed.ADMIN_PASSWORD,
  };
}

/** An empty variable counts as unset, as it does in a shell. */
function parse<S extends z.ZodType>(shape: S, env: Environment): z.output<S> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = shape.safeParse(set);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message, code }) => {
    const name = String(path[0]);
    if (set[name] === undefined) return `${name} is not set`;
    const says =
      code === 'invalid_format' && name === 'QUESTDB_URL' ? 'must be an address' : message;
    // A wrong secret is not repeated on the terminal.
    return /PASSWORD|URL|CONF|SECRET|TOKEN/.test(name)
      ? `${name} ${says}`
      : `${name} ${says}, not "${set[name]}"`;
  });
  throw new Refusal(wrong.join('; '));
}
