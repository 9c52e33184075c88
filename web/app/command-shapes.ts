/** Shapes of commands as the API tells them: what a meter can be told, what was asked, what came of it. */

export const commandFunctions = [
  ...(['read-now', 'guarantee-supply', 'trip', 'restore-prepaid', 'valve-open'] as const),
  ...(['valve-close', 'issue-price', 'issue-settings', 'tou-table', 'set-clock'] as const),
] as const;
/** What a person can ask for; a recharge is asked for by billing alone, and is only seen. */
export type CommandFunction = (typeof commandFunctions)[number];

export type CommandState = 'requested' | 'sent' | 'confirmed' | 'refused' | 'expired' | 'unknown';

/** Whose right it is, as the API asks for it. */
export const permissionOf: Record<CommandFunction, 'command.write' | 'supply.write'> = {
  'read-now': 'command.write',
  'guarantee-supply': 'supply.write',
  trip: 'supply.write',
  'restore-prepaid': 'supply.write',
  'valve-open': 'supply.write',
  'valve-close': 'supply.write',
  'issue-price': 'command.write',
  'issue-settings': 'command.write',
  'tou-table': 'command.write',
  'set-clock': 'command.write',
};

/** What stands in the way of a function; null beside one that can be asked for. */
export interface CommandOffer {
  function: CommandFunction;
  permission: string;
  mayAsk: boolean;
  obstacle: string | null;
  /** What it leaves behind. */
  supply: 'on' | 'off' | null;
  lifeS: number;
}

export interface MeterSupply {
  /** As the newest sample shows it. */
  state: 'on' | 'off' | null;
  sampleAt: string | null;
  lockedOut: boolean;
  commanded: { commandId: string; function: CommandFunction; at: string } | null;
}

export interface Command {
  id: string;
  meterId: string;
  serial: string;
  pointCode: string | null;
  function: CommandFunction | 'recharge';
  arguments: Record<string, unknown>;
  reason: string;
  requestedBy: string;
  requestedAt: string;
  expiresAt: string;
  batchId: string | null;
  state: CommandState;
  /** A word of a closed list, or exception:<n>. */
  outcome: string | null;
  sentAt: string | null;
  resolvedAt: string | null;
  attempts: number;
  /** The first sample that shows the supply as it was commanded. */
  supplyObservedAt: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

export interface CommandStep {
  at: string;
  kind: string;
  address: number | null;
  result: string;
}

export type CommandWithSteps = Command & { steps: CommandStep[] };

/** Whether it is still to be known what becomes of it. */
export const isOpen = ({ state }: Pick<Command, 'state'>): boolean =>
  state === 'requested' || state === 'sent' || state === 'unknown';
