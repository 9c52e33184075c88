/**
 * A template: text with {names} that facts take the place of. Checked when it is entered; what is put in
 * is never looked at for names again.
 */
import type { Fault } from '../sql/problem.ts';
import { type Facts, type NoticeKindName, type NoticeName, namesOf } from './notice-kinds.ts';

/** Most characters of an SMS: what networks join to one message, and providers take. */
export const SMS_LENGTH_MAX = 500;
export const SUBJECT_LENGTH_MAX = 150;
export const BODY_LENGTH_MAX = 4000;
/** Stands for a fact that is not known: never zero, never nothing. */
const UNKNOWN = '–';

const NAME = /\{([^{}\n]*)\}/g;

/** The text with facts put in. */
export const fill = (template: string, facts: Facts): string =>
  template.replace(NAME, (_, name: NoticeName) => facts[name] ?? UNKNOWN);

/** The names that a text uses and its facts do not have. */
export const lacking = (template: string, facts: Facts): string[] =>
  [...new Set([...template.matchAll(NAME)].map(([, name = '']) => name))].filter(
    (name) => !(name in facts),
  );

/** What is wrong with a template of a kind; empty when it can be used. */
export function templateFaults(
  kind: NoticeKindName,
  { channel, subject, body }: { channel: 'sms' | 'email'; subject: string | null; body: string },
): Fault[] {
  const faults: Fault[] = [];
  const longest = channel === 'sms' ? SMS_LENGTH_MAX : BODY_LENGTH_MAX;
  faults.push(...textFaults(kind, 'body', body, longest));
  if (channel === 'email') {
    faults.push(...textFaults(kind, 'subject', subject ?? '', SUBJECT_LENGTH_MAX));
    if (subject?.includes('\n')) faults.push(fault('subject', 'line-break', 'is one line'));
  }
  if (channel === 'sms' && subject !== null) {
    faults.push(fault('subject', 'no-subject', 'an SMS has no subject'));
  }
  return faults;
}

function textFaults(kind: NoticeKindName, at: string, text: string, longest: number): Fault[] {
  const faults: Fault[] = [];
  if (text.trim() === '') faults.push(fault(at, 'empty', 'says nothing'));
  if (text.length > longest) {
    faults.push(fault(at, 'too-long', `is longer than ${longest} characters`, { longest }));
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(text)) {
    faults.push(fault(at, 'control', 'holds control characters'));
  }
  const allowed: readonly string[] = namesOf(kind);
  for (const [, name = ''] of text.matchAll(NAME)) {
    if (allowed.includes(name)) continue;
    const names = allowed.join(', ');
    faults.push(
      fault(at, 'unknown-name', `{${name}} is not known here; there are ${names}`, { name, names }),
    );
  }
  if (/[{}]/.test(text.replace(NAME, ''))) {
    faults.push(fault(at, 'brace', 'has a brace without its other half'));
  }
  return faults;
}

const fault = (
  at: string,
  code: string,
  message: string,
  parameters?: Record<string, string | number>,
): Fault => ({ at, message: `${at}: ${message}`, code, ...(parameters && { parameters }) });
