/** The meter's own registers today, checked against the platform's intervals to the last one built. */
import { useTranslation } from 'react-i18next';
import type { EnergyReport, Reading } from '../../api.ts';
import { time } from '../../dates.ts';
import { number } from '../../format.ts';
import { Icon } from '../../parts/icons.tsx';
import { Skeleton } from '../../parts/notice.tsx';
import { ranks, rankVar } from '../../parts/palette.ts';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import type { Rank } from '../../tariff-shapes.ts';
import { type Ratio, registerAt } from './samples.ts';

const QUARTER_MS = 900_000;
/** Registers are read seconds beside the boundary and interpolated: this much is agreement, Wh. */
const AGREES_WH = 60;
const kwh = (wh: number | null | undefined) =>
  number(wh === null || wh === undefined ? null : wh / 1000, 2);

const channelOf: Record<Rank, string> = {
  1: 'activeSpikeWh',
  2: 'activePeakWh',
  3: 'activeFlatWh',
  4: 'activeValleyWh',
  5: 'activeDeepWh',
};

export function RegisterPanel({
  readings,
  report,
  startMs,
  ratio,
}: {
  readings: readonly Reading[] | undefined;
  report: EnergyReport | undefined;
  startMs: number;
  ratio: Ratio;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const isPhone = useIsPhone();
  const slots = (report?.totals.measured ?? 0) + (report?.totals.estimated ?? 0);
  const boundaryMs = startMs + slots * QUARTER_MS;
  const isWater = readings?.some(({ channels }) => typeof channels.volumeL === 'number') ?? false;
  const totalChannel = isWater ? 'volumeL' : forwardOr(readings);
  const row = (channel: string, platform: number | null | undefined) => {
    const last = readings?.at(-1)?.channels[channel];
    const from = readings ? registerAt(readings, channel, startMs) : null;
    const to = readings && slots ? registerAt(readings, channel, boundaryMs) : null;
    const difference = from === null || to === null ? null : (to - from) * ratio.power;
    return {
      now: typeof last === 'number' ? last * ratio.power : null,
      start: from === null ? null : from * ratio.power,
      difference,
      platform: platform ?? null,
      check:
        difference === null || platform === null || platform === undefined
          ? null
          : difference - platform,
    };
  };
  const lastMs = readings?.length ? Date.parse(readings.at(-1)?.at ?? '') : null;
  const total = row(totalChannel, report?.totals.quantity);
  const unit = isWater ? 'm³' : 'kWh';
  const agrees = total.check !== null && Math.abs(total.check) <= AGREES_WH;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('meter.registers')}</h2>
        <span className="unit">{unit}</span>
        <span className="rest second">{t('meter.registersLine')}</span>
      </div>
      <div className="panel-body scroll-x">
        <table className="small-table registers">
          <thead>
            <tr>
              <th scope="col">{t('meter.register')}</th>
              <th scope="col">
                {lastMs
                  ? t('meter.nowAt', { at: time(zone, new Date(lastMs), true) })
                  : t('home.now')}
              </th>
              <th scope="col" className="wide">
                {t('meter.atMidnight')}
              </th>
              <th scope="col">
                {t('meter.difference', { at: slots ? time(zone, new Date(boundaryMs)) : '–' })}
              </th>
              <th scope="col">{t('meter.platform')}</th>
              <th scope="col">{t('meter.check')}</th>
            </tr>
          </thead>
          <tbody>
            {!isWater &&
              ranks.map((rank) => {
                const line = row(
                  channelOf[rank],
                  report?.totals.ranks?.[rank] ?? (slots ? 0 : null),
                );
                const none = line.now === null && rank === '5';
                return (
                  <tr key={rank}>
                    <td>
                      <span className="state">
                        <i className="swatch" style={{ background: rankVar(rank) }} />
                        {t(`period.${rank}`)}
                      </span>
                    </td>
                    {none ? (
                      <td colSpan={isPhone ? 2 : 3} className="quiet">
                        {t('meter.inValley')}
                      </td>
                    ) : (
                      <>
                        <Figure known={!!readings} value={line.now} />
                        <Figure known={!!readings} value={line.start} wide />
                        <Figure known={!!readings} value={line.difference} />
                      </>
                    )}
                    <Figure known={!!report} value={line.platform} />
                    <td className="quiet">{kwh(line.check)}</td>
                  </tr>
                );
              })}
            <tr className={agrees ? 'total' : 'total open'}>
              <td>{t('total')}</td>
              <td>{kwh(total.now)}</td>
              <td className="wide">{kwh(total.start)}</td>
              <td>{kwh(total.difference)}</td>
              <td>{kwh(total.platform)}</td>
              <td>
                {agrees ? (
                  <span className="state">
                    <Icon name="check" size={13} className="pos" />
                    {kwh(total.check)}
                  </span>
                ) : (
                  <span className={total.check === null ? undefined : 'old'}>
                    {kwh(total.check)}
                  </span>
                )}
              </td>
            </tr>
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** The billing register: forward active where the meter has one. */
const forwardOr = (readings: readonly Reading[] | undefined): string =>
  readings?.some(({ channels }) => typeof channels.forwardWh === 'number')
    ? 'forwardWh'
    : 'activeWh';

const Figure = ({
  known,
  value,
  wide,
}: {
  known: boolean;
  value: number | null;
  /** Left out on a phone. */
  wide?: boolean;
}) => <td className={wide ? 'wide' : undefined}>{known ? kwh(value) : <Skeleton width={56} />}</td>;
