/** What billing does about notices, again and again: new events into the outbox, what is due out of it. */
import type { Clock } from '../sql/clock.ts';
import type { NoticeWays } from '../sql/env.ts';
import type { Log } from '../sql/log.ts';
import type { Db } from '../sql/postgres.ts';
import { inTrace, newTrace } from '../sql/trace.ts';
import { gatherNotices } from './notice-gather.ts';
import { openMail } from './notice-mail.ts';
import { type Channels, sendDue } from './notice-send.ts';
import { openSms } from './notice-sms.ts';
import { openWebhook } from './notice-webhook.ts';
import { readProjects } from './project.ts';

/** The ways out that are set. */
export const openChannels = ({ sms, mail, webhookSecret }: NoticeWays): Channels => ({
  ...(sms && { sms: openSms(sms) }),
  ...(mail && { email: openMail(mail) }),
  ...(webhookSecret !== undefined && { webhook: openWebhook(webhookSecret) }),
});

/** Prepares a pass: looks at new events of all projects, then sends what is due. */
export function createNotices(deps: {
  db: Db;
  channels: Channels;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn'>;
  failpoint?: (place: 'notice-handed-over') => void;
}): () => Promise<void> {
  const { db, clock, log } = deps;
  return async () => {
    for (const project of await readProjects(db)) {
      await inTrace(newTrace(), async () => {
        try {
          while ((await gatherNotices(db, { project, at: clock() })) > 0);
        } catch (error) {
          log.warn({ err: error, projectId: project.id }, 'events were not turned into notices');
        }
      });
    }
    await inTrace(newTrace(), async () => {
      const sent = await sendDue(deps);
      if (sent > 0) log.info({ notices: sent }, 'the outbox was worked through');
    });
  };
}
