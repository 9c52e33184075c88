/** Writes for many: who waits goes along, one with bad data fails alone, a server that is away fails all at once. */
import { expect, test } from 'vitest';
import { together } from '../../ingest/together.ts';

/** A store whose writes end when the test says so. */
function store(judge: (items: readonly number[]) => Error | undefined = () => undefined) {
  const groups: number[][] = [];
  const open: (() => void)[] = [];
  const write = async (items: readonly number[]) => {
    groups.push([...items]);
    await new Promise<void>((end) => open.push(end));
    const error = judge(items);
    if (error) throw error;
    return items.map((item) => item * 10);
  };
  const endNext = async () => {
    for (let i = 0; open.length === 0 && i < 1_000; i++) await new Promise((d) => setTimeout(d, 1));
    open.shift()?.();
  };
  return { groups, write, endNext };
}

const badData = Object.assign(new Error('wrapped'), {
  cause: Object.assign(new Error('invalid text'), { code: '22P05' }),
});

test('what comes during a write goes together in the next, each with its own result', async () => {
  const { groups, write, endNext } = store();
  const send = together(write, { most: 3 });
  const first = [send(1), send(2)];
  await endNext();
  const [one, ...rest] = [send(3), send(4), send(5), send(6)];
  expect(await Promise.all(first)).toEqual([10, 20]);
  await endNext();
  expect(await one).toBe(30);
  await endNext();
  expect(await Promise.all(rest)).toEqual([40, 50, 60]);
  expect(groups).toEqual([[1, 2], [3, 4, 5], [6]]);
});

test('bad data of one fail that one alone', async () => {
  const { groups, write, endNext } = store((items) => (items.includes(2) ? badData : undefined));
  const send = together(write, { most: 10 });
  const all = Promise.allSettled([send(1), send(2), send(3)]);
  for (let i = 0; i < 4; i++) await endNext();
  expect(await all).toEqual([
    { status: 'fulfilled', value: 10 },
    { status: 'rejected', reason: badData },
    { status: 'fulfilled', value: 30 },
  ]);
  expect(groups).toEqual([[1, 2, 3], [1], [2], [3]]);
});

test('a server that is away fails all of them at once, and is asked again by the next', async () => {
  let isAway = true;
  const away = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
  const { groups, write, endNext } = store(() => (isAway ? away : undefined));
  const send = together(write, { most: 10 });
  const all = Promise.allSettled([send(1), send(2)]);
  await endNext();
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isAway = false;
  const later = send(3);
  await endNext();
  expect(await later).toBe(30);
  expect(groups).toEqual([[1, 2], [3]]);
});
