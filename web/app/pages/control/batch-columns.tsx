/** The columns of a batch's meters: who, what came of it, what was read back, how long it took. */
import { useTranslation } from 'react-i18next';
import type { BatchMeter } from '../../batch-shapes.ts';
import { number } from '../../format.ts';
import type { Column } from '../../parts/table-model.ts';
import { Outcome, outcomeText } from '../commands/outcome.tsx';
import { readBack } from '../commands/read-back.ts';

export function useBatchColumns(): Column<BatchMeter>[] {
  const { t } = useTranslation();
  const said = (meter: BatchMeter) => {
    const { state, outcome } = meter;
    if (state === 'left-out') return t(`problem.${outcome ?? 'other'}.what`);
    if (state === 'waiting') return '';
    const told = state === 'withdrawn' ? 'expired' : state;
    return [readBack(t, meter.after), outcomeText(t, { state: told, outcome })]
      .filter(Boolean)
      .join(' · ');
  };
  return [
    {
      key: 'meter',
      title: t('sale.meter'),
      width: '132px',
      cell: (meter) => (
        <>
          <b className="strong">{meter.pointCode ?? meter.serial}</b>{' '}
          {meter.isCanary && <span className="chip plain">{t('control.canaryChip')}</span>}
        </>
      ),
      value: ({ pointCode, serial }) => pointCode ?? serial,
      phone: 'title',
    },
    {
      key: 'state',
      title: t('control.outcome'),
      width: '104px',
      cell: ({ state, outcome }) =>
        state === 'left-out' || state === 'waiting' ? (
          <span className="quiet">{t(`control.meterState.${state}`)}</span>
        ) : (
          <Outcome
            command={
              state === 'withdrawn'
                ? { state: 'expired', outcome: 'withdrawn' }
                : { state, outcome }
            }
          />
        ),
      value: ({ state }) => t(`control.meterState.${state}`),
      phone: 'figure',
    },
    {
      key: 'said',
      title: t('command.after'),
      width: 'minmax(140px, 1fr)',
      cell: (meter) => (
        <span className="clip" title={said(meter)}>
          {said(meter)}
        </span>
      ),
      value: said,
      phone: 'plain',
    },
    {
      key: 'took',
      title: t('control.took'),
      unit: 's',
      align: 'right',
      width: '64px',
      cell: (meter) => number(tookOf(meter), 1),
      value: tookOf,
    },
  ];
}

/** Seconds from the frame to the proof. */
const tookOf = ({ sentAt, resolvedAt }: BatchMeter): number | null =>
  sentAt && resolvedAt ? (Date.parse(resolvedAt) - Date.parse(sentAt)) / 1000 : null;
