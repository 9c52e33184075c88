/** The pages there are, in the order of navigation, and who may see each. */
import type { IconName } from '../parts/icons.tsx';

export interface PageLink {
  name:
    | 'home'
    | 'meters'
    | 'gateways'
    | 'alarms'
    | 'control'
    | 'exceptions'
    | 'accounts'
    | 'credit'
    | 'sales'
    | 'recharges'
    | 'residuals'
    | 'notices'
    | 'noticeTemplates'
    | 'shifts'
    | 'bank'
    | 'exports'
    | 'reports'
    | 'records'
    | 'bills'
    | 'energy'
    | 'finance'
    | 'integrated'
    | 'losses'
    | 'quality'
    | 'load'
    | 'demand'
    | 'powerQuality'
    | 'ranking'
    | 'corrections'
    | 'ledger'
    | 'reconciliation'
    | 'tariffs'
    | 'months'
    | 'people'
    | 'systemLog'
    | 'configuration';
  to:
    | '/projects/$projectId'
    | '/projects/$projectId/meters'
    | '/projects/$projectId/gateways'
    | '/projects/$projectId/alarms'
    | '/projects/$projectId/control'
    | '/projects/$projectId/exceptions'
    | '/projects/$projectId/accounts'
    | '/projects/$projectId/credit'
    | '/projects/$projectId/sales'
    | '/projects/$projectId/recharges'
    | '/projects/$projectId/residuals'
    | '/projects/$projectId/notices'
    | '/projects/$projectId/notice-templates'
    | '/projects/$projectId/shifts'
    | '/projects/$projectId/bank'
    | '/projects/$projectId/energy'
    | '/projects/$projectId/exports'
    | '/projects/$projectId/tariffs'
    | '/projects/$projectId/reports'
    | '/projects/$projectId/records'
    | '/projects/$projectId/bills'
    | '/projects/$projectId/finance'
    | '/projects/$projectId/integrated'
    | '/projects/$projectId/losses'
    | '/projects/$projectId/load'
    | '/projects/$projectId/demand'
    | '/projects/$projectId/quality'
    | '/projects/$projectId/power-quality'
    | '/projects/$projectId/ranking'
    | '/projects/$projectId/corrections'
    | '/projects/$projectId/ledger'
    | '/projects/$projectId/reconciliation'
    | '/projects/$projectId/months'
    | '/projects/$projectId/people'
    | '/projects/$projectId/system-log'
    | '/projects/$projectId/configuration';
  icon: IconName;
  permission: string;
  /** After G, this letter goes there; the alphabet has fewer letters than the app has pages. */
  letter?: string;
  group: 'top' | 'live' | 'accounts' | 'reports' | 'rules';
  /** Found by search and from the report centre; navigation stays short. */
  unlisted?: true;
}

export const pageLinks: readonly PageLink[] = [
  {
    name: 'home',
    to: '/projects/$projectId',
    icon: 'home',
    permission: 'project.read',
    letter: 'h',
    group: 'top',
  },
  {
    name: 'meters',
    to: '/projects/$projectId/meters',
    icon: 'meter',
    permission: 'device.read',
    letter: 'm',
    group: 'live',
  },
  {
    name: 'gateways',
    to: '/projects/$projectId/gateways',
    icon: 'gateway',
    permission: 'device.read',
    letter: 'g',
    group: 'live',
  },
  {
    name: 'alarms',
    to: '/projects/$projectId/alarms',
    icon: 'alarm',
    permission: 'alarm.read',
    letter: 'l',
    group: 'live',
  },
  {
    name: 'control',
    to: '/projects/$projectId/control',
    icon: 'command',
    permission: 'command.read',
    letter: '1',
    group: 'live',
  },
  {
    name: 'exceptions',
    to: '/projects/$projectId/exceptions',
    icon: 'warning',
    permission: 'reading.read',
    letter: 'u',
    group: 'live',
  },
  {
    name: 'accounts',
    to: '/projects/$projectId/accounts',
    icon: 'account',
    permission: 'account.read',
    letter: 'a',
    group: 'accounts',
  },
  {
    name: 'credit',
    to: '/projects/$projectId/credit',
    icon: 'power',
    permission: 'credit.read',
    letter: '3',
    group: 'accounts',
  },
  {
    name: 'sales',
    to: '/projects/$projectId/sales',
    icon: 'sale',
    permission: 'sale.read',
    letter: 's',
    group: 'accounts',
  },
  {
    name: 'recharges',
    to: '/projects/$projectId/recharges',
    icon: 'command',
    permission: 'sale.read',
    letter: '7',
    group: 'accounts',
  },
  {
    name: 'residuals',
    to: '/projects/$projectId/residuals',
    icon: 'scales',
    permission: 'account.read',
    letter: 'z',
    group: 'accounts',
    unlisted: true,
  },
  {
    name: 'notices',
    to: '/projects/$projectId/notices',
    icon: 'message',
    permission: 'notice.read',
    letter: 'j',
    group: 'accounts',
  },
  {
    name: 'shifts',
    to: '/projects/$projectId/shifts',
    icon: 'coins',
    permission: 'sale.read',
    group: 'accounts',
  },
  {
    name: 'bank',
    to: '/projects/$projectId/bank',
    icon: 'sheet',
    permission: 'sale.read',
    letter: '4',
    group: 'accounts',
  },
  {
    name: 'noticeTemplates',
    to: '/projects/$projectId/notice-templates',
    icon: 'edit',
    permission: 'notice.read',
    group: 'rules',
    unlisted: true,
  },
  {
    name: 'reports',
    to: '/projects/$projectId/reports',
    icon: 'paper',
    permission: 'report.read',
    letter: 'r',
    group: 'reports',
  },
  {
    name: 'bills',
    to: '/projects/$projectId/bills',
    icon: 'printer',
    // Its figures are of the report as well.
    permission: 'account.read',
    letter: '6',
    group: 'reports',
    unlisted: true,
  },
  {
    name: 'records',
    to: '/projects/$projectId/records',
    icon: 'clock',
    permission: 'alarm.read',
    letter: '5',
    group: 'reports',
    unlisted: true,
  },
  {
    name: 'energy',
    to: '/projects/$projectId/energy',
    icon: 'energy',
    permission: 'report.read',
    letter: 'e',
    group: 'reports',
  },
  {
    name: 'finance',
    to: '/projects/$projectId/finance',
    icon: 'coins',
    permission: 'report.read',
    letter: 'f',
    group: 'reports',
  },
  {
    name: 'integrated',
    to: '/projects/$projectId/integrated',
    icon: 'book',
    permission: 'report.read',
    letter: 'i',
    group: 'reports',
  },
  {
    name: 'losses',
    to: '/projects/$projectId/losses',
    icon: 'scales',
    permission: 'report.read',
    letter: 'o',
    group: 'reports',
  },
  {
    name: 'quality',
    to: '/projects/$projectId/quality',
    icon: 'grid',
    permission: 'report.read',
    letter: 'q',
    group: 'reports',
  },
  {
    name: 'corrections',
    to: '/projects/$projectId/corrections',
    icon: 'edit',
    permission: 'account.read',
    letter: 'c',
    group: 'reports',
  },
  {
    name: 'reconciliation',
    to: '/projects/$projectId/reconciliation',
    icon: 'agree',
    permission: 'ledger.read',
    letter: 'y',
    group: 'reports',
  },
  {
    name: 'ledger',
    to: '/projects/$projectId/ledger',
    icon: 'ledger',
    permission: 'ledger.read',
    letter: 'b',
    group: 'reports',
  },
  {
    name: 'exports',
    to: '/projects/$projectId/exports',
    icon: 'download',
    permission: 'project.read',
    letter: 'x',
    group: 'reports',
  },
  {
    name: 'load',
    to: '/projects/$projectId/load',
    icon: 'load',
    permission: 'report.read',
    letter: 'p',
    group: 'reports',
    unlisted: true,
  },
  {
    name: 'demand',
    to: '/projects/$projectId/demand',
    icon: 'peak',
    permission: 'report.read',
    letter: 'd',
    group: 'reports',
    unlisted: true,
  },
  {
    name: 'powerQuality',
    to: '/projects/$projectId/power-quality',
    icon: 'wave',
    permission: 'report.read',
    letter: 'v',
    group: 'reports',
    unlisted: true,
  },
  {
    name: 'ranking',
    to: '/projects/$projectId/ranking',
    icon: 'rank',
    permission: 'report.read',
    letter: 'k',
    group: 'reports',
    unlisted: true,
  },
  {
    name: 'tariffs',
    to: '/projects/$projectId/tariffs',
    icon: 'tariff',
    permission: 'tariff.read',
    letter: 't',
    group: 'rules',
  },
  {
    name: 'months',
    to: '/projects/$projectId/months',
    icon: 'lock',
    permission: 'ledger.read',
    letter: 'n',
    group: 'rules',
  },
  {
    name: 'people',
    to: '/projects/$projectId/people',
    icon: 'people',
    permission: 'user.write',
    letter: 'w',
    group: 'rules',
  },
  {
    name: 'systemLog',
    to: '/projects/$projectId/system-log',
    icon: 'clock',
    permission: 'audit.read',
    letter: '2',
    group: 'rules',
  },
  {
    name: 'configuration',
    to: '/projects/$projectId/configuration',
    icon: 'building',
    permission: 'device.read',
    group: 'rules',
  },
];

export const pagesFor = (permissions: readonly string[]): PageLink[] =>
  pageLinks.filter(({ permission }) => permissions.includes(permission));
