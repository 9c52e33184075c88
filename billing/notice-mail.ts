/** E-mail by SMTP. A server that took a message is as far as it can be followed. */
import { createTransport } from 'nodemailer';
import { ANSWER_MS, type Channel, type Handover, short } from './notice-channel.ts';

export interface MailSettings {
  /** smtp://user:password@host:587 or smtps://… */
  url: string;
  from: string;
}

/** The way out for e-mail. `answerMs`: longest wait for an answer. */
export function openMail({ url, from }: MailSettings, answerMs = ANSWER_MS): Channel {
  const transport = createTransport(
    { url, connectionTimeout: answerMs, greetingTimeout: answerMs, socketTimeout: answerMs },
    // Nothing in a message may make us read a file or an address.
    { from, disableFileAccess: true, disableUrlAccess: true },
  );
  const domain = from.replace(/^.*@/, '').replace(/[^\w.-]/g, '') || 'wattledger';
  return {
    isRepeatable: false,
    async send({ id, recipient, subject, body, language }) {
      try {
        const { response, messageId } = await transport.sendMail({
          to: { name: '', address: recipient },
          subject: subject ?? '',
          text: body,
          // The same at each try: many servers and readers drop the second of two.
          messageId: `<notice-${id}@${domain}>`,
          headers: { 'Content-Language': language, 'Auto-Submitted': 'auto-generated' },
        });
        return {
          outcome: 'taken',
          providerId: messageId,
          isDelivered: false,
          proof: short(response),
        };
      } catch (error) {
        return mailOutcome(error);
      }
    },
  };
}

/** A reply from here on says that it will always be so. */
const FOR_GOOD = 500;

/** What nodemailer puts on its errors. */
interface MailError {
  responseCode?: number;
  command?: string;
  code?: string;
  response?: string;
  syscall?: string;
  message?: string;
}

/**
 * Only what happened before the message went out counts as refused; a connection that broke later, which
 * nodemailer calls by the same codes, leaves it unknown.
 */
function mailOutcome(error: unknown): Handover {
  const { responseCode, command, code, response, syscall, message } = error as MailError;
  const reason = short(response ?? message ?? code ?? 'error');
  if (responseCode !== undefined && responseCode >= 400) {
    return {
      outcome: 'refused',
      reason,
      mayWorkLater: responseCode < FOR_GOOD || command === 'AUTH PLAIN',
    };
  }
  const isEarly =
    ['EDNS', 'EAUTH', 'ETLS'].includes(code ?? '') ||
    ['connect', 'getaddrinfo'].includes(syscall ?? '') ||
    /^(Connection timeout|Greeting never received)/.test(message ?? '');
  return isEarly
    ? { outcome: 'refused', reason, mayWorkLater: true }
    : { outcome: 'unknown', reason };
}
