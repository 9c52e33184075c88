/** What every way out has in common: a message is handed over, and perhaps asked for later. */

/** A notice on its way to one recipient. */
export interface Message {
  /** Of the notice: the same however often it is tried, so that a receiver can tell. */
  id: string;
  projectId: string;
  kind: string;
  /** 1 for the first time. */
  attempt: number;
  recipient: string;
  language: string;
  subject: string | null;
  body: string;
  parameters: Record<string, string>;
  /** Of an SMS: the template that its provider has approved. */
  providerCode: string | null;
  /** When the event was. */
  queuedAt: Date;
}

/** What came of handing a message over. */
export type Handover =
  /** The other side has taken it; `isDelivered` when that is where it was going. */
  | { outcome: 'taken'; providerId: string | null; isDelivered: boolean; proof: string }
  /** It was certainly not taken. */
  | { outcome: 'refused'; reason: string; mayWorkLater: boolean }
  /** It may have been taken: nobody knows until it is asked for. */
  | { outcome: 'unknown'; reason: string }
  /** It cannot go out as it is: something is not set up. */
  | { outcome: 'unable'; reason: string };

/** What the other side says of a message that was handed over. */
export type Whereabouts =
  | { outcome: 'delivered'; proof: string }
  | { outcome: 'failed'; reason: string }
  | { outcome: 'waiting'; providerId: string | null }
  /** It never got it. */
  | { outcome: 'absent' }
  | { outcome: 'unknown'; reason: string };

export interface Channel {
  send: (message: Message, at: Date) => Promise<Handover>;
  /** Where the other side can be asked. */
  ask?: (
    message: Message & { providerId: string | null; triedAt: Date },
    at: Date,
  ) => Promise<Whereabouts>;
  /** A receiver recognises the same message by its id: handing it over again does no harm. */
  isRepeatable: boolean;
}

/** Longest wait for an answer. */
export const ANSWER_MS = 15_000;

/** Codes of a connection that never was: nothing can have been taken. */
const NEVER_CONNECTED = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'ERR_TLS_CERT_ALTNAME_INVALID', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
]);

/** The outcome of a request that threw: refused when no connection came about, else unknown. */
export function outcomeOf(error: unknown): Handover & { outcome: 'refused' | 'unknown' } {
  const code = codeOf(error);
  if (code !== undefined && NEVER_CONNECTED.has(code)) {
    return { outcome: 'refused', reason: code, mayWorkLater: true };
  }
  return { outcome: 'unknown', reason: code ?? (error instanceof Error ? error.name : 'error') };
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return codeOf(error.cause);
}

/** A provider's word, short enough for a row. */
export const short = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 200);
