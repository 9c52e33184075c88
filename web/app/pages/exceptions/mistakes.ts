/** The mistakes of the trade that are corrected at a meter: fields, and what is tried and sent. Pure. */
import { addDays, instantOf, localDay, wallText } from '../../dates.ts';
import { isSerial } from '../configuration/checks.ts';

export const mistakes = [
  'ratio',
  'swap',
  'replace',
  'rollover',
  'read',
  'clock',
  'fast',
  'tariff',
  'silent',
  'edit',
] as const;
export type Mistake = (typeof mistakes)[number];
/** Those that are a form, a preview and one act. */
export type Act = Exclude<Mistake, 'tariff' | 'silent' | 'edit'>;

export type Values = Record<string, string>;

/** Where it is corrected. */
export interface Subject {
  meterId: string;
  pointId: string;
  code: string;
  unit: 'Wh' | 'l';
}

/** What stands there now, as far as a correction needs it. */
export interface Installed {
  id: string;
  ct: number;
  pt: number;
}

export interface Asked {
  /** Body of the preview. */
  tried: object;
  path: string;
  body: object;
}

/** What each mistake needs to be allowed. */
export const permissionOf: Record<Act, string> = {
  ratio: 'device.write',
  swap: 'device.write',
  replace: 'device.write',
  rollover: 'quarantine.decide',
  read: 'reading.edit',
  clock: 'reading.edit',
  fast: 'reading.edit',
};

/** What the form begins with: the range that was found, else from the beginning of yesterday. */
export function beginning(
  zone: string,
  now: Date,
  found: { from?: string | undefined; to?: string | null | undefined; quarantineId?: string },
): Values {
  const today = localDay(zone, now);
  return {
    from: found.from ? wallText(zone, found.from) : `${addDays(today, -1)}T00:00`,
    to: found.to ? wallText(zone, found.to) : `${today}T00:00`,
    at: wallText(zone, new Date(Math.floor(now.getTime() / 900_000) * 900_000)),
    removed: wallText(zone, new Date(Math.floor(now.getTime() / 900_000) * 900_000)),
    both: 'same',
    since: `${addDays(today, -90)}T00:00`,
    ends: 'dated',
    half: 'half',
    shift: '-1',
    percent: '4',
    decision: 'new-base',
    quarantine: found.quarantineId ?? '',
    reason: '',
  };
}

/** The act as the server takes it; null while something is missing. */
export function askedOf(
  act: Act,
  {
    values: v,
    subject,
    installation,
    zone,
  }: { values: Values; subject: Subject; installation: Installed | null; zone: string },
): Asked | null {
  const reason = v.reason?.trim();
  if (!reason) return null;
  const { meterId, pointId } = subject;
  const at = (name: string) => instantOf(zone, v[name] ?? '');
  const [from, to] = [at('from'), at('to')];
  const isRange = from !== null && to !== null && to > from;
  switch (act) {
    case 'ratio': {
      const end = v.ends === 'dated' ? to : null;
      const ct = whole(v.ct);
      const pt = whole(v.pt);
      if (!installation || !from || (v.ends === 'dated' && !isRange) || (!ct && !pt)) return null;
      if (!isRatio(v.ct) || !isRatio(v.pt)) return null;
      const body = { from, to: end, ...(ct && { ct }), ...(pt && { pt }), reason };
      return {
        tried: { act: 'correct-ratio', installationId: installation.id, with: body },
        ...{ path: `/installations/${installation.id}/ratios`, body },
      };
    }
    case 'swap': {
      if (!v.other || v.other === pointId || !from) return null;
      const body = { pointIds: [pointId, v.other], from, reason };
      return { tried: { act: 'swap-meters', with: body }, path: '/installation-swaps', body };
    }
    case 'replace': {
      const placed = at('at');
      const removed = v.both === 'same' ? placed : at('removed');
      const isNew = v.meter === NEW_METER;
      if (!v.meter || !placed || !removed) return null;
      if (isNew && !isSerial(v.serial ?? '')) return null;
      if (v.both === 'overlap' && removed <= placed) return null;
      if (v.both === 'pause' && (removed >= placed || !v.first)) return null;
      const [last, first] = [registerOf(v.last), registerOf(v.first)];
      if ((v.last && last === null) || (v.first && first === null)) return null;
      // The transformers stay when a meter goes, unless somebody says otherwise.
      const ct = whole(v.ct) ?? installation?.ct;
      const pt = whole(v.pt) ?? installation?.pt;
      if (!ct || !pt || !isRatio(v.ct) || !isRatio(v.pt)) return null;
      const body = {
        ...{ at: placed, removedAt: removed },
        ...(isNew ? { newMeter: { serial: v.serial?.trim() } } : { meterId: v.meter }),
        takesPlace: v.place === 'takes',
        ...{ lastRegister: last, firstRegister: first },
        ...{ ct, pt, reason },
      };
      return {
        tried: { act: 'replace-meter', pointId, with: body },
        ...{ path: `/points/${pointId}/replacements`, body },
      };
    }
    case 'rollover': {
      if (!v.quarantine) return null;
      const body = { decision: v.decision, reason };
      return {
        tried: { act: 'decide-quarantine', quarantineId: v.quarantine, with: body },
        ...{ path: `/quarantines/${v.quarantine}/decisions`, body },
      };
    }
    case 'read': {
      const when = at('at');
      const register = registerOf(v.register);
      if (!when || register === null) return null;
      const body = { meterId, at: when, register, reason };
      return { tried: { act: 'read-by-hand', with: body }, path: '/manual-readings', body };
    }
    case 'clock': {
      const hours = signedNumber(v.shift);
      if (!isRange || !hours) return null;
      const body = { kind: 'clock', meterId, shiftS: Math.round(hours * 3600), from, to, reason };
      return { tried: { act: 'correct-meter', with: body }, path: '/meter-corrections', body };
    }
    case 'fast': {
      const errorPercent = signedNumber(v.percent);
      const since = at('since');
      if (!errorPercent || !to) return null;
      const start = v.half === 'half' ? since && { sinceProven: since } : from && { from };
      const begins = v.half === 'half' ? since : from;
      if (!start || !begins || begins >= to) return null;
      const body = { kind: 'error', meterId, errorPercent, ...start, to, reason };
      return { tried: { act: 'correct-meter', with: body }, path: '/meter-corrections', body };
    }
  }
}

/** Chosen as the meter that comes: it was not entered yet. */
export const NEW_METER = 'new';

/** kWh or m³ as a display shows them, in base units; null where it is no such figure. */
export function registerOf(text: string | undefined): number | null {
  const parts = /^(\d{1,10})(?:\.(\d{1,3}))?$/.exec((text ?? '').trim().replaceAll(',', ''));
  return parts ? Number(parts[1]) * 1000 + Number((parts[2] ?? '').padEnd(3, '0')) : null;
}

/** Empty, or a ratio that can be: what cannot is never quietly left out. */
export const isRatio = (text: string | undefined): boolean => !text?.trim() || whole(text) !== null;

const whole = (text: string | undefined): number | null =>
  text && /^[1-9]\d{0,5}$/.test(text.trim()) ? Number(text.trim()) : null;

/** A figure with its sign, also the true minus; null for none and for zero. */
function signedNumber(text: string | undefined): number | null {
  const plain = (text ?? '').trim().replace('−', '-').replace(',', '.');
  return /^[+-]?\d+(\.\d{1,4})?$/.test(plain) && Number(plain) !== 0 ? Number(plain) : null;
}
