/** What the meter said last: per phase and in total, and the little that tells how well it is. */
import { useTranslation } from 'react-i18next';
import type { Meter } from '../../api.ts';
import { time } from '../../dates.ts';
import { number, signed } from '../../format.ts';
import { Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { type Ratio, unbalance } from './samples.ts';

interface Line {
  sign: string;
  unit: string;
  channels: [string, string, string, string | null];
  scale: number;
  decimals: number;
}

const linesOf = ({ power, current, voltage }: Ratio): Line[] => [
  {
    sign: 'U',
    unit: 'V',
    channels: ['voltageAV', 'voltageBV', 'voltageCV', null],
    scale: voltage,
    decimals: 1,
  },
  {
    sign: 'I',
    unit: 'A',
    channels: ['currentAA', 'currentBA', 'currentCA', null],
    scale: current,
    decimals: 2,
  },
  {
    sign: 'P',
    unit: 'kW',
    channels: ['powerAW', 'powerBW', 'powerCW', 'powerW'],
    scale: power / 1000,
    decimals: 2,
  },
  {
    sign: 'Q',
    unit: 'kvar',
    channels: ['reactiveAVar', 'reactiveBVar', 'reactiveCVar', 'reactiveVar'],
    scale: power / 1000,
    decimals: 2,
  },
  {
    sign: 'PF',
    unit: '',
    channels: ['factorA', 'factorB', 'factorC', 'factor'],
    scale: 1,
    decimals: 3,
  },
];

export function LivePanel({ meter, ratio }: { meter: Meter | undefined; ratio: Ratio }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const values = meter?.live;
  const isWater = values?.volumeL !== undefined && values?.volumeL !== null;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('meter.live')}</h2>
        <span className="rest second">
          {typeof values?.frequencyHz === 'number' && `${number(values.frequencyHz, 2)} Hz · `}
          {meter?.lastSampleAt ? time(zone, meter.lastSampleAt, true) : '–'}
        </span>
      </div>
      {!isWater && (
        <div className="panel-body scroll-x">
          <table className="small-table">
            <thead>
              <tr>
                <th scope="col">
                  <span className="hidden-text">{t('meter.what')}</span>
                </th>
                {['L1', 'L2', 'L3', t('total')].map((head) => (
                  <th scope="col" key={head}>
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {linesOf(ratio).map(({ sign, unit, channels, scale, decimals }) => (
                <tr key={sign}>
                  <td>
                    <b className="strong">{sign}</b> <span className="unit">{unit}</span>
                  </td>
                  {channels.map((channel, index) => {
                    const value = channel ? values?.[channel] : null;
                    return (
                      <td key={channel ?? 'none'} className={index === 3 ? 'strong' : undefined}>
                        {meter ? (
                          number(typeof value === 'number' ? value * scale : null, decimals)
                        ) : (
                          <Skeleton width={36} />
                        )}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="panel-body">
        <dl className="pairs">
          {isWater && (
            <div>
              <dt>{t('meter.volume')}</dt>
              <dd>
                {number((values?.volumeL ?? 0) / 1000, 3)} <span className="unit">m³</span>
              </dd>
            </div>
          )}
          {values && unbalance(values) !== null && (
            <div>
              <dt>{t('meter.unbalance')}</dt>
              <dd>
                {number(unbalance(values), 1)} <span className="unit">%</span>
              </dd>
            </div>
          )}
          {typeof values?.purchaseCount === 'number' && (
            <div>
              <dt>{t('meter.purchases')}</dt>
              <dd>{number(values.purchaseCount)}</dd>
            </div>
          )}
          <div>
            <dt>{t('meter.cadence')}</dt>
            <dd>
              {number(meter?.pollSeconds)} <span className="unit">s</span>
            </dd>
          </div>
          {typeof meter?.clockOffsetMs === 'number' && (
            <div>
              <dt>{t('meter.clock')}</dt>
              <dd>
                {signed(meter.clockOffsetMs / 1000)} <span className="unit">s</span>
              </dd>
            </div>
          )}
          {meter?.lastError && (
            <div>
              <dt>{t('meter.lastError')}</dt>
              <dd className="old">{meter.lastError}</dd>
            </div>
          )}
        </dl>
      </div>
    </section>
  );
}
