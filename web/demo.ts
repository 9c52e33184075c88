/**
 * A one-off process of the first start: enters the simulated park, from its commissioning sheet and
 * nothing else, through the public API; with `--meter-mode`, once its history is settled, those whose meters hold their
 * money. Ends with 0 when everything is there; run again it adds what is missing.
 */
import { join } from 'node:path';
import { systemClock } from '../sql/clock.ts';
import { roomEnvironment } from '../sql/env.ts';
import { openLog } from '../sql/log.ts';
import { readJson } from '../sql/process.ts';
import { messageOf } from '../sql/refusal.ts';
import { ensureFirstOperator } from './auth.ts';
import { compose } from './compose.ts';
import { signIn } from './demo/ask.ts';
import { enterPark } from './demo/enter.ts';
import { enterMeterMode } from './demo/meter-mode.ts';
import { enterPeople } from './demo/people.ts';
import { sheetShape } from './demo/sheet.ts';
import { seedRoles } from './roles.ts';

const say = (line: string) => console.log(`demo: ${line}`);

async function main(): Promise<void> {
  const env = roomEnvironment('web', process.env);
  const { adminEmail: email, adminPassword: password, sessionSecret } = env;
  if (!sessionSecret || !password) throw new Error('the demo is entered by npm start');
  const sheet = sheetShape.parse(readJson(join(env.dataFolder, 'simulator', 'park.json')));
  const web = compose({
    databaseUrlOf: env.databaseUrlOf,
    questdbUrl: env.questdbUrl,
    dataDir: env.dataFolder,
    sessionSecret,
    clock: systemClock,
    log: openLog({ room: 'demo', level: 'error' }),
  });
  await seedRoles(web.rooms.web.db);
  await ensureFirstOperator(web.rooms.web.db, { email, password });
  const ask = await signIn(web.app, { email, password });
  if (process.argv.includes('--meter-mode')) {
    await enterMeterMode(ask, { sheet, say });
  } else {
    const { projectId } = await enterPark(ask, { sheet, say, now: systemClock() });
    await enterPeople(ask, { projectId, say });
  }
  await ask.signOut();
  await web.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`demo: ${messageOf(error)}`);
    process.exit(1);
  },
);
