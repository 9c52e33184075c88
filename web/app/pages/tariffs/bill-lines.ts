/** Two bills laid beside each other, line by line; what one of them lacks is missing there. Pure. */
import { negate, sum } from '../../format.ts';
import type { Bill, BillLine, Sample } from '../../tariff-shapes.ts';

export interface PairedLine {
  key: string;
  component: string;
  name: string;
  line: BillLine;
  before: BillLine | null;
  after: BillLine | null;
  /** Exact; what is not on a bill counts as nothing there. */
  difference: string;
}

const keyOf = ({ component, kind, period, step }: BillLine) =>
  [component, kind, period ?? '', step].join('/');

export function paired({ before, after }: Sample): PairedLine[] {
  const left = new Map((before?.lines ?? []).map((line) => [keyOf(line), line]));
  const right = new Map(after.lines.map((line) => [keyOf(line), line]));
  const order = [
    ...after.lines.map(({ component }) => component),
    ...(before?.lines ?? []).map(({ component }) => component),
  ];
  const rankOf = (component: string) => order.indexOf(component);
  return [...new Set([...right.keys(), ...left.keys()])]
    .flatMap((key) => {
      const [a, b] = [left.get(key) ?? null, right.get(key) ?? null];
      const line = b ?? a;
      if (!line) return [];
      const difference = sum([b?.amount.amount, a && negate(a.amount.amount)]) ?? '0';
      return [
        { key, component: line.component, name: line.name, line, before: a, after: b, difference },
      ];
    })
    .sort(
      (a, b) =>
        rankOf(a.component) - rankOf(b.component) ||
        a.line.step - b.line.step ||
        (a.line.period ?? 0) - (b.line.period ?? 0),
    );
}

/** Whether the lines of a bill add up to its total: only then it is ruled double. */
export const foots = (bill: Bill | null): boolean =>
  !bill || isSame(sum(bill.lines.map(({ amount }) => amount.amount)) ?? '0', bill.total.amount);

const isSame = (a: string, b: string) => !/[1-9]/.test(sum([a, negate(b)]) ?? '0');
