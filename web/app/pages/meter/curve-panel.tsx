/** The day minute by minute: power, voltage, current or factor; the day before beside it; gaps in words. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, dayStart, day as dayText, span, time } from '../../dates.ts';
import { kw, number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Chart } from '../../parts/chart.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Waiting } from '../../parts/notice.tsx';
import type { Palette } from '../../parts/palette.ts';
import { HourAxis, Ribbon } from '../../parts/ribbon.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import { useReadings } from '../../queries.ts';
import { usePeriods } from '../tariffs/periods.ts';
import { CURVE_GRID, type CurveLine, curveOption } from './curve-option.ts';
import { type Curve, gapsOf, linesOf, type Ratio, spots } from './samples.ts';

const MINUTE_MS = 60_000;
const GAPS_TOLD = 3;
const TABLE_EVERY = 15;
const units: Record<Curve, { unit: string; decimals: number }> = {
  P: { unit: 'kW', decimals: 1 },
  U: { unit: 'V', decimals: 1 },
  I: { unit: 'A', decimals: 2 },
  PF: { unit: '', decimals: 3 },
};

export function CurvePanel({
  meterId,
  today,
  ratio,
  overloadW,
}: {
  meterId: string;
  today: string;
  ratio: Ratio;
  overloadW: number | null;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const language = useLanguage();
  const phone = useIsPhone();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/meters/$meterId' });
  const curve = search.curve ?? 'P';
  const shownDay = search.day && search.day <= today ? search.day : today;
  const isToday = shownDay === today;
  const nowMs = useNow(MINUTE_MS).getTime();
  const fromMs = dayStart(zone, shownDay);
  const toMs = dayStart(zone, addDays(shownDay, 1));
  const beforeMs = dayStart(zone, addDays(shownDay, -1));
  const readings = useReadings(meterId, fromMs, toMs, isToday ? MINUTE_MS : undefined);
  const before = useReadings(meterId, beforeMs, fromMs);
  const bands = usePeriods(shownDay);
  const minutes = (toMs - fromMs) / MINUTE_MS;
  const { unit, decimals } = units[curve];

  const gaps = useMemo(
    () => (readings.data ? gapsOf(readings.data.data, fromMs, Math.min(nowMs, toMs)) : []),
    [readings.data, fromMs, toMs, nowMs],
  );
  const lines = useMemo((): CurveLine[] => {
    const wanted = linesOf(curve, ratio);
    const now = wanted.map(
      (line, index): CurveLine => ({
        name:
          wanted.length > 1 ? line.name : isToday ? t('meter.today') : dayText(language, shownDay),
        spots: spots(readings.data?.data ?? [], line, fromMs),
        look:
          wanted.length === 1 ? 'now' : index === 0 ? 'phase1' : index === 1 ? 'phase2' : 'phase3',
      }),
    );
    const [first] = wanted;
    if (wanted.length > 1 || !first) return now;
    const line: CurveLine = {
      name: t('meter.dayBefore'),
      spots: spots(before.data?.data ?? [], first, beforeMs),
      look: 'before',
    };
    return [line, ...now];
  }, [curve, ratio, readings.data, before.data, fromMs, beforeMs, isToday, language, shownDay, t]);

  const option = useCallback(
    (palette: Palette) =>
      curveOption(palette, {
        lines,
        bands: minutes === 1440 ? bands : [],
        gaps: gaps.map((gap) => ({
          from: (gap.fromMs - fromMs) / MINUTE_MS,
          to: (gap.toMs - fromMs) / MINUTE_MS,
          text: t('meter.gap', { span: span(t, (gap.toMs - gap.fromMs) / 1000) }),
        })),
        minutes,
        now: isToday
          ? {
              minute: (nowMs - fromMs) / MINUTE_MS,
              text: `${time(zone, new Date(nowMs))} ${t('home.now')}`,
            }
          : null,
        threshold:
          curve === 'P' && overloadW
            ? { value: overloadW / 1000, text: `${kw(overloadW)} kW` }
            : null,
        unit,
        decimals,
        fromZero: curve === 'P' || curve === 'I',
      }),
    [
      lines,
      bands,
      gaps,
      minutes,
      isToday,
      nowMs,
      fromMs,
      zone,
      curve,
      overloadW,
      unit,
      decimals,
      t,
    ],
  );
  const set = (change: { day?: string | undefined; curve?: Curve | undefined }) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const main = lines.at(-1)?.spots.flatMap(([, value]) => value ?? []) ?? [];

  return (
    <section className="panel">
      <div className="panel-head hour-head">
        <h2>{t(`meter.curve.${curve}`)}</h2>
        <span className="day-steps">
          <button
            type="button"
            className="button small plain icon"
            aria-label={t('meter.previousDay')}
            onClick={() => set({ day: addDays(shownDay, -1) })}
          >
            <Icon name="left" size={14} />
          </button>
          <span className="second nowrap">{dayText(language, shownDay)}</span>
          <button
            type="button"
            className="button small plain icon"
            aria-label={t('meter.nextDay')}
            disabled={isToday}
            onClick={() =>
              set({ day: addDays(shownDay, 1) >= today ? undefined : addDays(shownDay, 1) })
            }
          >
            <Icon name="right" size={14} />
          </button>
        </span>
        <span className="rest">
          <Segmented
            label={t('meter.what')}
            value={curve}
            onChange={(value) => set({ curve: value === 'P' ? undefined : value })}
            choices={(['P', 'U', 'I', 'PF'] as const).map((value) => ({
              value,
              label: value,
              title: t(`meter.curve.${value}`),
            }))}
          />
        </span>
      </div>
      <div className="panel-body">
        {readings.isError && !readings.data && (
          <ProblemNotice error={readings.error} retry={() => void readings.refetch()} />
        )}
        <div className="legend chart-legend">
          {lines.toReversed().map(({ name, look }) => (
            <span key={name}>
              <i
                className={`key-line ${look === 'now' || look === 'phase1' ? '' : `thin ${look}`}`}
              />
              {name}
            </span>
          ))}
          {curve === 'P' && overloadW && (
            <span>
              <i className="key-line dash" />
              {t('meters.threshold')}
            </span>
          )}
        </div>
        <Chart
          option={option}
          height={phone ? 220 : 270}
          label={t(`meter.curve.${curve}`)}
          points={lines.at(-1)?.spots.length ?? 0}
          cursorSeries={lines.length + 1}
          empty={!!readings.data && !main.length && t('meter.noSamples')}
          summary={
            main.length
              ? t('meter.curveSummary', {
                  count: main.length,
                  low: number(Math.min(...main), decimals),
                  high: number(Math.max(...main), decimals),
                  unit,
                })
              : t('meter.noSamples')
          }
          table={{
            columns: [t('meter.time'), ...lines.map(({ name }) => `${name} ${unit}`)],
            rows: tableRows(lines, decimals),
          }}
          under={
            <div style={{ marginLeft: CURVE_GRID.left, marginRight: CURVE_GRID.right }}>
              <HourAxis step={phone ? 4 : 2} />
              {minutes === 1440 && <Ribbon bands={bands} names={!phone} />}
            </div>
          }
        />
        {!readings.data && !readings.isError && <Waiting what={t('wait.readings')} />}
        {gaps.length > 0 && readings.data && (
          <p className="second gap-note">
            <i className="key-hatch" />
            {gaps
              .slice(-GAPS_TOLD)
              .map(({ fromMs: from, toMs: to }) =>
                t('meter.gapNote', {
                  from: time(zone, new Date(from)),
                  to: time(zone, new Date(to)),
                  span: span(t, (to - from) / 1000),
                }),
              )
              .join(' · ')}
            {gaps.length > GAPS_TOLD && ` · ${t('home.more', { count: gaps.length - GAPS_TOLD })}`}
          </p>
        )}
      </div>
    </section>
  );
}

/** Every fifteenth minute is enough to read. */
function tableRows(lines: readonly CurveLine[], decimals: number): string[][] {
  return Array.from({ length: 1440 / TABLE_EVERY }, (_, index) => {
    const minute = index * TABLE_EVERY;
    const near = (line: CurveLine) =>
      line.spots.find(([at]) => at >= minute && at < minute + TABLE_EVERY)?.[1] ?? null;
    const label = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
    return [label, ...lines.map((line) => number(near(line), decimals))];
  });
}
