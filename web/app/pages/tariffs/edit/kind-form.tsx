/** What is said of a component by its kind: prices of use, a fee, a demand, what is free, a minimum. */
import { useTranslation } from 'react-i18next';
import type { Commodity } from '../../../api.ts';
import { nameOf, useLanguage } from '../../../language.ts';
import { Segmented } from '../../../parts/segmented.tsx';
import type { Component, Minimum, Scope, TariffDefinition } from '../../../tariff-shapes.ts';
import { cleanDecimal, fromBase, toBase } from '../decimal.ts';
import { useUnits } from '../units.ts';
import { Check, FaultLines, TextField } from './field.tsx';
import { UsagePrices } from './usage-prices.tsx';

/** Plain where it is a number; else as it was typed, for the check to name. */
const typedPrice = (text: string): string => cleanDecimal(text) ?? text;

export function KindForm({
  component,
  old,
  at,
  definition,
  commodity,
  indexes,
  lists,
  onChange,
}: {
  component: Component;
  old: Component | undefined;
  at: string;
  definition: TariffDefinition;
  commodity: Commodity;
  indexes: readonly string[];
  lists: readonly string[];
  onChange: (component: Component, group?: string) => void;
}) {
  const { t } = useTranslation();
  const units = useUnits(commodity);
  const was = (now: string, then: string | undefined) =>
    then !== undefined && then !== now ? t('tariff.was', { value: then }) : undefined;
  switch (component.kind) {
    case 'usage':
      return (
        <UsagePrices
          usage={component}
          old={old?.kind === 'usage' ? old : undefined}
          at={at}
          definition={definition}
          commodity={commodity}
          indexes={indexes}
          lists={lists}
          onChange={onChange}
        />
      );
    case 'fixed':
      return (
        <div className="form-grid">
          <TextField
            label={t('tariff.amount')}
            unit={t(`tariff.per.${component.per}`, { currency: units.currency })}
            figure
            value={component.amount}
            was={was(component.amount, old?.kind === 'fixed' ? old.amount : undefined)}
            at={`${at}/amount`}
            onChange={(text) => onChange({ ...component, amount: typedPrice(text) }, 'amount')}
          />
          <div className="tfield">
            <span className="field-label">{t('tariff.perWhat')}</span>
            <Segmented
              label={t('tariff.perWhat')}
              value={component.per}
              onChange={(per) => onChange({ ...component, per })}
              choices={[
                { value: 'day', label: t('tariff.day') },
                { value: 'month', label: t('tariff.month') },
              ]}
            />
            {component.per === 'month' && (
              <span className="field-hint">{t('tariff.monthAccrues')}</span>
            )}
          </div>
          <ScopeField
            value={component.scope}
            onChange={(scope) => onChange({ ...component, scope })}
          />
        </div>
      );
    case 'demand':
      return (
        <div className="form-grid">
          <TextField
            label={t('tariff.price')}
            unit={t('tariff.perKw', { currency: units.currency })}
            figure
            value={component.price}
            was={was(component.price, old?.kind === 'demand' ? old.price : undefined)}
            at={`${at}/price`}
            onChange={(text) => onChange({ ...component, price: typedPrice(text) }, 'price')}
          />
          <p className="field-hint wide">{t('tariff.demandIs')}</p>
        </div>
      );
    case 'allowance':
      return (
        <div className="form-grid">
          <TextField
            label={t('tariff.freeQuantity')}
            unit={units.quantity}
            figure
            value={fromBase(component.quantity || 0)}
            at={`${at}/quantity`}
            // What is no quantity is sent as none, so that the check names the place.
            onChange={(text) =>
              onChange({ ...component, quantity: toBase(text) ?? Number.NaN }, 'quantity')
            }
          />
          <TextField
            label={t('tariff.freePrice')}
            unit={units.price}
            figure
            value={component.price}
            at={`${at}/price`}
            onChange={(text) => onChange({ ...component, price: typedPrice(text) }, 'price')}
          />
          <div className="tfield">
            <span className="field-label">{t('tariff.firstMonth')}</span>
            <Segmented
              label={t('tariff.firstMonth')}
              value={component.proRata}
              onChange={(proRata) => onChange({ ...component, proRata })}
              choices={[
                { value: 'none', label: t('tariff.whole') },
                { value: 'days', label: t('tariff.byDays') },
              ]}
            />
          </div>
          <p className="field-hint wide">{t('tariff.allowanceIs')}</p>
        </div>
      );
    case 'minimum':
      return (
        <>
          <div className="form-grid">
            <TextField
              label={t('tariff.minimumAmount')}
              unit={t('tariff.per.month', { currency: units.currency })}
              figure
              value={component.amount}
              was={was(component.amount, old?.kind === 'minimum' ? old.amount : undefined)}
              at={`${at}/amount`}
              onChange={(text) => onChange({ ...component, amount: typedPrice(text) }, 'amount')}
            />
            <ScopeField
              value={component.scope}
              onChange={(scope) => onChange({ ...component, scope })}
            />
            <p className="field-hint wide">{t('tariff.minimumIs')}</p>
          </div>
          <Counted component={component} definition={definition} onChange={onChange} />
          <FaultLines at={`${at}/of`} />
        </>
      );
  }
}

/** Which components count towards a minimum; all of them while none is chosen. */
function Counted({
  component,
  definition,
  onChange,
}: {
  component: Minimum;
  definition: TariffDefinition;
  onChange: (component: Component) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const others = definition.components.filter(
    ({ code, kind }) => code !== component.code && kind !== 'minimum',
  );
  const chosen = component.of ?? [];
  const choose = (code: string, isOn: boolean) => {
    const of = isOn ? [...chosen, code] : chosen.filter((each) => each !== code);
    const { of: _, ...rest } = component;
    onChange(of.length ? { ...rest, of } : rest);
  };
  return (
    <div className="tfield">
      <span className="field-label">
        {t(chosen.length ? 'tariff.counted' : 'tariff.allCounted')}
      </span>
      <span className="checks">
        {others.map((each) => (
          <Check
            key={each.code}
            label={nameOf(language, each)}
            checked={chosen.includes(each.code)}
            onChange={(isOn) => choose(each.code, isOn)}
          />
        ))}
      </span>
    </div>
  );
}

function ScopeField({ value, onChange }: { value: Scope; onChange: (scope: Scope) => void }) {
  const { t } = useTranslation();
  return (
    <div className="tfield">
      <span className="field-label">{t('tariff.scope')}</span>
      <Segmented
        label={t('tariff.scope')}
        value={value}
        onChange={onChange}
        choices={[
          { value: 'point', label: t('tariff.perPoint') },
          { value: 'account', label: t('tariff.perAccount') },
        ]}
      />
    </div>
  );
}
