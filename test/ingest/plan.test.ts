/** Block reads: few, within the limit, never over unmapped addresses, nothing split. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_READ_WORDS, modelNames, models, type Register } from '../../ingest/models.ts';
import { planReads, wordsOf } from '../../ingest/plan.ts';

test.each([
  ['DTSY1352', '0200+48'],
  ['DDSY1352', '0200+48'],
  ['DTSD1352', '0000+42 0032+13 0061+23 008d+2 0164+28'],
  ['ADL3000-SIM', '0000+42 0032+13 0061+23 008d+2 0164+28'],
  ['WATER', '0000+3'],
] as const)('%s is read as %s', (name, expected) => {
  const reads = planReads(models[name]);
  expect(reads.map((r) => `${r.address.toString(16).padStart(4, '0')}+${r.words}`).join(' ')).toBe(
    expected,
  );
});

test.each(modelNames)('the reads of %s cover its registers, clock and code', (name) => {
  const model = models[name];
  const reads = planReads(model);
  const covered = (a: number) => reads.some((r) => a >= r.address && a < r.address + r.words);
  for (const { address, type } of model.registers) {
    const whole = reads.some(
      (r) => address >= r.address && address + wordsOf[type] <= r.address + r.words,
    );
    expect(whole).toBe(true);
  }
  if (model.code) expect(covered(model.code.address)).toBe(true);
  const clockBytes = model.clock?.bytes.length ?? 0;
  for (let i = 0; i < clockBytes; i++) {
    expect(covered((model.clock?.address ?? 0) + (i >> 1))).toBe(true);
  }
});

test('any map is covered by reads of at most 48 words inside its areas', () => {
  const register = fc.record({
    address: fc.integer({ min: 0, max: 600 }),
    type: fc.constantFrom('uint16', 'uint32', 'int16', 'int32'),
  });
  fc.assert(
    fc.property(
      fc.array(register, { minLength: 1, maxLength: 60 }),
      fc.nat(30),
      (rows, gapWords) => {
        const registers = rows.map((r) => ({ ...r, channel: 'ct', certainty: 'G' }) as Register);
        const areas = [[0, 299] as const, [300, 700] as const];
        const inside = registers.filter((r) => r.address !== 299 || wordsOf[r.type] === 1);
        const reads = planReads({ registers: inside, areas, gapWords, limits: [] });
        for (const { address, words } of reads) {
          expect(words).toBeLessThanOrEqual(MAX_READ_WORDS);
          expect(address < 300).toBe(address + words - 1 < 300);
        }
        for (const { address, type } of inside) {
          const end = address + wordsOf[type];
          expect(reads.some((r) => address >= r.address && end <= r.address + r.words)).toBe(true);
        }
      },
    ),
    { seed: 20261123, numRuns: 300 },
  );
});

test('a register outside every area is a mistake in the map', () => {
  const registers = [{ address: 5, type: 'uint16', channel: 'ct', certainty: 'G' }] as const;
  expect(() => planReads({ registers, areas: [[0, 4]], gapWords: 0, limits: [] })).toThrow('0005H');
});
