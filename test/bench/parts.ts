/** Every part of the bench, in the order they run. A new part is a file beside this one and a line here. */
import { cashiers } from './cashiers.ts';
import { commands } from './commands.ts';
import { explain } from './explain.ts';
import { exports } from './exports.ts';
import { growth } from './growth.ts';
import { home } from './home.ts';
import { ingest } from './ingest.ts';
import { intervals } from './intervals.ts';
import type { Part } from './part.ts';
import { preview } from './preview.ts';
import { reports } from './reports.ts';
import { resettle } from './resettle.ts';
import { settlement } from './settlement.ts';

export const parts: readonly Part[] = [
  ...[ingest, commands, cashiers, intervals, settlement, resettle, preview],
  ...[reports, explain, exports, home, growth],
];
