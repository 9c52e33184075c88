/** The public API as the demo asks it: signed in, in process, a few requests at a time. */
import type { Server } from '../server.ts';

/** Requests under way at once; the pools have eight connections each. */
const AT_ONCE = 6;

export interface Ask {
  get: <Body>(path: string) => Promise<Body>;
  /** Throws with the problem's own words when it is refused. */
  post: <Body>(path: string, body: unknown, key?: string) => Promise<Body>;
  put: <Body>(path: string, body: unknown) => Promise<Body>;
  /** All rows of a list, page by page. */
  list: <Row>(path: string) => Promise<Row[]>;
  signOut: () => Promise<void>;
}

/** Signs in. Throws when the API refuses. */
export async function signIn(app: Server, who: { email: string; password: string }): Promise<Ask> {
  const request = async (method: string, path: string, body?: unknown, more = {}) => {
    const response = await app.request(`/api/v1${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...more },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return { headers: response.headers, body: text ? JSON.parse(text) : undefined };
  };
  const { headers } = await request('POST', '/session', who);
  const cookie = headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');

  const get: Ask['get'] = async (path) => (await request('GET', path, undefined, { cookie })).body;
  return {
    get,
    post: async (path, body, key) => {
      const more = { cookie, ...(key !== undefined && { 'idempotency-key': key }) };
      return (await request('POST', path, body, more)).body;
    },
    put: async (path, body) => (await request('PUT', path, body, { cookie })).body,
    list: async <Row>(path: string) => {
      const rows: Row[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const from: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
        const page: { data: Row[]; nextCursor: string | null } = await get(
          `${path}?limit=1000${from}`,
        );
        rows.push(...page.data);
        cursor = page.nextCursor;
      }
      return rows;
    },
    signOut: async () => {
      await request('DELETE', '/session', undefined, { cookie });
    },
  };
}

/** Does the same with each item, a few at once, keeping their order in what is returned. */
export async function each<Item, Result>(
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) {
      results[i] = await act(items[i] as Item, i);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

/**
 * Makes what is not there yet: `keyOf` tells rows and items apart, so that a second run after a power
 * cut goes on where the first one ended. Returns the id of each key.
 */
export async function ensure<Item, Row extends { id: string }>(
  ask: Ask,
  {
    path,
    items,
    keyOfItem,
    keyOfRow,
    body,
    at = () => path,
  }: {
    /** The list of what is there. */
    path: string;
    items: readonly Item[];
    keyOfItem: (item: Item) => string;
    keyOfRow: (row: Row) => string;
    body: (item: Item) => unknown;
    /** Where an item is made, when not at the list's own address. */
    at?: (item: Item) => string;
  },
): Promise<Map<string, string>> {
  const ids = new Map((await ask.list<Row>(path)).map((row) => [keyOfRow(row), row.id]));
  const missing = items.filter((item) => !ids.has(keyOfItem(item)));
  const made = await each(missing, (item) => ask.post<{ id: string }>(at(item), body(item)));
  for (const [i, item] of missing.entries()) ids.set(keyOfItem(item), made[i]?.id ?? '');
  return ids;
}

/** The id under a key that must be there. */
export function idOf(ids: ReadonlyMap<string, string>, key: string): string {
  const id = ids.get(key);
  if (!id) throw new Error(`the demo has no ${key}`);
  return id;
}
