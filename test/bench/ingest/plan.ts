/** What the processes of the ingest part tell each other: a park on ports, a window to measure, its figures. */

export interface IngestPlan {
  databaseUrl: string;
  questdbUrl: string;
  projectId: string;
  /** One port a gateway; meters answer as units 1 … metersEach. */
  ports: readonly number[];
  metersEach: number;
  /** Ids of the meters in the order of gateways and units. */
  meterIds: readonly string[];
  /** Time between two readings of a meter; the library's floor reads as fast as it can. */
  periodS: number;
  /** The spool and what else is written. */
  folder: string;
  warmS: number;
  measureS: number;
}

export interface IngestFigures {
  /** Samples read within the window. */
  samples: number;
  /** Acknowledged by QuestDB within the window. */
  acknowledged: number;
  /** All that were read, and all that QuestDB had acknowledged at the end. */
  total: number;
  totalAcknowledged: number;
  cpuS: number;
  wallS: number;
  peakMb: number;
  /** Slots that passed without a poll because the bus was busy, within the whole run; polls that failed. */
  skipped: number;
  failed: number;
}

/** Begin and length of the window, told so that others can be measured over the same stretch. */
export type IngestMessage =
  | { kind: 'begins' }
  | { kind: 'ends' }
  | { kind: 'figures'; figures: IngestFigures };
