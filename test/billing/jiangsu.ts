/** Tariffs for tests. Jiangsu, industry and commerce, from 2025-06-01 (bands C2, prices of the example). */
const hot = [
  { from: '14:00', to: '22:00', rank: 2 },
  { from: '06:00', to: '11:00', rank: 3 },
  { from: '13:00', to: '14:00', rank: 3 },
  { from: '22:00', to: '24:00', rank: 3 },
  { from: '00:00', to: '06:00', rank: 4 },
  { from: '11:00', to: '13:00', rank: 4 },
];
const mild = [
  { from: '15:00', to: '22:00', rank: 2 },
  { from: '06:00', to: '10:00', rank: 3 },
  { from: '14:00', to: '15:00', rank: 3 },
  { from: '22:00', to: '02:00', rank: 3 },
  { from: '02:00', to: '06:00', rank: 4 },
  { from: '10:00', to: '14:00', rank: 4 },
];
const season = (name: string, from: string, to: string, bands: typeof hot) => ({
  name,
  from,
  to,
  days: [{ type: 'everyday', bands }],
});

export const jiangsu = {
  components: [
    {
      kind: 'usage',
      code: 'energy',
      name: 'Energy',
      nameZh: '电费',
      taxCode: 'VAT',
      taxRate: '0.13',
      taxIncluded: true,
      prices: { '2': '0.9566', '3': '0.6400', '4': '0.3828' },
    },
    {
      kind: 'usage',
      code: 'service-fee',
      name: 'Service fee',
      taxCode: 'VAT',
      taxRate: '0.06',
      taxIncluded: false,
      price: '0.03125',
    },
    {
      kind: 'usage',
      code: 'levy',
      name: 'Levy',
      treatment: 'on-behalf',
      price: '0.0235',
    },
  ],
  calendar: {
    seasons: [
      season('summer', '06-01', '08-31', hot),
      season('autumn', '09-01', '11-30', mild),
      season('winter', '12-01', '02-29', hot),
      season('spring', '03-01', '05-31', mild),
    ],
  },
};

/** One price at all hours. */
export const flat = (price: string) => ({
  components: [{ kind: 'usage', code: 'energy', name: 'Energy', price }],
});
