/** Where the meter hangs and how it is read: device, installation, gateway and bus. */
import { useTranslation } from 'react-i18next';
import type { Installation, Meter } from '../../api.ts';
import { day, localDay } from '../../dates.ts';
import { number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { useProject } from '../../project.tsx';
import { useGateways } from '../../queries.ts';

export function PlacePanel({
  meter,
  installation,
}: {
  meter: Meter | undefined;
  installation: Installation | undefined;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const gateways = useGateways().data?.data ?? [];
  const gateway = gateways.find(({ buses }) => buses.some(({ id }) => id === meter?.busId));
  const bus = gateway?.buses.find(({ id }) => id === meter?.busId);
  const pairs: [string, React.ReactNode][] = [
    [
      t('meters.serial'),
      <span className="mono" key="s">
        {meter?.serial ?? '–'}
      </span>,
    ],
    [
      t('meters.model'),
      meter ? `${meter.model}${meter.simulated ? ` · ${t('meter.simulated')}` : ''}` : '–',
    ],
    [
      t('meter.installed'),
      installation ? day(language, localDay(zone, new Date(installation.from))) : '–',
    ],
    [
      t('meter.ratios'),
      installation
        ? `CT ${number(installation.ct)} · PT ${number(installation.pt)} · ${t(`meter.basis.${installation.basis}`)}`
        : '–',
    ],
    [t('meter.gateway'), gateway ? nameOf(language, gateway) : '–'],
    [t('meter.bus'), bus ? `${bus.name} · ${t(`framing.${bus.framing}`)}` : '–'],
    [
      t('meter.endpoint'),
      bus ? <span className="mono" key="e">{`${bus.host}:${bus.port}`}</span> : '–',
    ],
    [t('meter.address'), number(meter?.unit)],
  ];
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('meter.place')}</h2>
      </div>
      <div className="panel-body">
        <dl className="pairs">
          {pairs.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}
