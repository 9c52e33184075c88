/** How good today's data is: what each gateway answers, and how much is estimated or missing. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { EnergyReport, Gateway, LivePoint, Meter } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { day, span, time } from '../../dates.ts';
import { number, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useAccounts, useGateways, useLive, useMeters } from '../../queries.ts';
import { settledToOf } from './figures.tsx';

export function QualityPanel({
  report,
  today,
}: {
  report: EnergyReport | undefined;
  today: string;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const may = useMay();
  const gateways = useGateways();
  const meters = useMeters().data?.data;
  const live = useLive().data?.data;
  const slots = report?.totals;
  const settledTo = settledToOf(useAccounts().data?.data);
  const counted = (slots?.measured ?? 0) + (slots?.estimated ?? 0) + (slots?.missing ?? 0);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>
          {may('report.read') ? (
            <Link
              to="/projects/$projectId/quality"
              params={{ projectId: project.id }}
              className="panel-link"
            >
              {t('home.quality')}
            </Link>
          ) : (
            t('home.quality')
          )}
        </h2>
        {report && (
          <span className="rest second">
            {t('asOf', { at: time(project.zone, report.asOf, true) })}
          </span>
        )}
      </div>
      <div className="panel-body">
        {gateways.isError && !gateways.data && <ProblemNotice error={gateways.error} />}
        {!gateways.data &&
          !gateways.isError &&
          [1, 2, 3].map((row) => (
            <div className="quality-row" key={row}>
              <Skeleton width="100%" />
            </div>
          ))}
        {gateways.data?.data
          .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          .map((gateway) => (
            <GatewayRow
              key={gateway.id}
              gateway={gateway}
              points={meters && live ? pointsOf(gateway, meters, live) : undefined}
            />
          ))}
        <div className="quality-foot second">
          <span>
            {t('home.estimated')} {thousands(slots?.estimatedQuantity, 1)}{' '}
            <span className="unit">kWh</span>
            {counted > 0 && ` (${share(slots?.estimated ?? 0, counted)} %)`}
          </span>
          <span className={slots?.missing ? 'old' : undefined}>
            {t('home.missing')} {number(slots ? slots.missing / 4 : null, 1)}{' '}
            <span className="unit">{t('energy.meterHours')}</span>
            {counted > 0 && ` (${share(slots?.missing ?? 0, counted)} %)`}
          </span>
          {settledTo && (
            <span className={settledTo < today ? 'old' : undefined}>
              {t('home.settledTo', { day: day(language, settledTo, false) })}
            </span>
          )}
        </div>
      </div>
    </section>
  );
}

const share = (part: number, all: number): string => number((part / all) * 100, 2);

const pointsOf = (gateway: Gateway, meters: Meter[], live: LivePoint[]): LivePoint[] => {
  const buses = new Set(gateway.buses.map(({ id }) => id));
  const own = new Set(meters.filter(({ busId }) => busId && buses.has(busId)).map(({ id }) => id));
  return live.filter(({ meterId }) => meterId && own.has(meterId));
};

function GatewayRow({ gateway, points }: { gateway: Gateway; points: LivePoint[] | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useNow();
  const answering = points?.filter(({ state }) => state !== 'lostContact').length ?? 0;
  const all = points?.length ?? 0;
  const ageS = gateway.lastSeenAt ? (now.getTime() - Date.parse(gateway.lastSeenAt)) / 1000 : null;
  const title = t('home.answering', { answering, all });
  return (
    <div className="quality-row" title={title}>
      <span className="clip">{nameOf(language, gateway)}</span>
      <span className="quality-bar" role="img" aria-label={title}>
        <span style={{ width: `${all ? (answering / all) * 100 : 0}%` }} />
      </span>
      <span className="nowrap">{points ? `${answering}/${all}` : '–'}</span>
      <span className={`nowrap ${ageS === null || ageS > 130 ? 'old' : 'quiet'}`}>
        {ageS === null ? '–' : span(t, ageS)}
      </span>
    </div>
  );
}
