/** All examples, in the order they are offered. Each is held to a bill worked out by hand in the tests. */
import {
  guangdong,
  jiangsuSharp,
  stepsThenTou,
  touThenSteps,
  water,
  yearlySteps,
} from './china.ts';
import type { TariffExample } from './example.ts';
import { economy7, etouC, etouD, spain } from './world.ts';

export const tariffExamples: readonly TariffExample[] = [
  ...[jiangsuSharp, guangdong, yearlySteps, touThenSteps, stepsThenTou],
  ...[etouC, etouD, spain, economy7, water],
];
