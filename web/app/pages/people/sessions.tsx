/** Where somebody is signed in, each with the way to end it. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import type { SessionRow } from '../../people-queries.ts';
import { useProject } from '../../project.tsx';

export function Sessions({
  rows,
  onEnd,
}: {
  rows: readonly SessionRow[];
  onEnd?: (row: SessionRow) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  if (!rows.length) return <p className="second">{t('people.session.none')}</p>;
  return (
    <ul className="people-list">
      {rows.map((row) => (
        <li key={row.id}>
          <div className="people-what">
            <div className="strong clip" title={row.agent ?? undefined}>
              {browserOf(row.agent) ?? t('people.session.unknown')}
              {row.current && <span className="people-mark">{t('people.session.this')}</span>}
            </div>
            <div className="second">
              {t('people.session.since', { at: moment(language, zone, row.startedAt, now) })}
              {row.address && <> · {row.address}</>}
            </div>
          </div>
          {onEnd && !row.current && (
            <button type="button" className="button" onClick={() => onEnd(row)}>
              {t('people.session.end')}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

const BROWSERS = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/MicroMessenger/, 'WeChat'],
  [/Chrome\//, 'Chrome'],
  [/Firefox\//, 'Firefox'],
  [/Safari\//, 'Safari'],
] as const;
const SYSTEMS = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
] as const;

/** "Chrome · Windows"; what calls itself something else in its own first word. */
export function browserOf(agent: string | null): string | null {
  if (!agent) return null;
  const of = (names: readonly (readonly [RegExp, string])[]) =>
    names.find(([pattern]) => pattern.test(agent))?.[1];
  const known = [of(BROWSERS), of(SYSTEMS)].filter(Boolean).join(' · ');
  return known || (agent.split(/[\s/]/)[0] ?? agent);
}
