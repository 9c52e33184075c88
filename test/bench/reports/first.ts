/**
 * A report asked for the first time: the process has kept nothing yet of the files that it adds up. Each
 * question is about another project over the same files, under names of its own.
 */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { dayTables, dimensionTables, publish, readManifest } from '../../../analytics/manifest.ts';
import type { BenchContext, Row } from '../part.ts';
import { startWeb } from '../web.ts';
import { compare } from './compare.ts';

/** Answers of one question, each about a project that has not been asked about before but by `warm`. */
export async function compareFirst(
  context: BenchContext,
  {
    warehouse,
    projectId,
    zone,
    times,
    warm,
    query,
    ...compared
  }: {
    warehouse: string;
    projectId: string;
    zone: string;
    times: number;
    /**
     * Asked before of each: its points are known then and its files have been held against their
     * hashes, which is done once in their life and not for each question.
     */
    warm: string;
    query: string;
  } & Pick<Parameters<typeof compare>[0], 'what' | 'connection' | 'bare' | 'target' | 'note'>,
): Promise<Row[]> {
  const dir = join(context.scratch, `first-${projectId}-${compared.what.replace(/\W+/g, '-')}`);
  // Two that warm up the process and the floor, as compare does.
  const projectIds = Array.from({ length: times + 2 }, (_, i) => `${projectId}${10 + i}`);
  const manifest = readManifest(warehouse, projectId);
  if (!manifest) throw new Error(`project ${projectId} has no warehouse`);
  for (const id of projectIds) {
    for (const table of [...dayTables, ...dimensionTables]) {
      mkdirSync(join(dir, table), { recursive: true });
      symlinkSync(
        join(warehouse, table, `project=${projectId}`),
        join(dir, table, `project=${id}`),
      );
    }
    await publish(dir, { ...manifest, projectId: id });
  }
  const web = await startWeb(context, { warehouse: dir, projectIds, zone });
  const pathOf = (id: string, asked: string) => `/projects/${id}/reports/energy?${asked}`;
  try {
    for (const id of projectIds) await (await web.get(pathOf(id, warm))).arrayBuffer();
    let turn = 0;
    const { say } = context;
    const path = () => pathOf(projectIds[turn++] as string, query); // As many as there are turns.
    return await compare({ ...compared, web, times, say, path });
  } finally {
    await web.stop();
  }
}
