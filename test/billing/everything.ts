/** A tariff with everything at once: steps over all points of an account, demand, fee, free quantity, minimum. */
import type { Spec } from './recomputation.ts';

const halves = {
  seasons: [
    {
      name: 'year',
      from: '01-01',
      to: '12-31',
      days: [
        {
          type: 'everyday',
          bands: [
            { from: '08:00', to: '21:00', rank: 2 },
            { from: '21:00', to: '08:00', rank: 4 },
          ],
        },
      ],
    },
  ],
};

/** Steps cumulate in the month, over all points of the account. */
export const everything = {
  components: [
    {
      ...{ kind: 'usage', code: 'energy', name: 'Energy' },
      ...{ prices: { '2': '0.5583', '4': '0.3583' }, stepAdders: ['0', '0.05', '0.3'] },
    },
    {
      kind: 'usage',
      code: 'service',
      name: 'Service',
      price: '0.031',
      taxRate: '0.06',
      taxIncluded: false,
    },
    { kind: 'demand', code: 'demand', name: 'Demand', price: '38.5' },
    { kind: 'fixed', code: 'fee', name: 'Fee', per: 'month', amount: '30', scope: 'account' },
    {
      kind: 'allowance',
      code: 'free',
      name: 'Free',
      quantity: 20_000,
      price: '0.3583',
      proRata: 'none',
    },
    { kind: 'minimum', code: 'least', name: 'Minimum', amount: '400', scope: 'account' },
  ],
  calendar: halves,
  steps: {
    period: 'month',
    scope: 'account',
    limits: [60_000, 110_000],
    proRata: 'none',
    order: 'tou-then-steps',
  },
};

/** The same in a tester's own words, for a whole month. */
export const everythingSpec: Spec = {
  usage: [
    {
      code: 'energy',
      priceAt: ({ hour }, step) => {
        const day = hour >= 8 && hour < 21;
        const cents = (day ? 5583 : 3583) + (step <= 1 ? 0 : step === 2 ? 500 : 3000);
        return [day ? '2' : '4', `0.${String(cents).padStart(4, '0')}`];
      },
    },
    { code: 'service', taxRate: '0.06', taxIncluded: false, priceAt: () => ['0', '0.031'] },
  ],
  steps: { limits: [60_000, 110_000], joint: true, from: (day) => day.slice(0, 7) },
  demand: { code: 'demand', price: '38.5' },
  fee: { code: 'fee', amount: '30', joint: true },
  free: { code: 'free', wh: 20_000, price: '0.3583' },
  minimum: { code: 'least', amount: '400' },
};

/** With limits that a few days reach. */
export const lowSteps = (limits: number[]) => ({
  definition: { ...everything, steps: { ...everything.steps, limits } },
  spec: {
    ...everythingSpec,
    steps: { limits, joint: true, from: (day: string) => day.slice(0, 7) },
  } satisfies Spec,
});
