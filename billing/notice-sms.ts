/**
 * SMS over HTTP. Aliyun: a POST to SendSms, signed as its RPC interface asks
 * (https://www.alibabacloud.com/help/en/sms/signature-method,
 * https://help.aliyun.com/en/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms), which sends approved
 * templates only and is not idempotent: after a time-out its delivery records are asked first
 * (…/api-dysmsapi-2017-05-25-querysenddetails). `http`: any gateway that takes JSON.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { localDayOf } from '../sql/local-day.ts';
import {
  ANSWER_MS,
  type Channel,
  type Handover,
  outcomeOf,
  short,
  type Whereabouts,
} from './notice-channel.ts';

export interface SmsSettings {
  gateway: 'aliyun' | 'http';
  url: string;
  /** Aliyun's AccessKey ID; unused by other gateways. */
  key: string;
  /** AccessKey secret, or the bearer token of a gateway. */
  secret: string;
  /** The name in brackets before an Aliyun SMS, approved by it. */
  signName: string;
}

/** Aliyun counts the days of its records in this zone. */
const ALIYUN_ZONE = 'Asia/Shanghai';

/** The way out for SMS. `answerMs`: longest wait for an answer. */
export const openSms = (settings: SmsSettings, answerMs = ANSWER_MS): Channel =>
  settings.gateway === 'aliyun' ? aliyun(settings, answerMs) : gateway(settings, answerMs);

function aliyun({ url, key, secret, signName }: SmsSettings, answerMs: number): Channel {
  const call = async (
    action: string,
    parameters: Record<string, string>,
    { nonce, at }: { nonce: string; at: Date },
  ) => {
    const form = signedForm(
      {
        ...parameters,
        Action: action,
        Version: '2017-05-25',
        Format: 'JSON',
        AccessKeyId: key,
        SignatureMethod: 'HMAC-SHA1',
        SignatureVersion: '1.0',
        SignatureNonce: nonce,
        Timestamp: at.toISOString().replace(/\.\d{3}Z$/, 'Z'),
      },
      secret,
    );
    return await post(url, form, {
      type: 'application/x-www-form-urlencoded',
      headers: {},
      answerMs,
    });
  };
  return {
    isRepeatable: false,
    async send({ id, attempt, recipient, parameters, providerCode }, at) {
      if (providerCode === null) return { outcome: 'unable', reason: 'no-provider-code' };
      try {
        const answer = await call(
          'SendSms',
          {
            PhoneNumbers: recipient,
            SignName: signName,
            TemplateCode: providerCode,
            TemplateParam: JSON.stringify(parameters),
            OutId: id,
          },
          { nonce: `${id}-${attempt}-${at.getTime()}`, at },
        );
        return aliyunHandover(answer);
      } catch (error) {
        return outcomeOf(error);
      }
    },
    async ask({ id, recipient, providerId, triedAt, attempt }, at) {
      try {
        const answer = await call(
          'QuerySendDetails',
          {
            PhoneNumber: recipient.replace(/^(\+|00)?86(?=1\d{10}$)/, ''),
            SendDate: localDayOf(ALIYUN_ZONE, triedAt.getTime()).replaceAll('-', ''),
            PageSize: '50',
            CurrentPage: '1',
            ...(providerId !== null && { BizId: providerId }),
          },
          { nonce: `${id}-ask-${attempt}-${at.getTime()}`, at },
        );
        return aliyunWhereabouts(answer, id);
      } catch (error) {
        return { outcome: 'unknown', reason: outcomeOf(error).reason };
      }
    },
  };
}

const sentSchema = z.object({ Code: z.string(), BizId: z.string().optional() });
/** Refusals that pass: too many at once, or a fault of theirs. Others will be refused again. */
const PASSING =
  /^(isp\.SYSTEM_ERROR|isv\.BUSINESS_LIMIT_CONTROL|Throttling.*|ServiceUnavailable|InternalError)$/;

function aliyunHandover({ status, body }: { status: number; body: unknown }): Handover {
  const parsed = sentSchema.safeParse(body);
  // Something between us and them answered: what they did is not known.
  if (!parsed.success) return { outcome: 'unknown', reason: `HTTP ${status}` };
  const { Code: code, BizId: providerId = null } = parsed.data;
  if (code !== 'OK')
    return { outcome: 'refused', reason: short(code), mayWorkLater: PASSING.test(code) };
  return { outcome: 'taken', providerId, isDelivered: false, proof: 'OK' };
}

const detailsSchema = z.object({
  Code: z.literal('OK'),
  SmsSendDetailDTOs: z.object({
    SmsSendDetailDTO: z.array(
      z.object({
        OutId: z.string().optional(),
        SendStatus: z.number(),
        ErrCode: z.string().optional(),
        ReceiveDate: z.string().optional(),
      }),
    ),
  }),
});
const SEND_FAILED = 2;
const SEND_DELIVERED = 3;

function aliyunWhereabouts(
  { status, body }: { status: number; body: unknown },
  id: string,
): Whereabouts {
  const parsed = detailsSchema.safeParse(body);
  if (!parsed.success) return { outcome: 'unknown', reason: `HTTP ${status}` };
  const records = parsed.data.SmsSendDetailDTOs.SmsSendDetailDTO.filter((d) => d.OutId === id);
  const delivered = records.find((d) => d.SendStatus === SEND_DELIVERED);
  if (delivered) {
    return {
      outcome: 'delivered',
      proof: short(`${delivered.ErrCode ?? 'DELIVERED'} ${delivered.ReceiveDate ?? ''}`).trim(),
    };
  }
  const [newest] = records;
  if (!newest) return { outcome: 'absent' };
  if (records.every((d) => d.SendStatus === SEND_FAILED)) {
    return { outcome: 'failed', reason: short(newest.ErrCode ?? 'failed') };
  }
  return { outcome: 'waiting', providerId: null };
}

/** A form of parameters with their signature (RPC signature 1.0, HMAC-SHA1, for POST). */
export function signedForm(parameters: Record<string, string>, secret: string): string {
  const canonical = Object.keys(parameters)
    .sort()
    .map((name) => `${percent(name)}=${percent(parameters[name] ?? '')}`)
    .join('&');
  const toSign = `POST&${percent('/')}&${percent(canonical)}`;
  const signature = createHmac('sha1', `${secret}&`).update(toSign).digest('base64');
  return `${canonical}&Signature=${percent(signature)}`;
}

/** RFC 3986: all but letters, digits and - _ . ~ */
const percent = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const takenSchema = z.object({ id: z.union([z.string(), z.number()]).optional() });
const NOT_FOUND_ANYWHERE = 400;
const SERVER_FAULT = 500;
const TOO_MANY = 429;

function gateway({ url, secret }: SmsSettings, answerMs: number): Channel {
  return {
    isRepeatable: false,
    async send({ id, recipient, body: text }) {
      try {
        const { status, body } = await post(url, JSON.stringify({ id, to: recipient, text }), {
          type: 'application/json',
          headers: { authorization: `Bearer ${secret}` },
          answerMs,
        });
        if (status >= SERVER_FAULT) return { outcome: 'unknown', reason: `HTTP ${status}` };
        if (status >= NOT_FOUND_ANYWHERE) {
          return {
            outcome: 'refused',
            reason: `HTTP ${status}`,
            mayWorkLater: status === TOO_MANY,
          };
        }
        if (status >= 300)
          return { outcome: 'refused', reason: `HTTP ${status}`, mayWorkLater: false };
        const parsed = takenSchema.safeParse(body);
        const given = parsed.success ? parsed.data.id : undefined;
        const providerId = given === undefined ? null : short(String(given));
        return { outcome: 'taken', providerId, isDelivered: false, proof: `HTTP ${status}` };
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}

/** Longest answer that is read. */
const ANSWER_BYTES_MAX = 100_000;

async function post(
  url: string,
  body: string,
  { type, headers, answerMs }: { type: string; headers: Record<string, string>; answerMs: number },
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': type, ...headers },
    body,
    signal: AbortSignal.timeout(answerMs),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.length > ANSWER_BYTES_MAX ? null : parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
