/** Gateways and their buses: what answers, how old the newest reading is, where each is reached. */
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Bus, Gateway, GatewayState, LivePoint, PointState } from '../api.ts';
import { useNow } from '../clock.tsx';
import { nameOf, useLanguage } from '../language.ts';
import { ExportMenu } from '../parts/export-menu.tsx';
import { Age } from '../parts/figure.tsx';
import { Empty, ProblemNotice, Skeleton, Waiting } from '../parts/notice.tsx';
import { StateIcon } from '../parts/state.tsx';
import { useProject } from '../project.tsx';
import { useBuildings, useGateways, useLive, useMeters } from '../queries.ts';
import './gateways.css';

const iconOf: Record<GatewayState, PointState> = {
  online: 'opened',
  partial: 'alarm2',
  silent: 'lostContact',
};

const collator = new Intl.Collator('en', { numeric: true });

export default function Gateways() {
  const { t } = useTranslation();
  const query = useGateways(10_000);
  const gateways = query.data?.data.toSorted((a, b) => collator.compare(a.name, b.name));
  const byBus = usePointsByBus();
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.gateways')}</h1>
          <div className="head-line">{t('gateways.line')}</div>
        </div>
        <div className="head-acts">
          <ExportMenu
            path="/gateways"
            rows={query.data?.complete ? query.data.data.length : null}
          />
        </div>
      </div>
      {query.isError && !gateways && (
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      )}
      <div className="stack">
        {!gateways && !query.isError && (
          <section className="panel" style={{ height: 260 }} aria-busy>
            <div className="panel-head">
              <Skeleton width={200} />
            </div>
            <Waiting what={t('page.gateways')} />
          </section>
        )}
        {gateways?.length === 0 && (
          <section className="panel">
            <Empty title={t('gateways.none')} text={t('gateways.noneText')} />
          </section>
        )}
        {gateways?.map((gateway) => (
          <GatewayPanel key={gateway.id} gateway={gateway} byBus={byBus} />
        ))}
      </div>
    </>
  );
}

function usePointsByBus(): Map<string, LivePoint[]> | undefined {
  const meters = useMeters().data?.data;
  const live = useLive().data?.data;
  return useMemo(() => {
    if (!meters || !live) return undefined;
    const busOf = new Map(meters.map(({ id, busId }) => [id, busId]));
    const byBus = new Map<string, LivePoint[]>();
    for (const point of live) {
      const bus = point.meterId ? busOf.get(point.meterId) : null;
      if (bus) byBus.set(bus, [...(byBus.get(bus) ?? []), point]);
    }
    return byBus;
  }, [meters, live]);
}

function GatewayPanel({
  gateway,
  byBus,
}: {
  gateway: Gateway;
  byBus: Map<string, LivePoint[]> | undefined;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useNow();
  const building = useBuildings().data?.data.find(({ id }) => id === gateway.buildingId);
  return (
    <section className="panel">
      <div className="panel-head">
        <StateIcon state={iconOf[gateway.state ?? 'online']} />
        <h2>{nameOf(language, gateway)}</h2>
        <span className="second">{t(`gateways.state.${gateway.state ?? 'online'}`)}</span>
        <span className="rest second">
          {building && `${nameOf(language, building)} · `}
          <Age
            seconds={
              gateway.lastSeenAt ? (now.getTime() - Date.parse(gateway.lastSeenAt)) / 1000 : null
            }
          />
        </span>
      </div>
      <div className="panel-body scroll-x">
        <table className="small-table buses">
          <thead>
            <tr>
              <th scope="col">{t('meter.bus')}</th>
              <th scope="col" className="left">
                {t('gateways.framing')}
              </th>
              <th scope="col" className="left">
                {t('meter.endpoint')}
              </th>
              <th scope="col">{t('gateways.answering')}</th>
              <th scope="col" className="left">
                {t('gateways.silent')}
              </th>
            </tr>
          </thead>
          <tbody>
            {gateway.buses.map((bus) => (
              <BusRow
                key={bus.id}
                bus={bus}
                points={byBus ? (byBus.get(bus.id) ?? []) : undefined}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const SILENT_SHOWN = 6;

function BusRow({ bus, points }: { bus: Bus; points: LivePoint[] | undefined }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const silent = points?.filter(({ state }) => state === 'lostContact') ?? [];
  const all = points?.length ?? bus.meters ?? 0;
  const state: PointState =
    all > 0 && silent.length === all ? 'lostContact' : silent.length ? 'alarm2' : 'opened';
  return (
    <tr>
      <td>
        <span className="state strong">
          <StateIcon state={state} size={13} />
          {bus.name}
        </span>
      </td>
      <td className="left">{t(`framing.${bus.framing}`)}</td>
      <td className="left mono">
        {bus.host}:{bus.port}
      </td>
      <td>{points ? `${all - silent.length} / ${all}` : <Skeleton width={48} />}</td>
      <td className="left">
        {silent.slice(0, SILENT_SHOWN).map((point) => (
          <Link
            key={point.pointId}
            to="/projects/$projectId/meters/$meterId"
            params={{ projectId, meterId: point.meterId ?? '' }}
            className="silent-link"
            preload={false}
          >
            {point.code}
          </Link>
        ))}
        {silent.length > SILENT_SHOWN && t('home.more', { count: silent.length - SILENT_SHOWN })}
        {points && !silent.length && <span className="quiet">–</span>}
      </td>
    </tr>
  );
}
