/** How far a file is that a job makes: the job asks like anybody else, and looks on from outside. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Progress {
  rows: number;
}

/** What runs inside `run` counts its rows here; elsewhere nobody looks. */
export const progress = new AsyncLocalStorage<Progress>();
