/** The manifest that an answer stands on, and how old it is. */
import { Problem } from '../sql/problem.ts';
import { type Files, filesOf } from './files.ts';
import { type Manifest, NEVER, readManifest, warehouseDir } from './manifest.ts';

export interface Answered {
  manifest: Manifest;
  files: Files;
  /** Everything was last known to be current then. */
  asOf: Date;
}

/** The manifest in force. Throws Problem `not-built` before the first whole pass of the exporter. */
export async function askManifest({
  dataDir,
  projectId,
}: {
  dataDir: string;
  projectId: string;
}): Promise<Answered> {
  const dir = warehouseDir(dataDir);
  const manifest = readManifest(dir, projectId);
  if (!manifest || manifest.asOf === NEVER) {
    throw new Problem('not-built', 'The warehouse of this project is being built.', {
      retryAfterS: 5,
    });
  }
  return { manifest, files: filesOf(dir, manifest), asOf: new Date(manifest.asOf) };
}
