/** Cashiers who sell over HTTP, each one sale after the other, all of them at once. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { type Hands, OURS } from './park.ts';

export interface Answered {
  /** Of the request: who sends one twice has one sale. */
  key: string;
  receipt: string;
  ms: number;
}

export interface Counter {
  openShifts: () => Promise<void>;
  /** Each cashier sells so often; throws when an answer is not 201. */
  sellAll: (salesEach: number) => Promise<Answered[]>;
  /** A double click of each cashier, and a third try after its answer; throws unless all three are one sale. */
  sellTwiceAtOnce: () => Promise<Answered[]>;
  close: () => void;
}

export function openCounter(address: string, hands: readonly Hands[]): Counter {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 * hands.length });
  const post = (hand: Hands, path: string, key: string, body: object) =>
    new Promise<{ receipt: string }>((resolve, reject) => {
      const url = `${address}/api/v1/projects/${OURS}${path}`;
      const headers = {
        ...{ authorization: `Bearer ${hand.key}`, 'content-type': 'application/json' },
        'idempotency-key': key,
      };
      const asked = request(url, { method: 'POST', agent, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.once('end', () => {
          if (answer.statusCode === 201) resolve(JSON.parse(text));
          else reject(new Error(`${path}: ${answer.statusCode} ${text.slice(0, 300)}`));
        });
      });
      asked.once('error', reject).end(JSON.stringify(body));
    });
  const sell = async (hand: Hands, nth: number, key = randomUUID()): Promise<Answered> => {
    const account = hand.accounts.ours[nth % hand.accounts.ours.length];
    const began = performance.now();
    const body = { channel: 'cash', amount: { amount: '12.34', currency: 'CNY' } };
    const { receipt } = await post(hand, `/accounts/${account}/sales`, key, body);
    return { key, receipt, ms: performance.now() - began };
  };
  const all = async <Made>(act: (hand: Hands) => Promise<Made[]>) =>
    (await Promise.all(hands.map(act))).flat();
  return {
    openShifts: async () => {
      const float = { amount: '0.00', currency: 'CNY' };
      await all(async (hand) => [await post(hand, '/shifts', randomUUID(), { float })]);
    },
    sellAll: (salesEach) =>
      all(async (hand) => {
        const answers: Answered[] = [];
        for (let nth = 0; nth < salesEach; nth++) answers.push(await sell(hand, nth));
        return answers;
      }),
    sellTwiceAtOnce: () =>
      all(async (hand) => {
        const key = randomUUID();
        const twice = await Promise.all([sell(hand, 0, key), sell(hand, 0, key)]);
        const three = [...twice, await sell(hand, 0, key)];
        if (new Set(three.map(({ receipt }) => receipt)).size === 1) return three;
        throw new Error(`one request has several receipts: ${JSON.stringify(three)}`);
      }),
    close: () => agent.destroy(),
  };
}
