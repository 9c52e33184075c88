/** The columns of the queue and of the edits. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment, span } from '../../dates.ts';
import { amount, currencyName, number, signed, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import type { Exception, IntervalEdit } from '../../quality-shapes.ts';

export function useExceptionColumns(): Column<Exception>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const when = (at: string) => moment(language, zone, at, now);
  const rangeOf = ({ from, to }: Exception) => `${when(from)} – ${to ? when(to) : t('exc.goesOn')}`;
  return [
    {
      key: 'subject',
      title: t('alarms.subject'),
      width: '110px',
      phone: 'title',
      value: ({ pointCode }) => pointCode,
      cell: ({ pointCode }) => <span className="strong">{pointCode}</span>,
    },
    {
      key: 'rule',
      title: t('exc.found'),
      width: 'minmax(190px, 1fr)',
      phone: 'plain',
      value: ({ rule }) => t(`exc.rule.${rule}.name`),
      cell: ({ rule, kind, state }) => (
        <span className="exc-rule">
          <span className="clip">{t(`exc.rule.${rule}.name`)}</span>
          {kind === 'quarantine' && state === 'open' && (
            <span className="chip plain dashed">{t('exc.held')}</span>
          )}
        </span>
      ),
    },
    {
      key: 'range',
      title: t('exc.range'),
      width: '220px',
      value: rangeOf,
      order: ({ from }) => from,
      cell: (row) => <span className="nowrap">{rangeOf(row)}</span>,
    },
    {
      key: 'energy',
      title: t('exc.energy'),
      align: 'right',
      width: '130px',
      value: ({ energyAtStake }) => (energyAtStake === null ? null : energyAtStake / 1000),
      cell: ({ energyAtStake, unit }) =>
        energyAtStake === null ? (
          <span title={t('exc.noEnergy')}>–</span>
        ) : (
          <>
            {thousands(energyAtStake, 1)}{' '}
            <span className="unit">{unit === 'l' ? 'm³' : 'kWh'}</span>
          </>
        ),
    },
    {
      key: 'money',
      title: t('exc.money'),
      unit: currencyName(currency, language),
      align: 'right',
      width: '150px',
      phone: 'figure',
      value: ({ moneyAtStake }) => moneyAtStake?.amount ?? null,
      order: ({ moneyAtStake }) => (moneyAtStake ? Number(moneyAtStake.amount) : null),
      cell: ({ moneyAtStake }) =>
        moneyAtStake ? (
          <span className="strong">{amount(moneyAtStake.amount)}</span>
        ) : (
          <span title={t('exc.noMoney')}>–</span>
        ),
    },
    {
      key: 'since',
      title: t('exc.since'),
      align: 'right',
      width: '110px',
      value: ({ since }) => since,
      cell: ({ since }) => (
        <span className="quiet" title={when(since)}>
          {span(t, (now.getTime() - Date.parse(since)) / 1000)}
        </span>
      ),
    },
    {
      key: 'state',
      title: t('exc.state'),
      width: '100px',
      phone: 'none',
      value: ({ state }) => t(`exc.states.${state}`),
      cell: ({ state }) => t(`exc.states.${state}`),
    },
  ];
}

export function useEditColumns(): Column<IntervalEdit>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const when = (at: string) => moment(language, zone, at, now);
  return [
    {
      key: 'subject',
      title: t('alarms.subject'),
      width: '100px',
      phone: 'title',
      value: ({ pointCode }) => pointCode,
      cell: ({ pointCode }) => <span className="strong">{pointCode}</span>,
    },
    {
      key: 'range',
      title: t('exc.range'),
      width: '212px',
      phone: 'plain',
      value: ({ from, to }) => `${when(from)} – ${when(to)}`,
      order: ({ from }) => from,
      cell: ({ from, to }) => (
        <span className="nowrap">
          {when(from)} – {when(to)}
        </span>
      ),
    },
    {
      key: 'method',
      title: t('exc.edit.method'),
      width: '150px',
      value: ({ method }) => t(`exc.method.${method}.name`),
      cell: ({ method, confidence }) => (
        <>
          {t(`exc.method.${method}.name`)}
          {method !== 'set' && <span className="quiet"> {number(confidence)} %</span>}
        </>
      ),
    },
    {
      key: 'after',
      title: t('exc.effect.after'),
      align: 'right',
      width: '115px',
      value: ({ energyAfter }) => energyAfter / 1000,
      cell: ({ energyAfter, unit }) => (
        <>
          {thousands(energyAfter, 2)} <span className="unit">{unit === 'l' ? 'm³' : 'kWh'}</span>
        </>
      ),
    },
    {
      key: 'change',
      title: t('exc.effect.change'),
      align: 'right',
      width: '120px',
      value: ({ energyAfter, energyBefore }) => (energyAfter - energyBefore) / 1000,
      cell: ({ energyAfter, energyBefore, unit }) => (
        <>
          {signed((energyAfter - energyBefore) / 1000, 2)}{' '}
          <span className="unit">{unit === 'l' ? 'm³' : 'kWh'}</span>
        </>
      ),
    },
    {
      key: 'reason',
      title: t('exc.why'),
      width: 'minmax(140px, 1fr)',
      value: ({ reason }) => reason,
      cell: ({ reason }) => (
        <div className="clip" title={reason}>
          {reason}
        </div>
      ),
    },
    {
      key: 'state',
      title: t('exc.state'),
      width: '172px',
      phone: 'figure',
      value: ({ state }) => t(`exc.editState.${state}`),
      cell: ({ state }) => (
        <span className={state === 'waiting' ? 'strong' : 'quiet'}>
          {t(`exc.editState.${state}`)}
        </span>
      ),
    },
  ];
}
