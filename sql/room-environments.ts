/** What the launcher tells each process: its own role's address and nothing it has no use for. */
import type { LaunchEnvironment } from './env.ts';
import { urlAs } from './migrate.ts';
import { type Room, rooms } from './owners.ts';
import type { Secrets } from './secrets.ts';

export type RoomEnvironments = Record<Room | 'simulator', Record<string, string | undefined>>;

/** `base` is the launcher's own environment: of it a child gets what it needs to run at all. */
export function roomEnvironments(
  env: LaunchEnvironment,
  secrets: Secrets,
  urls: { owner: string; questdb: string; base: Record<string, string | undefined> },
): RoomEnvironments {
  const { PATH, HOME, LANG, TMPDIR, NODE_OPTIONS } = urls.base;
  const simulator = Object.entries(urls.base).filter(([name]) => name.startsWith('SIMULATOR_'));
  const common = {
    ...{ PATH, HOME, LANG, TMPDIR, NODE_OPTIONS, TZ: 'UTC', NODE_ENV: 'production' },
    DATA_DIR: env.dataFolder,
    LOG_LEVEL: env.logLevel,
    QUESTDB_URL: urls.questdb,
    SETTLEMENT_GRACE_MINUTES: String(env.settlementGraceMinutes),
  };
  const database = (room: Room) => ({
    [`DATABASE_URL_${room.toUpperCase()}`]: urlAs(urls.owner, room, secrets.rooms[room]),
  });
  return {
    simulator: { ...common, ...Object.fromEntries(simulator), QUESTDB_URL: undefined },
    ingest: { ...common, ...database('ingest') },
    billing: { ...common, ...database('billing'), ...env.notices, ...env.orders },
    analytics: { ...common, ...database('analytics') },
    web: {
      ...Object.assign({}, common, ...rooms.map(database)),
      NOTICE_CHANNELS: env.noticeChannels.join(),
      PORT: String(env.port),
      HOST: env.host,
      SESSION_SECRET: secrets.session,
      METRICS_TOKEN: env.metricsToken ?? secrets.metrics,
      ADMIN_EMAIL: env.adminEmail,
      ADMIN_PASSWORD: env.adminPassword ?? secrets.admin,
    },
  };
}
