/** Which columns of a table are shown, in which order and how wide: kept per person on this device. */
import { useMemo, useState } from 'react';
import { keep, kept } from '../kept.ts';
import { usePlace } from '../project.tsx';
import type { Column } from './table-model.ts';

export interface Layout {
  /** What was chosen; a column that is not named stands as its table says. */
  shown: Readonly<Record<string, boolean>>;
  /** Keys in the order chosen; columns that are not named stay behind the one before them. */
  order: readonly string[];
  /** In px. */
  widths: Readonly<Record<string, number>>;
}

const WIDTH_MIN = 48;
const WIDTH_MAX = 800;
const PLAIN: Layout = { shown: {}, order: [], widths: {} };

/** All columns in the order of the layout, each as wide as it says. The first one names the row and stays. */
export function arranged<Row>(columns: readonly Column<Row>[], layout: Layout): Column<Row>[] {
  const [first, ...rest] = columns;
  if (!first) return [];
  const placed = rest.filter(({ key }) => layout.order.includes(key));
  placed.sort((a, b) => layout.order.indexOf(a.key) - layout.order.indexOf(b.key));
  const all = [first, ...placed];
  for (const [index, column] of rest.entries()) {
    if (layout.order.includes(column.key)) continue;
    const before = rest[index - 1] ?? first;
    all.splice(all.findIndex(({ key }) => key === before.key) + 1, 0, column);
  }
  return all.map((column) => {
    const width = layout.widths[column.key];
    return width === undefined ? column : { ...column, width: `${width}px` };
  });
}

/** The keys with one of them moved to stand where another stands; the first one stays first. */
export function moved(keys: readonly string[], key: string, to: number): string[] {
  const from = keys.indexOf(key);
  const place = Math.min(keys.length - 1, Math.max(1, to));
  if (from < 1 || from === place) return [...keys];
  const rest = keys.filter((each) => each !== key);
  rest.splice(place, 0, key);
  return rest;
}

/** A layout as it was kept; what is not one is dropped. */
export function readLayout(text: string | null): Layout {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (!value || typeof value !== 'object') return PLAIN;
    const { shown, order, widths } = value as Partial<Record<keyof Layout, unknown>>; // Looked at below.
    return {
      shown: only(shown, (each) => typeof each === 'boolean'),
      order: Array.isArray(order) ? order.filter((key) => typeof key === 'string') : [],
      widths: only(
        widths,
        (each): each is number =>
          typeof each === 'number' && each >= WIDTH_MIN && each <= WIDTH_MAX,
      ),
    };
  } catch {
    return PLAIN;
  }
}

function only<Value>(
  object: unknown,
  fits: (value: unknown) => value is Value,
): Record<string, Value> {
  const pairs = Object.entries(object && typeof object === 'object' ? object : {});
  return Object.fromEntries(pairs.filter((pair): pair is [string, Value] => fits(pair[1])));
}

export function useLayout<Row>(name: string, columns: readonly Column<Row>[]) {
  const { session } = usePlace();
  const storeKey = `wattledger.table.${session.user.id}.${name}`;
  const [held, hold] = useState(() => ({ storeKey, layout: readLayout(kept(storeKey)) }));
  // Another table in the same place of the page has a layout of its own.
  const layout = held.storeKey === storeKey ? held.layout : readLayout(kept(storeKey));
  const all = useMemo(() => arranged(columns, layout), [columns, layout]);
  const change = (next: Partial<Layout>) => {
    const changed = { ...layout, ...next };
    hold({ storeKey, layout: changed });
    keep(storeKey, JSON.stringify(changed));
  };
  const keys = all.map(({ key }) => key);
  return {
    /** In order, shown or not. */
    all,
    shown: all.filter(({ key, optional }) => layout.shown[key] ?? !optional),
    isChanged: layout !== PLAIN && JSON.stringify(layout) !== JSON.stringify(PLAIN),
    choose: (key: string, isShown: boolean) =>
      change({ shown: { ...layout.shown, [key]: isShown } }),
    /** To stand where another column stands, or one place on. */
    move: (key: string, to: string | 1 | -1) =>
      change({
        order: moved(keys, key, typeof to === 'string' ? keys.indexOf(to) : keys.indexOf(key) + to),
      }),
    /** Null: as wide as at first. */
    resize: (key: string, px: number | null) => {
      const { [key]: _, ...widths } = layout.widths;
      const width = px === null ? null : Math.round(Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, px)));
      change({ widths: width === null ? widths : { ...widths, [key]: width } });
    },
    reset: () => change(PLAIN),
  };
}

export type TableLayout<Row> = ReturnType<typeof useLayout<Row>>;
