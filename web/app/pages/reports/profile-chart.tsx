/** The curve of power with the band of its lowest and highest, over the tints of the periods; gaps stay gaps. */
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { day, daysApart, localDay, span, time, wallMinute, weekday } from '../../dates.ts';
import { kw } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Chart } from '../../parts/chart.tsx';
import { Waiting } from '../../parts/notice.tsx';
import { base, hatchFill, type Palette, quantityAxis } from '../../parts/palette.ts';
import { Ribbon } from '../../parts/ribbon.tsx';
import { tip } from '../../parts/tip.ts';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import type { Range } from '../../range.ts';
import type { LoadRow, LoadTotals, Report } from '../../reports.ts';
import { usePeriods } from '../tariffs/periods.ts';
import { isEstimated, isGap, isPartial, type Run, runsOf, type Step } from './load-steps.ts';
import { indexOf } from './loss-chart.tsx';

const STEP_S: Record<Step, number> = { minute: 60, quarter: 900, hour: 3600, day: 86_400 };
const GRID = { left: 58, right: 14, top: 26, bottom: 24 };
/** Tints are told apart on a few days only. */
const TINTED_DAYS = 3;
/** A table of more rows is the file's. */
const TABLE_ROWS = 400;

export function ProfileChart({
  report,
  asked,
  step,
}: {
  report: Report<LoadRow, LoadTotals> | undefined;
  asked: Range;
  step: Step;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const phone = useIsPhone();
  const rows = useMemo(() => report?.data ?? [], [report]);
  const days = daysApart(asked.from, asked.to);
  const bands = usePeriods(asked.from);
  const tinted = days <= TINTED_DAYS && step !== 'day';
  const labels = useMemo(
    () => [
      ...rows.map(({ startsAt }) => labelOf(startsAt, { zone, days, step, language })),
      // The axis of a few days ends with their end, not with the beginning of their last step.
      ...(tinted && rows.length ? ['24'] : []),
    ],
    [rows, zone, days, step, language, tinted],
  );
  const gaps = useMemo(() => runsOf(rows, isGap), [rows]);
  const partial = useMemo(() => runsOf(rows, isPartial), [rows]);
  const estimated = useMemo(() => runsOf(rows, isEstimated), [rows]);
  const stretch = useCallback(
    ({ from, to }: Run) => span(t, (to - from + 1) * STEP_S[step]),
    [t, step],
  );

  const option = useCallback(
    (palette: Palette): EChartsCoreOption => {
      const watts = (pick: (row: LoadRow) => number | null) =>
        rows.map((row) => {
          const value = pick(row);
          return value === null ? null : value / 1000;
        });
      const areas = (runs: readonly Run[], style: object, text?: (run: Run) => string) =>
        runs.map((run) => [
          {
            xAxis: run.from,
            itemStyle: style,
            ...(text && { name: run.to - run.from > rows.length / 14 ? text(run) : '' }),
          },
          { xAxis: Math.min(labels.length - 1, run.to + 1) },
        ]);
      const line = {
        type: 'line',
        symbol: 'none',
        connectNulls: false,
        emphasis: { disabled: true },
        ...(step === 'day' && { step: 'middle' }),
      };
      return {
        ...base(palette),
        grid: GRID,
        tooltip: {
          ...base(palette).tooltip,
          formatter: (items: unknown) => {
            const row = rows[indexOf(items)];
            if (!row) return '';
            const lines = [
              {
                color: palette.ink,
                name: t('report.load.average'),
                value: `${kw(row.averagePowerW)} kW`,
              },
              {
                name: t('report.load.band'),
                value: `${kw(row.minPowerW)} – ${kw(row.maxPowerW)} kW`,
              },
            ];
            const words = isGap(row)
              ? t('report.load.gap')
              : isPartial(row)
                ? t('report.load.partial')
                : row.estimated
                  ? t('home.estimated')
                  : '';
            return tip(
              titleOf(row.startsAt, { zone, step, language }),
              words ? [...lines, { name: words, value: '' }] : lines,
            );
          },
        },
        xAxis: {
          type: 'category',
          data: labels,
          boundaryGap: step === 'day',
          axisTick: { show: false },
          axisLine: { lineStyle: { color: palette.lineStrong } },
          axisLabel: {
            color: palette.text2,
            fontSize: 11,
            hideOverlap: true,
            interval: (index: number) =>
              index === rows.length || isTick(rows[index]?.startsAt, { zone, days, step }),
          },
        },
        yAxis: quantityAxis(palette, 'kW'),
        series: [
          {
            ...line,
            data: [],
            silent: true,
            markArea: {
              silent: true,
              data: tinted
                ? tints(rows, bands, zone).map(({ from, to, rank }) => [
                    { xAxis: from, itemStyle: { color: palette.tint(rank) } },
                    { xAxis: to },
                  ])
                : [],
            },
          },
          {
            ...line,
            name: 'low',
            stack: 'band',
            silent: true,
            lineStyle: { opacity: 0 },
            data: watts(({ minPowerW }) => minPowerW),
          },
          {
            ...line,
            name: 'high',
            stack: 'band',
            silent: true,
            lineStyle: { opacity: 0 },
            areaStyle: { color: palette.text3, opacity: 0.22 },
            data: watts(({ minPowerW, maxPowerW }) =>
              minPowerW === null || maxPowerW === null ? null : maxPowerW - minPowerW,
            ),
          },
          {
            ...line,
            name: t('report.load.average'),
            lineStyle: { color: palette.ink, width: 1.4 },
            itemStyle: { color: palette.ink },
            data: watts(({ averagePowerW }) => averagePowerW),
            markArea: {
              silent: true,
              label: { color: palette.text2, fontSize: 11, lineHeight: 14, position: 'insideTop' },
              data: [
                ...areas(gaps, { color: palette.line, opacity: 0.75 }, (run) =>
                  t('meter.gap', { span: stretch(run) }),
                ),
                ...areas(partial, { color: hatchFill(palette.old), opacity: 0.35 }),
                ...areas(estimated, { color: hatchFill(palette.estimated), opacity: 0.6 }),
              ],
            },
          },
        ],
      };
    },
    [rows, labels, gaps, partial, estimated, bands, tinted, days, step, zone, language, stretch, t],
  );
  const told = [...gaps, ...partial].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, 3);
  const high = report?.totals.maxPowerW;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('report.load.profile')}</h2>
        <span className="second">{t(`report.load.each.${step}`)}</span>
      </div>
      <div className="panel-body">
        <div className="legend chart-legend">
          <span>
            <i className="key-line" />
            {t('report.load.average')}
          </span>
          <span>
            <i className="key-band" />
            {t('report.load.band')}
          </span>
          {partial.length + estimated.length > 0 && (
            <span>
              <i className="key-hatch" />
              {t('report.load.hatched')}
            </span>
          )}
        </div>
        <Chart
          option={option}
          height={phone ? 230 : 290}
          label={t('report.load.profile')}
          points={rows.length}
          cursorSeries={3}
          under={
            tinted &&
            days === 1 && (
              <div style={{ marginLeft: GRID.left, marginRight: GRID.right }}>
                <Ribbon bands={bands} names={!phone} />
              </div>
            )
          }
          empty={!!report && high === null && t('energy.nothingYet')}
          summary={t('report.load.summary', {
            high: kw(high),
            average: kw(report?.totals.averagePowerW),
          })}
          table={{
            columns: [
              t('meter.time'),
              `${t('report.load.average')} kW`,
              `${t('report.load.min')} kW`,
              `${t('report.load.max')} kW`,
            ],
            rows: rows
              .slice(0, TABLE_ROWS)
              .map((row) => [
                titleOf(row.startsAt, { zone, step, language }),
                kw(row.averagePowerW),
                kw(row.minPowerW),
                kw(row.maxPowerW),
              ]),
          }}
        />
        {!report && <Waiting what={t('wait.report')} />}
        {told.length > 0 && (
          <p className="second gap-line">
            <i className="key-hatch" />
            {told
              .map((run) => {
                const from = rows[run.from];
                return from
                  ? t(isGap(from) ? 'report.load.gapNote' : 'report.load.partialNote', {
                      at: titleOf(from.startsAt, { zone, step, language }),
                      span: stretch(run),
                    })
                  : '';
              })
              .join(' · ')}
          </p>
        )}
      </div>
    </section>
  );
}

interface Reading {
  zone: string;
  step: Step;
  language: 'en' | 'zh';
}

function titleOf(startsAt: string, { zone, step, language }: Reading): string {
  const date = localDay(zone, new Date(startsAt));
  const text = `${weekday(language, date)} ${day(language, date, false)}`;
  return step === 'day' ? text : `${text} ${time(zone, startsAt)}`;
}

function labelOf(
  startsAt: string,
  { zone, step, language, days }: Reading & { days: number },
): string {
  const date = localDay(zone, new Date(startsAt));
  if (days <= TINTED_DAYS && step !== 'day') {
    const clock = time(zone, startsAt);
    return clock === '00:00' && days > 1 ? day(language, date, false) : clock.slice(0, 2);
  }
  return day(language, date, days > 400);
}

/** Which steps bear a label: every other hour of a day or two, else midnights. */
function isTick(
  startsAt: string | undefined,
  { zone, days, step }: { zone: string; days: number; step: Step },
): boolean {
  if (!startsAt) return false;
  if (step === 'day') return true;
  const minute = wallMinute(zone, startsAt);
  return days <= TINTED_DAYS ? minute % (days > 1 ? 360 : 120) === 0 : minute === 0;
}

/** Runs of rows that lie in one band of the tariff; the bands are those of the first day. */
function tints(rows: readonly LoadRow[], bands: ReturnType<typeof usePeriods>, zone: string) {
  const found: { from: number; to: number; rank: (typeof bands)[number]['rank'] }[] = [];
  rows.forEach(({ startsAt }, index) => {
    const minute = wallMinute(zone, startsAt);
    const rank = bands.find(({ from, to }) => from <= minute && minute < to)?.rank;
    const last = found.at(-1);
    if (!rank) return;
    if (last?.rank === rank && last.to >= index - 1) last.to = index + 1;
    else found.push({ from: index, to: index + 1, rank });
  });
  return found.map((each) => ({ ...each, to: Math.min(rows.length, each.to) }));
}
