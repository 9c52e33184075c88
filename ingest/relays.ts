/**
 * Relays and valves that are not as they were commanded. Two samples in a row decide, either way, so that
 * one odd reading neither raises nor clears; while a command is on its way nothing is judged.
 */
import { sql } from 'drizzle-orm';
import type { Alarming } from '../sql/alarms.ts';
import { type CommandFunction, commandFunctionOf } from '../sql/command-functions.ts';
import type { Db } from '../sql/postgres.ts';
import { suppliedBy, supplyFunctions } from '../sql/supply.ts';
import type { Sample } from './sample.ts';

/** A confirmed command of the supply, and when that was. */
interface Commanded {
  projectId: string;
  meterId: string;
  commandId: string;
  function: CommandFunction;
  atMs: number;
}

export interface Relays {
  /** Takes in what an earlier process left: what was commanded, what is on its way, which alarms are open. */
  restore: (db: Db) => Promise<void>;
  /** A command of the supply goes out: until it is over nothing is judged. */
  sent: (command: Pick<Commanded, 'meterId' | 'commandId'>) => void;
  confirmed: (command: Commanded) => void;
  /** It came to nothing: what held before holds. */
  failed: (command: Pick<Commanded, 'meterId' | 'commandId'>) => void;
  heard: (sample: Sample) => void;
  /** The alarms of a project, complete; only of these meters: of others nothing is heard. */
  differing: (projectId: string, meterIds: Iterable<string>) => Alarming[];
}

/** Samples in a row that raise or clear. */
const SAMPLES = 2;

interface Watched extends Commanded {
  isDiffering: boolean;
  /** Samples in a row that say the opposite of `isDiffering`. */
  against: number;
  lastMs: number;
  /** When the first sample showed it otherwise. */
  sinceMs: number;
}

export function createRelays(): Relays {
  const watched = new Map<string, Watched>();
  /** By meter the command that is on its way. */
  const held = new Map<string, string>();
  const release = ({ meterId, commandId }: Pick<Commanded, 'meterId' | 'commandId'>) => {
    if (held.get(meterId) === commandId) held.delete(meterId);
  };

  const watch = (commanded: Commanded, isDiffering = false) => {
    // A meter that decides by its own balance may stand either way.
    if (commandFunctionOf(commanded.function).supply === null) watched.delete(commanded.meterId);
    else {
      const { atMs } = commanded;
      const state = { isDiffering, against: 0, lastMs: atMs, sinceMs: atMs };
      watched.set(commanded.meterId, { ...commanded, ...state });
    }
  };

  return {
    restore: async (db) => {
      for (const { isConfirmed, isDiffering, ...command } of await standing(db)) {
        if (isConfirmed) watch(command, isDiffering);
        else held.set(command.meterId, command.commandId);
      }
    },
    sent: ({ meterId, commandId }) => held.set(meterId, commandId),
    confirmed: (command) => {
      release(command);
      watch(command);
    },
    failed: release,
    heard: ({ meterId, atMs, channels }) => {
      const relay = watched.get(meterId);
      const shown = suppliedBy(channels);
      if (!relay || shown === undefined || held.has(meterId) || atMs <= relay.lastMs) return;
      relay.lastMs = atMs;
      const differs = shown !== commandFunctionOf(relay.function).supply;
      if (differs === relay.isDiffering) {
        relay.against = 0;
        return;
      }
      relay.against += 1;
      if (relay.against === 1) relay.sinceMs = atMs;
      if (relay.against < SAMPLES) return;
      relay.isDiffering = differs;
      relay.against = 0;
    },
    differing: (projectId, meterIds) =>
      [...meterIds].flatMap((meterId) => {
        const relay = watched.get(meterId);
        return relay?.isDiffering && relay.projectId === projectId ? [alarmOf(relay)] : [];
      }),
  };
}

const alarmOf = ({ meterId, commandId, function: name, sinceMs }: Watched): Alarming => ({
  ...{ subjectKind: 'meter', subjectId: meterId, severity: 'critical' },
  detail: {
    ...{ commandId, function: name, commanded: commandFunctionOf(name).supply },
    sinceAt: new Date(sinceMs).toISOString(),
  },
});

/** Of every meter the newest confirmed command of its supply, and one that is on its way. */
async function standing(
  db: Db,
): Promise<(Commanded & { isConfirmed: boolean; isDiffering: boolean })[]> {
  const { rows } = await db.execute<{
    project_id: string;
    meter_id: string;
    command_id: string;
    function: CommandFunction;
    confirmed: boolean;
    at_ms: string;
    differing: boolean;
  }>(sql`
    SELECT DISTINCT ON (c.project_id, c.meter_id, confirmed) c.project_id::text, c.meter_id::text,
      c.id::text AS command_id, c.function, s.state = 'confirmed' AS confirmed,
      floor(extract(epoch FROM coalesce(s.resolved_at, s.sent_at)) * 1000)::bigint::text AS at_ms,
      EXISTS (SELECT FROM alarms a WHERE a.project_id = c.project_id AND a.kind = 'relay.differs'
        AND a.subject_kind = 'meter' AND a.subject_id = c.meter_id::text AND a.cleared_at IS NULL)
        AS differing
    FROM commands c
    JOIN command_states s ON s.project_id = c.project_id AND s.command_id = c.id
    WHERE c.function IN (${supplyFunctions}) AND s.state IN ('confirmed', 'sent', 'unknown')
    ORDER BY c.project_id, c.meter_id, confirmed, c.sequence DESC`);
  return rows.map((row) => ({
    projectId: row.project_id,
    meterId: row.meter_id,
    commandId: row.command_id,
    function: row.function,
    atMs: Number(row.at_ms),
    isConfirmed: row.confirmed,
    isDiffering: row.differing,
  }));
}
