/** The workbook that an import is filled into: one sheet to fill, one of what is allowed, in either language. */
import { writeXlsx } from 'hucre/xlsx';
import { importColumnNames, importColumns } from './import-columns.ts';
import { IMPORT_ROWS_MAX } from './import-file.ts';

const words = {
  en: {
    sheet: 'Import',
    values: 'Allowed values',
    head: ['Column', 'What it holds', 'Example'],
    text: 'text',
    hint: 'One row a meter and its point. Empty cells say nothing: what is there stays as it is.',
  },
  zh: {
    sheet: '导入',
    values: '允许的值',
    head: ['列', '内容', '示例'],
    text: '文本',
    hint: '每行一块表及其计量点。空单元格表示不指定，已有的内容保持不变。',
  },
} as const;

const CELL_WIDTH = 18;

/** The bytes of the XLSX. Cells are text, so that a serial number keeps its zeros. */
export async function importTemplate(language: 'en' | 'zh'): Promise<Uint8Array> {
  const { sheet, values, head, text, hint } = words[language];
  const columns = importColumnNames.map((name) => ({ name, ...importColumns[name] }));
  return await writeXlsx({
    sheets: [
      {
        name: sheet,
        rows: [columns.map((column) => column[language])],
        columns: columns.map((column) => ({
          width: Math.max(CELL_WIDTH, column[language].length + 2),
          numFmt: '@',
        })),
        freezePane: { rows: 1 },
        dataValidations: columns.flatMap((column, i) =>
          'values' in column
            ? [
                {
                  type: 'list' as const,
                  values: [...column.values],
                  range: `${letterOf(i)}2:${letterOf(i)}${IMPORT_ROWS_MAX + 1}`,
                },
              ]
            : [],
        ),
      },
      {
        name: values,
        rows: [
          [...head],
          ...columns.map((column) => [
            column[language],
            'values' in column ? column.values.join(', ') : text,
            column.example,
          ]),
          [],
          [hint],
        ],
        columns: [{ width: 28 }, { width: 70 }, { width: 24 }],
      },
    ],
  });
}

/** A, B … Z, AA … of a column counted from 0. */
const letterOf = (index: number): string =>
  index < 26
    ? String.fromCharCode(65 + index)
    : letterOf(Math.floor(index / 26) - 1) + letterOf(index % 26);
