/**
 * Lost contact: a meter is silent when nothing came for three of its intervals, five minutes at the
 * least; a gateway is when all of its meters are. Its meters then raise no alarm of their own.
 */
import type { Alarming } from '../sql/alarms.ts';
import type { BusConfig } from './bus.ts';

/** Alarms of one project, complete: what is not named here is in contact again. */
export interface LostContact {
  projectId: string;
  meters: Alarming[];
  gateways: Alarming[];
}

export interface Contact {
  /** Every silent meter, those behind a silent gateway included. */
  silent: { projectId: string; meterId: string }[];
  byProject: LostContact[];
}

const INTERVALS = 3;
const SILENCE_MIN_MS = 5 * 60 * 1000;

/**
 * Judges all meters at an instant (epoch ms). Age alone is no proof, we may have been away: a meter
 * is silent when it `isFailing` to answer us, too. One never heard of counts from `sinceMs`, when it
 * began to be read.
 */
export function judgeContact(
  buses: readonly BusConfig[],
  {
    nowMs,
    lastSampleMs,
    isFailing,
    sinceMs,
  }: {
    nowMs: number;
    lastSampleMs: (meterId: string) => number | undefined;
    isFailing: (meterId: string) => boolean;
    sinceMs: (meterId: string) => number;
  },
): Contact {
  const silent: Contact['silent'] = [];
  const projects = new Map<string, LostContact>();
  const gateways = new Map<string, { projectId: string; meters: Alarming[]; total: number }>();
  for (const { projectId, gatewayId, meters } of buses) {
    const gateway = gateways.get(gatewayId) ?? { projectId, meters: [], total: 0 };
    gateways.set(gatewayId, gateway);
    gateway.total += meters.length;
    for (const { id, seconds } of meters) {
      const last = lastSampleMs(id);
      const limitMs = Math.max(INTERVALS * seconds * 1000, SILENCE_MIN_MS);
      if (nowMs - (last ?? sinceMs(id)) <= limitMs || !isFailing(id)) continue;
      silent.push({ projectId, meterId: id });
      const lastSampleAt = last === undefined ? null : new Date(last).toISOString();
      gateway.meters.push(alarmOf('meter', id, 'warning', { lastSampleAt }));
    }
  }
  for (const [gatewayId, { projectId, meters, total }] of gateways) {
    const project = projects.get(projectId) ?? { projectId, meters: [], gateways: [] };
    projects.set(projectId, project);
    if (meters.length === total && total > 1) {
      project.gateways.push(alarmOf('gateway', gatewayId, 'critical', { meters: total }));
    } else project.meters.push(...meters);
  }
  return { silent, byProject: [...projects.values()] };
}

const alarmOf = (
  subjectKind: string,
  subjectId: string,
  severity: Alarming['severity'],
  detail: Record<string, unknown>,
): Alarming => ({ subjectKind, subjectId, severity, detail });
