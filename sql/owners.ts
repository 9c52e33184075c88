/**
 * Who may write which Postgres table. Migration turns this table into grants, a test holds it
 * against the code. `append`: insert only; `change`: insert and update; `delete`: all three.
 */
export const rooms = ['ingest', 'billing', 'analytics', 'web'] as const;
export type Room = (typeof rooms)[number];
type Right = 'append' | 'change' | 'delete';
interface Owner {
  rooms: readonly Room[];
  right: Right;
  /** Rooms that may read; all where it is not said. */
  readers?: readonly Room[];
}

const all = rooms;
const web = (right: Right, readers?: readonly Room[]): Owner => ({
  rooms: ['web'],
  right,
  readers,
});
const ingest = (right: Right): Owner => ({ rooms: ['ingest'], right });
const billing = (right: Right, readers?: readonly Room[]): Owner => ({
  rooms: ['billing'],
  right,
  readers,
});

export const owners = {
  groups: web('change'),
  legal_entities: web('change'),
  projects: web('change'),
  // An import enters places and devices in one transaction: ingest's, by the functions of sql/places.ts.
  buildings: { rooms: ['web', 'ingest'], right: 'change' },
  floors: { rooms: ['web', 'ingest'], right: 'change' },
  rooms: { rooms: ['web', 'ingest'], right: 'change' },
  users: web('delete', ['web']),
  sessions: web('delete', ['web']),
  two_factors: web('delete', ['web']),
  credentials: web('delete', ['web']),
  verifications: web('delete', ['web']),
  sign_in_attempts: web('delete', ['web']),
  roles: web('delete'),
  grants: web('delete', ['web']),
  api_keys: web('change', ['web']),
  export_jobs: web('delete', ['web']),
  saved_views: web('delete', ['web']),
  gateways: ingest('change'),
  buses: ingest('change'),
  meters: ingest('change'),
  schedules: ingest('change'),
  // Of use for a minute: whoever asks next sweeps them up.
  test_reads: ingest('delete'),
  points: ingest('change'),
  // What is taken back was never there; installation_changes keeps it.
  installations: ingest('delete'),
  installation_changes: ingest('append'),
  meter_states: ingest('change'),
  quarantines: ingest('append'),
  quarantine_decisions: ingest('append'),
  interval_marks: ingest('change'),
  meter_corrections: ingest('append'),
  manual_readings: ingest('append'),
  correction_withdrawals: ingest('append'),
  interval_edits: ingest('append'),
  interval_edit_decisions: ingest('append'),
  quality_findings: ingest('append'),
  quality_finding_decisions: ingest('append'),
  quality_runs: ingest('change'),
  interval_previews: ingest('delete'),
  commands: { rooms: all, right: 'append' },
  command_batches: ingest('append'),
  command_batch_meters: ingest('append'),
  command_batch_acts: ingest('append'),
  command_states: ingest('change'),
  command_steps: ingest('append'),
  model_functions: ingest('append'),
  people: billing('change', ['billing', 'web']),
  accounts: billing('change'),
  tenancies: billing('change'),
  tariffs: billing('change'),
  tariff_versions: billing('append'),
  tariff_assignments: billing('change'),
  price_indexes: billing('append'),
  event_days: billing('append'),
  billing_months: billing('change'),
  ledger_accounts: billing('append'),
  transactions: billing('append'),
  entries: billing('append'),
  seals: billing('append'),
  balance_snapshots: billing('append'),
  ledger_proofs: billing('change'),
  reconciliation_days: billing('change'),
  document_series: billing('change'),
  sales: billing('append'),
  // Names, telephones and addresses.
  account_openings: billing('change', ['billing', 'web']),
  supply_contracts: billing('append', ['billing', 'web']),
  deposits: billing('append'),
  account_closings: billing('change'),
  residual_acts: billing('append'),
  shifts: billing('change'),
  shift_counts: billing('append'),
  shift_decisions: billing('append'),
  cash_movements: billing('append'),
  sale_reversals: billing('append'),
  sale_reversal_decisions: billing('append'),
  refunds: billing('append'),
  receipt_prints: billing('append'),
  bank_files: billing('append'),
  // Names of who paid.
  bank_lines: billing('append', ['billing', 'web']),
  bank_line_acts: billing('append'),
  bank_file_fees: billing('append'),
  meter_wallets: billing('change'),
  recharges: billing('change'),
  meter_reconciliations: billing('change'),
  settlement_runs: billing('append'),
  settlements: billing('append'),
  charges: billing('append'),
  posted_totals: billing('change'),
  account_months: billing('change'),
  settlement_waits: billing('delete'),
  live_balance_generations: billing('change'),
  live_balances: billing('delete'),
  point_prices: billing('change'),
  exception_stakes: billing('delete'),
  notice_addresses: billing('change', ['billing', 'web']),
  notice_templates: billing('append'),
  notice_settings: billing('change'),
  notice_events: billing('append'),
  notices: billing('change', ['billing']),
  notice_steps: billing('append', ['billing']),
  credit_policies: billing('append'),
  credit_overrides: billing('append'),
  credit_cases: billing('change'),
  credit_decisions: billing('append'),
  disputes: billing('change'),
  credit_brake_acts: billing('append'),
  dirty_days: { rooms: all, right: 'append' },
  dirty_days_done: { rooms: all, right: 'append' },
  alarms: { rooms: all, right: 'change' },
  audit: { rooms: all, right: 'append' },
  events: { rooms: all, right: 'append' },
  idempotency_keys: { rooms: all, right: 'delete' },
} as const satisfies Record<string, Owner>;

const verbs: Record<Right, string> = {
  append: 'INSERT',
  change: 'INSERT, UPDATE',
  delete: 'INSERT, UPDATE, DELETE',
};

/** What is asked by all rooms as if it were a table. */
const views = ['charge_corrections', 'charge_explanations'] as const;

/** The room's login role in Postgres. */
export const roleOf = (room: Room): string => `wattledger_${room}`;

/** The GRANT statements of the whole table, first taking back whatever was granted before. */
export function grantStatements(): string[] {
  const roles = rooms.map(roleOf).join(', ');
  const statements = [
    `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${roles}`,
    `GRANT USAGE ON SCHEMA public TO ${roles}`,
    `GRANT USAGE, SELECT ON SEQUENCE ids TO ${roles}`,
  ];
  for (const [table, owner] of Object.entries(owners as Record<string, Owner>)) {
    const readers = (owner.readers ?? all).map(roleOf).join(', ');
    const writers = owner.rooms.map(roleOf).join(', ');
    statements.push(`GRANT SELECT ON ${table} TO ${readers}`);
    statements.push(`GRANT ${verbs[owner.right]} ON ${table} TO ${writers}`);
  }
  statements.push(`GRANT SELECT ON ${views.join(', ')} TO ${roles}`);
  // What was not sent is taken back by who asked for it; all else of a command's progress is ingest's.
  const askers = (['ingest', 'billing'] as const).map(roleOf).join(', ');
  statements.push(`GRANT EXECUTE ON FUNCTION withdraw_commands TO ${askers}`);
  // Who guards a limit is told the limit, not the opening that it was agreed in.
  statements.push(`GRANT EXECUTE ON FUNCTION agreed_overload TO ${roleOf('ingest')}`);
  return statements;
}
