/** One meter: its figures now, the day minute by minute, the month, its registers, its account, its place. */
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, dayStart, localDay, time } from '../../dates.ts';
import { amount, change, currencyName, kw, number, signed, thousands } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Age, Cell } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { StateChip } from '../../parts/state.tsx';
import { useMay, useProject } from '../../project.tsx';
import {
  useBalance,
  useBuildings,
  useEnergy,
  useInstallations,
  useLive,
  useMeter,
  useReadings,
} from '../../queries.ts';
import { CommandActs } from '../commands/command-acts.tsx';
import { CommandPanel, useSupplyWords } from '../commands/command-panel.tsx';
import { Correct } from '../exceptions/correct.tsx';
import { CorrectedPanel } from '../exceptions/corrected.tsx';
import { BalancePanel } from './balance-panel.tsx';
import { CurvePanel } from './curve-panel.tsx';
import { DayPanel } from './day-panel.tsx';
import { LivePanel } from './live-panel.tsx';
import { PlacePanel } from './place-panel.tsx';
import { RegisterPanel } from './register-panel.tsx';
import { ratioOf } from './samples.ts';
import './meter.css';

const MINUTE_MS = 60_000;

export default function MeterPage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const may = useMay();
  const { meterId } = useParams({ from: '/projects/$projectId/meters/$meterId' });
  const { correct, command } = useSearch({ from: '/projects/$projectId/meters/$meterId' });
  const navigate = useNavigate();
  const now = useNow(10_000);
  const today = localDay(project.zone, now);
  const query = useMeter(meterId);
  const meter = query.data;
  const point = useLive().data?.data.find((each) => each.meterId === meterId);
  // What is corrected may take the meter from its point: the form stays until it is closed.
  const [stood, keep] = useState<typeof point>();
  if (point && point !== stood) keep(point);
  const corrected = point ?? (correct ? stood : undefined);
  const buildings = useBuildings().data?.data ?? [];
  const installation = useInstallations().data?.data.find(
    (each) => each.meterId === meterId && !each.to,
  );
  const ratio = useMemo(() => ratioOf(installation), [installation]);
  const startMs = dayStart(project.zone, today);
  const endMs = dayStart(project.zone, addDays(today, 1));
  const readings = useReadings(meterId, startMs, endMs, MINUTE_MS);
  const commodity = point?.commodity ?? 'electricity';
  const unit = commodity === 'water' ? 'l' : 'Wh';
  const code = point?.code ?? meter?.pointCode ?? meter?.serial ?? '';
  const report = useEnergy(
    {
      from: today,
      to: addDays(today, 1),
      unit: 'hour',
      by: 'point',
      pointId: point?.pointId ?? '',
      commodity,
    },
    { on: !!point && may('report.read'), everyMs: MINUTE_MS },
  );
  if (query.isError && !meter) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  const building = buildings.find(({ id }) => id === point?.buildingId);
  const account = point?.accountName
    ? nameOf(language, { name: point.accountName, nameZh: point.accountNameZh })
    : null;
  const line = [
    account,
    meter && `${meter.model}${t('mark.comma')}${meter.serial}`,
    installation && installation.ct > 1 && `CT ${number(installation.ct)}`,
    building && nameOf(language, building),
    point?.level !== null && point?.level !== undefined && t('floor', { level: point.level }),
  ].filter(Boolean);
  return (
    <>
      <div className="head">
        <div className="head-text">
          <div className="head-title">
            <h1>{code || <Skeleton width={90} height={20} />}</h1>
            {point && <StateChip state={point.state} />}
            {point?.lockedOut && (
              <span className="chip plain">
                <Icon name="lock" size={12} /> {t('lockedOut')}
              </span>
            )}
            {meter?.simulated && <span className="chip plain dashed">{t('meter.simulated')}</span>}
          </div>
          <div className="head-line">{line.join(' · ') || <Skeleton width={260} />}</div>
        </div>
        <div className="head-acts meter-acts">
          <CommandActs
            subject={{ meterId, code, serial: meter?.serial, point }}
            open={command}
            show={(next) =>
              void navigate({
                to: '.',
                search: (old) => ({ ...old, command: next }),
                replace: !next,
              })
            }
          />
          {corrected && (
            <Correct
              subject={{ meterId, pointId: corrected.pointId, code: corrected.code, unit }}
              open={correct}
            />
          )}
        </div>
      </div>
      <Figures meterId={meterId} report={report.data} today={today} />
      <div className="columns" style={{ '--side': '376px' } as React.CSSProperties}>
        <div className="stack">
          {commodity === 'electricity' && (
            <CurvePanel
              meterId={meterId}
              today={today}
              ratio={ratio}
              overloadW={point?.overloadW ?? null}
            />
          )}
          {point && may('report.read') && (
            <DayPanel today={today} pointId={point.pointId} commodity={commodity} />
          )}
          <RegisterPanel
            readings={readings.data?.data}
            report={report.data}
            startMs={startMs}
            ratio={ratio}
          />
        </div>
        <div className="stack">
          <LivePanel meter={meter} ratio={ratio} />
          {point && may('account.read') && <BalancePanel point={point} />}
          <CommandPanel meterId={meterId} />
          <PlacePanel meter={meter} installation={installation} />
          <CorrectedPanel meterId={meterId} unit={unit} />
        </div>
      </div>
    </>
  );
}

function Figures({
  meterId,
  report,
  today,
}: {
  meterId: string;
  report: ReturnType<typeof useEnergy>['data'];
  today: string;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const project = useProject();
  const may = useMay();
  const now = useNow();
  const live = useLive().data;
  const point = live?.data.find((each) => each.meterId === meterId);
  const balance = useBalance(may('account.read') ? (point?.accountId ?? null) : null).data;
  const isWater = point?.commodity === 'water';
  const supply = useSupplyWords(meterId);
  const lastAt = point?.lastSampleAt ?? null;
  const ageS = lastAt ? (now.getTime() - Date.parse(lastAt)) / 1000 : null;
  const load =
    point?.overloadW && point.powerW !== null ? (point.powerW / point.overloadW) * 100 : null;
  const soFar = report?.totals.quantity;
  // Hours that have an energy of today are compared with the same hours of the day before.
  const before = report?.data.reduce(
    (so, row) => (row.quantity === null ? so : so + (row.previous ?? 0)),
    0,
  );
  const difference = change(soFar, before);
  const cells = [
    !isWater && (
      <Cell
        key="power"
        label={t('meters.power')}
        value={kw(point?.powerW)}
        unit="kW"
        loading={!live}
        line={
          load === null || !point
            ? t('missing.noThreshold')
            : t('meter.ofThreshold', { percent: number(load), kw: kw(point.overloadW) })
        }
      />
    ),
    <Cell
      key="energy"
      label={isWater ? t('meter.volumeToday') : t('home.energy')}
      value={thousands(soFar, isWater ? 3 : 1)}
      unit={isWater ? 'm³' : 'kWh'}
      loading={!report && may('report.read')}
      line={
        difference === null
          ? t('home.noYesterday')
          : t('meter.sameHours', { percent: signed(difference) })
      }
    />,
    point?.accountId && (
      <Cell
        key="balance"
        label={t('account.live')}
        value={amount(balance?.live.amount)}
        unit={currencyName(project.currency, language)}
        loading={!balance}
        line={t('account.minus', {
          settled: amount(balance?.settled.amount),
          provisional: amount(balance?.provisional.amount),
        })}
      />
    ),
    point?.accountId && (
      <Cell
        key="hours"
        label={t('account.hours')}
        value={number(balance?.hoursLeft)}
        unit="h"
        loading={!balance}
        line={t('account.hoursLine')}
      />
    ),
    supply && (
      <Cell
        key="supply"
        label={t(isWater ? 'command.figure.valve' : 'command.figure.relay')}
        value={supply.value}
        line={supply.line}
      />
    ),
    <Cell
      key="last"
      label={t('meters.last')}
      value={
        lastAt
          ? localDay(project.zone, new Date(lastAt)) === today
            ? time(project.zone, lastAt, true)
            : localDay(project.zone, new Date(lastAt))
          : '–'
      }
      loading={!live}
      line={<Age seconds={ageS} />}
    />,
  ].filter(Boolean);
  return (
    <section className="panel strip" style={{ '--figures': cells.length } as React.CSSProperties}>
      {cells}
    </section>
  );
}
