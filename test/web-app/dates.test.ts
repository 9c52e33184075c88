/** Days and times in the project's zone; the browser's own zone plays no part. */
import i18next from 'i18next';
import { beforeAll, describe, expect, test } from 'vitest';
import { dayStart } from '../../sql/local-day.ts';
import * as dates from '../../web/app/dates.ts';
import { en } from '../../web/app/language/en.ts';
import { zh } from '../../web/app/language/zh.ts';

const NOW = new Date('2026-11-24T06:32:04Z');
const SHANGHAI = 'Asia/Shanghai';

beforeAll(() =>
  i18next.init({
    lng: 'en',
    resources: { en: { translation: en }, zh: { translation: zh } },
    interpolation: { escapeValue: false },
  }),
);

describe('dates per language', () => {
  test('English and Chinese as the design says', () => {
    expect([
      dates.day('en', '2026-11-24'),
      dates.day('zh', '2026-11-24'),
      dates.longDay('en', '2026-11-24'),
      dates.longDay('zh', '2026-11-24'),
      dates.moment('en', SHANGHAI, NOW, NOW),
      dates.moment('zh', SHANGHAI, NOW, NOW),
      dates.time(SHANGHAI, NOW, true),
      dates.range('en', '2026-11-01', '2026-11-25'),
      dates.range('zh', '2026-11-01', '2026-11-25'),
      dates.range('en', '2025-12-30', '2026-01-02'),
      dates.range('en', '2026-11-24', '2026-11-25'),
    ]).toEqual([
      '24 Nov 2026',
      '2026-11-24',
      'Tuesday 24 Nov 2026',
      '2026-11-24 星期二',
      '24 Nov, 14:32',
      '11-24 14:32',
      '14:32:04',
      '1 to 24 Nov 2026',
      '2026-11-01 至 11-24',
      '30 Dec 2025 to 1 Jan 2026',
      '24 Nov 2026',
    ]);
  });

  test.each([
    [4, '4 s', '4 秒'],
    [720, '12 min', '12 分钟'],
    [11_400, '3 h 10 min', '3 小时 10 分'],
    [187_200, '2 d 4 h', '2 天 4 小时'],
    [-3, '0 s', '0 秒'],
  ])('%s seconds are %s, %s', (seconds, english, chinese) => {
    expect(dates.span(i18next.getFixedT('en'), seconds)).toBe(english);
    expect(dates.span(i18next.getFixedT('zh'), seconds)).toBe(chinese);
  });
});

describe('local days', () => {
  test.each(['Asia/Shanghai', 'Europe/Berlin', 'America/Sao_Paulo', 'Asia/Kathmandu', 'UTC'])(
    'a day in %s begins where the kernel says, over every change of the clock',
    (zone) => {
      for (let day = '2026-01-01'; day < '2027-01-01'; day = dates.addDays(day, 1)) {
        expect([day, dates.dayStart(zone, day)]).toEqual([day, dayStart(zone, day)]);
      }
    },
  );

  test('a midnight that does not exist begins the day an hour later', () => {
    expect(dates.dayStart('America/Sao_Paulo', '2018-11-04')).toBe(
      dayStart('America/Sao_Paulo', '2018-11-04'),
    );
  });

  test('the day belongs to the zone, not to UTC', () => {
    expect(dates.localDay(SHANGHAI, new Date('2026-11-23T16:00:00Z'))).toBe('2026-11-24');
    expect(dates.localDay(SHANGHAI, new Date('2026-11-23T15:59:59Z'))).toBe('2026-11-23');
  });

  test('months roll over years and never skip a short one', () => {
    expect(dates.addMonths('2026-01-31', 1)).toBe('2026-02-01');
    expect(dates.addMonths('2026-01-15', -1)).toBe('2025-12-01');
  });
});

test('Chinese says everything that English says', () => {
  const keys = (tree: object, path = ''): string[] =>
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string' ? [`${path}${key}`] : keys(value, `${path}${key}.`),
    );
  expect(keys(zh).sort()).toEqual(keys(en).sort());
});
