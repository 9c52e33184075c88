/** What the server sums up over all rows of a list, also over those that a page has not loaded. */

export interface Totals {
  /** Null until the server has said it. */
  count: number | null;
  figure: (name: string) => number | null;
  /** The decimal of an amount of money. */
  money: (name: string) => string | null;
}

/** Reads the totals of an answer; what it does not say is unknown, never zero. */
export function totalsOf(answer: { totals: Record<string, unknown> | null } | undefined): Totals {
  const of = (name: string) => answer?.totals?.[name];
  const figure = (name: string) => {
    const value = of(name);
    return typeof value === 'number' ? value : null;
  };
  return {
    count: figure('count'),
    figure,
    money: (name) => {
      const value = of(name);
      if (typeof value !== 'object' || value === null || !('amount' in value)) return null;
      return String(value.amount);
    },
  };
}
