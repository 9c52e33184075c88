/** What may be done, and the five roles a new system starts with. Roles are data; permissions are code. */

export const permissions = [
  'project.read',
  'project.write',
  'place.write',
  'device.read',
  'device.write',
  'reading.read',
  'quarantine.decide',
  'reading.edit',
  'reading.approve',
  'command.read',
  'command.write',
  'supply.write',
  'model.enable',
  'account.read',
  'account.write',
  'sale.read',
  'sale.write',
  'refund.write',
  'reversal.write',
  'reversal.approve',
  'shift.write',
  'shift.approve',
  'bank.write',
  'credit.read',
  'credit.write',
  'credit.act',
  'recharge.write',
  'reconciliation.adjust',
  'ledger.read',
  'month.close',
  'tariff.read',
  'tariff.write',
  'tariff.correct',
  'report.read',
  'alarm.read',
  'alarm.write',
  'notice.read',
  'notice.write',
  'notice.configure',
  'audit.read',
  'user.write',
  'key.write',
] as const;
export type Permission = (typeof permissions)[number];

export interface StandardRole {
  code: string;
  name: string;
  nameZh: string;
  permissions: readonly Permission[];
}

/** The table of the design reference: who sees and does what in a new system. */
export const standardRoles: readonly StandardRole[] = [
  { code: 'administrator', name: 'Administrator', nameZh: '管理员', permissions },
  {
    code: 'energy-manager',
    name: 'Energy manager',
    nameZh: '能源经理',
    permissions: [
      'project.read',
      'place.write',
      'device.read',
      'device.write',
      'reading.read',
      'quarantine.decide',
      'reading.edit',
      'command.read',
      'command.write',
      'supply.write',
      'account.read',
      'sale.read',
      'credit.read',
      'credit.act',
      'tariff.read',
      'report.read',
      'alarm.read',
      'alarm.write',
      'notice.read',
    ],
  },
  {
    code: 'cashier',
    name: 'Cashier',
    nameZh: '收费员',
    permissions: [
      'project.read',
      'device.read',
      'reading.read',
      'command.read',
      'account.read',
      'account.write',
      'sale.read',
      'sale.write',
      'refund.write',
      'reversal.write',
      'recharge.write',
      'shift.write',
      'credit.read',
      'ledger.read',
      'tariff.read',
      'report.read',
      'alarm.read',
      'alarm.write',
      'notice.read',
      'notice.write',
    ],
  },
  {
    code: 'finance',
    name: 'Finance',
    nameZh: '财务',
    permissions: [
      'project.read',
      'device.read',
      'reading.read',
      'reading.approve',
      'command.read',
      'account.read',
      'sale.read',
      'reversal.approve',
      'shift.approve',
      'bank.write',
      'credit.read',
      'credit.write',
      'credit.act',
      'reconciliation.adjust',
      'ledger.read',
      'month.close',
      'tariff.read',
      'tariff.write',
      'tariff.correct',
      'report.read',
      'alarm.read',
      'notice.read',
    ],
  },
  {
    code: 'analyst',
    name: 'Analyst',
    nameZh: '分析员',
    permissions: [
      'project.read',
      'device.read',
      'reading.read',
      'tariff.read',
      'report.read',
      'alarm.read',
    ],
  },
];

/** Who acts: a person, an integrator's key, or the system itself. */
export interface Actor {
  kind: 'user' | 'key' | 'system';
  id: string;
  name: string;
  /** Of a key: the person who made it, also by another key. */
  person?: string;
}

/** Whose act it is: a key acts for the person who made it, so that nobody is their own second person. */
export const personOf = ({ id, person }: Actor): string => person ?? id;

/** allowed; forbidden: the project is visible but not this act; hidden: as if it did not exist. */
export type Verdict = 'allowed' | 'forbidden' | 'hidden';

/** What an actor may do, asked per project; null asks for everywhere (no project, no group). */
export interface Access {
  actor: Actor;
  may: (projectId: string | null, permission: Permission) => Verdict;
}
