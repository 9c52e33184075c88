/** Entering places, each with its line of the system log: by web one at a time, by ingest for an import. */
import { record } from './audit.ts';
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

/** The id of a new building. The caller tells of a code that is taken. */
export async function makeBuilding(
  tx: Tx,
  { projectId, ...who }: Made,
  values: Names & { code: string; floors?: number },
): Promise<string> {
  const { code, name, nameZh } = values;
  const made = await tx
    .insert(buildings)
    .values({ projectId, code, name, nameZh })
    .returning({ id: buildings.id });
  const id = onlyId(made);
  const subject = { action: 'building.created', subjectKind: 'building', subjectId: id };
  await record(tx, { projectId, ...who, ...subject, detail: { to: values } });
  return id;
}

/** The id of a new floor. The caller tells of a level that is taken. */
export async function makeFloor(
  tx: Tx,
  { projectId, ...who }: Made,
  values: { buildingId: string; level: number; name: string },
): Promise<string> {
  const id = onlyId(
    await tx
      .insert(floors)
      .values({ projectId, ...values })
      .returning({ id: floors.id }),
  );
  const subject = { action: 'floor.created', subjectKind: 'floor', subjectId: id };
  await record(tx, { projectId, ...who, ...subject, detail: { to: values } });
  return id;
}

/** The id of a new room. The caller tells of a code that is taken. */
export async function makeRoom(
  tx: Tx,
  { projectId, ...who }: Made,
  values: Names & { floorId: string; code: string },
): Promise<string> {
  const id = onlyId(
    await tx
      .insert(rooms)
      .values({ projectId, ...values })
      .returning({ id: rooms.id }),
  );
  const subject = { action: 'room.created', subjectKind: 'room', subjectId: id };
  await record(tx, { projectId, ...who, ...subject, detail: { to: values } });
  return id;
}

function onlyId(rows: readonly { id: string }[]): string {
  const [row] = rows;
  if (!row || rows.length !== 1) throw new Error(`one row expected, ${rows.length}`);
  return row.id;
}
