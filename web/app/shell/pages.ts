/** The pages there are, in the order of navigation, and who may see each. */
import type { IconName } from '../parts/icons.tsx';

export interface PageLink {
  name:
    | 'home'
    | 'meters'
    | 'gateways'
    | 'alarms'
    | 'accounts'
    | 'sales'
    | 'energy'
    | 'exports'
    | 'tariffs';
  to:
    | '/projects/$projectId'
    | '/projects/$projectId/meters'
    | '/projects/$projectId/gateways'
    | '/projects/$projectId/alarms'
    | '/projects/$projectId/accounts'
    | '/projects/$projectId/sales'
    | '/projects/$projectId/energy'
    | '/projects/$projectId/exports'
    | '/projects/$projectId/tariffs';
  icon: IconName;
  permission: string;
  /** After G, this letter goes there. */
  letter: string;
  group: 'top' | 'live' | 'accounts' | 'reports' | 'rules';
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
    name: 'accounts',
    to: '/projects/$projectId/accounts',
    icon: 'account',
    permission: 'account.read',
    letter: 'a',
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
    name: 'energy',
    to: '/projects/$projectId/energy',
    icon: 'energy',
    permission: 'report.read',
    letter: 'e',
    group: 'reports',
  },
  {
    name: 'exports',
    to: '/projects/$projectId/exports',
    icon: 'download',
    permission: 'report.read',
    letter: 'x',
    group: 'reports',
  },
  {
    name: 'tariffs',
    to: '/projects/$projectId/tariffs',
    icon: 'tariff',
    permission: 'tariff.read',
    letter: 't',
    group: 'rules',
  },
];

export const pagesFor = (permissions: readonly string[]): PageLink[] =>
  pageLinks.filter(({ permission }) => permissions.includes(permission));
