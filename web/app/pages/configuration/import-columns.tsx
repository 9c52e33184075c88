/** The columns of a preview: which row, what becomes of it, what it does, what is wrong with it. */
import { useTranslation } from 'react-i18next';
import type { ImportPreviewRow } from '../../config-shapes.ts';
import type { Column } from '../../parts/table-model.ts';

type Fault = ImportPreviewRow['faults'][number];

export function useImportColumns(): Column<ImportPreviewRow>[] {
  const { t, i18n } = useTranslation();
  const said = ({ column, code, parameters, message }: Fault): string =>
    i18n.exists(`config.import.fault.${code}`)
      ? t(`config.import.fault.${code}`, {
          ...parameters,
          column: t(`config.import.column.${column}`),
        })
      : message;
  const kindOf = (kind: string) =>
    i18n.exists(`config.kind.${kind}`) ? t(`config.kind.${kind}`) : kind;
  const acts = (row: ImportPreviewRow): string =>
    row.acts
      .map(({ act, kind, name }) =>
        t('config.import.acted', {
          what: `${kindOf(kind)} ${name}`,
          act: t(`config.import.act.${act}`),
        }),
      )
      .join(t('mark.list'));
  const about = ({ point, serial, place }: ImportPreviewRow): string =>
    [point, serial, place].filter(Boolean).join(' · ');
  return [
    {
      key: 'row',
      title: t('config.import.row'),
      align: 'right',
      width: '70px',
      phone: 'figure',
      value: ({ row }) => row,
      cell: ({ row }) => row,
    },
    {
      key: 'fate',
      title: t('config.import.fate'),
      width: '110px',
      phone: 'plain',
      value: ({ fate }) => t(`config.import.fates.${fate}`),
      cell: ({ fate }) => (
        <span className={fate === 'error' ? 'neg strong' : fate === 'same' ? 'quiet' : 'strong'}>
          {t(`config.import.fates.${fate}`)}
        </span>
      ),
    },
    {
      key: 'about',
      title: t('config.import.about'),
      width: 'minmax(200px, 320px)',
      phone: 'title',
      value: about,
      cell: (row) => (
        <div className="clip" title={about(row)}>
          {about(row) || '–'}
        </div>
      ),
    },
    {
      key: 'what',
      title: t('config.import.acts'),
      width: 'minmax(260px, 1fr)',
      value: (row) => (row.faults.length ? row.faults.map(said).join('; ') : acts(row)),
      cell: (row) => {
        const text = row.faults.length ? row.faults.map(said).join('; ') : acts(row);
        return (
          <div className={row.faults.length ? 'clip neg' : 'clip'} title={text}>
            {text || '–'}
          </div>
        );
      },
    },
  ];
}
