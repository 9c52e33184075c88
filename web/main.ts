/** The process of web: HTTP in front of every room's routes, and the browser app. Stops on SIGTERM. */
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { systemClock } from '../sql/clock.ts';
import { roomEnvironment } from '../sql/env.ts';
import { openLog } from '../sql/log.ts';
import { ensureFirstOperator } from './auth.ts';
import { compose } from './compose.ts';
import { seedRoles } from './roles.ts';
import { tidy } from './tidy.ts';
import { answerUnreadable, HEAD_BYTES_MAX } from './unreadable.ts';

const TIDY_EVERY_MS = 3_600_000;
const DRAIN_MS = 5_000;

const env = roomEnvironment('web', process.env);
const log = openLog({ room: 'web', level: env.logLevel });
if (!env.sessionSecret) throw new Error('SESSION_SECRET is not set: web is started by npm start');
const web = compose({
  databaseUrlOf: env.databaseUrlOf,
  questdbUrl: env.questdbUrl,
  dataDir: env.dataFolder,
  sessionSecret: env.sessionSecret,
  clock: systemClock,
  log,
  metricsToken: env.metricsToken,
  noticeChannels: env.noticeChannels,
  appFolder: fileURLToPath(new URL('./app/dist', import.meta.url)),
});

await seedRoles(web.rooms.web.db);
if (env.adminPassword) {
  const operator = { email: env.adminEmail, password: env.adminPassword };
  log.info({ outcome: await ensureFirstOperator(web.rooms.web.db, operator) }, 'first operator');
}

const serverOptions = { maxHeaderSize: HEAD_BYTES_MAX };
const { app } = web;
const server = serve(
  { fetch: app.fetch, port: env.port, hostname: env.host, serverOptions },
  () => {
    log.info({ host: env.host, port: env.port }, 'listening');
    web.exports.start();
    process.send?.('ready');
  },
);
answerUnreadable(server);
server.once('error', (error) => {
  log.fatal({ err: error }, 'cannot listen');
  process.exit(1);
});

const tidying = setInterval(() => {
  tidy(web.rooms.web.db, systemClock(), env.dataFolder).catch((error: unknown) =>
    log.warn({ err: error }, 'tidy'),
  );
}, TIDY_EVERY_MS);

let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  clearInterval(tidying);
  // What is under way is finished; who keeps a connection open for later is sent away.
  const drained = new Promise<void>((resolve) => server.close(() => resolve()));
  if ('closeIdleConnections' in server) server.closeIdleConnections();
  await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]);
  await web.close();
  process.exit(0);
};
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
