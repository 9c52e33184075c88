/** A tariff of the world to start from: its definition, and where its figures come from. */
import type { TariffDefinition } from '../../../tariff-shapes.ts';

export interface TariffExample {
  code: string;
  name: string;
  nameZh: string;
  commodity: 'electricity' | 'water';
  /** Where it holds; a project elsewhere may take it all the same. */
  zone: string;
  /** What its prices are in. */
  currency: string;
  source: string;
  sourceZh: string;
  /** When the source was current, as far as we know. */
  asOf: string;
  /** No source gives the prices: they have to be replaced. */
  areExamplePrices: boolean;
  /** Without days of holidays: a calendar of the year is imported. */
  definition: TariffDefinition;
}
