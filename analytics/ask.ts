/** The manifest that an answer stands on, and how old it is. */
import { Problem } from '../sql/problem.ts';
import { demandGood } from './damage.ts';
import { type Files, filesOf } from './files.ts';
import type { Cut } from './known-source.ts';
import { type Manifest, NEVER, readManifest, warehouseDir } from './manifest.ts';

export interface Answered {
  manifest: Manifest;
  files: Files;
  /** Everything was last known to be current then. */
  asOf: Date;
  /** The position it is of; unset: it is of now. */
  cut?: Cut;
}

/** The manifest in force. Throws Problem `not-built` before the first whole pass of the exporter. */
async function askManifest({
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

/**
 * Answers from the warehouse in force. Whatever `work` opens is held against the manifest before its
 * answer counts, and when it fails: throws Problem `file-damaged` or `file-lost` then. It is done once
 * more when the manifest has moved on and its files went meanwhile.
 */
export async function overWarehouse<T>(
  { dataDir, projectId }: { dataDir: string; projectId: string },
  work: (answered: Answered) => Promise<T>,
): Promise<T> {
  const dir = warehouseDir(dataDir);
  for (let attempt = 1; ; attempt++) {
    const answered = await askManifest({ dataDir, projectId });
    const good = () => demandGood(dir, projectId, answered.files.opened());
    const hasMoved = () => readManifest(dir, projectId)?.version !== answered.manifest.version;
    try {
      const answer = await work(answered).catch(async (error) => {
        // A question that may not be asked is none of the files' fault.
        if (!(error instanceof Problem)) await good();
        throw error;
      });
      await good();
      return answer;
    } catch (error) {
      const isOfFile = error instanceof Problem && error.code === 'file-damaged';
      if (!isOfFile || attempt > 1 || !hasMoved()) throw error;
    }
  }
}
