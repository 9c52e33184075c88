/** The five periods in their one order, with their totals where there are some. */
import { useTranslation } from 'react-i18next';
import { thousands } from '../format.ts';
import { ranks, rankVar } from './palette.ts';

export function PeriodLegend({
  sums,
  unit,
  children,
}: {
  sums?: Record<string, number> | undefined;
  unit?: string;
  children?: React.ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <div className="legend chart-legend">
      {ranks.map((rank, index) => (
        <span key={rank}>
          <i className="swatch" style={{ background: rankVar(rank) }} />
          {t(`period.${rank}`)}
          {sums && <b>{thousands(sums[rank] ?? 0)}</b>}
          {sums && unit && index === ranks.length - 1 && <span className="unit">{unit}</span>}
        </span>
      ))}
      {children}
    </div>
  );
}
