/** What an act does to the bills: the difference of each account, and the lines before and after. */
import { useTranslation } from 'react-i18next';
import { amount, currencyName, isNegative, negate, number, sum, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { isRank, rankVar } from '../../parts/palette.ts';
import { useIsPhone } from '../../phone.ts';
import { useProject } from '../../project.tsx';
import type { BillEffect, EffectLine } from '../../quality-shapes.ts';
import './exceptions.css';

export function Effect({
  effect,
  unit,
  isNarrow,
}: {
  effect: BillEffect;
  unit: 'Wh' | 'l';
  /** In a drawer there is no more room than on a phone. */
  isNarrow?: boolean;
}) {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  // A tariff names its components in its own language.
  const nameOf = ({ component, name }: SummedLine) =>
    language === 'zh' && i18n.exists(`component.${component}`) ? t(`component.${component}`) : name;
  const { currency } = useProject();
  const isPhone = useIsPhone();
  const phone = isPhone || isNarrow;
  const money = currencyName(currency, language);
  const lines = linesOf(effect);
  const foots = sum(effect.accounts.map(({ difference }) => difference.amount)) ?? '0';
  const isFooting = /^-?0*\.?0*$/.test(sum([foots, negate(effect.total.amount)]) ?? '0');
  if (!effect.accounts.length && !lines.length) {
    return (
      <p className="second exc-none">
        {t(effect.waiting ? 'exc.effect.onlyWaiting' : 'exc.effect.nothing', {
          count: effect.waiting,
        })}
      </p>
    );
  }
  return (
    <div className="stack exc-effect">
      <table className="small-table">
        <thead>
          <tr>
            <th>{t('exc.effect.account')}</th>
            {!phone && (
              <th>
                {t('exc.effect.tax')} <span className="unit">{money}</span>
              </th>
            )}
            <th>
              {t('exc.effect.difference')} <span className="unit">{money}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {effect.accounts.map((each) => (
            <tr key={each.accountId}>
              <td>
                {each.accountName} <span className="quiet">{each.accountNumber}</span>
              </td>
              {!phone && <td className="quiet">{signedAmount(each.tax.amount)}</td>}
              <td>{signedAmount(each.difference.amount)}</td>
            </tr>
          ))}
          <tr className={isFooting ? 'total' : 'total open'}>
            <td>{t('total')}</td>
            {!phone && <td />}
            <td>{signedAmount(effect.total.amount)}</td>
          </tr>
        </tbody>
      </table>
      {lines.length > 0 && (
        <div className="scroll-x">
          <table className="small-table">
            <thead>
              <tr>
                <th>{t('exc.effect.line')}</th>
                {!phone && <th>{t('exc.effect.price')}</th>}
                <th>
                  {t('exc.effect.before')}{' '}
                  <span className="unit">{unit === 'l' ? 'm³' : 'kWh'}</span>
                </th>
                <th>
                  {t('exc.effect.after')}{' '}
                  <span className="unit">{unit === 'l' ? 'm³' : 'kWh'}</span>
                </th>
                {!phone && (
                  <>
                    <th>
                      {t('exc.effect.before')} <span className="unit">{money}</span>
                    </th>
                    <th>
                      {t('exc.effect.after')} <span className="unit">{money}</span>
                    </th>
                  </>
                )}
                <th>
                  {t('exc.effect.change')} <span className="unit">{money}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <tr key={line.key}>
                  <td>
                    <span className="exc-line">
                      {isRank(line.period) && (
                        <i className="swatch" style={{ background: rankVar(line.period) }} />
                      )}
                      {nameOf(line)}
                      {isRank(line.period) && ` · ${t(`period.${String(line.period)}`)}`}
                      {line.step > 1 && ` · ${t('tariff.step', { n: line.step })}`}
                    </span>
                  </td>
                  {!phone && <td className="quiet">{amount(shortened(line.price), 4)}</td>}
                  <td className="quiet">{thousands(line.quantityBefore, 3)}</td>
                  <td>{thousands(line.quantityAfter, 3)}</td>
                  {!phone && (
                    <>
                      <td className="quiet">{amount(shortened(line.before))}</td>
                      <td>{amount(shortened(line.after))}</td>
                    </>
                  )}
                  <td>{signedAmount(shortened(line.change))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="second">
        {t('exc.effect.days', { count: effect.dayCount, days: number(effect.dayCount) })}
        {effect.dayCount > effect.days.length &&
          ` ${t('exc.effect.cut', { shown: effect.days.length })}`}
        {effect.waiting > 0 && ` ${t('exc.effect.waiting', { count: effect.waiting })}`}{' '}
        {t('exc.effect.exact')}
      </p>
    </div>
  );
}

interface SummedLine {
  key: string;
  component: string;
  name: string;
  period: number;
  step: number;
  price: string;
  quantityBefore: number | null;
  quantityAfter: number | null;
  before: string | null;
  after: string | null;
  change: string | null;
}

/** The lines of the days, added up where component, period, step and price are one; the unchanged left out. */
function linesOf(effect: BillEffect): SummedLine[] {
  const lines = new Map<string, SummedLine>();
  const add = (line: EffectLine, side: 'before' | 'after') => {
    const key = [line.component, line.period, line.step, line.price].join('/');
    const so = lines.get(key) ?? {
      ...{ key, component: line.component, name: line.name },
      ...{ period: line.period, step: line.step, price: line.price },
      ...{ quantityBefore: null, quantityAfter: null, before: null, after: null, change: null },
    };
    if (side === 'before') {
      so.quantityBefore = (so.quantityBefore ?? 0) + line.quantity;
      so.before = sum([so.before, line.exact]);
    } else {
      so.quantityAfter = (so.quantityAfter ?? 0) + line.quantity;
      so.after = sum([so.after, line.exact]);
    }
    lines.set(key, so);
  };
  for (const { before, after } of effect.days) {
    for (const line of before) add(line, 'before');
    for (const line of after) add(line, 'after');
  }
  return [...lines.values()]
    .map((line) => ({ ...line, change: sum([line.after, line.before && negate(line.before)]) }))
    .filter(({ change }) => change !== null && /[1-9]/.test(change))
    .sort((a, b) => a.name.localeCompare(b.name) || a.period - b.period || a.step - b.step);
}

/** Trailing zeros of an exact amount say nothing. */
const shortened = (text: string | null): string | null =>
  text?.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;

const signedAmount = (text: string | null): string =>
  text && !isNegative(text) && /[1-9]/.test(text) ? `+${amount(text)}` : amount(text);
