/** The facts of an event that a notice puts into words: whose it is, what it was about, as it stands. */
import { sql } from 'drizzle-orm';
import { Temporal } from 'temporal-polyfill';
import { localDayOf } from '../sql/local-day.ts';
import { formatMinor } from '../sql/money.ts';
import type { Queryable } from '../sql/postgres.ts';
import { type Facts, type NoticeKindName, noticeKindOf } from './notice-kinds.ts';
import type { Language } from './notice-words.ts';
import { settledBalance } from './wallet.ts';

export interface ToldEvent {
  id: string;
  kind: string;
  subjectId: string;
  payload: Record<string, unknown>;
  at: Date;
}

export interface EventFacts {
  accountId: string;
  /** The project's language, for addresses that say none. */
  language: Language;
  /** True when what it tells of is long past: a sale entered for a day gone by. */
  isStale: boolean;
  /** In a language: names and words differ, numbers do not. */
  in: (language: Language) => Facts;
}

/** What is told of something that lies further back than this would only confuse. */
export const STALE_MS = 24 * 3_600_000;
/** What a person is called for, by the words of credit-judge. */
const callWords: Record<Language, Record<string, string>> = {
  en: {
    'notice-proof': 'a notice could not be proven to have arrived',
    'doubtful-data': 'its data have been in doubt for a day',
    'order-query': 'the query of online orders is not answered, or one is open',
    'trip-refused': 'the meter refused to cut',
    'trip-expired': 'the meter was not reached to cut',
    'locked-out': 'it has paid, but its point is locked out',
    'restore-refused': 'it has paid, but the meter refused to close',
    'restore-expired': 'it has paid, but the meter was not reached',
  },
  zh: {
    'notice-proof': '通知无法证明已送达',
    'doubtful-data': '数据存疑已超过一天',
    'order-query': '线上订单查询无答复或有未完成订单',
    'trip-refused': '电表拒绝停电',
    'trip-expired': '停电时未能连上电表',
    'locked-out': '已缴费，但计量点已上锁',
    'restore-refused': '已缴费，但电表拒绝合闸',
    'restore-expired': '已缴费，但未能连上电表',
  },
};
const channelWords: Record<Language, Record<string, string>> = {
  en: { cash: 'cash', transfer: 'bank transfer', online: 'online payment' },
  zh: { cash: '现金', transfer: '转账', online: '线上支付' },
};

/** The facts of an event as one of a kind; undefined when it is nobody's. */
export async function factsOf(
  db: Queryable,
  { projectId, kind, event }: { projectId: string; kind: NoticeKindName; event: ToldEvent },
): Promise<EventFacts | undefined> {
  const { of } = noticeKindOf(kind);
  const subject =
    of === 'account'
      ? { accountId: event.subjectId, own: {}, ownAt: event.at }
      : of === 'named'
        ? namedFacts(event)
        : of === 'sale'
          ? await saleFacts(db, projectId, event)
          : await meterFacts(db, projectId, event);
  if (!subject) return undefined;
  const account = await readAccount(db, { projectId, accountId: subject.accountId });
  if (!account) return undefined;
  const { zone, currency } = account;
  const known = (name: string) => {
    const value = event.payload[name];
    return typeof value === 'string' ? value : undefined;
  };
  const happenedAt = occurredAt(kind, subject.ownAt, { ...account, event });
  const shared: Facts = {
    number: account.number,
    currency,
    balance: known('balance') ?? account.balance,
    at: wallClock(zone, subject.ownAt),
    ...subject.own,
  };
  const [threshold, deadline] = [known('threshold'), known('deadline')];
  const [trips, allowed] = [event.payload.trips, event.payload.allowed];
  const reason = known('reason');
  const hoursLeft = known('hoursLeft') ?? account.hoursLeft;
  if (threshold !== undefined) shared.threshold = threshold;
  if (deadline !== undefined) shared.deadline = wallClock(zone, new Date(deadline));
  if (hoursLeft !== null) shared.hoursLeft = hoursLeft;
  if (kind === 'credit.brake-engaged') {
    Object.assign(shared, { trips: String(trips ?? '–'), allowed: String(allowed ?? '–') });
  }
  if (kind === 'account.opened') {
    Object.assign(shared, { day: account.openedOn }, account.points && { points: account.points });
  }
  if (kind === 'account.closed' && account.closedOn) shared.day = account.closedOn;
  return {
    accountId: subject.accountId,
    language: account.language,
    isStale: event.at.getTime() - happenedAt > STALE_MS,
    in: (language) => ({
      ...shared,
      project: (language === 'zh' && account.projectNameZh) || account.projectName,
      account: (language === 'zh' && account.nameZh) || account.name,
      ...(shared.channel && {
        channel: channelWords[language][shared.channel] ?? shared.channel,
      }),
      ...(reason !== undefined && { reason: callWords[language][reason] ?? reason }),
      ...(subject.pointName && {
        point: (language === 'zh' && subject.pointNameZh) || subject.pointName,
      }),
    }),
  };
}

interface Subject {
  accountId: string;
  own: Facts;
  ownAt: Date;
  pointName?: string;
  pointNameZh?: string | null;
}

/** The account that the payload names; an event that names none is nobody's. */
function namedFacts({ payload, at }: ToldEvent): Subject | undefined {
  const accountId = String(payload.accountId ?? '');
  return /^\d{1,19}$/.test(accountId) ? { accountId, own: {}, ownAt: at } : undefined;
}

async function saleFacts(
  db: Queryable,
  projectId: string,
  event: ToldEvent,
): Promise<Subject | undefined> {
  const found = await db.execute<{
    account_id: string;
    receipt: string;
    channel: string;
    amount_minor: string;
    currency: string;
    sold_at: string;
  }>(sql`
    SELECT account_id::text, receipt, channel, amount_minor::text, currency, sold_at FROM sales
    WHERE project_id = ${projectId}::bigint AND id = ${event.subjectId}::bigint`);
  const sale = found.rows[0];
  if (!sale) return undefined;
  const amount = formatMinor(BigInt(sale.amount_minor), sale.currency);
  return {
    accountId: sale.account_id,
    own: { receipt: sale.receipt, channel: sale.channel, amount },
    ownAt: new Date(sale.sold_at),
  };
}

/** Whose point the meter served at that instant; nobody's is told nobody. */
async function meterFacts(
  db: Queryable,
  projectId: string,
  event: ToldEvent,
): Promise<Subject | undefined> {
  const meterId = String(event.payload.meterId ?? '');
  if (!/^\d{1,19}$/.test(meterId)) return undefined;
  const at = sql`${event.at.toISOString()}::timestamptz`;
  const found = await db.execute<{
    account_id: string;
    serial: string;
    code: string;
    name: string;
    name_zh: string | null;
  }>(sql`
    SELECT t.account_id::text, m.serial, p.code, p.name, p.name_zh
    FROM meters m
    JOIN installations i ON i.project_id = m.project_id AND i.meter_id = m.id
      AND i.valid_from <= ${at} AND (i.valid_to IS NULL OR i.valid_to > ${at})
    JOIN points p ON p.project_id = i.project_id AND p.id = i.point_id
    JOIN tenancies t ON t.project_id = p.project_id AND t.point_id = p.id
      AND t.valid_from <= ${at} AND (t.valid_to IS NULL OR t.valid_to > ${at})
    WHERE m.project_id = ${projectId}::bigint AND m.id = ${meterId}::bigint`);
  const row = found.rows[0];
  if (!row) return undefined;
  const named = (name: string) => (name === row.code ? name : `${row.code} ${name}`);
  return {
    accountId: row.account_id,
    own: { meter: row.serial },
    ownAt: event.at,
    pointName: named(row.name),
    pointNameZh: row.name_zh && named(row.name_zh),
  };
}

async function readAccount(
  db: Queryable,
  { projectId, accountId }: { projectId: string; accountId: string },
) {
  const found = await db.execute<{
    number: string;
    name: string;
    name_zh: string | null;
    opened_on: string;
    closed_on: string | null;
    project_name: string;
    project_name_zh: string | null;
    zone: string;
    currency: string;
    language: string;
    live: string | null;
    hours_left: string | null;
    points: string | null;
  }>(sql`
    SELECT a.number, a.name, a.name_zh, a.opened_on::text, a.closed_on::text,
      p.name AS project_name, p.name_zh AS project_name_zh, p.zone, p.currency, p.language,
      (b.settled_minor - b.provisional_minor)::text AS live, round(b.hours_left)::text AS hours_left,
      (SELECT string_agg(o.code, ', ' ORDER BY o.code) FROM tenancies t
        JOIN points o ON o.project_id = t.project_id AND o.id = t.point_id
        WHERE t.project_id = a.project_id AND t.account_id = a.id AND t.valid_to IS NULL) AS points
    FROM accounts a JOIN projects p ON p.id = a.project_id
    LEFT JOIN live_balance_generations g ON g.project_id = a.project_id
    LEFT JOIN live_balances b ON b.project_id = a.project_id AND b.generation = g.generation
      AND b.account_id = a.id
    WHERE a.project_id = ${projectId}::bigint AND a.id = ${accountId}::bigint`);
  const row = found.rows[0];
  if (!row) return undefined;
  const live =
    row.live === null ? await settledBalance(db, { projectId, accountId }) : BigInt(row.live);
  const language: Language = row.language === 'zh' ? 'zh' : 'en';
  return {
    number: row.number,
    name: row.name,
    nameZh: row.name_zh,
    openedOn: row.opened_on,
    closedOn: row.closed_on,
    projectName: row.project_name,
    projectNameZh: row.project_name_zh,
    zone: row.zone,
    currency: row.currency,
    language,
    balance: formatMinor(live, row.currency),
    hoursLeft: row.hours_left,
    points: row.points,
  };
}

/** When what is told happened, epoch ms: an account may be entered long after it opened. */
function occurredAt(
  kind: NoticeKindName,
  ownAt: Date,
  { zone, openedOn, event }: { zone: string; openedOn: string; event: ToldEvent },
): number {
  if (kind !== 'account.opened') return ownAt.getTime();
  const enteredOn = localDayOf(zone, event.at.getTime());
  return openedOn < enteredOn ? Date.parse(openedOn) : event.at.getTime();
}

/** YYYY-MM-DD HH:MM in a zone. */
const wallClock = (zone: string, at: Date): string =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(zone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'minute' })
    .replace('T', ' ');
