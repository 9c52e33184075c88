/** The commissioning sheet of the simulated park, as far as the demo enters it. */
import { z } from 'zod';

const meterShape = z.object({
  serial: z.string(),
  model: z.string(),
  bus: z.string(),
  unit: z.number(),
  role: z.enum(['tenant', 'building-main', 'park-main', 'water']),
  commodity: z.enum(['electricity', 'water']),
  building: z.string().nullable(),
  floor: z.number().nullable(),
  label: z.string(),
  name: z.string(),
  nameZh: z.string(),
  parent: z.string().nullable(),
  profile: z.string(),
  ct: z.number(),
  pt: z.number(),
  basis: z.enum(['primary', 'secondary']),
  registerSpan: z.number(),
  firstRegister: z.number(),
  ratedW: z.number().nullable(),
  overloadW: z.number().nullable(),
  expectedDayWh: z.number().nullable(),
  expectedDayL: z.number().nullable(),
});
export type SheetMeter = z.output<typeof meterShape>;

const named = { code: z.string(), name: z.string(), nameZh: z.string() };
export const sheetShape = z.object({
  version: z.literal(1),
  zone: z.string(),
  currency: z.string(),
  startedAt: z.string(),
  group: z.object({ name: z.string(), nameZh: z.string() }),
  project: z.object({ name: z.string(), nameZh: z.string() }),
  buildings: z.array(
    z.object({ ...named, floors: z.array(z.object({ level: z.number(), name: z.string() })) }),
  ),
  gateways: z.array(
    z.object({
      ...named,
      building: z.string(),
      buses: z.array(
        z.object({
          ...named,
          framing: z.string(),
          host: z.string(),
          port: z.number(),
          timeoutMs: z.number(),
        }),
      ),
    }),
  ),
  meters: z.array(meterShape),
  history: z.object({ from: z.string(), minuteFrom: z.string() }),
});
export type Sheet = z.output<typeof sheetShape>;
