/** Below the table: the main meter over the same time, and the way to what its sub-meters did not count. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { daysApart } from '../../dates.ts';
import { thousands } from '../../format.ts';
import { useProject } from '../../project.tsx';
import { rangeSearch } from '../../range.ts';
import type { LossRow, Report } from '../../reports.ts';
import { percent } from '../reports/figures.tsx';
import { useReport } from '../reports/use-report.ts';
import type { Asked } from './asked.ts';

/** Longer ranges are asked on the page of the losses itself. */
const DAYS_MAX = 62;

export function EnergyFoot({ asked }: { asked: Asked }) {
  const { t } = useTranslation();
  const { id: projectId, zone } = useProject();
  const isWhole = !asked.building && !asked.point && asked.commodity === 'electricity';
  const losses = useReport<Report<LossRow>>(
    'losses',
    { from: asked.from, to: asked.to, unit: 'total', commodity: asked.commodity },
    { on: isWhole && daysApart(asked.from, asked.to) <= DAYS_MAX },
  );
  const main = isWhole ? losses.data?.data.find(({ role }) => role === 'park-main') : undefined;
  const note = t('energy.foot', { zone });
  if (!main?.mainQuantity || losses.isPlaceholderData) return <>{note}</>;
  // What is lost below the park's main is lost between it and the units, over all levels.
  const difference = (losses.data?.data ?? []).reduce((so, row) => so + (row.difference ?? 0), 0);
  return (
    <>
      {t('report.energy.main', {
        main: thousands(main.mainQuantity),
        difference: thousands(difference),
        share: percent(difference / main.mainQuantity),
      })}{' '}
      <Link
        to="/projects/$projectId/losses"
        params={{ projectId }}
        search={rangeSearch(asked)}
        preload={false}
      >
        {t('report.energy.seeLosses')}
      </Link>
      {' · '}
      {note}
    </>
  );
}
