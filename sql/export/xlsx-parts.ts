/** The parts of a workbook that are the same for every table: names of sheets, styles, what is what. */

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const SHEET_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** The list of sheets; their names are ours and need no escape. */
export const workbook = (names: readonly string[]): string =>
  `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${names
    .map((name, i) => `<sheet name="${name}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`)
    .join('')}</sheets></workbook>`;

export function workbookRelations(sheets: number): string {
  const relations = Array.from({ length: sheets }, (_, i) =>
    relation(`rId${i + 1}`, { type: 'worksheet', target: `worksheets/sheet${i + 1}.xml` }),
  );
  relations.push(relation('rIdStyles', { type: 'styles', target: 'styles.xml' }));
  return `<Relationships xmlns="${PACKAGE}/relationships">${relations.join('')}</Relationships>`;
}

const relation = (id: string, { type, target }: { type: string; target: string }): string =>
  `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`;

export const packageRelations = `<Relationships xmlns="${PACKAGE}/relationships">${relation(
  'rId1',
  {
    type: 'officeDocument',
    target: 'xl/workbook.xml',
  },
)}</Relationships>`;

export function contentTypes(sheets: number): string {
  const overrides = [
    ['/xl/workbook.xml', 'sheet.main'],
    ['/xl/styles.xml', 'styles'],
    ...Array.from({ length: sheets }, (_, i) => [`/xl/worksheets/sheet${i + 1}.xml`, 'worksheet']),
  ];
  return (
    `<Types xmlns="${PACKAGE}/content-types">` +
    '<Default Extension="xml" ContentType="application/xml"/>' +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    overrides
      .map(
        ([name, type]) => `<Override PartName="${name}" ContentType="${SHEET_TYPE}.${type}+xml"/>`,
      )
      .join('') +
    '</Types>'
  );
}

/** Formats from here on are a workbook's own. */
const OWN_FORMAT = 164;

/**
 * Styles of cells: 0 plain, 1 header, 2 day, 3 integer in groups, and from 4 on fractions of 0, 1, 2 …
 * up to `scaleMax` digits.
 */
export function stylesOf(scaleMax: number): string {
  const fractions = Array.from({ length: scaleMax + 1 }, (_, scale) =>
    scale === 0 ? '#,##0' : `#,##0.${'0'.repeat(scale)}`,
  );
  const formats = ['yyyy-mm-dd', '#,##0', ...fractions];
  const xf = (format: number, font = 0) =>
    `<xf numFmtId="${format}" fontId="${font}" fillId="0" borderId="0" xfId="0"${format ? ' applyNumberFormat="1"' : ''}${font ? ' applyFont="1"' : ''}/>`;
  const cells = [xf(0), xf(0, 1), ...formats.map((_, i) => xf(OWN_FORMAT + i))];
  return (
    `<styleSheet xmlns="${MAIN}"><numFmts count="${formats.length}">` +
    formats
      .map((code, i) => `<numFmt numFmtId="${OWN_FORMAT + i}" formatCode="${code}"/>`)
      .join('') +
    '</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>' +
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>' +
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>' +
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
    `<cellXfs count="${cells.length}">${cells.join('')}</cellXfs>` +
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
  );
}
