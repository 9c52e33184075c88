/**
 * The tariffs that the app offers as examples, each beside the same tariff in a tester's own words (`spec`), which
 * the recomputation reads. Hours and ratios are published ones; prices that no source gives are examples.
 */
import * as china from '../../web/app/pages/tariffs/examples/china.ts';
import type { TariffExample } from '../../web/app/pages/tariffs/examples/example.ts';
import * as world from '../../web/app/pages/tariffs/examples/world.ts';
import type { Clock, Spec } from './recomputation.ts';

const within = (hour: number, ...ranges: [number, number][]): boolean =>
  ranges.some(([from, to]) => from <= hour && hour < to);

export interface Fixture {
  name: string;
  zone: string;
  currency: string;
  definition: unknown;
  spec: Spec;
  /** Months over which it is recomputed, those in which the clock changes among them. */
  months: string[];
  /** Days of its list of event days. */
  hot?: string[];
}

/** An example of the app with days of holidays, which it is offered without. */
function withHolidays({ definition }: TariffExample, holidays: string[]) {
  const { calendar } = definition;
  if (!calendar) throw new Error('the example has no calendar');
  return { ...definition, calendar: { ...calendar, holidays } };
}

const chineseHolidays = ['2026-01-01', '2026-02-17', '2026-07-01', '2026-10-01', '2026-10-02'];

export const jiangsuSharp: Fixture = {
  name: 'Jiangsu with sharp peak',
  zone: 'Asia/Shanghai',
  currency: 'CNY',
  definition: withHolidays(china.jiangsuSharp, chineseHolidays),
  spec: {
    usage: [
      {
        code: 'energy',
        taxRate: '0.13',
        priceAt: ({ day, month, hour }) => {
          const isHot = [12, 1, 2, 6, 7, 8].includes(month);
          if (chineseHolidays.includes(day) && within(hour, [10, 14])) return ['5', '0.30624'];
          if ([7, 8].includes(month) && within(hour, [14, 15], [19.5, 21.5]))
            return ['1', '1.14792'];
          if ([12, 1].includes(month) && within(hour, [18, 20])) return ['1', '1.14792'];
          if (within(hour, [isHot ? 14 : 15, 22])) return ['2', '0.9566'];
          const valley: [number, number][] = isHot
            ? [
                [0, 6],
                [11, 13],
              ]
            : [
                [2, 6],
                [10, 14],
              ];
          return within(hour, ...valley) ? ['4', '0.3828'] : ['3', '0.64'];
        },
      },
    ],
  },
  months: ['2026-07', '2026-10'],
};

const hotDays = ['2026-06-20', '2026-06-21'];

export const guangdong: Fixture = {
  name: 'Guangdong, four tariffs',
  zone: 'Asia/Shanghai',
  currency: 'CNY',
  hot: hotDays,
  definition: china.guangdong.definition,
  spec: {
    usage: [
      {
        code: 'energy',
        priceAt: ({ day, month, hour }) => {
          if (hour < 8) return ['4', '0.2635'];
          const spikes = [7, 8, 9].includes(month) || hotDays.includes(day);
          if (within(hour, [11, 12], [15, 17])) return spikes ? ['1', '1.3465'] : ['2', '1.0827'];
          return within(hour, [10, 11], [14, 15], [17, 19]) ? ['2', '1.0827'] : ['3', '0.6483'];
        },
      },
    ],
  },
  months: ['2026-06', '2026-09'],
};

/** With a credit for what lies below the baseline, as a first step that is cheaper. */
export const etouC: Fixture = {
  name: 'PG&E E-TOU-C',
  zone: 'America/Los_Angeles',
  currency: 'USD',
  definition: world.etouC.definition,
  spec: {
    steps: { limits: [300_000], joint: false, from: (day) => day.slice(0, 7) },
    usage: [
      {
        code: 'energy',
        priceAt: ({ hour }, step) => {
          if (within(hour, [16, 21])) return ['2', step === 1 ? '0.51' : '0.61'];
          return ['4', step === 1 ? '0.41' : '0.51'];
        },
      },
    ],
  },
  months: ['2026-03', '2026-11'],
};

const americanHolidays = [
  '2026-01-01',
  '2026-02-16',
  '2026-05-25',
  '2026-07-03',
  '2026-11-11',
  '2026-11-26',
];

export const etouD: Fixture = {
  name: 'PG&E E-TOU-D',
  zone: 'America/Los_Angeles',
  currency: 'USD',
  definition: withHolidays(world.etouD, americanHolidays),
  spec: {
    usage: [
      {
        code: 'energy',
        priceAt: ({ day, weekday, hour }) =>
          weekday <= 5 && !americanHolidays.includes(day) && within(hour, [17, 20])
            ? ['2', '0.58']
            : ['4', '0.43'],
      },
    ],
  },
  months: ['2026-03', '2026-11'],
};

const spanishHolidays = ['2026-01-01', '2026-01-06', '2026-04-03', '2026-05-01', '2026-10-12'];

/** With demand, as the power of the contract would be, a fee by the day, and VAT on top. */
export const spain: Fixture = {
  name: 'Spain 2.0TD',
  zone: 'Europe/Madrid',
  currency: 'EUR',
  definition: withHolidays(world.spain, spanishHolidays),
  spec: {
    usage: [
      {
        ...{ code: 'energy', taxRate: '0.21', taxIncluded: false },
        priceAt: ({ day, weekday, hour }) => {
          if (weekday > 5 || spanishHolidays.includes(day) || hour < 8) return ['4', '0.08'];
          return within(hour, [10, 14], [18, 22]) ? ['2', '0.18'] : ['3', '0.12'];
        },
      },
    ],
    demand: { code: 'power', price: '2.4' },
    fee: { code: 'rent', amount: '0.81', joint: false },
  },
  months: ['2026-03', '2026-10'],
};

export const economy7: Fixture = {
  name: 'UK Economy 7, in standard time',
  zone: 'Europe/London',
  currency: 'GBP',
  definition: world.economy7.definition,
  spec: {
    usage: [
      {
        ...{ code: 'energy', taxRate: '0.05' },
        priceAt: ({ standardHour }: Clock) =>
          within(standardHour, [0, 7]) ? ['4', '0.15'] : ['2', '0.30'],
      },
    ],
  },
  months: ['2026-03', '2026-10'],
};

const yearlySpec = {
  limits: [2_760_000, 4_800_000],
  joint: false,
  from: (day: string) => day.slice(0, 4),
};

/** Jiangsu homes, prices unconfirmed: steps of a year at one price. */
export const yearlySteps: Fixture = {
  name: 'steps of a year',
  zone: 'Asia/Shanghai',
  currency: 'CNY',
  definition: china.yearlySteps.definition,
  spec: {
    steps: yearlySpec,
    usage: [
      {
        code: 'energy',
        priceAt: (_, step) => ['0', ['0.5283', '0.5783', '0.8283'][Math.min(step, 3) - 1] ?? ''],
      },
    ],
  },
  months: ['2026-02'],
};

/** Jiangsu homes that chose peak and valley: the period's price first, then what the step adds. */
export const touThenSteps: Fixture = {
  ...yearlySteps,
  name: 'time of use, then steps',
  definition: china.touThenSteps.definition,
  spec: {
    steps: yearlySpec,
    usage: [
      {
        code: 'energy',
        priceAt: ({ hour }, step) => {
          const more = step === 1 ? 0 : step === 2 ? 500 : 3000;
          const isDay = within(hour, [8, 21]);
          return [isDay ? '2' : '4', `0.${(isDay ? 5583 : 3583) + more}`];
        },
      },
    ],
  },
};

/** The step's price first, then the period's factor. */
export const stepsThenTou: Fixture = {
  ...yearlySteps,
  name: 'steps, then time of use',
  definition: china.stepsThenTou.definition,
  spec: {
    steps: yearlySpec,
    usage: [
      {
        code: 'energy',
        priceAt: ({ hour }, step) => {
          const isDay = within(hour, [8, 21]);
          // 0.5283, 0.5783 and 0.8283 times 1.05 and times 0.675, by hand.
          const prices = isDay
            ? ['0.554715', '0.607215', '0.869715']
            : ['0.3566025', '0.3903525', '0.5591025'];
          return [isDay ? '2' : '4', prices[Math.min(step, 3) - 1] ?? ''];
        },
      },
    ],
  },
};

/** Two tiers of a month, with sewage collected on behalf of the city. */
export const water: Fixture = {
  name: 'water tiers',
  zone: 'Asia/Shanghai',
  currency: 'CNY',
  definition: china.water.definition,
  spec: {
    steps: { limits: [180_000], joint: false, from: (day) => day.slice(0, 7) },
    usage: [
      {
        code: 'water',
        taxRate: '0.03',
        priceAt: (_, step) => ['0', step === 1 ? '2.33' : '3.495'],
      },
      { code: 'sewage', priceAt: () => ['0', '0.95'] },
    ],
  },
  months: ['2026-05'],
};

export const fixtures = [
  ...[jiangsuSharp, guangdong, etouC, etouD, spain, economy7],
  ...[yearlySteps, touThenSteps, stepsThenTou, water],
];
