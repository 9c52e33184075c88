/** A park under credit control without meters: balances, readings, notices and what became of commands at will. */
import { controlCredit, createCredit } from '../../billing/credit.ts';
import { localOrders, type OrderQuery } from '../../billing/credit-orders.ts';
import type { CreditPolicy } from '../../billing/credit-policy.ts';
import { readProject } from '../../billing/project.ts';
import { raiseAlarms, syncAlarms } from '../../sql/alarms.ts';
import type { LocalDay } from '../../sql/local-day.ts';
import { cny } from './counter.ts';
import { type Answer, type Ask, openFace } from './face.ts';
import { flat } from './jiangsu.ts';
import { openPark, type Park } from './park.ts';

const HOUR_MS = 3_600_000;

/** Nothing in the way but two hours of grace and one of a delivered notice. */
export const openPolicy: CreditPolicy = {
  ...{ mode: 'automatic', graceHours: 2, creditLimit: cny('0.00'), restoreAt: cny('0.00') },
  ...{ noCutHours: [], noCutDays: { weekdays: [], holidays: false, dates: [] } },
  ladder: [{ level: 'final', hoursBeforeTrip: 1, proof: 'delivered' }],
  ...{ otherDebtNoticeDays: 14, brake: { tripsPerHour: 5, sharePercentPerHour: 100 } },
  ...{ silent: { minutes: 60, exposure: cny('1.00') }, orderQueryMinutes: 15, cutWater: false },
};

export interface CreditPark {
  park: Park;
  ask: Ask;
  send: (method: string, path: string, body: object, key?: string) => Promise<Answer>;
  policy: (change?: Partial<CreditPolicy>) => Promise<void>;
  orders: (query: OrderQuery) => void;
  /** One round; with `failpoint` it stops there as if it were killed. */
  round: (failpoint?: (place: string) => void) => Promise<number>;
  /** Rounds as billing's process makes them, one each time it is called. */
  rounds: () => () => Promise<void>;
  later: (hours: number) => void;
  /** What an account has used and not paid, minor units; its alarms follow. */
  owes: (account: number, minor: number) => Promise<void>;
  /** Below its limit, told and proven, every hour over: the next round cuts it. */
  due: (account: number, minor?: number) => Promise<void>;
  deliver: (account: number, state?: string) => Promise<void>;
  /** Every meter was read a minute ago. */
  read: () => Promise<void>;
  /** What ingest would make of commands that are not over. */
  carryOut: (state?: 'confirmed' | 'sent' | 'refused' | 'expired') => Promise<void>;
  state: (account: number) => Promise<string>;
  /** `decision/reason`, oldest first. */
  told: (account: number) => Promise<string[]>;
  commands: (account: number) => Promise<string[]>;
  pay: (account: number, amount: string) => Promise<Answer>;
  close: () => Promise<void>;
}

export async function openCreditPark(
  points: number,
  { from = '2026-01-01' as LocalDay, now: at = new Date('2026-02-10T04:00:00Z') } = {},
): Promise<CreditPark> {
  const park = await openPark({ points, from, definition: flat('0.7') });
  park.now = at;
  const projectId = park.project.id;
  const { db } = park.postgres;
  const ask = openFace(park, 'wang');
  const id = (account: number) => park.accounts[account] ?? '';
  let orders: OrderQuery = localOrders;
  let keys = 0;
  const send: CreditPark['send'] = (method, path, body, key = `c${++keys}`) =>
    ask(method, path, body, { 'idempotency-key': key });
  const now = () => park.now;
  const generation = async () => {
    await park.rows(
      `INSERT INTO live_balance_generations VALUES ($1, 1, $2)
       ON CONFLICT (project_id) DO UPDATE SET computed_at = excluded.computed_at`,
      [projectId, park.now],
    );
  };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const deps = () => ({ db, questdb: park.questdb, orders, clock: now, log });
  const face: CreditPark = {
    ...{ park, ask, send },
    policy: async (change = {}) => {
      const { body } = await ask('GET', '/credit-policy');
      const policy = { ...openPolicy, ...change };
      const { status } = await send('PUT', '/credit-policy', {
        ...{ policy, reason: 'r', version: body.version },
      });
      if (status !== 200) throw new Error('no policy was written');
    },
    orders: (query) => {
      orders = query;
    },
    round: async (failpoint) => {
      await generation();
      return await controlCredit(
        { ...deps(), ...(failpoint && { failpoint }) },
        await readProject(db, projectId),
      );
    },
    rounds: () => createCredit(deps()),
    later: (hours) => {
      park.now = new Date(park.now.getTime() + hours * HOUR_MS);
    },
    owes: async (account, minor) => {
      await generation();
      await park.rows(
        `INSERT INTO live_balances (project_id, generation, account_id, settled_minor,
           provisional_minor, currency, charge_per_hour)
         SELECT $1, 1, $2, coalesce((SELECT -sum(e.amount) FROM ledger_accounts l
             JOIN entries e ON e.project_id = l.project_id AND e.ledger_account_id = l.id
             WHERE l.project_id = $1 AND l.account_id = $2 AND l.code = 'wallet'), 0), $3, 'CNY', 1.5
         ON CONFLICT (project_id, generation, account_id) DO UPDATE
           SET settled_minor = excluded.settled_minor, provisional_minor = excluded.provisional_minor`,
        [projectId, id(account), minor],
      );
      const subject = { subjectKind: 'account', subjectId: id(account), severity: 'critical' };
      const alarm = { projectId, kind: 'account.arrears', at: park.now } as const;
      if (minor > 0)
        await raiseAlarms(db, { ...alarm, subjects: [{ ...subject, severity: 'critical' }] });
      else await syncAlarms(db, { ...alarm, subjects: [] });
    },
    due: async (account, minor = 500) => {
      await face.owes(account, minor);
      await face.read();
      await face.round();
      await face.deliver(account);
      face.later(3);
      await face.read();
    },
    deliver: async (account, state = 'delivered') => {
      await park.rows(
        `INSERT INTO notices (project_id, event_id, kind, account_id, channel, recipient, language,
           body, parameters, state, queued_at, sent_at, delivered_at)
         SELECT project_id, id, kind, subject_id::bigint, 'sms', '1', 'en', 'b', '{}', $3, $2, $2,
           CASE WHEN $3 = 'delivered' THEN $2::timestamptz END
         FROM events WHERE kind = 'credit.final-notice' AND subject_id = $1 ORDER BY id DESC LIMIT 1
         ON CONFLICT DO NOTHING`,
        [id(account), park.now, state],
      );
    },
    read: async () => {
      await park.rows(
        `INSERT INTO meter_states (project_id, meter_id, last_ok_at, channels)
         SELECT project_id, meter_id, $2, '{"status_a": 57344}' FROM installations WHERE project_id = $1
         ON CONFLICT (project_id, meter_id) DO UPDATE SET last_ok_at = excluded.last_ok_at`,
        [projectId, new Date(park.now.getTime() - 60_000)],
      );
    },
    carryOut: async (state = 'confirmed') => {
      await park.rows(
        `UPDATE command_states SET state = $1, sent_at = $2,
           resolved_at = CASE WHEN $1 <> 'sent' THEN $2::timestamptz END,
           supply_observed_at = CASE WHEN $1 = 'confirmed' THEN $2::timestamptz END
         WHERE state IN ('requested', 'sent')`,
        [state, park.now],
      );
      await park.rows(
        `UPDATE meter_states m SET channels = jsonb_build_object('status_a',
           CASE c.function WHEN 'trip' THEN 0 ELSE 57344 END)
         FROM (SELECT DISTINCT ON (c.meter_id) c.meter_id, c.function FROM commands c
           JOIN command_states s ON s.command_id = c.id AND s.state = 'confirmed'
           ORDER BY c.meter_id, c.sequence DESC) c WHERE c.meter_id = m.meter_id`,
      );
    },
    state: async (account) => {
      const { body } = await ask('GET', `/credit-cases/${id(account)}`);
      return [body.state, body.waitsFor?.code].filter(Boolean).join(' ');
    },
    told: async (account) => {
      const { body } = await ask('GET', `/credit-decisions?accountId=${id(account)}`);
      return body.data
        .map((row: Record<string, string>) => `${row.decision}/${row.reason}`)
        .reverse();
    },
    commands: async (account) =>
      (
        await park.rows(
          `SELECT c.function || ' ' || s.state || coalesce(' ' || s.outcome, '') AS line
           FROM commands c JOIN command_states s ON s.command_id = c.id
           JOIN installations i ON i.meter_id = c.meter_id
           JOIN tenancies t ON t.point_id = i.point_id AND t.account_id = $1 ORDER BY c.id`,
          [id(account)],
        )
      ).map(({ line }) => String(line)),
    pay: (account, amount) =>
      send('POST', `/accounts/${id(account)}/sales`, { channel: 'cash', amount: cny(amount) }),
    close: () => park.close(),
  };
  await park.rows(`UPDATE points SET restore_mode = 'automatic'`);
  await face.read();
  await face.policy();
  return face;
}
