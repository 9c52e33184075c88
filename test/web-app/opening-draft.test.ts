/** An opening as it is typed: what is sent of it, what is wrong with it, and back again. */
import { expect, test } from 'vitest';
import {
  contentOf,
  draftOf,
  emptyDraft,
  type OpeningDraft,
  wrongIn,
} from '../../web/app/pages/opening/draft.ts';

const whole: OpeningDraft = {
  ...emptyDraft,
  ...{ name: ' Xinda ', nameZh: '鑫达', person: 'Wang', phone: '138', alarm1: '500', alarm2: '0' },
  points: [
    { pointId: '1', tariffId: '', overloadKw: '12.5' },
    { pointId: '2', tariffId: '8', overloadKw: '' },
  ],
  ...{ tariffElectricity: '7', contractNumber: 'K-1', contractTo: '2027-01-01' },
  firstSale: { amount: '1,000', channel: 'transfer' },
  notices: [
    { kind: 'sms', address: ' 138 ' },
    { kind: 'email', address: '' },
  ],
};

test('a draft is sent exact: amounts in cents, watts, nothing where nothing was typed', () => {
  expect(contentOf(whole, { currency: 'CNY', today: '2026-11-24' })).toEqual({
    ...{ number: null, name: 'Xinda', nameZh: '鑫达', from: null },
    alarm1: { amount: '500.00', currency: 'CNY' },
    alarm2: { amount: '0.00', currency: 'CNY' },
    person: { name: 'Wang', phone: '138', email: null },
    points: [
      { pointId: '1', tariffId: null, overloadW: 12_500 },
      { pointId: '2', tariffId: '8', overloadW: null },
    ],
    tariffIds: ['7'],
    creditMode: 'platform',
    firstSale: {
      ...{ channel: 'transfer', amount: { amount: '1000.00', currency: 'CNY' }, note: null },
      pointId: null,
    },
    deposit: null,
    contract: {
      ...{ number: 'K-1', from: '2026-11-24', to: '2027-01-01' },
      notices: [{ kind: 'sms', address: '138' }],
    },
  });
});

test.each([
  [null, '1'],
  ['2', '2'],
  ['3', '1'],
  ['', null],
])('in meter mode a first sale goes to the meter of %j: %j', (salePoint, pointId) => {
  const draft = { ...whole, creditMode: 'meter' as const, salePoint };
  const of = { currency: 'CNY', today: '2026-11-24', electric: ['1', '2'] };
  const content = contentOf(draft, of);
  expect([content.creditMode, content.firstSale?.pointId]).toEqual(['meter', pointId]);
  const again = draftOf(content, () => 'electricity');
  expect(contentOf(again, of).firstSale).toEqual(content.firstSale);
});

test('what was prepared is typed on as it was', () => {
  const content = contentOf(whole, { currency: 'CNY', today: '2026-11-24' });
  const again = draftOf(content, (id) => (id === '7' ? 'electricity' : 'water'));
  expect(contentOf(again, { currency: 'CNY', today: '2026-12-01' })).toEqual(content);
});

test.each([
  [{ alarm1: '1.005' }, ['alarm1']],
  [{ alarm2: '-1' }, ['alarm2']],
  [{ firstSale: { amount: '0', channel: 'cash' } }, ['firstSale']],
  [{ deposit: { amount: 'much', channel: 'cash' } }, ['deposit']],
  [{ points: [{ pointId: '1', tariffId: '', overloadKw: '0' }] }, ['overload']],
  [{ email: 'nobody' }, ['email']],
  [{ firstSale: { amount: '', channel: 'cash' } }, []],
] as const)('%j is told: %j', (change, wrong) => {
  expect(wrongIn({ ...emptyDraft, ...(change as Partial<OpeningDraft>) })).toEqual(wrong);
});
