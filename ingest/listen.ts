/** One channel of Postgres, listened to on a connection of its own that comes back when it breaks. */
import pg from 'pg';

export interface Listening {
  close: () => Promise<void>;
}

const RECONNECT_MS = 2_000;

/** Calls `onNotice` for each notification, and once after every (re)connection: what was missed is unknown. */
export function listen({
  url,
  channel,
  onNotice,
}: {
  url: string;
  channel: 'wattledger_commands';
  onNotice: () => void;
}): Listening {
  let closed = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  function retry(): void {
    if (closed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, RECONNECT_MS);
  }

  async function connect(): Promise<void> {
    const fresh = new pg.Client({ connectionString: url });
    client = fresh;
    fresh.on('error', retry);
    fresh.on('end', retry);
    fresh.on('notification', onNotice);
    try {
      await fresh.connect();
      await fresh.query(`LISTEN ${channel}`);
      onNotice();
    } catch {
      // Told by the next tick of commands, which asks the same server.
      retry();
    }
  }

  void connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
