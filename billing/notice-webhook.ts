/**
 * Webhooks: the notice as JSON, signed over time and body, so that a receiver knows whose it is and how
 * old. README.md says how it is checked. A second try carries the same id.
 */
import { ANSWER_MS, type Channel, outcomeOf } from './notice-channel.ts';
import { signatureOf } from './signature.ts';

const GONE = 410;
const LATER = new Set([408, 425, 429]);

/** The way out for webhooks; `secret` signs them. `answerMs`: longest wait for an answer. */
export const openWebhook = (secret: string, answerMs = ANSWER_MS): Channel => ({
  isRepeatable: true,
  async send(
    { id, projectId, kind, attempt, recipient, language, body: text, parameters, queuedAt },
    at,
  ) {
    const body = JSON.stringify({
      ...{ id, projectId, kind, attempt, language, text, parameters },
      queuedAt: queuedAt.toISOString(),
    });
    try {
      const { status, body: stream } = await fetch(recipient, {
        method: 'POST',
        // To where it was told to go and nowhere else.
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Wattledger',
          'wattledger-notice': id,
          'wattledger-signature': signatureOf(body, { secret, at }),
        },
        body,
        signal: AbortSignal.timeout(answerMs),
      });
      await stream?.cancel();
      const said = `HTTP ${status}`;
      if (status >= 200 && status < 300) {
        return { outcome: 'taken', providerId: null, isDelivered: true, proof: said };
      }
      const mayWorkLater = status >= 500 || LATER.has(status);
      return { outcome: 'refused', reason: status === GONE ? 'gone' : said, mayWorkLater };
    } catch (error) {
      return outcomeOf(error);
    }
  },
});
