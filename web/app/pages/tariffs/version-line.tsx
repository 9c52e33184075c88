/** Versions on a line of time: which holds now, which came before, which is to come. */
import { useTranslation } from 'react-i18next';
import type { TariffVersion } from '../../api.ts';
import { addDays, day, daysApart } from '../../dates.ts';
import { useLanguage } from '../../language.ts';

/** What is drawn before the first and after the last beginning, at least. */
const MARGIN_DAYS = 60;
/** A version that held for a short time must still be pressed: of the whole line. */
const LEAST_SHARE = 0.05;

export function VersionLine({
  versions,
  shown,
  inForce,
  today,
  onChoose,
}: {
  versions: readonly TariffVersion[];
  shown: TariffVersion;
  inForce: TariffVersion | undefined;
  today: string;
  onChoose: (id: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const sorted = [...versions].sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));
  const first = sorted[0]?.effectiveFrom ?? today;
  const lastStart = sorted.at(-1)?.effectiveFrom ?? today;
  const end = addDays(lastStart > today ? lastStart : today, MARGIN_DAYS);
  const begin = first < today ? first : today;
  const days = Math.max(1, daysApart(begin, end));
  const raw = sorted.map(({ effectiveFrom }, index) =>
    Math.max(LEAST_SHARE, daysApart(effectiveFrom, sorted[index + 1]?.effectiveFrom ?? end) / days),
  );
  const lead = daysApart(begin, first) / days;
  const all = raw.reduce((so, share) => so + share, lead);
  let from = lead / all;
  const blocks = sorted.map((version, index) => {
    const width = (raw[index] ?? 0) / all;
    const block = { version, from, width };
    from += width;
    return block;
  });
  const held = blocks.find(({ version }) => version.id === inForce?.id);
  const heldIndex = held ? blocks.indexOf(held) : -1;
  const heldEnd = sorted[heldIndex + 1]?.effectiveFrom ?? end;
  const now = held
    ? held.from +
      held.width *
        Math.min(
          1,
          daysApart(held.version.effectiveFrom, today) /
            Math.max(1, daysApart(held.version.effectiveFrom, heldEnd)),
        )
    : 0;
  return (
    <div className="panel-body">
      <div className="version-line">
        {blocks.map(({ version, from: left, width }) => (
          <button
            key={version.id}
            type="button"
            aria-pressed={version.id === shown.id}
            style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
            title={t('tariff.from', { day: day(language, version.effectiveFrom) })}
            onClick={() => onChoose(version.id)}
          >
            <b className="strong">v{version.version}</b>{' '}
            {width > 0.14 && (
              <span className="dates">
                {t('tariff.from', { day: day(language, version.effectiveFrom) })}
              </span>
            )}
          </button>
        ))}
        <i className="year-today" style={{ left: `${now * 100}%` }} />
      </div>
      <div className="version-now" style={{ paddingLeft: `min(${now * 100}%, calc(100% - 60px))` }}>
        {t('tariff.today')}
      </div>
    </div>
  );
}
