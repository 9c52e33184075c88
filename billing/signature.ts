/** Signatures over time and body, as webhooks bear them and as queries of orders do both ways. README.md has the rule. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What is signed longer ago than this, or so far ahead, is refused. */
const AGE_S_MAX = 300;

interface Keyed {
  secret: string;
  at: Date;
}

const digestOf = (body: string, { secret, seconds }: { secret: string; seconds: number }): Buffer =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest();

/** `t=<seconds>,v1=<hex>`: HMAC-SHA256 over `<seconds>.<body>`. */
export function signatureOf(body: string, { secret, at }: Keyed): string {
  const seconds = Math.floor(at.getTime() / 1000);
  return `t=${seconds},v1=${digestOf(body, { secret, seconds }).toString('hex')}`;
}

/** Whether a body bears our signature and is not old. */
export function isSigned(body: string, signature: string | null, { secret, at }: Keyed): boolean {
  const parts = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature ?? '');
  if (!parts) return false;
  const seconds = Number(parts[1]);
  if (Math.abs(at.getTime() / 1000 - seconds) > AGE_S_MAX) return false;
  return timingSafeEqual(digestOf(body, { secret, seconds }), Buffer.from(parts[2] ?? '', 'hex'));
}
