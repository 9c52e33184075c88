/**
 * The path of every reading, live or from history: blocks → decoder → sample → spool. There is no
 * other way into `samples`.
 */
import { type Block, decode } from './decode.ts';
import { type ModelName, models } from './models.ts';
import { encodeSample, type Sample } from './sample.ts';
import type { Spool } from './spool.ts';

export type { Block } from './decode.ts';

/** What must be known of a meter to understand what it says. */
export interface MeterRef {
  /** Decimal strings of Postgres. */
  readonly id: string;
  readonly projectId: string;
  readonly model: ModelName;
  /** IANA zone of the meter's own clock. */
  readonly zone: string;
}

/** What a meter said at an instant: one block per planned read, in any order. */
export interface Reading {
  readonly meter: MeterRef;
  readonly at: Date;
  readonly blocks: readonly Block[];
}

/** The sample that a reading becomes. */
export function sampleOf({ meter, at, blocks }: Reading): Sample {
  const atMs = at.getTime();
  const decoded = decode(models[meter.model], blocks, { zone: meter.zone, atMs });
  return { projectId: meter.projectId, meterId: meter.id, atMs, ...decoded };
}

/**
 * Decodes, encodes and spools a reading. `kept` is false when the spool refused it (full, or its
 * disk is): the caller says so, the sample is lost to the store but not to the live page.
 */
export function takeReading(
  reading: Reading,
  spool: Pick<Spool, 'append'>,
): { sample: Sample; kept: boolean } {
  const sample = sampleOf(reading);
  return { sample, kept: spool.append(encodeSample(sample)) };
}
