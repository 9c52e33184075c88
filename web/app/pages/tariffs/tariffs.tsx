/** Tariffs to read: versions, the seasons of the year, a week as bands, and what each period costs. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Tariff, TariffVersion } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { day, localDay } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { useTariff, useTariffs } from '../../queries.ts';
import { seasonOn, versionOn } from './calendar.ts';
import { PricePanel } from './price-panel.tsx';
import { SeasonPanel } from './season-panel.tsx';
import { WeekPanel } from './week-panel.tsx';
import './tariffs.css';

export default function Tariffs() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/tariffs' });
  const today = localDay(zone, useNow(60_000));
  const list = useTariffs();
  const tariffs = list.data?.data;
  const chosen = tariffs?.find(({ id }) => id === search.tariff) ?? tariffs?.[0];
  const query = useTariff(chosen?.id ?? null);
  const tariff = query.data;
  const inForce = tariff && versionOn(tariff.versions, today);
  const version =
    tariff?.versions.find(({ id }) => id === search.version) ?? inForce ?? tariff?.versions[0];
  const calendar = version?.definition.calendar;
  const season =
    calendar?.seasons.find(({ name }) => name === search.season) ??
    (calendar && seasonOn(calendar, today)) ??
    calendar?.seasons[0];
  const error = list.error ?? query.error;
  return (
    <>
      <div className="head">
        <div className="head-text">
          <div className="head-title">
            <h1>{chosen ? nameOf(language, chosen) : t('page.tariffs')}</h1>
            {version && <span className="chip plain">v{version.version}</span>}
          </div>
          <div className="head-line">
            {version
              ? t('tariff.inForce', { day: day(language, version.effectiveFrom), zone })
              : t('tariff.line')}
          </div>
        </div>
        {tariffs && tariffs.length > 1 && chosen && (
          <Segmented
            label={t('page.tariffs')}
            value={chosen.id}
            onChange={(id) => void navigate({ to: '.', search: { tariff: id }, replace: true })}
            choices={tariffs.map((each) => ({ value: each.id, label: nameOf(language, each) }))}
          />
        )}
      </div>
      {error && !tariff && <ProblemNotice error={error} retry={() => void list.refetch()} />}
      {tariffs?.length === 0 && (
        <section className="panel">
          <Empty title={t('tariff.none')} text={t('tariff.noneText')} />
        </section>
      )}
      {chosen && !tariff && !error && (
        <section className="panel" style={{ height: 420 }} aria-busy>
          <div className="panel-head">
            <Skeleton width={180} />
          </div>
          <Waiting what={t('page.tariffs')} />
        </section>
      )}
      {tariff && version && (
        <div className="tariff-columns">
          <div className="stack">
            <Versions
              tariff={tariff}
              shown={version}
              inForce={inForce}
              onChoose={(id) =>
                void navigate({
                  to: '.',
                  search: (old) => ({ ...old, version: id, season: undefined }),
                  replace: true,
                })
              }
            />
            <PricePanel definition={version.definition} commodity={tariff.commodity} />
          </div>
          <div className="stack">
            {calendar && season ? (
              <>
                <SeasonPanel
                  calendar={calendar}
                  shown={season}
                  today={today}
                  onChoose={(name) =>
                    void navigate({
                      to: '.',
                      search: (old) => ({ ...old, season: name }),
                      replace: true,
                    })
                  }
                />
                <WeekPanel calendar={calendar} season={season} today={today} />
              </>
            ) : (
              <section className="panel">
                <Empty icon="tariff" title={t('tariff.onePrice')} text={t('tariff.onePriceText')} />
              </section>
            )}
          </div>
        </div>
      )}
    </>
  );
}

function Versions({
  tariff,
  shown,
  inForce,
  onChoose,
}: {
  tariff: Tariff & { versions: TariffVersion[] };
  shown: TariffVersion;
  inForce: TariffVersion | undefined;
  onChoose: (id: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const newest = [...tariff.versions].sort((a, b) => b.version - a.version);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('tariff.versions')}</h2>
      </div>
      <ul className="version-list">
        {newest.map((version) => (
          <li key={version.id}>
            <button
              type="button"
              aria-pressed={version.id === shown.id}
              onClick={() => onChoose(version.id)}
            >
              <span>
                <b className="strong">v{version.version}</b>{' '}
                <span className="quiet">
                  {version.id === inForce?.id
                    ? t('tariff.holds')
                    : inForce && version.effectiveFrom > inForce.effectiveFrom
                      ? t('tariff.coming')
                      : t('tariff.past')}
                </span>
              </span>
              <Icon name="lock" size={13} />
              <span className="second">
                {t('tariff.from', { day: day(language, version.effectiveFrom) })}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
