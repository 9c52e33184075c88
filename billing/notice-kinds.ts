/**
 * What customers are told of, and what calls people of the project: each kind with the event that it comes of and the names that its words may
 * use. Whoever adds an event adds a row here and its words in notice-words; nothing else has to know.
 */
import { z } from '@hono/zod-openapi';
import type { EventKind } from '../sql/events.ts';

interface NoticeKind {
  event: EventKind;
  /** Whether this event is one of the kind; all of them where it is left out. */
  when?: (payload: Record<string, unknown>) => boolean;
  /** What the event's subject or payload names: where the facts come from; `named`: the account of the payload. */
  of: 'account' | 'named' | 'sale' | 'meter';
  /** People of the project are told, at any hour; customers where it is left out. */
  to?: 'staff';
  /** Names that a template may use beside those that all kinds have. */
  names: readonly NoticeName[];
  /** Told in quiet hours too, unless a project says otherwise. */
  urgent: boolean;
}

/** Facts that every notice may name. */
export const commonNames = ['project', 'account', 'number', 'balance', 'currency', 'at'] as const;
const ownNames = [
  'threshold',
  'deadline',
  'hoursLeft',
  'amount',
  'receipt',
  'channel',
  'point',
  'meter',
  'points',
  'day',
  'reason',
  'trips',
  'allowed',
] as const;
export type NoticeName = (typeof commonNames)[number] | (typeof ownNames)[number];
/** What an event comes to in words; a fact that is not known is not there. */
export type Facts = Partial<Record<NoticeName, string>>;

const supplyBy =
  (supply: 'on' | 'off') =>
  (payload: Record<string, unknown>): boolean =>
    payload.supply === supply;

export const noticeKinds = {
  'balance.alarm1': {
    ...{ event: 'balance.alarm1', of: 'account', urgent: false },
    names: ['threshold', 'hoursLeft'],
  },
  'balance.alarm2': {
    ...{ event: 'balance.alarm2', of: 'account', urgent: false },
    names: ['threshold', 'hoursLeft'],
  },
  'balance.arrears': { ...{ event: 'balance.arrears', of: 'account', urgent: false }, names: [] },
  'credit.final-notice': {
    ...{ event: 'credit.final-notice', of: 'account', urgent: false },
    names: ['deadline', 'hoursLeft'],
  },
  'credit.person-called': {
    // The brake calls once, not for each account that it holds.
    ...{ event: 'credit.person-called', when: ({ reason }) => reason !== 'brake', of: 'account' },
    ...{ to: 'staff', urgent: true, names: ['reason'] },
  },
  'credit.brake-engaged': {
    ...{ event: 'credit.brake-engaged', of: 'named', to: 'staff', urgent: true },
    names: ['trips', 'allowed'],
  },
  'supply.tripped': {
    ...{ event: 'command.confirmed', when: supplyBy('off'), of: 'meter', urgent: true },
    names: ['point', 'meter'],
  },
  'supply.restored': {
    ...{ event: 'command.confirmed', when: supplyBy('on'), of: 'meter', urgent: true },
    names: ['point', 'meter'],
  },
  'sale.receipt': {
    ...{ event: 'sale.posted', of: 'sale', urgent: true },
    names: ['amount', 'receipt', 'channel'],
  },
  'account.opened': {
    ...{ event: 'account.opened', of: 'account', urgent: false },
    names: ['points', 'day'],
  },
  'account.closed': {
    ...{ event: 'account.closed', of: 'account', urgent: false },
    names: ['day'],
  },
} as const satisfies Record<string, NoticeKind>;

export type NoticeKindName = keyof typeof noticeKinds;
export const noticeKindNames = Object.keys(noticeKinds) as NoticeKindName[]; // Its own keys.
export const noticeKindSchema = z.enum(noticeKindNames);

/** A kind by its name, as the shape that all of them have. */
export const noticeKindOf = (name: NoticeKindName): NoticeKind => noticeKinds[name];

/** The kind that an event is told as, if it is told. */
export function kindOfEvent(
  event: string,
  payload: Record<string, unknown>,
): NoticeKindName | undefined {
  return noticeKindNames.find((name) => {
    const kind = noticeKindOf(name);
    return kind.event === event && (kind.when?.(payload) ?? true);
  });
}

/** The names that a template of a kind may use. */
export const namesOf = (name: NoticeKindName): readonly NoticeName[] => [
  ...commonNames,
  ...noticeKindOf(name).names,
];
