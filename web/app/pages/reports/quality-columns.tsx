/** Columns of the days that have gaps. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { day, span, weekday } from '../../dates.ts';
import { number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { useLive } from '../../queries.ts';
import type { QualityRow } from '../../reports.ts';
import { MissingHours, percent } from './figures.tsx';
import { completenessOf } from './quality-grid.ts';

export function useQualityColumns(): Column<QualityRow>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId } = useProject();
  const live = useLive('slow').data?.data ?? [];
  const meters = new Map(live.map(({ pointId, meterId }) => [pointId, meterId]));
  return [
    {
      key: 'point',
      title: t('report.point'),
      width: 'minmax(130px, 1.6fr)',
      phone: 'title',
      value: ({ code }) => code,
      cell: (row) => {
        const meterId = meters.get(row.pointId);
        const name = nameOf(language, { name: row.label, nameZh: row.labelZh });
        const body = (
          <span className="nest clip" title={name}>
            <b className="strong">{row.code}</b>
            <span className="quiet nest-name">{name}</span>
          </span>
        );
        return meterId ? (
          <Link
            to="/projects/$projectId/meters/$meterId"
            params={{ projectId, meterId }}
            search={{ day: row.day }}
            style={{ color: 'inherit' }}
            preload={false}
          >
            {body}
          </Link>
        ) : (
          body
        );
      },
    },
    {
      key: 'day',
      title: t('energy.by.day'),
      width: '112px',
      phone: 'plain',
      value: (row) => row.day,
      cell: (row) => (
        <span className="nowrap">
          {day(language, row.day, false)}{' '}
          <span className="quiet">{weekday(language, row.day)}</span>
        </span>
      ),
    },
    {
      key: 'complete',
      title: t('report.quality.measured'),
      unit: '%',
      align: 'right',
      width: '96px',
      phone: 'figure',
      value: completenessOf,
      cell: (row) => <b className="strong">{percent(completenessOf(row), 1)}</b>,
    },
    {
      key: 'estimated',
      title: t('home.estimated'),
      unit: 'h',
      align: 'right',
      width: '92px',
      value: ({ estimated }) => estimated / 4,
      cell: ({ estimated }) => (
        <span className={estimated ? 'estimated' : 'quiet'}>{number(estimated / 4, 1)}</span>
      ),
    },
    {
      key: 'missing',
      title: t('home.missing'),
      unit: 'h',
      align: 'right',
      width: '84px',
      value: ({ missing }) => missing / 4,
      cell: ({ missing }) => <MissingHours quarters={missing} />,
    },
    {
      key: 'longest',
      title: t('report.quality.longestHead'),
      align: 'right',
      width: '110px',
      phone: 'none',
      value: ({ longestGapS }) => longestGapS,
      cell: ({ longestGapS }) => (longestGapS ? span(t, longestGapS) : '–'),
    },
    {
      key: 'quarantines',
      title: t('report.quality.doubtedHead'),
      align: 'right',
      width: '76px',
      phone: 'none',
      value: ({ quarantines }) => quarantines,
      cell: ({ quarantines }) => (
        <span className={quarantines ? 'old' : 'quiet'}>{number(quarantines)}</span>
      ),
    },
  ];
}
