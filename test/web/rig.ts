/** The whole HTTP face over a fresh database, asked in process, with people of every role. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureFirstOperator } from '../../web/auth.ts';
import { compose } from '../../web/compose.ts';
import { seedRoles } from '../../web/roles.ts';
import type { Server } from '../../web/server.ts';
import { freshDatabase } from '../servers.ts';

export const ADMIN = { email: 'admin@wattledger.local', password: 'correct horse battery' };
const quiet = { info: () => {}, warn: () => {}, error: console.error };

export interface Answer {
  status: number;
  // A test reads whatever is there; a wrong shape fails its expectation.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  body: any;
  text: string;
  headers: Headers;
}

export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

export interface Rig {
  app: Server;
  db: ReturnType<typeof compose>['rooms']['web']['db'];
  rooms: ReturnType<typeof compose>['rooms'];
  urls: Awaited<ReturnType<typeof freshDatabase>>['urls'];
  questdbUrl: string;
  dataDir: string;
  /** Not started: a test says when a job runs. */
  exports: ReturnType<typeof compose>['exports'];
  clock: { now: Date };
  /** Nobody signed in. */
  anyone: Ask;
  /** Administrator everywhere. */
  admin: Ask;
  signIn: (who: { email: string; password: string }) => Promise<Ask>;
  withKey: (key: string) => Ask;
  close: () => Promise<void>;
}

/** Composes it all. The first operator exists, signed in as `admin`. Browsers need `appFolder`. */
export async function openRig({
  now = new Date(),
  appFolder,
}: {
  now?: Date;
  appFolder?: string;
} = {}): Promise<Rig> {
  const database = await freshDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), 'wattledger-web-'));
  const clock = { now };
  const web = compose({
    databaseUrlOf: (room) => database.urls[room],
    questdbUrl: database.questdbUrl,
    dataDir,
    sessionSecret: 'a secret for tests that is long enough',
    clock: () => clock.now,
    log: quiet,
    ...(appFolder !== undefined && { appFolder }),
  });
  const { db } = web.rooms.web;
  await seedRoles(db);
  await ensureFirstOperator(db, ADMIN);
  const anyone = askOf(web.app, {});
  const signIn: Rig['signIn'] = async (who) => {
    const answer = await anyone('POST', '/api/v1/session', who);
    if (answer.status !== 200) throw new Error(`sign-in failed: ${answer.text}`);
    return askOf(web.app, { cookie: cookieOf(answer.headers) });
  };
  return {
    app: web.app,
    db,
    rooms: web.rooms,
    exports: web.exports,
    urls: database.urls,
    questdbUrl: database.questdbUrl,
    dataDir,
    clock,
    anyone,
    admin: await signIn(ADMIN),
    signIn,
    withKey: (key) => askOf(web.app, { authorization: `Bearer ${key}` }),
    close: async () => {
      await web.close();
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The Cookie header that a browser would send after these Set-Cookie lines. */
export const cookieOf = (headers: Headers): string =>
  headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');

function askOf(app: Server, standing: Record<string, string>): Ask {
  return async (method, path, body, headers = {}) => {
    const text =
      typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
    const response = await app.request(path, {
      method,
      body: text,
      headers: {
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...standing,
        ...headers,
      },
    });
    const answer = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      body: isJson && answer ? JSON.parse(answer) : undefined,
      text: answer,
      headers: response.headers,
    };
  };
}

/** A project with what it needs, made through the API. */
export async function makeProject(ask: Ask, name: string) {
  const group = await ask('POST', '/api/v1/groups', { name: `${name} Group` });
  const project = await ask('POST', '/api/v1/projects', {
    groupId: group.body.id,
    name,
    zone: 'Asia/Shanghai',
    currency: 'CNY',
  });
  if (project.status !== 201) throw new Error(project.text);
  return { id: project.body.id as string, groupId: group.body.id as string };
}

let people = 0;
/** A new user with a role over a project, signed in. */
export async function signInAs(
  rig: Rig,
  role: string,
  where: { projectId?: string; groupId?: string },
): Promise<Ask> {
  const who = { email: `${role}-${++people}@test.local`, password: `pass word ${people} long` };
  const user = await rig.admin('POST', '/api/v1/users', { name: role, ...who });
  const grant = await rig.admin('POST', '/api/v1/grants', { userId: user.body.id, role, ...where });
  if (grant.status !== 201) throw new Error(grant.text);
  return await rig.signIn(who);
}
