/** The app as `start.mjs` has built it before the tests: one build serves all that open it in a browser. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the built app. Throws when there is none: run tests by `node start.mjs test <file>`. */
export function builtApp(): string {
  const dist = join(import.meta.dirname, '../../web/app/dist');
  if (!existsSync(join(dist, 'index.html'))) {
    throw new Error('the app is not built: run the tests by `node start.mjs test`');
  }
  return dist;
}
