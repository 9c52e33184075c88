/**
 * How a consumer of the park spends its week: a shape (shifts, lunch, weekend) times the texture of the real readings.
 * Each profile becomes one curve of whole numbers by minute of the eight-week cycle, with its running sum, so that a
 * register at any instant is two look-ups.
 */
import { CYCLE_MINUTES, DAY_MINUTES, type Readings } from './readings.ts';

export type Profile = 'day-shift' | 'two-shift' | 'continuous' | 'office' | 'compressor' | 'water';

export interface Curve {
  /** Weight of each minute, whole numbers ≥ 1. */
  weights: Int32Array;
  /** Sum of the weights before each minute; one longer, the last is the sum of the cycle. */
  before: Float64Array;
  /** The largest weight. */
  peak: number;
  /** Sum of the weights of the whole cycle. */
  sum: number;
}

export type Curves = Record<Profile, Curve>;

/** Corners of a day's shape: [hour, level 0…1], straight in between. */
type Shape = readonly (readonly [hour: number, level: number])[];

interface Habit {
  weekday: Shape;
  saturday: Shape;
  sunday: Shape;
  /** How much of the real readings shows through, 0…1. */
  texture: number;
  /** The house is busiest in the evening; its readings are turned back by so many hours to fall into the work of this one. */
  turnHours: number;
}

const flat = (level: number): Shape => [
  [0, level],
  [24, level],
];

/** The table of profiles: a new one is a row here. */
const habits: Record<Profile, Habit> = {
  'day-shift': {
    weekday: [
      [0, 0.1],
      [6.5, 0.1],
      [7.5, 0.45],
      [8.25, 0.95],
      [11.5, 1],
      [11.75, 0.45],
      [12.75, 0.42],
      [13.1, 0.95],
      [17.25, 0.92],
      [17.75, 0.4],
      [20, 0.28],
      [20.5, 0.12],
      [24, 0.1],
    ],
    saturday: [
      [0, 0.1],
      [7.5, 0.1],
      [8.25, 0.65],
      [11.5, 0.7],
      [12, 0.35],
      [13, 0.6],
      [16.5, 0.55],
      [17, 0.12],
      [24, 0.1],
    ],
    sunday: flat(0.09),
    texture: 0.3,
    turnHours: 10,
  },
  'two-shift': {
    weekday: [
      [0, 0.14],
      [5.25, 0.14],
      [6.25, 0.9],
      [10.9, 0.95],
      [11.1, 0.6],
      [11.6, 0.6],
      [11.8, 0.98],
      [13.8, 0.9],
      [14, 0.7],
      [14.3, 0.98],
      [17.4, 0.95],
      [17.6, 0.62],
      [18.1, 0.62],
      [18.3, 0.9],
      [21.7, 0.85],
      [22.3, 0.2],
      [24, 0.14],
    ],
    saturday: [
      [0, 0.14],
      [5.25, 0.14],
      [6.25, 0.85],
      [11, 0.9],
      [11.2, 0.55],
      [11.7, 0.85],
      [13.8, 0.8],
      [14.4, 0.16],
      [24, 0.13],
    ],
    sunday: flat(0.12),
    texture: 0.3,
    turnHours: 9,
  },
  continuous: {
    weekday: [
      [0, 0.8],
      [6, 0.82],
      [8, 0.97],
      [11.7, 1],
      [12.3, 0.9],
      [13, 0.98],
      [18, 0.95],
      [22, 0.84],
      [24, 0.8],
    ],
    saturday: flat(0.82),
    sunday: flat(0.66),
    texture: 0.15,
    turnHours: 0,
  },
  office: {
    weekday: [
      [0, 0.12],
      [7.25, 0.13],
      [8.75, 0.85],
      [11.5, 0.95],
      [12.1, 0.6],
      [13.2, 0.65],
      [13.6, 0.98],
      [17.3, 0.9],
      [18.3, 0.42],
      [20.5, 0.25],
      [21.5, 0.13],
      [24, 0.12],
    ],
    saturday: [
      [0, 0.12],
      [8.5, 0.12],
      [9.5, 0.3],
      [16, 0.26],
      [17, 0.12],
      [24, 0.12],
    ],
    sunday: flat(0.11),
    texture: 0.4,
    turnHours: 9,
  },
  compressor: {
    weekday: [
      [0, 0.42],
      [6, 0.42],
      [7.5, 0.85],
      [12, 0.9],
      [12.5, 0.75],
      [13.2, 0.92],
      [18, 0.8],
      [20, 0.55],
      [24, 0.42],
    ],
    saturday: [
      [0, 0.42],
      [7, 0.42],
      [9, 0.66],
      [16, 0.6],
      [18, 0.42],
      [24, 0.4],
    ],
    sunday: flat(0.4),
    texture: 0.5,
    turnHours: 5,
  },
  water: {
    weekday: [
      [0, 0.03],
      [6, 0.04],
      [7.5, 0.4],
      [9, 0.6],
      [11.5, 0.85],
      [12.5, 0.9],
      [13.5, 0.5],
      [17, 0.6],
      [18.5, 0.35],
      [21, 0.12],
      [24, 0.03],
    ],
    saturday: [
      [0, 0.03],
      [7, 0.04],
      [9, 0.4],
      [12, 0.5],
      [16, 0.25],
      [18, 0.05],
      [24, 0.03],
    ],
    sunday: flat(0.03),
    texture: 0.75,
    turnHours: 10,
  },
};

/** Weight of a minute at level 1 and texture 1: fine enough that rounding to whole numbers does not show. */
const FULL_WEIGHT = 10_000;
/** The house peaks at ten times its mean; a hall of machines does not. Roots and a cap keep the grain, not the spikes. */
const TEXTURE_CAP = 1.8;

/** The curve of every profile over the readings. Takes some tens of milliseconds; made once. */
export function curvesOf(readings: Readings): Curves {
  const curves = {} as Curves; // filled by the loop over the same keys
  for (const profile of Object.keys(habits) as Profile[])
    curves[profile] = curveOf(habits[profile], readings);
  return curves;
}

function curveOf(habit: Habit, readings: Readings): Curve {
  const days = [habit.weekday, habit.saturday, habit.sunday].map(levelsOf);
  const weights = new Int32Array(CYCLE_MINUTES);
  const before = new Float64Array(CYCLE_MINUTES + 1);
  let peak = 0;
  let sum = 0;
  for (let minute = 0; minute < CYCLE_MINUTES; minute++) {
    const weekday = Math.floor(minute / DAY_MINUTES) % 7; // 0 = Monday
    const level = days[Math.max(0, weekday - 4)]?.[minute % DAY_MINUTES] ?? 0;
    const turned = (minute + habit.turnHours * 60) % CYCLE_MINUTES;
    const grain = Math.min(Math.sqrt(readings.relativePower[turned] ?? 1), TEXTURE_CAP);
    const weight = Math.max(
      1,
      Math.round(FULL_WEIGHT * level * (1 - habit.texture + habit.texture * grain)),
    );
    weights[minute] = weight;
    before[minute] = sum;
    sum += weight;
    peak = Math.max(peak, weight);
  }
  before[CYCLE_MINUTES] = sum;
  return { weights, before, peak, sum };
}

/** The level of each minute of a day. */
function levelsOf(shape: Shape): Float64Array {
  return Float64Array.from({ length: DAY_MINUTES }, (_, minute) => {
    const hour = minute / 60;
    const next = shape.findIndex(([corner]) => corner > hour);
    const [toHour, toLevel] = shape[next] ?? [24, 0];
    const [fromHour, fromLevel] = shape[next - 1] ?? [0, toLevel];
    return fromLevel + ((toLevel - fromLevel) * (hour - fromHour)) / (toHour - fromHour);
  });
}
