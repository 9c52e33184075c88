/** Tariffs of China as examples to start from: hours as published; where prices come from is said with each. */
import type { TariffExample } from './example.ts';
import { type Band, energy, season } from './parts.ts';

const zones = { zone: 'Asia/Shanghai', currency: 'CNY' };

const hot: Band[] = [
  ['06:00', '11:00', 3],
  ['11:00', '13:00', 4],
  ['13:00', '14:00', 3],
  ['22:00', '24:00', 3],
  ['00:00', '06:00', 4],
];
const hotHoliday: Band[] = [
  ['06:00', '10:00', 3],
  ['10:00', '14:00', 5],
  ['22:00', '24:00', 3],
  ['00:00', '06:00', 4],
];
const peak: Band[] = [['14:00', '22:00', 2]];
const summerPeak: Band[] = [
  ['14:00', '15:00', 1],
  ['15:00', '19:30', 2],
  ['19:30', '21:30', 1],
  ['21:30', '22:00', 2],
];
const winterPeak: Band[] = [
  ['14:00', '18:00', 2],
  ['18:00', '20:00', 1],
  ['20:00', '22:00', 2],
];
const mild: Band[] = [
  ['15:00', '22:00', 2],
  ['06:00', '10:00', 3],
  ['14:00', '15:00', 3],
  ['22:00', '02:00', 3],
  ['02:00', '06:00', 4],
  ['10:00', '14:00', 4],
];
const mildHoliday = mild.map(([from, to, rank]): Band => [from, to, from === '10:00' ? 5 : rank]);
const hotDays = (peaks: Band[]) => ({
  everyday: [...hot, ...peaks],
  holiday: [...hotHoliday, ...peaks],
});
const mildDays = { everyday: mild, holiday: mildHoliday };

/** Industry of 315 kVA and more: sharp peak ×1.2 of peak, deep valley ×0.8 of valley on holidays. */
export const jiangsuSharp: TariffExample = {
  ...{ code: 'jiangsu-sharp', commodity: 'electricity', ...zones },
  name: 'Jiangsu, industry from 315 kVA, with sharp peak',
  nameZh: '江苏工业 315 千伏安及以上（尖峰）',
  source:
    'Hours: order 苏发改价格发〔2025〕426号, from 1 June 2025. Prices: two-part, 1–10 kV, October 2026',
  sourceZh:
    '时段：苏发改价格发〔2025〕426号（2025-06-01 起）；电价：两部制 1–10 千伏，2026 年 10 月',
  asOf: '2026-10-01',
  areExamplePrices: false,
  definition: {
    components: [
      energy(
        { '1': '1.14792', '2': '0.9566', '3': '0.6400', '4': '0.3828', '5': '0.30624' },
        { taxCode: 'VAT', taxRate: '0.13' },
      ),
    ],
    calendar: {
      ...{ weekend: [6, 7], holidays: [], workdays: [] },
      seasons: [
        season(['Deep winter', '深冬'], ['12-01', '01-31'], hotDays(winterPeak)),
        season(['Winter', '冬季'], ['02-01', '02-29'], hotDays(peak)),
        season(['Spring', '春季'], ['03-01', '05-31'], mildDays),
        season(['Summer', '夏季'], ['06-01', '06-30'], hotDays(peak)),
        season(['High summer', '盛夏'], ['07-01', '08-31'], hotDays(summerPeak)),
        season(['Autumn', '秋季'], ['09-01', '11-30'], mildDays),
      ],
    },
  },
};

const shantou = (spike: number): Band[] => [
  ['00:00', '08:00', 4],
  ['08:00', '10:00', 3],
  ['10:00', '11:00', 2],
  ['11:00', '12:00', spike],
  ['12:00', '14:00', 3],
  ['14:00', '15:00', 2],
  ['15:00', '17:00', spike],
  ['17:00', '19:00', 2],
  ['19:00', '24:00', 3],
];

/** The spike holds from July to September, and on the days of the list `hot`. */
export const guangdong: TariffExample = {
  ...{ code: 'guangdong-four', commodity: 'electricity', ...zones },
  name: 'Guangdong (Shantou), four periods and hot days',
  nameZh: '广东（汕头）四时段与高温日',
  source: 'Hours and prices of Shantou, September 2026',
  sourceZh: '汕头 2026 年 9 月的时段与电价',
  asOf: '2026-09-01',
  areExamplePrices: false,
  definition: {
    components: [energy({ '1': '1.3465', '2': '1.0827', '3': '0.6483', '4': '0.2635' })],
    calendar: {
      ...{ weekend: [6, 7], holidays: [], workdays: [], eventDays: 'hot' },
      seasons: [
        season(['Summer', '夏季'], ['07-01', '09-30'], { everyday: shantou(1) }),
        season(['Other months', '其他月份'], ['10-01', '06-30'], {
          everyday: shantou(2),
          event: shantou(1),
        }),
      ],
    },
  },
};

const yearly = { period: 'year', scope: 'point', proRata: 'none' } as const;
const yearlyLimits = [2_760_000, 4_800_000];
const homes = {
  ...zones,
  commodity: 'electricity',
  asOf: '2026-11-23',
  areExamplePrices: true,
  source: 'Steps as usual for homes in Jiangsu; prices not confirmed by a published order',
  sourceZh: '江苏居民的通常阶梯；电价未经公布文件核实',
} as const;
const dayAndNight = {
  ...{ weekend: [6, 7], holidays: [], workdays: [] },
  seasons: [
    season(['Year', '全年'], ['01-01', '12-31'], {
      everyday: [
        ['08:00', '21:00', 2],
        ['21:00', '08:00', 4],
      ],
    }),
  ],
};

export const yearlySteps: TariffExample = {
  ...{ ...homes, code: 'yearly-steps' },
  name: 'Homes: three steps a year',
  nameZh: '居民：年阶梯三档',
  definition: {
    components: [energy(null, { stepPrices: ['0.5283', '0.5783', '0.8283'] })],
    steps: { ...yearly, limits: yearlyLimits, order: 'steps-then-tou' },
  },
};

/** The period's price first, then what the step adds. */
export const touThenSteps: TariffExample = {
  ...{ ...homes, code: 'tou-then-steps' },
  name: 'Homes: day and night, then steps',
  nameZh: '居民：先峰谷后阶梯',
  definition: {
    components: [energy({ '2': '0.5583', '4': '0.3583' }, { stepAdders: ['0', '0.05', '0.3'] })],
    calendar: dayAndNight,
    steps: { ...yearly, limits: yearlyLimits, order: 'tou-then-steps' },
  },
};

/** The step's price first, then the period's factor. */
export const stepsThenTou: TariffExample = {
  ...{ ...homes, code: 'steps-then-tou' },
  name: 'Homes: steps, then a factor by day and night',
  nameZh: '居民：先阶梯后峰谷系数',
  definition: {
    components: [
      energy(null, {
        stepPrices: ['0.5283', '0.5783', '0.8283'],
        periodFactors: { '2': '1.05', '4': '0.675' },
      }),
    ],
    calendar: dayAndNight,
    steps: { ...yearly, limits: yearlyLimits, order: 'steps-then-tou' },
  },
};

/** Two tiers of a month, with sewage collected on behalf of the city. */
export const water: TariffExample = {
  ...{ code: 'water-tiers', commodity: 'water', ...zones },
  name: 'Water: two tiers a month, with sewage',
  nameZh: '水：月阶梯两档，代收污水处理费',
  source: 'Prices are examples',
  sourceZh: '价格为示例',
  asOf: '2026-11-23',
  areExamplePrices: true,
  definition: {
    components: [
      {
        ...{ kind: 'usage', code: 'water', name: 'Water', nameZh: '水费' },
        ...{ taxCode: 'VAT', taxRate: '0.03', stepPrices: ['2.33', '3.495'] },
      },
      {
        ...{ kind: 'usage', code: 'sewage', name: 'Sewage', nameZh: '污水处理费' },
        ...{ treatment: 'on-behalf', price: '0.95' },
      },
    ],
    steps: {
      ...{ period: 'month', scope: 'point', limits: [180_000], proRata: 'months' },
      order: 'tou-then-steps',
    },
  },
};
