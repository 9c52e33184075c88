/** The periods of a day as a ribbon under a 24-hour axis, and that axis. */
import { useTranslation } from 'react-i18next';
import './chart.css';
import { onRankVar, type Rank, rankVar } from './palette.ts';

/** Minutes of the wall clock, [from, to). */
export interface Band {
  from: number;
  to: number;
  rank: Rank;
}

const DAY = 1440;
/** Narrower bands bear no name. */
const NAME_MIN = 75;

export function Ribbon({ bands, names = true }: { bands: readonly Band[]; names?: boolean }) {
  const { t } = useTranslation();
  if (!bands.length) return null;
  return (
    <div className="ribbon">
      {bands.map(({ from, to, rank }) => (
        <span
          key={from}
          title={`${t(`period.${rank}`)} ${clock(from)}–${clock(to)}`}
          style={{
            width: `${((to - from) / DAY) * 100}%`,
            background: rankVar(rank),
            color: onRankVar(rank),
          }}
        >
          {names && to - from >= NAME_MIN && t(`period.${rank}`)}
        </span>
      ))}
    </div>
  );
}

export function HourAxis({ step }: { step: number }) {
  return (
    <div className="hours" aria-hidden>
      {Array.from({ length: 24 / step + 1 }, (_, index) => index * step).map((hour) => (
        <span key={hour} style={{ left: `${(hour / 24) * 100}%` }}>
          {String(hour).padStart(2, '0')}
        </span>
      ))}
    </div>
  );
}

export const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
