// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a box of its own.
/** What is chosen in the week: its times to type, its period, and what can be done with it. */
import { useTranslation } from 'react-i18next';
import { Icon } from '../../../parts/icons.tsx';
import { onRankVar, ranks, rankVar } from '../../../parts/palette.ts';
import { type Band, clock } from '../../../parts/ribbon.tsx';
import type { Rank } from '../../../tariff-shapes.ts';
import {
  merged,
  minuteTyped,
  moveBorder,
  QUARTER,
  ranked,
  removed,
  type Stretch,
  split,
} from './bands.ts';
import { TextField } from './field.tsx';

export function BandBar({
  where,
  pieces,
  index,
  hole,
  was,
  nameOf,
  onChange,
  onFill,
}: {
  /** The days that share these bands. */
  where: string;
  pieces: readonly Band[];
  /** Of the chosen band; -1 where a hole is chosen. */
  index: number;
  hole: Stretch | undefined;
  was: string | null;
  nameOf: (rank: Rank) => string;
  onChange: (pieces: Band[], group?: string) => void;
  onFill: (hole: Stretch, rank: Rank) => void;
}) {
  const { t } = useTranslation();
  const piece = pieces[index];
  if (hole) {
    return (
      <div className="band-bar" role="group" aria-label={t('tariff.week.chosen')}>
        <span className="state neg">
          <Icon name="warning" size={14} />
          <b className="strong">
            {where}
            {t('mark.comma')}
            {t('tariff.week.hole', { from: clock(hole.from), to: clock(hole.to) })}
          </b>
        </span>
        <Periods nameOf={nameOf} chosen={null} onChoose={(rank) => onFill(hole, rank)} />
        <span className="band-keys">{t('tariff.week.fillKeys')}</span>
      </div>
    );
  }
  if (!piece) return <div className="band-bar quiet">{t('tariff.week.choose')}</div>;
  const type = (edge: 'from' | 'to') => (text: string) => {
    const minute = minuteTyped(text);
    if (minute !== null) onChange(moveBorder(pieces, index, edge, minute), `type-${edge}`);
  };
  const wrong = [piece.from, piece.to].find((at) => at % QUARTER !== 0);
  return (
    <div className="band-bar" role="group" aria-label={t('tariff.week.chosen')}>
      <span className="state">
        <i className="swatch" style={{ background: rankVar(piece.rank) }} />
        <b className="strong">
          {where}
          {t('mark.comma')}
          {nameOf(piece.rank)}
        </b>
      </span>
      <span className="band-times">
        <TextField
          label={t('tariff.week.from')}
          value={clock(piece.from)}
          onChange={type('from')}
          disabled={piece.from === 0}
        />
        <TextField
          label={t('tariff.week.to')}
          value={clock(piece.to)}
          onChange={type('to')}
          disabled={piece.to === 1440}
        />
      </span>
      {wrong !== undefined ? (
        <span className="neg">{t('tariff.week.unaligned', { at: clock(wrong) })}</span>
      ) : (
        was && <span className="second">{was}</span>
      )}
      <Periods
        nameOf={nameOf}
        chosen={piece.rank}
        onChoose={(rank) => onChange(ranked(pieces, index, rank))}
      />
      <span className="band-acts">
        <button
          type="button"
          className="button small"
          disabled={piece.to - piece.from < 2 * QUARTER}
          onClick={() => onChange(split(pieces, index))}
        >
          {t('tariff.week.split')} <span className="key">S</span>
        </button>
        <button
          type="button"
          className="button small"
          disabled={pieces.length < 2}
          onClick={() => onChange(merged(pieces, index))}
        >
          {t('tariff.week.join')} <span className="key">J</span>
        </button>
        <button
          type="button"
          className="button small"
          disabled={pieces.length < 2}
          onClick={() => onChange(removed(pieces, index))}
        >
          {t('tariff.week.remove')} <span className="key">Del</span>
        </button>
      </span>
      <span className="band-keys">{t('tariff.week.keys')}</span>
    </div>
  );
}

function Periods({
  nameOf,
  chosen,
  onChoose,
}: {
  nameOf: (rank: Rank) => string;
  chosen: Rank | null;
  onChoose: (rank: Rank) => void;
}) {
  const { t } = useTranslation();
  return (
    <span className="band-periods" role="group" aria-label={t('tariff.period')}>
      {ranks.map((rank) => (
        <button
          key={rank}
          type="button"
          aria-pressed={rank === chosen}
          title={`${nameOf(rank)} (${rank})`}
          style={{ background: rankVar(rank), color: onRankVar(rank) }}
          onClick={() => onChoose(rank)}
        >
          <span className="clip">{nameOf(rank)}</span> <small>{rank}</small>
        </button>
      ))}
    </span>
  );
}
