/** An alarm in words: whose it is, what happened, and the state whose icon it bears. */
import { useTranslation } from 'react-i18next';
import type { Alarm, LivePoint, PointState } from '../api.ts';
import { day, span, time } from '../dates.ts';
import { amount, currencyName, number } from '../format.ts';
import { nameOf, useLanguage } from '../language.ts';
import { useProject } from '../project.tsx';
import { useAccounts, useGateways, useLive } from '../queries.ts';

/** Kinds in the order in which they are offered. */
export const alarmKinds = [
  'account.alarm1',
  'account.alarm2',
  'account.arrears',
  'account.credit-hold',
  'credit.brake',
  'meter.silent',
  'meter.silent-credit',
  'gateway.silent',
  'meter.clock',
  'relay.differs',
  'meter.balance-differs',
  'meter.counter-differs',
  'point.overload',
  'point.loss',
  'reading.quarantined',
  'reconciliation.difference',
  'ledger.broken',
  'spool.filling',
  'spool.rejected',
  'questdb.suspended',
  'server.clock',
] as const;

/** These tell what happened once: acknowledging ends them. */
export const happenings: readonly string[] = ['spool.rejected'];

export interface AlarmText {
  code: string;
  text: string;
  state: PointState;
  meterId: string | null;
  accountId: string | null;
}

/** Joins an alarm to what is known of its subject; unknown kinds say what they carry. */
export function useAlarmText(): (alarm: Alarm) => AlarmText {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const live = useLive('slow').data?.data ?? [];
  const gateways = useGateways().data?.data ?? [];
  const accounts = useAccounts().data?.data ?? [];

  return (alarm) => {
    const point = live.find((each) => isSubject(alarm, each));
    const account =
      alarm.subjectKind === 'account'
        ? accounts.find(({ id }) => id === alarm.subjectId)
        : undefined;
    const gateway = gateways.find(
      ({ id, buses }) => id === alarm.subjectId || buses.some((bus) => bus.id === alarm.subjectId),
    );
    const bus = gateway?.buses.find(({ id }) => id === alarm.subjectId);
    const kind = kindOf(alarm);
    const known = i18n.exists(`alarm.${kind}`);
    const { jumpMs } = alarm.detail;
    const lastAt = textOf(alarm.detail.lastSampleAt) ?? point?.lastSampleAt ?? null;
    const balance = account?.balance?.live.amount ?? moneyOf(alarm.detail.balance);
    const words = {
      at: lastAt ? time(zone, lastAt) : '–',
      balance: `${amount(balance)} ${currencyName(currency, language)}`,
      limit: trimmed(
        moneyOf(alarm.detail.threshold) ??
          account?.[kind.endsWith('1') ? 'alarm1' : 'alarm2']?.amount,
      ),
      name: account ? nameOf(language, account) : '',
      power: kilo(alarm.detail.powerW),
      most: kilo(alarm.detail.limitW),
      lost: `${kilo(alarm.detail.quantity)} ${alarm.detail.unit === 'l' ? 'm³' : 'kWh'}`,
      difference: `${amount(moneyOf(alarm.detail.difference)?.replace(/^-/, ''))} ${currencyName(currency, language)}`,
      clock: number(
        typeof alarm.detail.clockOffsetMs === 'number'
          ? Math.round(Math.abs(alarm.detail.clockOffsetMs) / 1000)
          : null,
      ),
      jump: typeof jumpMs === 'number' ? span(t, Math.abs(jumpMs) / 1000) : '–',
      unexplained: countOf(alarm.detail.unexplained),
      expected: countOf(alarm.detail.expected),
      found: countOf(alarm.detail.found),
      // What a cut waits for, in the words of credit control.
      why: ['held', 'reason']
        .map((group) => `credit.${group}.${alarm.detail.reason}`)
        .filter((key) => i18n.exists(key))
        .map((key) => t(key))
        .join(''),
      exposure: `${amount(moneyOf(alarm.detail.exposure))} ${currencyName(currency, language)}`,
      trips: number(typeof alarm.detail.trips === 'number' ? alarm.detail.trips : null),
      day: typeof alarm.detail.day === 'string' ? day(language, alarm.detail.day) : '',
    };
    return {
      code:
        (account?.points.find(({ commodity }) => commodity === 'electricity') ?? account?.points[0])
          ?.code ??
        point?.code ??
        (bus && gateway ? `${nameOf(language, gateway)} · ${bus.name}` : undefined) ??
        (gateway ? nameOf(language, gateway) : undefined) ??
        textOf(alarm.detail.code) ??
        (i18n.exists(`alarms.of.${alarm.subjectKind}`)
          ? t(`alarms.of.${alarm.subjectKind}`)
          : alarm.subjectId),
      text: known ? t(`alarm.${kind}`, words) : sentence(alarm),
      state: stateOf(alarm, point),
      meterId: alarm.subjectKind === 'account' ? null : (point?.meterId ?? null),
      accountId: account?.id ?? null,
    };
  };
}

const isSubject = (alarm: Alarm, point: LivePoint): boolean =>
  (alarm.subjectKind === 'meter' && point.meterId === alarm.subjectId) ||
  (alarm.subjectKind === 'point' && point.pointId === alarm.subjectId);

function kindOf({ kind, detail }: Alarm): string {
  if (kind === 'relay.differs') return `relay-differs-${detail.commanded === 'on' ? 'on' : 'off'}`;
  if (kind === 'server.clock' && typeof detail.jumpMs === 'number') {
    return `server-clock-${detail.jumpMs > 0 ? 'forward' : 'back'}`;
  }
  return kind.replaceAll('.', '-');
}

function stateOf(alarm: Alarm, point: LivePoint | undefined): PointState {
  const kind = kindOf(alarm);
  if (/silent|lost|contact|unreachable/.test(kind)) return 'lostContact';
  if (/arrears/.test(kind)) return 'arrears';
  if (/alarm2$/.test(kind)) return 'alarm2';
  if (/alarm1$/.test(kind)) return 'alarm1';
  if (alarm.severity === 'critical') return 'arrears';
  if (alarm.severity === 'warning') return 'alarm2';
  return point?.state && point.state !== 'opened' ? point.state : 'alarm1';
}

/** Thousandths of W, Wh or litres, to a tenth. */
const kilo = (value: unknown): string =>
  typeof value === 'number' ? number(value / 1000, 1) : '–';

/** A purchase counter; one that is not known is no zero. */
const countOf = (value: unknown): string => (typeof value === 'number' ? String(value) : '–');

/** A threshold without cents where there are none: 300. */
const trimmed = (text: string | null | undefined) => amount(text).replace(/\.00$/, '');

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function moneyOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (value && typeof value === 'object' && 'amount' in value) return textOf(value.amount);
  return null;
}

/** A kind without words of ours: its name, and what was written down with it. */
function sentence({ kind, detail }: Alarm): string {
  const said = textOf(detail.message) ?? textOf(detail.reason) ?? textOf(detail.detail);
  const name = kind.replace(/[._-]+/g, ' ');
  return said ? `${name}: ${said}` : name;
}
