/** An opening as a whole: what it holds, and what keeps it from being opened. */
import { useTranslation } from 'react-i18next';
import { day } from '../../dates.ts';
import { amount, currencyName, kw } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import type { Opening } from '../../opening-shapes.ts';
import { Icon } from '../../parts/icons.tsx';
import { Joined } from '../../parts/joined.tsx';
import { useProject } from '../../project.tsx';
import { useLive, useMeters, useTariffs } from '../../queries.ts';
import { useFaultText } from './fault-text.ts';
import { momentText } from './moment-text.ts';

export function OpeningCheck({ opening }: { opening: Opening }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency, zone } = useProject();
  const say = useFaultText();
  const live = useLive('slow').data?.data ?? [];
  const meters = useMeters().data?.data ?? [];
  const tariffs = useTariffs().data?.data ?? [];
  const { content, faults, result } = opening;
  const unit = currencyName(currency, language);
  const tariffName = (id: string) => {
    const tariff = tariffs.find((each) => each.id === id);
    return tariff ? nameOf(language, tariff) : id;
  };
  const salePoint = live.find(({ pointId }) => pointId === content.firstSale?.pointId);
  const saleSerial = meters.find(({ id }) => id === salePoint?.meterId)?.serial;
  const payment = (key: 'firstSale' | 'deposit', receipt: string | undefined) =>
    content[key] && {
      key,
      term: t(`opening.field.${key}`),
      text: [
        `${amount(content[key].amount.amount)} ${unit}`,
        t(`channel.${content[key].channel}`),
        receipt,
        key === 'firstSale' &&
          salePoint &&
          t('opening.toMeter', { code: salePoint.code, serial: saleSerial ?? '' }),
      ]
        .filter(Boolean)
        .join(' · '),
    };
  const { contract, person } = content;
  const lines = [
    {
      key: 'name',
      term: t('opening.field.name'),
      text: [content.name, content.nameZh, content.number].filter(Boolean).join(' · '),
    },
    person && {
      key: 'person',
      term: t('opening.field.person'),
      text: [person.name, person.phone, person.email].filter(Boolean).join(' · '),
    },
    {
      key: 'from',
      term: t('opening.field.from'),
      text: momentText(t, language, zone, result?.from ?? content.from),
    },
    ...content.points.map(({ pointId, tariffId, overloadW }) => {
      const point = live.find((each) => each.pointId === pointId);
      const serial = meters.find(({ id }) => id === point?.meterId)?.serial;
      return {
        key: pointId,
        term: `${t('opening.point')} ${point?.code ?? pointId}`,
        text: [
          serial && `${t('sale.meter')} ${serial}`,
          tariffId && tariffName(tariffId),
          overloadW !== null && `${t('opening.field.overload')} ${kw(overloadW)} kW`,
        ]
          .filter(Boolean)
          .join(' · '),
      };
    }),
    content.tariffIds.length > 0 && {
      key: 'tariffs',
      term: t('opening.tariffs'),
      text: content.tariffIds.map(tariffName).join(' · '),
    },
    content.creditMode === 'meter' && {
      key: 'creditMode',
      term: t('opening.field.creditMode'),
      text: t('opening.held.meter'),
    },
    (content.alarm1 || content.alarm2) && {
      key: 'alarms',
      term: t('opening.alarms'),
      text: [content.alarm1, content.alarm2].map((each) => amount(each?.amount)).join(' / '),
    },
    payment('firstSale', result?.sale?.receipt),
    payment('deposit', result?.deposit?.receipt),
    contract && {
      key: 'contract',
      term: t('opening.contract'),
      text: [
        contract.number,
        day(language, contract.from),
        contract.to && t('opening.until', { day: day(language, contract.to) }),
        ...contract.notices.map(({ kind, address }) => `${t(`opening.notice.${kind}`)} ${address}`),
      ]
        .filter(Boolean)
        .join(' · '),
    },
  ].filter((line) => !!line);
  return (
    <>
      {faults.length > 0 && (
        <div className="notice warning" role="status">
          <Icon name="warning" />
          <div>
            <div className="strong">{t('opening.faults', { count: faults.length })}</div>
            <ul className="opening-faults">
              {faults.map((fault) => (
                <li key={fault.at + fault.message}>{say(fault)}</li>
              ))}
            </ul>
          </div>
        </div>
      )}
      <dl className="pairs opening-pairs">
        {lines.map(({ key, term, text }) => (
          <div key={key}>
            <dt>{term}</dt>
            <dd>{text ? <Joined facts={text.split(' · ')} /> : '–'}</dd>
          </div>
        ))}
      </dl>
      {result?.settings.some(({ obstacle }) => obstacle) && (
        <p className="second">{t('opening.notSent')}</p>
      )}
    </>
  );
}
