/**
 * The demo's tariffs. Electricity follows the bands of Jiangsu, industry and commerce, from June
 * 2025 (notice JS426), with its sharp peak in the hottest and coldest months; prices are of the size
 * of a two-part tariff at 1–10 kV. Small tenants may take the hours of spring and autumn all year, as the notice allows
 * below 100 kVA: a meter can hold these. Water has one price, and sewage collected for the utility.
 */

const SPIKE = 1;
const PEAK = 2;
const FLAT = 3;
const VALLEY = 4;

const bands = (text: string) =>
  text.split(', ').map((band) => {
    const [from = '', to = '', rank] = band.split(' ');
    return { from, to, rank: Number(rank) };
  });

const night = `00:00 06:00 ${VALLEY}, 06:00 11:00 ${FLAT}, 11:00 13:00 ${VALLEY}, 13:00 14:00 ${FLAT}`;
const late = `22:00 24:00 ${FLAT}`;
const hot = bands(`${night}, 14:00 22:00 ${PEAK}, ${late}`);
const hottest = bands(
  `${night}, 14:00 15:00 ${SPIKE}, 15:00 19:30 ${PEAK}, 19:30 21:30 ${SPIKE}, 21:30 22:00 ${PEAK}, ${late}`,
);
const coldest = bands(
  `${night}, 14:00 18:00 ${PEAK}, 18:00 20:00 ${SPIKE}, 20:00 22:00 ${PEAK}, ${late}`,
);
// Between the hot and the cold, noon is cheap because of the sun, and flat goes over midnight.
const mild = bands(
  `02:00 06:00 ${VALLEY}, 06:00 10:00 ${FLAT}, 10:00 14:00 ${VALLEY}, 14:00 15:00 ${FLAT}, 15:00 22:00 ${PEAK}, 22:00 02:00 ${FLAT}`,
);

const season = (
  [name, nameZh]: readonly [string, string],
  [from, to]: readonly [string, string],
  day: ReturnType<typeof bands>,
) => ({ name, nameZh, from, to, days: [{ type: 'everyday', bands: day }] });

const electricComponents = (prices: Readonly<Record<number, string>>) => [
  {
    kind: 'usage',
    code: 'energy',
    name: 'Energy',
    nameZh: '电费',
    treatment: 'revenue',
    taxCode: 'VAT-13',
    taxRate: '0.13',
    taxIncluded: true,
    prices,
  },
  {
    kind: 'usage',
    code: 'service-fee',
    name: 'Service fee',
    nameZh: '服务费',
    treatment: 'revenue',
    taxCode: 'VAT-6',
    taxRate: '0.06',
    taxIncluded: true,
    price: '0.0300',
  },
];

const prices = { [PEAK]: '0.9566', [FLAT]: '0.6400', [VALLEY]: '0.3828' };
const labels = {
  [PEAK]: { name: 'Peak', nameZh: '高峰' },
  [FLAT]: { name: 'Flat', nameZh: '平段' },
  [VALLEY]: { name: 'Valley', nameZh: '低谷' },
};

/** Of those whose meters hold their money. */
export const smallElectricity = {
  tariff: {
    name: 'Small business, one table all year',
    nameZh: '小型工商业分时电价（全年同一时段）',
    commodity: 'electricity',
  },
  definition: {
    components: electricComponents(prices),
    calendar: { seasons: [season(['Year', '全年'], ['01-01', '12-31'], mild)] },
    labels,
  },
};

export const electricity = {
  tariff: {
    name: 'Industry and commerce, time of use',
    nameZh: '工商业分时电价',
    commodity: 'electricity',
  },
  definition: {
    components: electricComponents({ [SPIKE]: '1.1479', ...prices }),
    calendar: {
      seasons: [
        season(['June', '六月'], ['06-01', '06-30'], hot),
        season(['High summer', '盛夏'], ['07-01', '08-31'], hottest),
        season(['Autumn', '秋季'], ['09-01', '11-30'], mild),
        season(['Midwinter', '隆冬'], ['12-01', '01-31'], coldest),
        season(['February', '二月'], ['02-01', '02-29'], hot),
        season(['Spring', '春季'], ['03-01', '05-31'], mild),
      ],
    },
    labels: { [SPIKE]: { name: 'Sharp peak', nameZh: '尖峰' }, ...labels },
  },
};

export const water = {
  tariff: { name: 'Water, business', nameZh: '非居民水价', commodity: 'water' },
  definition: {
    components: [
      {
        kind: 'usage',
        code: 'water',
        name: 'Water',
        nameZh: '水费',
        treatment: 'revenue',
        taxCode: 'VAT-3',
        taxRate: '0.03',
        taxIncluded: true,
        price: '3.2200',
      },
      {
        kind: 'usage',
        code: 'sewage',
        name: 'Sewage',
        nameZh: '污水处理费',
        treatment: 'on-behalf',
        price: '1.4200',
      },
    ],
  },
};

/**
 * What a day of a meter costs, in yuan, to size sales by: the mean of each load's own hours under the
 * autumn bands, plus the service fee. Rough on purpose; nothing is billed by it.
 */
export function dayCost(meter: {
  profile: string;
  expectedDayWh: number | null;
  expectedDayL: number | null;
}): number {
  const perKwh = MEAN_PRICE[meter.profile] ?? 0.68;
  return ((meter.expectedDayWh ?? 0) * perKwh + (meter.expectedDayL ?? 0) * 4.64) / 1000;
}

const MEAN_PRICE: Readonly<Record<string, number>> = {
  'day-shift': 0.67,
  'two-shift': 0.73,
  continuous: 0.68,
  office: 0.69,
  compressor: 0.7,
};
