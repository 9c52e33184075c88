/** Columns of lines, of files, and of a preview. */
import { useTranslation } from 'react-i18next';
import type { Money } from '../../api.ts';
import type { BankFile, BankLine, PreviewLine } from '../../bank-shapes.ts';
import { useNow } from '../../clock.tsx';
import { day, moment } from '../../dates.ts';
import { amount, currencyName, isNegative, number, sum } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { LineMark, useSpeaksOf, whoOf } from './marks.tsx';

function useMoneyColumn<Row>() {
  const language = useLanguage();
  const { currency } = useProject();
  return (
    key: string,
    title: string,
    of: (row: Row) => Money,
    more: Partial<Column<Row>> = {},
  ): Column<Row> => ({
    ...{ key, title, unit: currencyName(currency, language), align: 'right', width: '124px' },
    value: (row) => of(row).amount,
    order: (row) => Number(of(row).amount),
    cell: (row) => (
      <span className={isNegative(of(row).amount) ? 'neg' : undefined}>
        {amount(of(row).amount)}
      </span>
    ),
    ...more,
  });
}

/** What every line of a file says, also before it counts. */
function useSaid<Row extends BankLine | PreviewLine>() {
  const { t } = useTranslation();
  const language = useLanguage();
  const money = useMoneyColumn<Row>();
  return {
    day: {
      ...{ key: 'day', title: t('bank.day'), width: '128px', phone: 'plain' },
      value: (row) => `${row.day} ${row.time ?? ''}`.trim(),
      cell: (row) => (
        <span className="nowrap">
          {day(language, row.day)} {row.time && <span className="quiet">{row.time}</span>}
        </span>
      ),
    } satisfies Column<Row>,
    who: {
      ...{ key: 'who', title: t('bank.payer'), width: 'minmax(160px, 2fr)', phone: 'title' },
      value: whoOf,
      cell: (row) => (
        <div className="clip strong" title={whoOf(row)}>
          {whoOf(row)}
        </div>
      ),
    } satisfies Column<Row>,
    reference: {
      ...{ key: 'reference', title: t('bank.reference'), width: 'minmax(110px, 1fr)' },
      value: (row) => row.order ?? row.reference,
      cell: (row) => (
        <div className="clip mono quiet" title={row.order ?? row.reference ?? undefined}>
          {row.order ?? row.reference ?? '–'}
        </div>
      ),
    } satisfies Column<Row>,
    amount: (rows: readonly Row[]) => {
      const total = sum(rows.map((row) => row.amount.amount));
      return money('amount', t('bank.amount'), (row) => row.amount, {
        phone: 'figure',
        total: { cell: amount(total), value: total },
      });
    },
    fee: money('fee', t('bank.fee'), (row) => row.fee, { width: '100px', optional: true }),
  };
}

export function useLineColumns(rows: readonly BankLine[]): Column<BankLine>[] {
  const { t } = useTranslation();
  const said = useSaid<BankLine>();
  const speaksOf = useSpeaksOf();
  return [
    { ...said.day, total: { cell: t('total'), value: t('total') } },
    said.who,
    { ...said.reference, phone: 'none' },
    {
      ...{ key: 'state', title: t('bank.is'), width: '130px', phone: 'plain' },
      value: ({ state }) => t(`bank.state.${state}`),
      cell: ({ state }) => <LineMark state={state} />,
    },
    said.amount(rows),
    said.fee,
    {
      ...{ key: 'target', title: t('bank.target'), width: 'minmax(160px, 2fr)' },
      value: speaksOf,
      cell: (line) => (
        <div className={line.target ? 'clip' : 'clip quiet'} title={speaksOf(line)}>
          {speaksOf(line) || '–'}
        </div>
      ),
    },
    {
      ...{ key: 'by', title: t('bank.by'), width: '120px', phone: 'none' },
      value: ({ actedBy }) => actedBy,
      cell: ({ actedBy }) => <div className="clip">{actedBy}</div>,
    },
    {
      ...{ key: 'file', title: t('bank.file'), width: '160px', phone: 'none', optional: true },
      value: ({ fileName }) => fileName,
      cell: ({ fileName }) => <div className="clip">{fileName}</div>,
    },
  ];
}

export function useFileColumns(): Column<BankFile>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const money = useMoneyColumn<BankFile>();
  const word = (key: string) => t(`bank.files.${key}`);
  const count = (key: 'lines' | 'unidentified' | 'duplicates' | 'skipped'): Column<BankFile> => ({
    ...{ key, title: word(key), align: 'right', width: '104px' },
    value: (row) => row[key],
    cell: (row) => (
      <span className={key === 'unidentified' && row[key] > 0 ? 'bank-unidentified' : undefined}>
        {number(row[key])}
      </span>
    ),
  });
  return [
    {
      ...{ key: 'at', title: word('at'), width: '128px', phone: 'plain' },
      value: ({ importedAt }) => importedAt,
      cell: ({ importedAt }) => (
        <span className="nowrap">{moment(language, zone, importedAt, now)}</span>
      ),
    },
    {
      ...{ key: 'name', title: word('name'), width: 'minmax(180px, 2fr)', phone: 'title' },
      value: ({ name }) => name,
      cell: ({ name }) => (
        <div className="clip strong" title={name}>
          {name}
        </div>
      ),
    },
    {
      ...{ key: 'source', title: t('bank.source'), width: '130px', phone: 'plain' },
      value: ({ source }) => t(`bank.sources.${source}`),
      cell: ({ source }) => t(`bank.sources.${source}`),
    },
    {
      ...{ key: 'period', title: word('period'), width: '150px' },
      value: (file) => `${file.from} – ${file.to}`,
      cell: (file) => (
        <span className="nowrap">
          {file.from === file.to
            ? day(language, file.from)
            : `${day(language, file.from)} – ${day(language, file.to)}`}
        </span>
      ),
    },
    count('lines'),
    count('unidentified'),
    { ...count('duplicates'), optional: true },
    { ...count('skipped'), optional: true },
    money('amount', t('bank.amount'), (file) => file.amount, { phone: 'figure' }),
    money('fee', t('bank.fee'), (file) => file.fee, { width: '100px' }),
    money('net', word('net'), (file) => file.net, { optional: true }),
    {
      ...{ key: 'by', title: t('bank.by'), width: '120px', phone: 'none' },
      value: ({ importedBy }) => importedBy,
      cell: ({ importedBy }) => <div className="clip">{importedBy}</div>,
    },
  ];
}

export function usePreviewColumns(): (rows: readonly PreviewLine[]) => Column<PreviewLine>[] {
  const { t, i18n } = useTranslation();
  const said = useSaid<PreviewLine>();
  const speaksOf = useSpeaksOf();
  const wrong = (line: PreviewLine) =>
    line.faults
      .map(({ code, value, expected }) =>
        i18n.exists(`bank.load.fault.${code}`)
          ? t(`bank.load.fault.${code}`, { value, expected })
          : `${code}${t('mark.colon')}${value}`,
      )
      .join('; ');
  const what = (line: PreviewLine): string => {
    if (line.faults.length) return wrong(line);
    if (line.candidates) return t('bank.load.candidates', { count: line.candidates });
    const rule = line.rule && line.target ? ` (${t(`bank.rule.${line.rule}`)})` : '';
    return speaksOf(line) + rule;
  };
  return (rows) => [
    {
      ...{ key: 'row', title: t('bank.row'), align: 'right', width: '60px', phone: 'none' },
      value: ({ row }) => row,
      cell: ({ row }) => row,
    },
    said.day,
    said.who,
    { ...said.reference, phone: 'none' },
    said.amount(rows),
    said.fee,
    {
      ...{ key: 'fate', title: t('bank.load.fate'), width: '120px', phone: 'plain' },
      value: ({ fate }) => t(`bank.load.fates.${fate}`),
      cell: ({ fate }) => <span className={fateClass[fate]}>{t(`bank.load.fates.${fate}`)}</span>,
    },
    {
      ...{ key: 'what', title: t('bank.target'), width: 'minmax(200px, 2fr)' },
      value: what,
      cell: (line) => (
        <div className={line.faults.length ? 'clip neg' : 'clip'} title={what(line)}>
          {what(line) || '–'}
        </div>
      ),
    },
  ];
}

const fateClass = {
  match: 'strong',
  ambiguous: 'strong bank-unidentified',
  unknown: 'strong bank-unidentified',
  duplicate: 'quiet',
  skipped: 'quiet',
  error: 'strong neg',
} as const;
