/** The columns of an import: how they are called in both languages, and what each of them holds. */
import { z } from '@hono/zod-openapi';
import {
  codeSchema,
  hostSchema,
  modelSchema,
  pollSecondsSchema,
  serialSchema,
  textSchema,
  unitSchema,
} from './fields.ts';
import { modelNames } from './models.ts';
import { pointClasses, pointRoles } from './points.ts';

/** As `textSchema`s of places in web: a building's or a room's code. */
const placeCode = z
  .string()
  .max(20)
  .regex(/^[\p{L}\p{N}._-]+$/u, 'not a code');
const whole = <Out>(schema: z.ZodType<Out, number>) =>
  z
    .string()
    .regex(/^-?\d{1,9}$/, 'not a whole number')
    .transform(Number)
    .pipe(schema);
const ratio = whole(z.number().int().min(1).max(9999));
export const baudRates = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200] as const;
/** kWh or m³ with up to three decimals, as whole Wh or litres. */
const register = z
  .string()
  .regex(/^\d{1,9}(?:\.\d{1,3})?$/, 'not a number with up to three decimals')
  .transform((text) => {
    const [units = '0', decimals = ''] = text.split('.');
    return Number(units) * 1000 + Number(decimals.padEnd(3, '0'));
  });
/** A day, or a day and time, of the project's zone; or an instant with its offset. */
const when = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?)?$/,
    'not a day or instant, like 2026-11-24 or 2026-11-24 08:30',
  );

const commodities = ['electricity', 'water'] as const;
const framings = ['tcp', 'rtu-over-tcp'] as const;

/** In the order of the template. `values`: the closed list that a cell is one of. */
export const importColumns = {
  building: { en: 'Building', zh: '楼栋', schema: placeCode, example: 'A' },
  buildingName: { en: 'Building name', zh: '楼栋名称', schema: textSchema, example: 'Building A' },
  floor: {
    en: 'Floor',
    zh: '楼层',
    schema: whole(z.number().int().min(-20).max(200)),
    example: '1',
  },
  floorName: { en: 'Floor name', zh: '楼层名称', schema: textSchema, example: '1F' },
  room: { en: 'Room', zh: '房间', schema: placeCode, example: '101' },
  point: { en: 'Point', zh: '计量点', schema: codeSchema, example: 'A101' },
  pointName: { en: 'Point name', zh: '计量点名称', schema: textSchema, example: 'Shop 101' },
  commodity: {
    en: 'Commodity',
    zh: '能源',
    schema: z.enum(commodities),
    values: commodities,
    example: 'electricity',
  },
  class: {
    en: 'Class',
    zh: '类别',
    schema: z.enum(pointClasses),
    values: pointClasses,
    example: 'business',
  },
  role: { en: 'Role', zh: '角色', schema: z.enum(pointRoles), values: pointRoles, example: 'unit' },
  overloadKw: {
    en: 'Overload (kW)',
    zh: '过载功率 (kW)',
    schema: register.pipe(z.number().int().min(1).max(1_000_000_000)),
    example: '20',
  },
  gateway: { en: 'Gateway', zh: '网关', schema: textSchema, example: 'GW-A' },
  bus: { en: 'Bus', zh: '总线', schema: textSchema, example: 'bus 1' },
  framing: {
    en: 'Framing',
    zh: '协议',
    schema: z.enum(framings),
    values: framings,
    example: 'tcp',
  },
  host: { en: 'Host', zh: '主机', schema: hostSchema, example: '192.168.1.50' },
  port: {
    en: 'Port',
    zh: '端口',
    schema: whole(z.number().int().min(1).max(65_535)),
    example: '502',
  },
  baud: {
    en: 'Baud',
    zh: '波特率',
    schema: whole(z.union(baudRates.map((rate) => z.literal(rate)))),
    values: baudRates.map(String),
    example: '9600',
  },
  address: { en: 'Address', zh: '地址', schema: whole(unitSchema), example: '1' },
  model: { en: 'Model', zh: '型号', schema: modelSchema, values: modelNames, example: 'DTSY1352' },
  serial: { en: 'Serial', zh: '表号', schema: serialSchema, example: '202611240001' },
  pollSeconds: {
    en: 'Seconds between readings',
    zh: '采集间隔 (秒)',
    schema: whole(pollSecondsSchema),
    example: '60',
  },
  ct: { en: 'CT', zh: 'CT 变比', schema: ratio, example: '1' },
  pt: { en: 'PT', zh: 'PT 变比', schema: ratio, example: '1' },
  firstRegister: {
    en: 'First register (kWh or m³)',
    zh: '起始表底 (kWh 或 m³)',
    schema: register,
    example: '1234.56',
  },
  installedAt: { en: 'Installed at', zh: '安装时间', schema: when, example: '2026-11-24 08:30' },
} as const satisfies Record<
  string,
  { en: string; zh: string; schema: z.ZodType; values?: readonly string[]; example: string }
>;

export type ImportColumn = keyof typeof importColumns;
export const importColumnNames = Object.keys(importColumns) as ImportColumn[]; // Of a closed object.

/** What a row says, column by column; a cell that is empty says nothing. */
export type ImportValues = {
  [Column in ImportColumn]?: z.output<(typeof importColumns)[Column]['schema']>;
};

/** What is wrong with a cell, or with the row for want of it. */
export interface CellFault {
  column: ImportColumn;
  /** A page has words for each. */
  code:
    | 'needed'
    | 'not-valid'
    | 'taken'
    | 'differs'
    | 'retired'
    | 'other-building'
    | 'full'
    | 'overloaded'
    | 'commodity';
  message: string;
  /** What stands there instead, or the rule. */
  parameters: { value: string; other: string };
}

/** The values of a row's cells, or what is wrong with them. */
export function readCells(cells: Partial<Record<ImportColumn, string>>): {
  values: ImportValues;
  faults: CellFault[];
} {
  const values: Record<string, unknown> = {};
  const faults: CellFault[] = [];
  for (const column of importColumnNames) {
    const text = cells[column]?.trim() ?? '';
    if (text === '') continue;
    const parsed = importColumns[column].schema.safeParse(text);
    if (parsed.success) values[column] = parsed.data;
    else {
      const other = parsed.error.issues[0]?.message ?? 'not valid';
      const value = text.slice(0, SHOWN_MAX);
      const message = `${importColumns[column].en} “${value}”: ${other}`;
      faults.push({ column, code: 'not-valid', message, parameters: { value, other } });
    }
  }
  return { values: values as ImportValues, faults }; // Each is what its column's schema made of it.
}

/** Characters of a wrong cell that are shown again. */
const SHOWN_MAX = 60;
