/** Secrets of a whole system that runs: which there are, which process knows which, and what was written down. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf } from '../journey/system.ts';

type Secrets = Record<string, string>;

/** Set by a person, as variables. */
export const setSecrets = {
  ...{ ADMIN_PASSWORD: 'correct horse', METRICS_TOKEN: 'a-token-for-the-metrics' },
  ...{ SMS_KEY: 'LTAI-access-key-id', SMS_SECRET: 'sms-access-key-secret' },
  ...{ WEBHOOK_SECRET: 'signs-the-webhooks', ORDER_QUERY_SECRET: 'signs-the-order-query' },
};

/** All of them: what was set, the mail server's password, and what the launcher has made for itself. */
export function secretsOf(folder: string): Secrets {
  const kept = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8'));
  const { rooms, admin: _, ...rest } = kept;
  return { ...setSecrets, mail: 'pa55-of-the-mail-server', ...rest, ...rooms };
}

/** Names of the secrets that stand in a text. */
export const namesIn = (text: string, secrets: Secrets): string[] =>
  Object.keys(secrets)
    .filter((name) => text.includes(secrets[name] ?? name))
    .sort();

const billing = ['mail', 'SMS_KEY', 'SMS_SECRET', 'WEBHOOK_SECRET', 'ORDER_QUERY_SECRET'];
const rooms = ['ingest', 'billing', 'analytics', 'web'];

/** What each process cannot do without. */
export const needed: Record<string, string[]> = {
  'ingest/main.ts': ['ingest', 'questdb'],
  'billing/main.ts': ['billing', 'questdb', ...billing].sort(),
  'analytics/main.ts': ['analytics', 'questdb'],
  'web/main.ts': [...rooms, 'questdb', 'session', 'ADMIN_PASSWORD', 'METRICS_TOKEN'].sort(),
  'io.questdb/': ['questdb'],
  'bin/postgres ': [],
};

/** What stands in the environment of each process; a command line, which anybody may read, has nothing. */
export function knownTo(folder: string): Record<string, string[]> {
  const secrets = secretsOf(folder);
  const found = processesOf(folder);
  return Object.fromEntries(
    Object.keys(needed).map((part) => {
      const { pid, command } = found.find((each) => each.command.includes(part)) ?? {};
      if (pid === undefined || command === undefined) return [part, ['does not run']];
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      const open = namesIn(command, secrets).map((name) => `${name} on the command line`);
      return [part, [...namesIn(environment, secrets), ...open]];
    }),
  );
}

/** Every log in a data folder, also of its servers, with its text. */
export const logsIn = (folder: string): [file: string, text: string][] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.log(\.\d+)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [file, readFileSync(file, 'utf8')]);

/** Signs in rightly and wrongly, makes a key and uses it; what came of it is as secret as a password. */
export async function useSecrets(url: string): Promise<Secrets> {
  const ask = async (path: string, headers: Record<string, string>, body?: unknown) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', origin: url, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { response, body: await response.json() };
  };
  const statusOf = async (path: string, key: string) =>
    (await ask(path, { authorization: `Bearer ${key}` })).response.status;
  const who = { email: 'admin@wattledger.local', password: 'not-the-password-but-near' };
  const refused = await ask('/session', {}, who);
  const session = await ask('/session', {}, { ...who, password: setSecrets.ADMIN_PASSWORD });
  const cookies = session.response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  const signedIn = { cookie: cookies.join('; ') };
  const group = await ask('/groups', signedIn, { name: 'Secrets' });
  const made = await ask(`/groups/${group.body.id}/keys`, signedIn, { name: 'k', role: 'analyst' });
  const { key } = made.body;
  const statuses = [
    ...[refused.response.status, session.response.status, made.response.status],
    ...[await statusOf('/projects', key), await statusOf('/projects', `${key.slice(0, -1)}?`)],
  ];
  if (statuses.join() !== '401,200,201,200,401') throw new Error(`answered ${statuses}`);
  const token = decodeURIComponent(cookies[0]?.split('=')[1] ?? '').split('.')[0] ?? '';
  if (token.length < 16) throw new Error('no session cookie');
  return { wrong: who.password, key, token };
}
