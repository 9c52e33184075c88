/** What credit control decides: a table of standings and what comes of each, and what holds for any. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  Case,
  CreditFacts,
  NoticeFacts,
  PointFacts,
  SupplyCommand,
} from '../../billing/credit-facts.ts';
import { cutEnd, noCutAt, noTripAt } from '../../billing/credit-hours.ts';
import { judge } from '../../billing/credit-judge.ts';
import type { Judgement, World } from '../../billing/credit-judgement.ts';
import type { CreditPolicy } from '../../billing/credit-policy.ts';
import { cny } from './counter.ts';

const now = new Date('2026-02-11T02:00:00Z');
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);

const policy: CreditPolicy = {
  ...{ mode: 'automatic', graceHours: 12, creditLimit: cny('20.00'), restoreAt: cny('0.00') },
  noCutHours: [{ from: '18:00', to: '08:00' }],
  noCutDays: { weekdays: [6, 7], holidays: true, dates: [] },
  ladder: [
    { level: 'alarm1', hoursBeforeTrip: 48, proof: 'none' },
    { level: 'final', hoursBeforeTrip: 10, proof: 'delivered' },
  ],
  ...{ otherDebtNoticeDays: 14, brake: { tripsPerHour: 5, sharePercentPerHour: 10 } },
  ...{ silent: { minutes: 60, exposure: cny('30.00') }, orderQueryMinutes: 15, cutWater: false },
};

const world: World = {
  ...{ noCut: undefined, estimatedMinor: 0n, orders: { outcome: 'none', at: now } },
  ...{ brake: { engaged: false, sinceRelease: 0, allowed: 5 }, byPerson: false },
};

const told = (change: Partial<NoticeFacts> = {}): NoticeFacts => ({
  ...{ id: '1', level: 'final', state: 'delivered', reason: null, queuedAt: ago(13) },
  ...{ sentAt: ago(13), deliveredAt: ago(12), nextTryAt: null },
  ...change,
});

const command = (change: Partial<SupplyCommand> = {}): SupplyCommand => ({
  ...{ id: '7', supply: 'off', state: 'confirmed', isCredit: true, requestedAt: ago(1) },
  ...{ resolvedAt: ago(1), observedAt: ago(1) },
  ...change,
});

const point = (change: Partial<PointFacts> = {}): PointFacts => ({
  ...{ id: '1', code: 'A1', name: 'A1', nameZh: null, commodity: 'electricity', meterId: '1' },
  ...{ class: 'business', restoreMode: 'automatic', isLockedOut: false, sampleAt: ago(0.01) },
  ...{ pollSeconds: 60, isQuarantined: false, supply: 'on', newest: null, standing: null },
  ...change,
});

const under = (standing: SupplyCommand, change: Partial<PointFacts> = {}): PointFacts =>
  point({ standing, newest: standing, supply: 'off', ...change });

const row = (change: Partial<Case> = {}): Case => ({
  ...{ state: 'grace', since: ago(13), openedAt: ago(80), belowSince: ago(13) },
  levels: { alarm1: ago(80).toISOString(), final: ago(13).toISOString() },
  ...{ waitsFor: null, waitsSince: null, waitsUntil: null, calledFor: null },
  ...change,
});

/** An account that has owed for long enough, was told, and may be cut now. */
const facts = (change: Partial<CreditFacts> = {}): CreditFacts => ({
  ...{ accountId: '1', number: 'N1', name: 'Shop', nameZh: null, isOurs: true, live: -5000n },
  ...{ otherDebt: 0n, creditLimit: 2000n, hasOwnLimit: false, generation: '9', computedAt: now },
  ...{ level: 'arrears', levelSince: ago(13), case: row(), isProtected: false },
  ...{ disputedUntil: null, points: [point()], notices: [told()] },
  ...change,
});

const judged = (
  about: Partial<CreditFacts> = {},
  { of = {}, by = {} }: { of?: Partial<CreditPolicy>; by?: Partial<World> } = {},
) =>
  judge({ ...policy, ...of }, facts(about), {
    ...{ world: { ...world, ...by }, now, restoreAt: 0n },
  });

/** `state waits decision/reason [detail] [call]`, as one line of a table. */
function line(found: Judgement | null): string {
  if (!found) return '-';
  const { state, waitsFor, decision, reason, call } = found;
  return [
    ...[state, waitsFor ? `(${waitsFor.code})` : '', decision ? `${decision}/${reason}` : ''],
    call ? `!${call}` : '',
  ]
    .filter(Boolean)
    .join(' ');
}

const noCut = { code: 'no-cut-hours', until: ago(-6) } as const;
const trip = command();
const waiting = row({ state: 'waiting', waitsFor: 'order-query', waitsSince: ago(1) });

describe('an account', () => {
  test.each<[string, Parameters<typeof judged>, string]>([
    ['well, and never otherwise', [{ live: 900n, level: 'well', case: null }], '-'],
    ['below alarm 1', [{ live: 900n, level: 'alarm1', case: null, notices: [] }], 'watching'],
    [
      'told of alarm 1',
      [
        {
          live: 900n,
          level: 'alarm1',
          notices: [told({ level: 'alarm1' })],
          case: row({ state: 'watching' }),
        },
      ],
      'noticed notice/alarm1',
    ],
    ['well again', [{ live: 900n, level: 'well' }], 'clear clear/balance-back'],
    ['within its limit again', [{ live: -2000n }], 'noticed release/above-limit'],
    ['below its limit by a cent', [{ live: -2001n }], 'tripping trip/arrears'],
    [
      'just below its limit',
      [{ case: row({ state: 'noticed', belowSince: null, levels: {} }) }],
      'grace notice/final',
    ],
    ['in its grace', [{ case: row({ belowSince: ago(11.9) }) }], 'grace'],
    ['due', [], 'tripping trip/arrears'],
    ['due, by a proposal', [{}, { of: { mode: 'propose' } }], 'proposed propose/arrears'],
    ['due, and nothing is done', [{}, { of: { mode: 'off' } }], 'noticed release/mode-off'],
    ['due by a correction alone', [{ otherDebt: 3000n }], 'noticed release/above-limit'],
    ['protected', [{ isProtected: true }], 'waiting (protected) hold/protected'],
    [
      'with a limit of its own',
      [{ creditLimit: 9000n, hasOwnLimit: true }],
      'noticed release/above-limit',
    ],
    ['in dispute', [{ disputedUntil: ago(-24) }], 'waiting (dispute) hold/dispute'],
    [
      'told too late',
      [{ notices: [told({ deliveredAt: ago(9) })] }],
      'waiting (notice-proof) hold/notice-proof',
    ],
    [
      'told, not proven yet',
      [{ notices: [told({ state: 'sent', deliveredAt: null, nextTryAt: now })] }],
      'waiting (notice-proof) hold/notice-proof',
    ],
    [
      'not reached by any notice',
      [{ notices: [told({ state: 'failed', sentAt: null, deliveredAt: null })] }],
      'waiting (notice-proof) hold/notice-proof !notice-proof',
    ],
    [
      'of whom no address is known',
      [{ notices: [] }],
      'waiting (notice-proof) hold/notice-proof !notice-proof',
    ],
    [
      'on estimates',
      [{}, { by: { estimatedMinor: 3000n } }],
      'waiting (doubtful-data) hold/doubtful-data',
    ],
    ['beyond its estimates', [{}, { by: { estimatedMinor: 2999n } }], 'tripping trip/arrears'],
    [
      'whose balance is old',
      [{ computedAt: ago(0.1) }],
      'waiting (doubtful-data) hold/doubtful-data',
    ],
    [
      'whose meter is silent',
      [{ points: [point({ sampleAt: ago(0.3) })] }],
      'waiting (doubtful-data) hold/doubtful-data',
    ],
    [
      'whose reading is doubted',
      [{ points: [point({ isQuarantined: true })] }],
      'waiting (doubtful-data) hold/doubtful-data',
    ],
    [
      'that is a hospital',
      [{ points: [point({ class: 'protected' })] }],
      'waiting (protected) hold/protected',
    ],
    [
      'that has water alone',
      [{ points: [point({ commodity: 'water' })] }],
      'waiting (protected) hold/protected',
    ],
    [
      'whose water may be cut',
      [{ points: [point({ commodity: 'water' })] }, { of: { cutWater: true } }],
      'tripping trip/arrears',
    ],
    [
      'that is locked out',
      [{ points: [point({ isLockedOut: true })] }],
      'waiting (protected) hold/protected',
    ],
    [
      'guaranteed by a person',
      [{ points: [point({ standing: command({ supply: 'on', isCredit: false }) })] }],
      'waiting (protected) hold/protected',
    ],
    ['at night', [{}, { by: { noCut } }], 'waiting (no-cut-hours) hold/no-cut-hours'],
    [
      'while the brake holds',
      [{}, { by: { brake: { engaged: true, sinceRelease: 0, allowed: 5 } } }],
      'waiting (brake) hold/brake !brake',
    ],
    [
      'the sixth of five',
      [{}, { by: { brake: { engaged: false, sinceRelease: 5, allowed: 5 } } }],
      'waiting (brake) hold/brake !brake',
    ],
    [
      'with an order under way',
      [{}, { by: { orders: { outcome: 'open', at: now } } }],
      'waiting (order-query) hold/order-query',
    ],
    [
      'whose orders nobody tells',
      [{ case: waiting }, { by: { orders: { outcome: 'unanswered', at: now } } }],
      'waiting (order-query) !order-query',
    ],
    [
      'whose orders were asked for long ago',
      [{}, { by: { orders: { outcome: 'none', at: ago(1) } } }],
      'waiting (order-query) hold/order-query',
    ],
    [
      'by a word, without brake and query',
      [
        {},
        {
          of: { mode: 'propose' },
          by: {
            byPerson: true,
            orders: null,
            brake: { engaged: true, sinceRelease: 9, allowed: 5 },
          },
        },
      ],
      'tripping trip/arrears',
    ],
    [
      'by a word, at night',
      [{}, { by: { byPerson: true, noCut } }],
      'waiting (no-cut-hours) hold/no-cut-hours',
    ],
    [
      'whose meter refused it',
      [{ points: [point({ newest: command({ state: 'refused' }) })] }],
      'waiting (person) hold/person !trip-refused',
    ],
    [
      'that was off before',
      [{ points: [point({ supply: 'off' })] }],
      'waiting (person) hold/person',
    ],
    [
      'whose trip is on its way',
      [{ points: [under(command({ state: 'sent', observedAt: null }), { supply: 'on' })] }],
      'tripping',
    ],
    ['that is off', [{ points: [under(trip)] }], 'tripped'],
    ['closed', [{ isOurs: false, points: [] }], 'clear clear/closed'],
    ['that has paid', [{ live: 0n, points: [under(trip)] }], 'restoring restore/paid'],
    ['that has paid not enough', [{ live: -1n, points: [under(trip)] }], 'tripped'],
    [
      'that has paid, with a button',
      [{ live: 0n, points: [under(trip, { restoreMode: 'armed' })] }],
      'armed arm/paid',
    ],
    [
      'that has paid, with a word to come',
      [{ live: 0n, points: [under(trip, { restoreMode: 'confirmed' })] }],
      'armed (person) arm/confirmed',
    ],
    [
      'that has paid, by that word',
      [
        { live: 0n, points: [under(trip, { restoreMode: 'confirmed' })] },
        { by: { byPerson: true } },
      ],
      'restoring restore/paid',
    ],
    [
      'that has paid, locked out',
      [{ live: 0n, points: [under(trip, { isLockedOut: true })] }, { by: { byPerson: true } }],
      'armed (person) arm/locked-out !locked-out',
    ],
    [
      'that has paid before it was sent',
      [{ live: 0n, points: [under(command({ state: 'requested' }))] }],
      'grace release/paid',
    ],
    [
      'that has paid while it was sent',
      [{ live: 0n, points: [under(command({ state: 'sent' }), { restoreMode: 'armed' })] }],
      'armed arm/paid',
    ],
    [
      'of whom a trip is taken back',
      [
        {
          live: 0n,
          case: row({ state: 'tripping' }),
          points: [point({ newest: command({ state: 'expired' }) })],
        },
      ],
      'restored',
    ],
    [
      'that comes back',
      [
        {
          live: 0n,
          case: row({ state: 'restoring' }),
          points: [under(command({ supply: 'on', observedAt: null, resolvedAt: ago(0.5) }))],
        },
      ],
      'restoring',
    ],
    [
      'that is back',
      [
        {
          live: 0n,
          level: 'well',
          case: row({ state: 'restoring' }),
          points: [point({ standing: command({ supply: 'on' }) })],
        },
      ],
      'restored',
    ],
    [
      'that does not come back',
      [
        {
          live: 0n,
          points: [under(trip, { newest: command({ supply: 'on', state: 'refused' }) })],
        },
      ],
      'armed (person) arm/restore-refused !restore-refused',
    ],
    [
      'that is given a limit while off',
      [{ hasOwnLimit: true, creditLimit: 9000n, points: [under(trip)] }],
      'restoring restore/paid',
    ],
  ])('%s', (_, given, expected) => {
    expect(line(judged(...given))).toBe(expected);
  });

  test('is told once, and of the earliest hour at which it may be cut', () => {
    const first = judged({ case: row({ state: 'noticed', belowSince: null, levels: {} }) });
    expect([first?.tellsFinal, first?.deadline]).toEqual([true, ago(-12)]);
    const again = judged({ case: row({ levels: first?.levels ?? {}, belowSince: now }) });
    expect([again?.tellsFinal, again?.decision]).toEqual([false, null]);
  });

  test('has its other points cut when they may be, and each once', () => {
    const points = [under(trip), point({ id: '2', sampleAt: ago(1) }), point({ id: '3' })];
    expect(judged({ points })?.trips.map(({ id }) => id)).toEqual(['3']);
  });
});

describe('hours in which nobody is cut', () => {
  const zone = 'Asia/Shanghai';
  const holidays = new Set(['2026-02-17']);
  test.each([
    // At by the wall clock, why not, from when on.
    ['2026-02-11T10:00', undefined, undefined],
    ['2026-02-11T17:59', undefined, undefined],
    ['2026-02-11T18:00', 'no-cut-hours', '2026-02-12T08:00'],
    ['2026-02-12T07:59', 'no-cut-hours', '2026-02-12T08:00'],
    ['2026-02-13T18:00', 'no-cut-hours', '2026-02-16T08:00'],
    ['2026-02-14T12:00', 'no-cut-day', '2026-02-16T08:00'],
    ['2026-02-16T20:00', 'no-cut-hours', '2026-02-18T08:00'],
    ['2026-02-17T12:00', 'no-cut-day', '2026-02-18T08:00'],
  ])('%s', (wall, code, until) => {
    const found = noCutAt(policy, { zone, holidays, at: new Date(`${wall}:00+08:00`) });
    const end = until && new Date(`${until}:00+08:00`).toISOString();
    expect([found?.code, found?.until?.toISOString()]).toEqual([code, end]);
  });

  test('a day on which the clock jumps over the end of a range ends it at the first minute after', () => {
    const night = { ...policy, noCutHours: [{ from: '22:00', to: '02:30' }] };
    const at = new Date('2026-03-29T00:30:00Z');
    const berlin = { zone: 'Europe/Berlin', holidays: new Set<string>() };
    const noDays = { ...night, noCutDays: { weekdays: [], holidays: false, dates: [] } };
    const found = noCutAt(noDays, { ...berlin, at });
    expect(found?.until?.getTime()).toBeGreaterThanOrEqual(Date.parse('2026-03-29T01:00:00Z'));
    expect(noCutAt(noDays, { ...berlin, at: found?.until ?? at })).toBeUndefined();
  });

  test('a trip is not decided so late that it would be sent into them, and not sent later', () => {
    const late = { zone, holidays, at: new Date('2026-02-11T17:58:30+08:00') };
    expect(noTripAt(policy, late)?.code).toBe('no-cut-hours');
    const at = new Date('2026-02-11T17:30:20+08:00');
    expect(noTripAt(policy, { zone, holidays, at })).toBeUndefined();
    expect(cutEnd(policy, { zone, holidays, at })).toEqual(new Date('2026-02-11T18:00:00+08:00'));
  });

  test('nothing allowed within years has no end', () => {
    const never = {
      ...policy,
      noCutDays: { weekdays: [1, 2, 3, 4, 5, 6, 7], holidays: false, dates: [] },
    };
    expect(noCutAt(never, { zone, holidays, at: now })).toEqual({
      code: 'no-cut-day',
      until: null,
    });
  });
});

describe('whatever the standing', () => {
  const hours = fc.double({ min: 0, max: 100, noNaN: true });
  const when = hours.map(ago);
  const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
  const anyCommand = fc.record<SupplyCommand>({
    id: fc.constantFrom('7', '8'),
    supply: fc.constantFrom('on', 'off', null),
    state: fc.constantFrom('requested', 'sent', 'confirmed', 'unknown'),
    ...{ isCredit: fc.boolean(), requestedAt: when, resolvedAt: maybe(when) },
    observedAt: maybe(when),
  });
  /** Mostly as it is when an account is due, so that each thing that may be otherwise is met alone. */
  const mostly = <T>(usual: T, other: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
  const anyPoint = fc
    .record({
      id: fc.constantFrom('1', '2', '3'),
      commodity: mostly<string>('electricity', fc.constant('water')),
      class: mostly<string>('business', fc.constantFrom('home', 'protected', 'metering-only')),
      restoreMode: fc.constantFrom('automatic', 'armed', 'confirmed'),
      ...{ isLockedOut: mostly(false, fc.boolean()), isQuarantined: mostly(false, fc.boolean()) },
      sampleAt: mostly(ago(0.1), maybe(fc.double({ min: 0, max: 1, noNaN: true }).map(ago))),
      supply: mostly<string | null>('on', fc.constantFrom('off', null)),
      ...{ newest: mostly(null, maybe(anyCommand)), standing: mostly(null, maybe(anyCommand)) },
    })
    .map((of) => point(of as Partial<PointFacts>)); // Made of the words it is made of.
  const anyNotice = fc
    .record({
      level: mostly('final', fc.constantFrom('alarm1', 'alarm2', 'arrears')),
      state: mostly('delivered', fc.constantFrom('queued', 'unconfirmed', 'sent', 'failed')),
      ...{ sentAt: maybe(when), deliveredAt: mostly(ago(12), maybe(when)) },
      nextTryAt: maybe(when),
    })
    .map((of) => told(of as Partial<NoticeFacts>));
  const anyCase = fc
    .record({
      state: fc.constantFrom(
        ...(['watching', 'noticed', 'grace', 'waiting', 'proposed', 'tripping'] as const),
        ...(['tripped', 'restoring', 'armed', 'restored', 'clear'] as const),
      ),
      ...{ since: when, belowSince: mostly(ago(13), maybe(when)) },
    })
    .map(row);
  const anyFacts = fc
    .record({
      live: mostly(-9_000n, fc.bigInt(-10_000n, 10_000n)),
      otherDebt: mostly(0n, fc.bigInt(0n, 9_000n)),
      creditLimit: mostly(2_000n, fc.bigInt(0n, 9_000n)),
      level: mostly('arrears', fc.constantFrom('well', 'alarm1', 'alarm2')),
      case: mostly<Case | null>(row(), maybe(anyCase)),
      ...{ isProtected: mostly(false, fc.boolean()), hasOwnLimit: mostly(false, fc.boolean()) },
      disputedUntil: mostly(null, maybe(fc.constant(ago(-1)))),
      computedAt: mostly<Date | null>(now, maybe(fc.constant(ago(1)))),
      points: fc.array(anyPoint, { maxLength: 3 }),
      notices: fc.array(anyNotice, { maxLength: 4 }),
    })
    .map((of) => facts(of as Partial<CreditFacts>));
  const anyWorld = fc.record<World>({
    noCut: mostly<World['noCut']>(undefined, fc.constant(noCut)),
    estimatedMinor: mostly(0n, fc.bigInt(0n, 9_000n)),
    orders: mostly<World['orders']>(
      { outcome: 'none', at: now },
      maybe(
        fc.record({
          outcome: fc.constantFrom('none', 'open', 'unanswered'),
          at: fc.constantFrom(now, ago(1)),
        }),
      ),
    ),
    brake: fc.record({
      ...{ engaged: mostly(false, fc.boolean()), sinceRelease: fc.integer({ min: 0, max: 8 }) },
      allowed: fc.constant(5),
    }),
    byPerson: mostly(false, fc.boolean()),
  });
  const standings = fc.tuple(
    anyFacts,
    anyWorld,
    mostly<CreditPolicy['mode']>('automatic', fc.constantFrom('off', 'propose')),
  );
  const of = ([about, around, mode]: [CreditFacts, World, CreditPolicy['mode']]) =>
    judge({ ...policy, mode }, about, { world: around, now, restoreAt: 0n });

  test('nobody is cut in no-cut hours, in dispute, protected, on doubtful data, above the limit or unproven', () => {
    let trips = 0;
    fc.assert(
      fc.property(standings, ([about, around, mode]) => {
        const found = of([about, around, mode]);
        if (!found || found.trips.length === 0) return;
        trips += 1;
        expect(around.noCut).toBeUndefined();
        expect(about.disputedUntil).toBeNull();
        expect(about.isProtected).toBe(false);
        expect(mode).not.toBe('off');
        expect(about.computedAt).toEqual(now);
        // By what was measured alone, and by energy alone.
        const certain = about.live + about.otherDebt + around.estimatedMinor;
        expect(certain < -about.creditLimit).toBe(true);
        const proven = about.notices.some(
          ({ level, state, deliveredAt }) =>
            level === 'final' && state === 'delivered' && deliveredAt && deliveredAt <= ago(10),
        );
        expect(proven).toBe(true);
        for (const { sampleAt, isQuarantined, isLockedOut, class: kind, ...each } of found.trips) {
          expect([isQuarantined, isLockedOut]).toEqual([false, false]);
          expect(sampleAt && sampleAt >= ago(0.25)).toBe(true);
          expect(['home', 'business']).toContain(kind);
          expect(each.commodity).toBe('electricity');
        }
        if (around.byPerson) return;
        expect(mode).toBe('automatic');
        expect(around.brake.engaged).toBe(false);
        expect(around.brake.sinceRelease < around.brake.allowed).toBe(true);
        expect(around.orders).toEqual({ outcome: 'none', at: now });
      }),
      { numRuns: 6_000, seed: 20260211 },
    );
    expect(trips).toBeGreaterThan(100);
  });

  test('who has paid is never cut, and what was cut comes back, is armed, taken back or waits for a person', () => {
    const tripped = anyCommand.map(
      (of): SupplyCommand => ({ ...of, supply: 'off', isCredit: true }),
    );
    fc.assert(
      fc.property(
        standings,
        fc.bigInt(0n, 9_000n),
        fc.array(tripped, { minLength: 1, maxLength: 3 }),
        ([about, around, mode], live, commands) => {
          const points = commands.map((standing, i) => ({
            ...(about.points[i] ?? point()),
            standing,
          }));
          const found = of([{ ...about, live, points }, around, mode]);
          expect(found?.trips).toEqual([]);
          const isBack = found?.withdraws.length || found?.restores.length;
          expect(isBack || found?.state === 'armed').toBeTruthy();
          for (const { isLockedOut, restoreMode } of found?.restores ?? []) {
            expect(isLockedOut).toBe(false);
            expect(restoreMode === 'automatic' || around.byPerson).toBe(true);
          }
        },
      ),
      { numRuns: 3_000, seed: 20260212 },
    );
  });

  test('what was judged and done is not judged again: the next look at it changes nothing', () => {
    fc.assert(
      fc.property(standings, ([about, around, mode]) => {
        const found = of([about, around, mode]);
        if (!found || found.trips.length + found.restores.length + found.withdraws.length > 0)
          return;
        const { state, levels, openedAt, belowSince, waitsFor, call } = found;
        const isSame = about.case?.state === state && about.case.waitsFor === waitsFor?.code;
        const after: Case = {
          ...{ state, levels, openedAt, belowSince, calledFor: call },
          since: about.case?.state === state ? about.case.since : now,
          ...{ waitsFor: waitsFor?.code ?? null, waitsUntil: waitsFor?.until ?? null },
          waitsSince: waitsFor && ((isSame && about.case?.waitsSince) || now),
        };
        const again = of([{ ...about, case: after }, around, mode]);
        if (state === 'clear') return;
        expect([again?.state, again?.decision ?? null]).toEqual([state, null]);
      }),
      { numRuns: 3_000, seed: 20260213 },
    );
  });
});
