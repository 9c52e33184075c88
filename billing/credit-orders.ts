/**
 * The last query before a trip: does the online channel know of an order that is not booked here? Asked over signed
 * HTTP, and the answer is signed too: a forged or unsigned one is none.
 */
import { z } from 'zod';
import { isSigned, signatureOf } from './signature.ts';

/** open: money may be on its way; unanswered: nobody knows. */
export type OrderOutcome = 'none' | 'open' | 'unanswered';

/** Asks about one account at an instant. Never throws: who does not answer has not answered. */
export type OrderQuery = (
  asked: { projectId: string; accountId: string; number: string },
  at: Date,
) => Promise<OrderOutcome>;

/** Without a channel of its own an online payment is a sale, and a sale is in the balance already. */
export const localOrders: OrderQuery = async () => 'none';

const ANSWER_MS = 5_000;
const ANSWER_BYTES_MAX = 65_536;
const answerSchema = z.object({
  /** The account's number as it was asked for: an answer is not taken for another account. */
  account: z.string(),
  /** Orders that were begun or paid and not told to us yet. */
  orders: z.array(z.object({ id: z.string().max(200) })).max(1000),
});

/** Asks a channel at an address; `secret` signs both ways. `answerMs`: longest wait. */
export const openOrders =
  (
    { url, secret }: { url: string; secret: string },
    { answerMs = ANSWER_MS, clock }: { answerMs?: number; clock: () => Date },
  ): OrderQuery =>
  async ({ projectId, accountId, number }, at) => {
    const body = JSON.stringify({ projectId, accountId, account: number, at: at.toISOString() });
    try {
      const answer = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Wattledger',
          'wattledger-signature': signatureOf(body, { secret, at }),
        },
        body,
        signal: AbortSignal.timeout(answerMs),
      });
      const text = await textOf(answer);
      const signature = answer.headers.get('wattledger-signature');
      if (text === undefined || !answer.ok) return 'unanswered';
      if (!isSigned(text, signature, { secret, at: clock() })) return 'unanswered';
      const said = answerSchema.parse(JSON.parse(text));
      if (said.account !== number) return 'unanswered';
      return said.orders.length > 0 ? 'open' : 'none';
    } catch {
      // Silence, a broken line or words that are none: it was not answered, and that holds the trip.
      return 'unanswered';
    }
  };

/** The body, unless it is longer than any answer is. */
async function textOf(answer: Response): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.byteLength;
    if (bytes > ANSWER_BYTES_MAX) {
      await answer.body?.cancel().catch(() => {});
      return undefined;
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
