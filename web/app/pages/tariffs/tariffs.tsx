/** Tariffs: the list, and of one its versions on a line of time, its calendar, prices and where it holds. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Tariff, TariffVersion } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { day, fullMoment, localDay } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useTariff, useTariffs } from '../../queries.ts';
import { useAssignments } from '../../tariff-queries.ts';
import { AssignmentsPanel } from './assignments-panel.tsx';
import { seasonOn, versionOn } from './calendar.ts';
import { PricePanel } from './price-panel.tsx';
import { SeasonPanel } from './season-panel.tsx';
import { StepsRead } from './steps-read.tsx';
import { VersionLine } from './version-line.tsx';
import { WeekPanel } from './week-panel.tsx';
import './tariffs.css';

export default function Tariffs() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const may = useMay();
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
  const choose = (versionId: string) =>
    void navigate({
      to: '.',
      search: (old) => ({ ...old, version: versionId, season: undefined }),
      replace: true,
    });
  const edit = '/projects/$projectId/tariffs/edit' as const;
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
              ? t(
                  version.id === inForce?.id
                    ? 'tariff.inForce'
                    : version.effectiveFrom > today
                      ? 'tariff.willHold'
                      : 'tariff.held',
                  { day: day(language, version.effectiveFrom), zone },
                )
              : t('tariff.line')}
          </div>
        </div>
        <div className="head-acts wrapping">
          <Link
            to="/projects/$projectId/tariffs/published"
            params={{ projectId }}
            className="button"
          >
            {t('tariff.published.act')}
          </Link>
          {may('tariff.write') && (
            <Link to={edit} params={{ projectId }} search={{}} className="button">
              <Icon name="plus" size={14} />
              {t('tariff.new')}
            </Link>
          )}
          {may('tariff.write') && tariff && (
            <Link
              to={edit}
              params={{ projectId }}
              search={{ tariff: tariff.id, base: version?.id }}
              className="button primary"
            >
              <Icon name="copy" size={14} />
              {version ? t('tariff.copy', { version: version.version }) : t('tariff.first')}
            </Link>
          )}
        </div>
      </div>
      {error && !tariff && <ProblemNotice error={error} retry={() => void list.refetch()} />}
      {tariffs?.length === 0 && (
        <section className="panel">
          <Empty
            icon="tariff"
            title={t('tariff.noTariffs')}
            text={t('tariff.noneText')}
            act={
              may('tariff.write') ? (
                <Link to={edit} params={{ projectId }} search={{}} className="button small">
                  {t('tariff.new')}
                </Link>
              ) : undefined
            }
          />
        </section>
      )}
      {!tariff && !error && tariffs?.length !== 0 && (
        <section className="panel" style={{ height: 420 }} aria-busy>
          <div className="panel-head">
            <Skeleton width={180} />
          </div>
          <Waiting what={t('page.tariffs')} />
        </section>
      )}
      {tariffs && tariff && (
        <div className="tariff-columns">
          <div className="stack">
            <TariffList
              tariffs={tariffs}
              shown={tariff.id}
              today={today}
              onChoose={(id) => void navigate({ to: '.', search: { tariff: id }, replace: true })}
            />
            {version && <PricePanel definition={version.definition} commodity={tariff.commodity} />}
          </div>
          <div className="stack">
            {version ? (
              <section className="panel" aria-label={t('tariff.versions')}>
                <div className="panel-head">
                  <h2>{t('tariff.versions')}</h2>
                  <span className="rest second">{t('tariff.neverAltered')}</span>
                </div>
                <VersionLine
                  versions={tariff.versions}
                  shown={version}
                  inForce={inForce}
                  today={today}
                  onChoose={choose}
                />
                <Versions tariff={tariff} shown={version} inForce={inForce} onChoose={choose} />
              </section>
            ) : (
              <section className="panel">
                <Empty title={t('tariff.noVersion')} text={t('tariff.noVersionText')} />
              </section>
            )}
            {version && calendar && season && (
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
                <WeekPanel
                  calendar={calendar}
                  season={season}
                  today={today}
                  labels={version.definition.labels}
                />
              </>
            )}
            {version && !calendar && (
              <section className="panel">
                <Empty icon="tariff" title={t('tariff.onePrice')} text={t('tariff.onePriceText')} />
              </section>
            )}
            {version?.definition.steps && (
              <StepsRead steps={version.definition.steps} commodity={tariff.commodity} />
            )}
            <AssignmentsPanel tariff={tariff} today={today} />
          </div>
        </div>
      )}
    </>
  );
}

function TariffList({
  tariffs,
  shown,
  today,
  onChoose,
}: {
  tariffs: readonly Tariff[];
  shown: string;
  today: string;
  onChoose: (id: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const assignments = useAssignments().data?.data;
  const held = (tariffId: string) =>
    assignments?.filter(
      (each) =>
        each.tariffId === tariffId && each.from <= today && (each.to === null || each.to > today),
    );
  return (
    <section className="panel" aria-label={t('page.tariffs')}>
      <div className="panel-head">
        <h2>{t('page.tariffs')}</h2>
        <span className="rest second">{tariffs.length}</span>
      </div>
      <ul className="version-list">
        {tariffs.map((tariff) => {
          const now = held(tariff.id);
          const isDefault = now?.some(({ pointId, accountId }) => !pointId && !accountId);
          const places = now?.filter(({ pointId, accountId }) => pointId || accountId).length ?? 0;
          return (
            <li key={tariff.id}>
              <button
                type="button"
                aria-pressed={tariff.id === shown}
                onClick={() => onChoose(tariff.id)}
              >
                <b className="strong wrap">{nameOf(language, tariff)}</b>
                <span className="quiet">{t(`commodity.${tariff.commodity}`)}</span>
                <span className="second">
                  {now &&
                    ([
                      isDefault && t('tariff.isDefault'),
                      places && t('tariff.places', { count: places }),
                    ]
                      .filter(Boolean)
                      .join(t('mark.list')) ||
                      t('tariff.nowhere'))}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
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
  const { zone } = useProject();
  const newest = [...tariff.versions].sort((a, b) => b.version - a.version);
  return (
    <ul className="version-list wide">
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
            <span>{t('tariff.from', { day: day(language, version.effectiveFrom) })}</span>
            <span className="second">
              {t('tariff.made', { at: fullMoment(language, zone, version.createdAt) })}
              {isLate(version, zone) && ` · ${t('tariff.wasCorrection')}`}
            </span>
            <Icon name="lock" size={13} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** It was made after the day on which it begins. */
const isLate = ({ createdAt, effectiveFrom }: TariffVersion, zone: string): boolean =>
  localDay(zone, new Date(createdAt)) > effectiveFrom;
