/** The demo's sixty tenants: invented companies, invented people, and which units each one rents. */
import type { SheetMeter } from './sheet.ts';

export const TENANTS = 60;
/** Units that stand empty. */
const EMPTY = new Set(['A110', 'A307', 'B211', 'C104', 'C308', 'D205', 'E109']);

/** How a tenant stands at the end of the history; sales are sized to it. */
export type Standing = 'credit' | 'alarm1' | 'alarm2' | 'arrears';

export interface Tenant {
  number: string;
  name: string;
  nameZh: string;
  person: { name: string; phone: string };
  meters: SheetMeter[];
  standing: Standing;
}

/** Units go to tenants in order of their labels, so that neighbours belong together. */
export function tenantsOf(meters: readonly SheetMeter[]): Tenant[] {
  const units = meters
    .filter((m) => m.role === 'tenant' && !EMPTY.has(m.label))
    .sort((a, b) => a.label.localeCompare(b.label));
  const sizes = sizesFor(units.length);
  let next = 0;
  const tenants = sizes.map((size, i): Tenant => {
    const rented = units.slice(next, next + size);
    next += size;
    const [place, placeZh] = pick(places, i);
    const [craft, craftZh] = pick(crafts, i * 7 + Math.floor(i / places.length));
    return {
      number: `SZ-${1001 + i}`,
      name: `${place} ${craft} Co., Ltd.`,
      nameZh: `苏中${placeZh}${craftZh}有限公司`,
      person: {
        name: pick(people, i * 11),
        // 199 0000 …: of a range in which no such number is given out.
        phone: `1990000${String(1000 + i * 37).padStart(4, '0')}`,
      },
      meters: rented,
      standing: standings[i] ?? 'credit',
    };
  });
  for (const [i, meter] of meters.filter((m) => m.role === 'water').entries()) {
    const neighbours = tenants.filter((t) => t.meters[0]?.building === meter.building);
    neighbours[(i * 3) % neighbours.length]?.meters.push(meter);
  }
  return tenants;
}

/** How many of them have their money on their meters. */
const PREPAID = 2;

/** Small ones in credit, next door to one another, whose meters carry their load without transformers. */
export const prepaidOf = (tenants: readonly Tenant[]): Tenant[] =>
  tenants
    .filter(({ standing, meters }) => {
      const electric = meters.filter(({ role }) => role === 'tenant');
      const isSmall = electric.length <= 2 && electric.every(({ ct }) => ct === 1);
      return standing === 'credit' && isSmall && electric[0]?.building === 'A';
    })
    .slice(0, PREPAID);

/** Sizes from one unit to five that add up to all units. */
function sizesFor(units: number): number[] {
  const sizes = Array.from({ length: TENANTS }, (_, i) => pick([1, 4, 2, 3, 1, 2, 5, 2, 1, 3], i));
  let left = units - sizes.reduce((sum, size) => sum + size, 0);
  for (let i = 0; left !== 0; i = (i + 1) % TENANTS) {
    const size = sizes[i] ?? 0;
    if (left > 0) sizes[i] = size + 1;
    else if (size > 1) sizes[i] = size - 1;
    else continue;
    left += left > 0 ? -1 : 1;
  }
  return sizes;
}

const pick = <Item>(list: readonly Item[], i: number): Item => list[i % list.length] as Item;

/** By position: four at the first threshold, three at the second, two that owe. */
const standings: Readonly<Record<number, Standing>> = {
  5: 'alarm1',
  19: 'alarm1',
  33: 'alarm1',
  47: 'alarm1',
  11: 'alarm2',
  28: 'alarm2',
  52: 'alarm2',
  14: 'arrears',
  41: 'arrears',
};

const places = [
  ['Changhe', '长禾'],
  ['Jinlu', '锦路'],
  ['Hengsheng', '恒晟'],
  ['Yuntai', '云泰'],
  ['Ruifeng', '瑞沣'],
  ['Minghao', '铭昊'],
  ['Donglian', '东涟'],
  ['Xinyao', '鑫耀'],
  ['Baishun', '百顺'],
  ['Kailin', '凯麟'],
  ['Tianqiao', '天樵'],
  ['Hongjia', '泓嘉'],
] as const;

const crafts = [
  ['Precision Mould', '精密模具'],
  ['Plastics', '塑胶制品'],
  ['Hardware', '五金'],
  ['Die Casting', '压铸'],
  ['Tooling', '刀具'],
  ['Heat Treatment', '热处理'],
  ['Spring', '弹簧'],
  ['Packaging', '包装'],
  ['Electronics', '电子科技'],
  ['Surface Finishing', '表面处理'],
  ['Automation', '自动化设备'],
] as const;

const people = [
  '陈建华',
  '王晓燕',
  '李志强',
  '张敏',
  '刘洋',
  '赵国平',
  '孙丽',
  '周涛',
  '吴桂芳',
  '徐明',
  '朱晨',
  '马俊杰',
  '胡雪梅',
];
