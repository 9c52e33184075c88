// biome-ignore-all lint/suspicious/noArrayIndexKey: a slot is its place in the day, as in the meter.
/** The meter's own calendar: two days at most of fourteen slots, and the dates from which each holds. */
import { useTranslation } from 'react-i18next';
import { Icon } from '../../parts/icons.tsx';
import {
  type Draft,
  isDay,
  minuteOf,
  PLANS_MAX,
  SEASONS_MAX,
  type Season,
  SLOTS_MAX,
  type Slot,
} from './draft.ts';

const ranks = [1, 2, 3, 4, 5];
const HOUR = 60;
const LAST_MINUTE = 24 * HOUR - 1;

export function TouFields({
  draft: { plans, seasons },
  set,
}: {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}) {
  const { t } = useTranslation();
  const setPlan = (at: number, slots: readonly Slot[]) =>
    set({ plans: plans.map((each, i) => (i === at ? slots : each)) });
  const setSeason = (at: number, change: Partial<Season>) =>
    set({ seasons: seasons.map((each, i) => (i === at ? { ...each, ...change } : each)) });
  const drop = () =>
    set({
      plans: plans.slice(0, -1),
      seasons: seasons.map((each) => ({ ...each, plan: Math.min(each.plan, plans.length - 1) })),
    });
  return (
    <>
      {plans.map((slots, at) => (
        <fieldset key={at} className="command-day">
          <legend className="field-label">{t('command.tou.day', { n: at + 1 })}</legend>
          {slots.map((slot, i) => (
            <div className="command-slot" key={i}>
              <input
                className="input"
                inputMode="numeric"
                maxLength={5}
                placeholder="00:00"
                aria-label={t('command.tou.from')}
                value={slot.from}
                disabled={i === 0}
                aria-invalid={!isDay(slots.slice(0, i + 1))}
                onChange={({ target }) =>
                  setPlan(at, replaced(slots, i, { ...slot, from: target.value }))
                }
              />
              <select
                className="input"
                aria-label={t('command.tou.period')}
                value={slot.rank}
                onChange={({ target }) =>
                  setPlan(at, replaced(slots, i, { ...slot, rank: Number(target.value) }))
                }
              >
                {ranks.map((rank) => (
                  <option key={rank} value={rank}>
                    {t(`period.${rank}`)}
                  </option>
                ))}
              </select>
              {i > 0 && (
                <button
                  type="button"
                  className="button plain icon"
                  aria-label={t('command.tou.dropSlot')}
                  onClick={() => setPlan(at, slots.toSpliced(i, 1))}
                >
                  <Icon name="cross" size={14} />
                </button>
              )}
            </div>
          ))}
          {!isDay(slots) && <p className="neg second">{t('command.tou.rising')}</p>}
          {slots.length < SLOTS_MAX && (
            <button
              type="button"
              className="link-button"
              onClick={() => setPlan(at, [...slots, next(slots)])}
            >
              {t('command.tou.addSlot')}
            </button>
          )}
        </fieldset>
      ))}
      {plans.length < PLANS_MAX ? (
        <button
          type="button"
          className="link-button"
          onClick={() => set({ plans: [...plans, plans[0] ?? []] })}
        >
          {t('command.tou.addDay')}
        </button>
      ) : (
        <button type="button" className="link-button" onClick={drop}>
          {t('command.tou.dropDay')}
        </button>
      )}
      {plans.length > 1 && (
        <fieldset className="command-day">
          <legend className="field-label">{t('command.tou.seasons')}</legend>
          {seasons.map((season, i) => (
            <div className="command-slot" key={i}>
              <input
                className="input"
                type="number"
                min={1}
                max={12}
                aria-label={t('command.tou.month')}
                value={season.month}
                onChange={({ target }) => setSeason(i, { month: within(target.value, 12) })}
              />
              <input
                className="input"
                type="number"
                min={1}
                max={31}
                aria-label={t('command.tou.dayOfMonth')}
                value={season.day}
                onChange={({ target }) => setSeason(i, { day: within(target.value, 31) })}
              />
              <select
                className="input"
                aria-label={t('command.tou.plan')}
                value={season.plan}
                onChange={({ target }) => setSeason(i, { plan: Number(target.value) })}
              >
                {plans.map((_, plan) => (
                  <option key={plan} value={plan + 1}>
                    {t('command.tou.day', { n: plan + 1 })}
                  </option>
                ))}
              </select>
              {i > 0 && (
                <button
                  type="button"
                  className="button plain icon"
                  aria-label={t('command.tou.dropSeason')}
                  onClick={() => set({ seasons: seasons.toSpliced(i, 1) })}
                >
                  <Icon name="cross" size={14} />
                </button>
              )}
            </div>
          ))}
          {seasons.length < SEASONS_MAX && (
            <button
              type="button"
              className="link-button"
              onClick={() => set({ seasons: [...seasons, { month: 7, day: 1, plan: 2 }] })}
            >
              {t('command.tou.addSeason')}
            </button>
          )}
        </fieldset>
      )}
      <p className="second">{t('command.tou.hint')}</p>
    </>
  );
}

const replaced = (slots: readonly Slot[], at: number, slot: Slot): readonly Slot[] =>
  slots.with(at, slot);

const within = (text: string, most: number): number =>
  Math.min(most, Math.max(1, Math.trunc(Number(text)) || 1));

/** Two hours after the last slot, as long as there is a day left. */
function next(slots: readonly Slot[]): Slot {
  const last = minuteOf(slots.at(-1)?.from ?? '') ?? 0;
  const minute = Math.min(LAST_MINUTE, last + 2 * HOUR);
  const two = (value: number) => String(value).padStart(2, '0');
  return { from: `${two(Math.floor(minute / HOUR))}:${two(minute % HOUR)}`, rank: 3 };
}
