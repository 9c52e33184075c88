/** Tariffs of other countries as examples to start from: hours as published, prices to be replaced. */
import type { TariffExample } from './example.ts';
import { type Band, energy, season } from './parts.ts';

const evening = (from: string, to: string): Band[] => [
  [from, to, 2],
  [to, from, 4],
];
const always: Band[] = [['00:00', '24:00', 4]];
const california = {
  commodity: 'electricity',
  zone: 'America/Los_Angeles',
  currency: 'USD',
  asOf: '2026-11-23',
  areExamplePrices: true,
} as const;
const noDays = { weekend: [6, 7], holidays: [], workdays: [] };

/** With a credit for what lies below the baseline, as a first step that is cheaper. */
export const etouC: TariffExample = {
  ...{ ...california, code: 'pge-e-tou-c' },
  name: 'PG&E E-TOU-C',
  nameZh: '加州 PG&E E-TOU-C',
  source: 'Hours: PG&E, peak 4–9 pm every day. Prices and baseline are examples',
  sourceZh: '时段：PG&E，每天 16–21 时为峰；电价与基线为示例',
  definition: {
    components: [energy({ '2': '0.61', '4': '0.51' }, { stepAdders: ['-0.1', '0'] })],
    calendar: {
      ...noDays,
      seasons: [
        season(['Year', '全年'], ['01-01', '12-31'], { everyday: evening('16:00', '21:00') }),
      ],
    },
    steps: {
      ...{ period: 'month', scope: 'point', limits: [300_000] },
      ...{ proRata: 'none', order: 'tou-then-steps' },
    },
  },
};

export const etouD: TariffExample = {
  ...{ ...california, code: 'pge-e-tou-d' },
  name: 'PG&E E-TOU-D',
  nameZh: '加州 PG&E E-TOU-D',
  source: 'Hours: PG&E, peak 5–8 pm on weekdays that are no holidays. Prices are examples',
  sourceZh: '时段：PG&E，非节假日工作日 17–20 时为峰；电价为示例',
  definition: {
    components: [energy({ '2': '0.58', '4': '0.43' })],
    calendar: {
      ...noDays,
      seasons: [
        season(['Year', '全年'], ['01-01', '12-31'], {
          weekday: evening('17:00', '20:00'),
          weekend: always,
        }),
      ],
    },
  },
};

/** With demand, as the power of the contract would be, a fee by the month, and VAT on top. */
export const spain: TariffExample = {
  ...{ code: 'spain-20td', commodity: 'electricity', zone: 'Europe/Madrid', currency: 'EUR' },
  name: 'Spain 2.0TD',
  nameZh: '西班牙 2.0TD',
  source: 'Hours P1, P2, P3 of the access tariff 2.0TD. Prices are examples',
  sourceZh: '时段：2.0TD 的 P1、P2、P3；电价为示例',
  asOf: '2026-11-23',
  areExamplePrices: true,
  definition: {
    components: [
      energy(
        { '2': '0.18', '3': '0.12', '4': '0.08' },
        { taxCode: 'IVA', taxRate: '0.21', taxIncluded: false },
      ),
      { kind: 'demand', code: 'power', name: 'Power', nameZh: '功率费', price: '2.4' },
      {
        ...{ kind: 'fixed', code: 'rent', name: 'Meter', nameZh: '表计租金', per: 'month' },
        ...{ amount: '0.81', scope: 'point' },
      },
    ],
    labels: {
      '2': { name: 'P1', nameZh: 'P1' },
      '3': { name: 'P2', nameZh: 'P2' },
      '4': { name: 'P3', nameZh: 'P3' },
    },
    calendar: {
      ...noDays,
      seasons: [
        season(['Year', '全年'], ['01-01', '12-31'], {
          weekday: [
            ['00:00', '08:00', 4],
            ['08:00', '10:00', 3],
            ['10:00', '14:00', 2],
            ['14:00', '18:00', 3],
            ['18:00', '22:00', 2],
            ['22:00', '24:00', 3],
          ],
          weekend: always,
        }),
      ],
    },
  },
};

/** Its hours keep to standard time: 01 to 08 by the clock on the wall in summer. */
export const economy7: TariffExample = {
  ...{ code: 'economy-7', commodity: 'electricity', zone: 'Europe/London', currency: 'GBP' },
  name: 'UK Economy 7, in standard time',
  nameZh: '英国 Economy 7（标准时）',
  source: 'Hours of one supplier: 00–07 GMT all year. Prices are examples',
  sourceZh: '一家供电商的时段：全年 00–07 GMT；电价为示例',
  asOf: '2026-11-23',
  areExamplePrices: true,
  definition: {
    components: [energy({ '2': '0.30', '4': '0.15' }, { taxCode: 'VAT', taxRate: '0.05' })],
    calendar: {
      ...{ ...noDays, clock: 'standard' },
      seasons: [
        season(['Year', '全年'], ['01-01', '12-31'], {
          everyday: [
            ['00:00', '07:00', 4],
            ['07:00', '24:00', 2],
          ],
        }),
      ],
    },
  },
};
