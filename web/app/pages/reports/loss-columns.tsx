/** The columns of the losses: the two sums, their difference against the usual, and what is thought of it. */
import { useTranslation } from 'react-i18next';
import { number, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import type { Column } from '../../parts/table-model.ts';
import type { LossRow } from '../../reports.ts';
import { MissingHours, NestMark, percent, quantityColumn } from './figures.tsx';
import { SuspicionChip } from './suspicion.tsx';

export function useLossColumns(
  rows: readonly LossRow[],
  opened: string | undefined,
): Column<LossRow>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const word = (key: string) => t(`report.losses.${key}`);
  const most = Math.max(
    0.01,
    ...rows.map((row) => Math.max(row.lossShare ?? 0, row.baselineShare ?? 0)),
  );
  return [
    {
      key: 'main',
      title: word('mainHead'),
      width: 'minmax(176px, 1.4fr)',
      phone: 'title',
      value: (row) => `${row.code} ${row.label}`,
      order: ({ code }) => code,
      cell: (row) => (
        <div className="nest clip">
          <NestMark open={row.mainId === opened} />
          <b className="strong">{row.code}</b>
          <span className="quiet nest-name">
            {nameOf(language, { name: row.label, nameZh: row.labelZh })}
          </span>
        </div>
      ),
    },
    quantityColumn<LossRow>('mainQuantity', word('mainSum'), (row) => row.mainQuantity, {
      cell: (row) => <span className="strong">{thousands(row.mainQuantity)}</span>,
    }),
    quantityColumn<LossRow>('subQuantity', word('subSum'), (row) => row.subQuantity),
    {
      key: 'subs',
      title: word('subs'),
      align: 'right',
      width: '52px',
      phone: 'none',
      value: ({ subCount }) => subCount,
      cell: ({ subCount }) => <span className="quiet">{number(subCount)}</span>,
    },
    quantityColumn<LossRow>('difference', word('difference'), (row) => row.difference),
    {
      key: 'share',
      title: word('share'),
      unit: '%',
      align: 'right',
      width: '64px',
      phone: 'figure',
      value: ({ lossShare }) => lossShare,
      cell: ({ lossShare }) => <b className="strong">{percent(lossShare)}</b>,
    },
    {
      key: 'usual',
      title: word('usual'),
      unit: '%',
      align: 'right',
      width: '72px',
      value: ({ baselineShare }) => baselineShare,
      cell: ({ baselineShare }) => <span className="quiet">{percent(baselineShare)}</span>,
    },
    {
      key: 'bar',
      title: word('against'),
      width: 'minmax(80px, 0.8fr)',
      phone: 'none',
      value: () => null,
      cell: (row) => <UsualBar row={row} most={most} />,
    },
    {
      key: 'missing',
      title: t('home.missing'),
      unit: 'h',
      align: 'right',
      width: '70px',
      phone: 'none',
      value: ({ missing }) => missing / 4,
      cell: ({ missing }) => <MissingHours quarters={missing} />,
    },
    {
      key: 'estimated',
      title: t('home.estimated'),
      unit: 'h',
      align: 'right',
      width: '80px',
      phone: 'none',
      value: ({ estimated }) => estimated / 4,
      cell: ({ estimated }) => (
        <span className={estimated ? 'estimated' : 'quiet'}>{number(estimated / 4, 1)}</span>
      ),
    },
    {
      key: 'suspicion',
      title: word('state'),
      width: 'minmax(226px, 2fr)',
      phone: 'plain',
      value: ({ suspicion }) => t(`report.suspicion.${suspicion}`),
      cell: (row) => <SuspicionChip suspicion={row.suspicion} reason={row.reason} />,
    },
  ];
}

/** The share as a bar, what is usual as a mark on it. */
function UsualBar({ row, most }: { row: LossRow; most: number }) {
  if (row.lossShare === null) return <span className="quiet">–</span>;
  const at = (share: number) => `${Math.max(0, Math.min(1, share / most)) * 100}%`;
  return (
    <span className={`usual-bar ${row.suspicion}`}>
      <span style={{ width: at(row.lossShare) }} />
      {row.baselineShare !== null && <i style={{ left: at(row.baselineShare) }} />}
    </span>
  );
}
