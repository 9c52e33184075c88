/** A real month of an account or a point under the draft and under the version before, line beside line. */
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { addMonths, month as monthName } from '../../../dates.ts';
import { amount, isNegative, number, thousands } from '../../../format.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { Controls, Filter } from '../../../parts/controls.tsx';
import { Empty, ProblemNotice, Skeleton, Waiting } from '../../../parts/notice.tsx';
import { isRank, rankVar } from '../../../parts/palette.ts';
import { useIsPhone } from '../../../phone.ts';
import { useAccounts, useLive } from '../../../queries.ts';
import { useSample } from '../../../tariff-queries.ts';
import type { BillLine, Sample, Season, TariffDefinition } from '../../../tariff-shapes.ts';
import { foots, type PairedLine, paired } from '../bill-lines.ts';
import { useUnits } from '../units.ts';
import { ordinal, stretchesOf } from '../year.ts';
import { asSent } from './definition.ts';
import type { Draft } from './draft.ts';

const MONTHS = 13;
/** A month that has just begun tells little. */
const DAYS_MIN = 8;

export function SamplePanel({
  draft,
  against,
  before,
  next,
  today,
  season,
  faulty,
  isChecked,
}: {
  draft: Draft;
  /** Id of the version before. */
  against: string | null;
  before: number | null;
  next: number;
  today: string;
  /** The part of the year that is being edited: a month of it is priced until another is chosen. */
  season: Season | undefined;
  /** Null while it is not known whether the draft holds. */
  faulty: boolean | null;
  /** That is known of the draft as it stands now, not of the one before the last key. */
  isChecked: boolean;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const units = useUnits(draft.commodity);
  const known = useAccounts().data?.data;
  const points = useLive('slow');
  const isSound = faulty === false;
  const subjects = [
    ...(known ?? [])
      .filter(({ points }) => points.some((point) => point.commodity === draft.commodity))
      .map((each) => ({
        value: `account/${each.id}`,
        label: `${each.number} ${nameOf(language, each)}`,
        of: { accountId: each.id },
      })),
    ...(points.data?.data ?? [])
      .filter(({ commodity }) => commodity === draft.commodity)
      .map((each) => ({
        value: `point/${each.pointId}`,
        label: `${each.code} ${nameOf(language, each)}`,
        of: { pointId: each.pointId },
      })),
  ];
  const [chosen, choose] = useState('');
  const subject = subjects.find(({ value }) => value === chosen) ?? subjects[0];
  const [picked, setMonth] = useState<string | null>(null);
  const months = Array.from({ length: MONTHS }, (_, i) => addMonths(today, -i).slice(0, 7));
  const month = picked ?? monthIn(season, months, today);
  const sample = useSample(
    {
      commodity: draft.commodity,
      definition: asSent(draft.definition),
      against,
      month,
      subject: subject?.of ?? null,
    },
    isSound && isChecked,
  );
  return (
    <section className="panel" id="part-sample" aria-label={t('tariff.sample.title')}>
      <div className="panel-head">
        <h2>{t('tariff.sample.title')}</h2>
        <Controls>
          <Filter
            label={t('tariff.sample.month')}
            value={month}
            onChange={setMonth}
            options={months.map((value) => ({ value, label: monthName(language, value) }))}
          />
          <Filter
            label={t('tariff.sample.of')}
            value={subject?.value ?? ''}
            search
            onChange={choose}
            options={subjects}
          />
        </Controls>
        <span className="rest second" aria-live="polite">
          {sample.data && sample.isOld && isSound ? t('tariff.sample.pricing') : ''}
        </span>
      </div>
      {known && !points.isLoading && !subject ? (
        <Empty title={t('tariff.sample.noAccount')} text={t('tariff.sample.noAccountText')} />
      ) : faulty ? (
        <Empty title={t('tariff.sample.faults')} text={t('tariff.sample.faultsText')} />
      ) : sample.error && !sample.isFetching ? (
        <div className="panel-body">
          <ProblemNotice error={sample.error} retry={() => void sample.refetch()} />
        </div>
      ) : sample.data ? (
        sample.data.after.lines.length || sample.data.before?.lines.length ? (
          <Bills
            sample={sample.data}
            definition={draft.definition}
            before={before}
            next={next}
            isOld={sample.isOld}
            units={units}
          />
        ) : (
          <Empty
            title={t('tariff.sample.nothing', { month: monthName(language, month) })}
            text={t('tariff.sample.nothingText')}
          />
        )
      ) : (
        <div className="panel-body" aria-busy>
          {[0, 1, 2, 3, 4].map((row) => (
            <div key={row} className="sample-skeleton">
              <Skeleton width="28%" />
              <Skeleton width="60%" />
            </div>
          ))}
          <Waiting what={t('tariff.sample.title')} />
        </div>
      )}
    </section>
  );
}

/** The last whole month in a season, or this one once it has some days; else the last whole month. */
function monthIn(season: Season | undefined, months: readonly string[], today: string): string {
  const [now = '', last = ''] = months;
  const isIn = (month: string) => {
    const middle = ordinal(`${month.slice(5)}-15`);
    return !season || stretchesOf(season).some(({ from, to }) => from <= middle && middle < to);
  };
  if (isIn(last)) return last;
  if (isIn(now) && Number(today.slice(8)) >= DAYS_MIN) return now;
  return months.slice(1).find(isIn) ?? last;
}

function Bills({
  sample,
  definition,
  before,
  next,
  isOld,
  units,
}: {
  sample: Sample;
  definition: TariffDefinition;
  before: number | null;
  next: number;
  isOld: boolean;
  units: ReturnType<typeof useUnits>;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const phone = useIsPhone();
  const lines = paired(sample);
  const old = before === null ? '–' : `v${before}`;
  const fresh = `v${next}`;
  const isFooting = foots(sample.before) && foots(sample.after);
  const sumOf = (field: 'before' | 'after') => sample[field]?.total.amount ?? null;
  const componentOf = (code: string) => definition.components.find((each) => each.code === code);
  const nameOfComponent = ({ component, name }: PairedLine) =>
    nameOf(language, componentOf(component) ?? { name });
  const nameOfLine = ({ line, component }: PairedLine) => {
    const rank = String(line.period ?? '');
    const own = componentOf(component);
    const hasSteps = own?.kind === 'usage' && !!(own.stepPrices ?? own.stepAdders);
    const parts = [
      isRank(rank) && nameOf(language, definition.labels?.[rank] ?? { name: t(`period.${rank}`) }),
      (line.step > 1 || hasSteps) && t('tariff.step', { n: line.step }),
    ].filter(Boolean);
    return parts.length ? parts.join(t('mark.list')) : t(`tariff.kind.${line.kind}`);
  };
  return (
    <div className={`scroll-x${isOld ? ' faded' : ''}`}>
      <table className="small-table sample-table">
        <thead>
          <tr>
            <th>{t('tariff.sample.line')}</th>
            {!phone && (
              <>
                <th>
                  {old} <span className="unit">{t('tariff.price')}</span>
                </th>
                <th>
                  {fresh} <span className="unit">{t('tariff.price')}</span>
                </th>
                <th>
                  {old} <span className="unit">{units.quantity}</span>
                </th>
                <th>
                  {fresh} <span className="unit">{units.quantity}</span>
                </th>
              </>
            )}
            <th>
              {old} <span className="unit">{units.currency}</span>
            </th>
            <th>
              {fresh} <span className="unit">{units.currency}</span>
            </th>
            <th>
              {t('tariff.sample.change')} <span className="unit">{units.currency}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((each, index) => {
            const isFirst = lines[index - 1]?.component !== each.component;
            // A component of one line is named there; several stand below its name.
            const isOne = isFirst && lines[index + 1]?.component !== each.component;
            const rank = String(each.line.period ?? '');
            return (
              <Fragment key={each.key}>
                {isFirst && !isOne && (
                  <tr className="group">
                    <td colSpan={phone ? 4 : 8}>{nameOfComponent(each)}</td>
                  </tr>
                )}
                <tr>
                  <td className="wrap">
                    <span className="sample-name">
                      {isRank(rank) && (
                        <i className="swatch" style={{ background: rankVar(rank) }} />
                      )}
                      {isOne ? <b className="strong">{nameOfComponent(each)}</b> : nameOfLine(each)}
                    </span>
                  </td>
                  {!phone && (
                    <>
                      <Pair
                        before={each.before && amount(each.before.price, 4)}
                        after={each.after && amount(each.after.price, 4)}
                      />
                      <Pair
                        before={each.before && quantity(each.before)}
                        after={each.after && quantity(each.after)}
                      />
                    </>
                  )}
                  <Pair
                    before={each.before && amount(each.before.amount.amount)}
                    after={each.after && amount(each.after.amount.amount)}
                  />
                  <td>{signedAmount(each.difference)}</td>
                </tr>
              </Fragment>
            );
          })}
          <tr className={isFooting ? 'total' : 'total unruled'}>
            <td>{t('total')}</td>
            {!phone && <td colSpan={4} />}
            <td>{amount(sumOf('before'))}</td>
            <td>{amount(sumOf('after'))}</td>
            <td>{signedAmount(sample.before ? (sample.difference?.amount ?? null) : null)}</td>
          </tr>
        </tbody>
        <tfoot>
          <tr className="quiet">
            <td>{t('tariff.sample.tax')}</td>
            {!phone && <td colSpan={4} />}
            <td>{amount(sample.before?.tax.amount)}</td>
            <td>{amount(sample.after.tax.amount)}</td>
            <td />
          </tr>
        </tfoot>
      </table>
      {!isFooting && <p className="panel-body neg">{t('tariff.sample.noFoot')}</p>}
    </div>
  );
}

/** A figure of both versions; the newer one is bold where it differs. */
function Pair({ before, after }: { before: string | null; after: string | null }) {
  const isOther = before !== after;
  return (
    <>
      <td className={isOther ? 'quiet' : undefined}>{before ?? '–'}</td>
      <td className={isOther ? 'strong' : undefined}>{after ?? '–'}</td>
    </>
  );
}

const signedAmount = (text: string | null): string => {
  const shown = amount(text);
  return text && !isNegative(text) && /[1-9]/.test(text) ? `+${shown}` : shown;
};

function quantity({ quantity: base, unit }: BillLine): string {
  switch (unit) {
    case 'day':
      return `${number(base)} d`;
    case 'w':
      return `${thousands(base, 1)} kW`;
    default:
      return thousands(base, 2);
  }
}
