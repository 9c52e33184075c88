/** Entering places, each with its line of the system log: by web one at a time, by ingest all of an import at once. */
import { recordAll } from './audit.ts';
import type { Actor } from './permission.ts';
import type { Tx } from './postgres.ts';
import { buildings, floors, rooms } from './schema/index.ts';

interface Made {
  projectId: string;
  actor: Actor;
  traceId: string;
}
interface Names {
  name: string;
  nameZh: string | null;
}

/** Places of one statement. */
const PLACES_AT_ONCE = 1_000;

/** The ids of new buildings, in their order. The caller tells of a code that is taken. */
export const makeBuildings = (
  tx: Tx,
  made: Made,
  all: readonly (Names & { code: string; floors?: number })[],
): Promise<string[]> =>
  inOrder(tx, made, 'building', all, async (some) => {
    const { projectId } = made;
    const rows = some.map(({ code, name, nameZh }) => ({ projectId, code, name, nameZh }));
    return await tx.insert(buildings).values(rows).returning({ id: buildings.id });
  });

/** The ids of new floors, in their order. The caller tells of a level that is taken. */
export const makeFloors = (
  tx: Tx,
  made: Made,
  all: readonly { buildingId: string; level: number; name: string }[],
): Promise<string[]> =>
  inOrder(tx, made, 'floor', all, async (some) => {
    const rows = some.map((values) => ({ projectId: made.projectId, ...values }));
    return await tx.insert(floors).values(rows).returning({ id: floors.id });
  });

/** The ids of new rooms, in their order. The caller tells of a code that is taken. */
export const makeRooms = (
  tx: Tx,
  made: Made,
  all: readonly (Names & { floorId: string; code: string })[],
): Promise<string[]> =>
  inOrder(tx, made, 'room', all, async (some) => {
    const rows = some.map((values) => ({ projectId: made.projectId, ...values }));
    return await tx.insert(rooms).values(rows).returning({ id: rooms.id });
  });

/** Rows of VALUES come back in the order in which they went in: ids rise with it, which is asserted. */
async function inOrder<Values extends object>(
  tx: Tx,
  { projectId, ...who }: Made,
  kind: 'building' | 'floor' | 'room',
  all: readonly Values[],
  insert: (some: readonly Values[]) => Promise<{ id: string }[]>,
): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < all.length; from += PLACES_AT_ONCE) {
    const some = all.slice(from, from + PLACES_AT_ONCE);
    const rows = await insert(some);
    if (rows.length !== some.length)
      throw new Error(`${some.length} rows made, ${rows.length} back`);
    ids.push(...rows.map(({ id }) => id));
  }
  if (ids.some((id, i) => i > 0 && BigInt(id) <= BigInt(ids[i - 1] ?? id))) {
    throw new Error('new places came back in another order');
  }
  await recordAll(
    tx,
    all.map((values, i) => ({
      ...{ projectId, ...who, action: `${kind}.created`, subjectKind: kind },
      subjectId: ids[i] ?? '',
      detail: { to: values },
    })),
  );
  return ids;
}
