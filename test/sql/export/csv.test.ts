/** Text that a spreadsheet would run stays text; what is a number stays one. */
import { expect, test } from 'vitest';
import { csvLine, noteLine, numberCell, textCell } from '../../../sql/export/csv.ts';

test.each([
  // a name → its cell
  ['Shop 12', '"Shop 12"'],
  ['=1+1', `"'=1+1"`],
  ['+1+1', `"'+1+1"`],
  ['-2+3', `"'-2+3"`],
  ['@SUM(1)', `"'@SUM(1)"`],
  ['\t=1', `"'\t'=1"`],
  ['\r=1', `"'\r'=1"`],
  ['＝1', `"'＝1"`],
  ['＠A', `"'＠A"`],
  [' =1', `"' =1"`],
  ['a;=1', `"a;'=1"`],
  ['"=1', `"""=1"`],
  ['A-12 (north)', '"A-12 (north)"'],
  ['苏中', '"苏中"'],
])('the text %j is the cell %s', (text, cell) => {
  expect(textCell(text)).toBe(cell);
});

test('figures are plain, and one that is not known is empty', () => {
  expect(csvLine([numberCell(-25), numberCell(0), numberCell(null)])).toBe('-25,0,\r\n');
});

test('a note is one cell on one line', () => {
  expect(noteLine('project = A, "B"\n=1')).toBe('# project = A; B =1\r\n');
});
