/** What a quantity costs: one price, by period, by step, or both in the order that is chosen. */
import { useTranslation } from 'react-i18next';
import type { Commodity } from '../../../api.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { ranks, rankVar } from '../../../parts/palette.ts';
import type { Component, Rank, TariffDefinition, Usage } from '../../../tariff-shapes.ts';
import { cleanDecimal } from '../decimal.ts';
import { stepRange } from '../steps.ts';
import { useUnits } from '../units.ts';
import { inForm, type PriceForm, priceFormOf, priceForms } from './definition.ts';
import { CodeField, FaultLines, SelectField, TextField } from './field.tsx';

const typed = (text: string): string => cleanDecimal(text) ?? text;

export function UsagePrices({
  usage,
  old,
  at,
  definition,
  commodity,
  indexes,
  lists,
  onChange,
}: {
  usage: Usage;
  old: Usage | undefined;
  at: string;
  definition: TariffDefinition;
  commodity: Commodity;
  indexes: readonly string[];
  lists: readonly string[];
  onChange: (component: Component, group?: string) => void;
}) {
  const { t } = useTranslation();
  const units = useUnits(commodity);
  const form = priceFormOf(usage);
  const count = (definition.steps?.limits.length ?? 0) + 1;
  const possible = (each: PriceForm) =>
    each === form ||
    ((each === 'one' || each === 'steps' || each === 'adders' || !!definition.calendar) &&
      (each === 'one' || each === 'periods' || !!definition.steps));
  const was = (now: string | undefined, then: string | undefined) =>
    then !== undefined && then !== now ? t('tariff.was', { value: then }) : undefined;
  const { follows, onlyOnEventDays, ...plain } = usage;
  return (
    <>
      <div className="form-grid">
        <SelectField
          label={t('tariff.priceForm')}
          value={form}
          options={priceForms
            .filter(possible)
            .map((value) => ({ value, label: t(`tariff.form.${value}`) }))}
          onChange={(to) => onChange(inForm(usage, to, count))}
          hint={!definition.calendar || !definition.steps ? t('tariff.formHint') : undefined}
        />
        {(form === 'one' || form === 'adders') && (
          <TextField
            label={t('tariff.price')}
            unit={units.price}
            figure
            value={usage.price ?? ''}
            was={was(usage.price, old?.price)}
            at={`${at}/price`}
            onChange={(text) => onChange({ ...usage, price: typed(text) }, 'price')}
          />
        )}
      </div>
      {usage.prices && (
        <ByPeriod
          label={t('tariff.byPeriod')}
          unit={units.price}
          values={usage.prices}
          old={old?.prices}
          at={`${at}/prices`}
          definition={definition}
          onChange={(prices, rank) => onChange({ ...usage, prices }, `prices-${rank}`)}
        />
      )}
      {usage.stepPrices && (
        <ByStep
          label={t('tariff.byStep')}
          unit={units.price}
          values={usage.stepPrices}
          old={old?.stepPrices}
          at={`${at}/stepPrices`}
          definition={definition}
          commodity={commodity}
          onChange={(stepPrices, i) => onChange({ ...usage, stepPrices }, `steps-${i}`)}
        />
      )}
      {usage.stepAdders && (
        <ByStep
          label={t('tariff.adders')}
          unit={units.price}
          values={usage.stepAdders}
          old={old?.stepAdders}
          at={`${at}/stepAdders`}
          definition={definition}
          commodity={commodity}
          onChange={(stepAdders, i) => onChange({ ...usage, stepAdders }, `adders-${i}`)}
        />
      )}
      {usage.periodFactors && (
        <ByPeriod
          label={t('tariff.factors')}
          unit="×"
          values={usage.periodFactors}
          old={old?.periodFactors}
          at={`${at}/periodFactors`}
          definition={definition}
          onChange={(periodFactors, rank) =>
            onChange({ ...usage, periodFactors }, `factors-${rank}`)
          }
        />
      )}
      <div className="form-grid">
        <CodeField
          label={t('tariff.follows')}
          value={follows?.index ?? ''}
          known={indexes}
          placeholder={t('tariff.none')}
          at={`${at}/follows`}
          onChange={(index) =>
            onChange(
              {
                ...plain,
                ...(onlyOnEventDays && { onlyOnEventDays }),
                ...(index && { follows: { index, as: follows?.as ?? 'factor' } }),
              },
              'follows',
            )
          }
          hint={follows ? t(`tariff.followsAs.${follows.as}`) : undefined}
        />
        {follows && (
          <SelectField
            label={t('tariff.as')}
            value={follows.as}
            options={[
              { value: 'factor', label: t('tariff.factor') },
              { value: 'adder', label: t('tariff.adder') },
            ]}
            onChange={(as) => onChange({ ...usage, follows: { ...follows, as } })}
          />
        )}
        <CodeField
          label={t('tariff.onlyOn')}
          value={onlyOnEventDays ?? ''}
          known={lists}
          placeholder={t('tariff.everyDay')}
          at={`${at}/onlyOnEventDays`}
          onChange={(code) =>
            onChange(
              {
                ...plain,
                ...(follows && { follows }),
                ...(code && { onlyOnEventDays: code }),
              },
              'only-on',
            )
          }
        />
      </div>
    </>
  );
}

function ByPeriod({
  label,
  unit,
  values,
  old,
  at,
  definition,
  onChange,
}: {
  label: string;
  unit: string;
  values: Partial<Record<Rank, string>>;
  old: Partial<Record<Rank, string>> | undefined;
  at: string;
  definition: TariffDefinition;
  onChange: (values: Partial<Record<Rank, string>>, rank: Rank) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const used = new Set(
    definition.calendar?.seasons.flatMap(({ days }) =>
      days.flatMap(({ bands }) => bands.map(({ rank }) => String(rank))),
    ),
  );
  const shown = ranks.filter((rank) => used.has(rank) || values[rank] !== undefined);
  return (
    <PriceRow label={label} unit={unit} at={at}>
      {shown.map((rank) => (
        <PriceCell
          key={rank}
          label={
            <span className="state">
              <i className="swatch" style={{ background: rankVar(rank) }} />
              {nameOf(language, definition.labels?.[rank] ?? { name: t(`period.${rank}`) })}
            </span>
          }
          value={values[rank]}
          old={old?.[rank]}
          at={`${at}/${rank}`}
          hint={used.has(rank) ? undefined : t('tariff.unused')}
          onChange={(text) => {
            const { [rank]: _, ...rest } = values;
            onChange(text.trim() ? { ...rest, [rank]: typed(text) } : rest, rank);
          }}
        />
      ))}
    </PriceRow>
  );
}

function ByStep({
  label,
  unit,
  values,
  old,
  at,
  definition,
  commodity,
  onChange,
}: {
  label: string;
  unit: string;
  values: readonly string[];
  old: readonly string[] | undefined;
  at: string;
  definition: TariffDefinition;
  commodity: Commodity;
  onChange: (values: string[], index: number) => void;
}) {
  const { t } = useTranslation();
  const units = useUnits(commodity);
  const limits = definition.steps?.limits ?? [];
  return (
    <PriceRow label={label} unit={unit} at={at}>
      {values.map((value, index) => (
        <PriceCell
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is known by its place.
          key={index}
          label={t('tariff.stepRange', {
            n: index + 1,
            range: stepRange(t, limits, index),
            unit: units.quantity,
          })}
          value={value}
          old={old?.[index]}
          at={`${at}/${index}`}
          onChange={(text) =>
            onChange(
              values.map((each, i) => (i === index ? typed(text) : each)),
              index,
            )
          }
        />
      ))}
    </PriceRow>
  );
}

/** Figures beside each other under one name, and what is wrong with them together. */
function PriceRow({
  label,
  unit,
  at,
  children,
}: {
  label: string;
  unit: string;
  at: string;
  children: React.ReactNode;
}) {
  return (
    <div className="price-row">
      <span className="field-label">
        {label} <span className="unit">{unit}</span>
      </span>
      <div className="price-cells">{children}</div>
      <FaultLines at={at} exact />
    </div>
  );
}

/** One of them, with what it was in the version before. */
function PriceCell({
  value = '',
  old,
  ...field
}: {
  label: React.ReactNode;
  value: string | undefined;
  old: string | undefined;
  at: string;
  hint?: string | undefined;
  onChange: (text: string) => void;
}) {
  const { t } = useTranslation();
  const was = old !== undefined && old !== value ? t('tariff.was', { value: old }) : undefined;
  return <TextField {...field} figure value={value} was={was} />;
}
