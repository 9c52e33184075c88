/**
 * The week of a season as coloured bands, to be edited. Days that share their bands are changed
 * together, and it is said which; what differs from the version before is outlined.
 */
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { addDays, weekday } from '../../../dates.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { Icon } from '../../../parts/icons.tsx';
import { ranks, rankVar } from '../../../parts/palette.ts';
import { type Band, clock, HourAxis } from '../../../parts/ribbon.tsx';
import { useIsPhone } from '../../../phone.ts';
import type { Rank, Season, TariffCalendar, TariffDefinition } from '../../../tariff-shapes.ts';
import { type DayKind, planOf } from '../calendar.ts';
import { BandBar } from './band-bar.tsx';
import { actOf, type Selected } from './band-keys.ts';
import {
  differences,
  faultsOf,
  filled,
  piecesOf,
  type Stretch,
  toTexts,
  unalignedOf,
} from './bands.ts';
import { hasPlan, withBands } from './definition.ts';
import { FaultLines } from './field.tsx';
import { WeekRow } from './week-row.tsx';

/** A Monday, to name the days of the week by. */
const MONDAY = '2024-01-01';
const week = [1, 2, 3, 4, 5, 6, 7];

interface Row {
  key: string;
  kind: DayKind;
  name: string;
  /** False where it only shows what it falls back to. */
  isOn: boolean;
}

export function WeekEditor({
  calendar,
  season,
  seasonIndex,
  before,
  labels,
  today,
  onSeason,
  children,
}: {
  calendar: TariffCalendar;
  season: Season;
  seasonIndex: number;
  /** The same part of the year in the version before. */
  before: { calendar: TariffCalendar; season: Season; version: number } | null;
  labels: TariffDefinition['labels'];
  today: string;
  onSeason: (season: Season, group?: string) => void;
  children?: React.ReactNode;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const phone = useIsPhone();
  const box = useRef<HTMLDivElement>(null);
  const [chosen, choose] = useState<{ row: string; at: Selected } | null>(null);
  const label = (rank: Rank) => nameOf(language, labels?.[rank] ?? { name: t(`period.${rank}`) });
  const dayName = (index: number) => weekday(language, addDays(MONDAY, index - 1));
  const kindOf = (index: number): DayKind =>
    calendar.weekend.includes(index) ? 'weekend' : 'weekday';
  const rows: Row[] = [
    ...week.map((index) => ({
      key: String(index),
      kind: kindOf(index),
      name: dayName(index),
      isOn: true,
    })),
    {
      key: 'holiday',
      kind: 'holiday',
      name: t('tariff.holiday'),
      isOn: hasPlan(season, 'holiday'),
    },
    ...(calendar.eventDays || hasPlan(season, 'event')
      ? [
          {
            key: 'event',
            kind: 'event' as const,
            name: t('tariff.eventDay'),
            isOn: hasPlan(season, 'event'),
          },
        ]
      : []),
  ];
  const piecesOfRow = (row: Row) => piecesOf(planOf(season, row.kind)?.bands ?? []);
  const beforeOfRow = (row: Row): Band[] | null => {
    if (!before) return null;
    const index = Number(row.key);
    const kind = index
      ? before.calendar.weekend.includes(index)
        ? 'weekend'
        : 'weekday'
      : row.kind;
    return piecesOf(planOf(before.season, kind)?.bands ?? []);
  };
  const row = rows.find(({ key }) => key === chosen?.row);
  const pieces = row ? piecesOfRow(row) : [];
  const plan = row && planOf(season, row.kind);
  const change = (next: Band[], group?: string) =>
    plan && onSeason(withBands(season, plan.type, toTexts(next)), group && `${plan.type}-${group}`);
  const changeRow = (target: Row) => (next: Band[], group: string) => {
    const own = planOf(season, target.kind);
    if (own) onSeason(withBands(season, own.type, toTexts(next)), group && `${own.type}-${group}`);
  };
  const holes = faultsOf(pieces).holes;
  const index = chosen?.at.kind === 'band' ? Math.min(chosen.at.index, pieces.length - 1) : -1;
  const wanted = chosen?.at.kind === 'hole' ? chosen.at.from : -1;
  const hole = holes.find(({ from }) => from === wanted);
  const fill = (into: Stretch, rank: Rank) => {
    const next = filled(pieces, into, rank);
    change(next);
    const at = next.findIndex(({ from }) => from === into.from);
    if (row) choose({ row: row.key, at: { kind: 'band', index: at } });
  };

  const focusAt = (rowKey: string, minute: number) => {
    const all = box.current?.querySelectorAll<HTMLElement>(`[data-row="${rowKey}"] [data-band]`);
    const found = [...(all ?? [])]
      .sort((a, b) => Number(a.dataset.band) - Number(b.dataset.band))
      .findLast((each) => Number(each.dataset.band) <= minute);
    found?.focus();
  };
  /** Once it is drawn: what had the focus may be gone, or stand for another band now. */
  const focusSoon = (rowKey: string, minute: number) =>
    requestAnimationFrame(() => focusAt(rowKey, minute));
  const onKey = (target: Row) => (event: React.KeyboardEvent, at: Selected) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = actOf(event, piecesOfRow(target), at);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    if (act.kind === 'focus') return focusAt(target.key, act.minute);
    if (act.kind === 'change') {
      changeRow(target)(act.pieces, act.group ?? '');
      if (act.focus !== undefined) focusSoon(target.key, act.focus);
      return;
    }
    const on = rows.filter(({ isOn }) => isOn);
    const next = on[on.findIndex(({ key }) => key === target.key) + act.by];
    if (next) focusAt(next.key, act.minute);
  };

  const sharing = (target: Row): string => {
    const type = planOf(season, target.kind)?.type;
    if (type === 'everyday') return t('tariff.dayType.everyday');
    if (!Number(target.key)) return target.name;
    const days = week.filter((each) => kindOf(each) === target.kind);
    const first = days[0] ?? 1;
    const last = days.at(-1) ?? 7;
    return days.length > 2 && last - first === days.length - 1
      ? t('tariff.week.dayRange', { from: dayName(first), to: dayName(last) })
      : days.map(dayName).join(t('mark.list'));
  };
  const planFaults = season.days.flatMap((day) => {
    const own = piecesOf(day.bands);
    const found = faultsOf(own);
    const where = `${t(`tariff.dayType.${day.type}`)}`;
    const say = (key: string, { from, to }: Stretch) =>
      `${where}${t('mark.colon')}${t(`tariff.week.${key}`, { from: clock(from), to: clock(to) })}`;
    return [
      ...found.holes.map((each) => say('hole', each)),
      ...found.overlaps.map((each) => say('overlap', each)),
      ...unalignedOf(own).map(
        (at) => `${where}${t('mark.colon')}${t('tariff.week.unaligned', { at: clock(at) })}`,
      ),
    ];
  });
  const old = row && beforeOfRow(row);
  const current = pieces[index];
  const middle = current ? (current.from + current.to) / 2 : 0;
  const oldBand = old?.find(({ from, to }) => from <= middle && middle < to);
  const isSame =
    oldBand &&
    current &&
    oldBand.from === current.from &&
    oldBand.to === current.to &&
    oldBand.rank === current.rank;
  const was =
    before && oldBand && !isSame
      ? t('tariff.week.was', {
          period: label(oldBand.rank),
          from: clock(oldBand.from),
          to: clock(oldBand.to),
          version: before.version,
        })
      : null;
  const todayIndex = String(new Date(`${today}T12:00:00Z`).getUTCDay() || 7);
  return (
    <section
      className="panel"
      id="part-week"
      aria-label={t('tariff.weekOf', { season: nameOf(language, season) })}
    >
      <div className="panel-head">
        <h2 className="clip">{t('tariff.weekOf', { season: nameOf(language, season) })}</h2>
        <span className="rest legend">
          {ranks.map((rank) => (
            <span key={rank}>
              <i className="swatch" style={{ background: rankVar(rank) }} />
              {label(rank)}
            </span>
          ))}
          {before && (
            <span>
              <i className="swatch outlined" />
              {t('tariff.week.differs', { version: before.version })}
            </span>
          )}
        </span>
      </div>
      <div className="panel-body week" ref={box}>
        <div className="week-row edit">
          <span />
          <HourAxis step={phone ? 6 : 2} />
        </div>
        {rows.map((each) => {
          const own = piecesOfRow(each);
          const then = beforeOfRow(each);
          return (
            <div
              key={each.key}
              data-row={each.key}
              className={Number(each.key) ? undefined : 'apart'}
            >
              <WeekRow
                name={each.name}
                line={
                  each.isOn
                    ? undefined
                    : t(each.kind === 'event' ? 'tariff.week.asWorkday' : 'tariff.week.asWeekend')
                }
                strong={each.key === todayIndex}
                pieces={own}
                marks={then && each.isOn ? differences(own, then) : []}
                selected={chosen?.row === each.key ? chosen.at : null}
                nameOf={label}
                small={phone}
                isOn={each.isOn}
                onSelect={(at) => choose({ row: each.key, at })}
                onMove={(next, group) => {
                  changeRow(each)(next, group);
                }}
                onKey={onKey(each)}
              />
            </div>
          );
        })}
        <BandBar
          where={row ? sharing(row) : ''}
          pieces={pieces}
          index={index}
          hole={hole}
          was={was}
          nameOf={label}
          onChange={change}
          onFill={fill}
        />
        {planFaults.length > 0 && (
          <ul className="fault-lines">
            {planFaults.map((text) => (
              <li key={text}>
                <Icon name="warning" size={13} />
                {text}
              </li>
            ))}
          </ul>
        )}
        <FaultLines at={`/calendar/seasons/${seasonIndex}/days`} exact />
        {children}
      </div>
    </section>
  );
}
