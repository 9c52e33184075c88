/** What stands at the cursor of a chart. */
import { escapeText } from './palette.ts';

export interface TipLine {
  color?: string;
  name: string;
  value: string;
}

export function tip(head: string, lines: readonly TipLine[]): string {
  const rows = lines.map(
    ({ color, name, value }) =>
      `<div class="tip-row">${color ? `<i class="swatch" style="background:${color}"></i>` : ''}${escapeText(name)}<b>${escapeText(value)}</b></div>`,
  );
  return `<div class="tip-head">${escapeText(head)}</div>${rows.join('')}`;
}
