/** The passwords that the launcher makes for its own servers and roles, in one file for its user only. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { type Room, rooms } from './owners.ts';
import { readJson, writeJson } from './process.ts';
import { Refusal } from './refusal.ts';

const shape = z.object({
  /** Of the owner of the embedded PostgreSQL. */
  postgres: z.string().min(16),
  questdb: z.string().min(16),
  /** Of each room's role, in the embedded and in a foreign PostgreSQL. */
  rooms: z.record(z.enum(rooms), z.string().min(16)),
  /** Signs session cookies. */
  session: z.string().min(32),
  /** Bearer token of /metrics; absent in data of an older Wattledger until the next start. */
  metrics: z.string().min(16).optional(),
  /** The first operator's generated password; gone once it has been printed. */
  admin: z.string().optional(),
});

export interface Secrets {
  postgres: string;
  questdb: string;
  rooms: Record<Room, string>;
  session: string;
  metrics: string;
  admin?: string;
}

const SECRET_BYTES = 24;
const file = (dataFolder: string): string => join(dataFolder, 'secrets.json');

/** The secrets of a data folder, made at its first start. Throws Refusal when the file is damaged. */
export function openSecrets(dataFolder: string): Secrets {
  const found = readJson(file(dataFolder));
  const secret = () => randomBytes(SECRET_BYTES).toString('hex');
  if (found === undefined) {
    const made: Secrets = {
      postgres: secret(),
      questdb: secret(),
      rooms: { ingest: secret(), billing: secret(), analytics: secret(), web: secret() },
      session: secret(),
      metrics: secret(),
      admin: randomBytes(9).toString('base64url'),
    };
    writeJson(file(dataFolder), made);
    return made;
  }
  const parsed = shape.safeParse(found);
  if (parsed.success) {
    const { metrics } = parsed.data;
    if (metrics !== undefined) return { ...parsed.data, metrics };
    const more = { ...parsed.data, metrics: secret() };
    writeJson(file(dataFolder), more);
    return more;
  }
  throw new Refusal(`${file(dataFolder)} is damaged: put back the file that belongs to these data`);
}

/** Forgets the first operator's password, once he has been told. */
export function forgetAdminPassword(dataFolder: string, secrets: Secrets): void {
  const { admin: _, ...rest } = secrets;
  writeJson(file(dataFolder), rest);
}
