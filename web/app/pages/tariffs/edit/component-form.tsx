/** One component: what it is called, how it is treated and taxed, and what it costs. */
import { useTranslation } from 'react-i18next';
import type { Commodity } from '../../../api.ts';
import { Segmented } from '../../../parts/segmented.tsx';
import type { Component, TariffDefinition } from '../../../tariff-shapes.ts';
import { cleanDecimal, shift } from '../decimal.ts';
import { FaultLines, TextField } from './field.tsx';
import { KindForm } from './kind-form.tsx';

export function ComponentForm({
  component,
  old,
  index,
  definition,
  commodity,
  indexes,
  lists,
  onChange,
}: {
  component: Component;
  /** The same component in the version before. */
  old: Component | undefined;
  index: number;
  definition: TariffDefinition;
  commodity: Commodity;
  indexes: readonly string[];
  lists: readonly string[];
  onChange: (component: Component, group?: string) => void;
}) {
  const { t } = useTranslation();
  const at = `/components/${index}`;
  const set = (change: Partial<Component>, group?: string) =>
    // The kind is never among the changes, so it stays the component that it is.
    onChange({ ...component, ...change } as Component, group);
  const rate = cleanDecimal(component.taxRate ?? '0');
  return (
    <>
      <div className="form-grid">
        <TextField
          label={t('tariff.name')}
          value={component.name}
          maxLength={80}
          at={`${at}/name`}
          onChange={(name) => set({ name }, 'name')}
        />
        <TextField
          label={t('tariff.nameZh')}
          value={component.nameZh ?? ''}
          maxLength={80}
          at={`${at}/nameZh`}
          onChange={(nameZh) => set({ nameZh }, 'zh')}
        />
        <TextField
          label={t('tariff.code')}
          value={component.code}
          maxLength={40}
          mono
          at={`${at}/code`}
          onChange={(code) => set({ code }, 'code')}
        />
      </div>
      <KindForm
        component={component}
        old={old}
        at={at}
        definition={definition}
        commodity={commodity}
        indexes={indexes}
        lists={lists}
        onChange={onChange}
      />
      <div className="form-grid">
        <div className="tfield">
          <span className="field-label">{t('tariff.treatment')}</span>
          <Segmented
            label={t('tariff.treatment')}
            value={component.treatment ?? 'revenue'}
            onChange={(treatment) => set({ treatment })}
            choices={[
              { value: 'revenue', label: t('tariff.revenue') },
              { value: 'on-behalf', label: t('tariff.onBehalf') },
            ]}
          />
        </div>
        <div className="tfield">
          <span className="field-label">{t('tariff.tax')}</span>
          <Segmented
            label={t('tariff.tax')}
            value={component.taxIncluded === false ? 'top' : 'in'}
            onChange={(choice) => set({ taxIncluded: choice === 'in' })}
            choices={[
              { value: 'in', label: t('tariff.taxInShort') },
              { value: 'top', label: t('tariff.taxOnTopShort') },
            ]}
          />
        </div>
        <TextField
          label={t('tariff.taxRate')}
          unit="%"
          figure
          value={rate === null ? (component.taxRate ?? '') : shift(rate, 2)}
          at={`${at}/taxRate`}
          onChange={(text) => {
            const clean = cleanDecimal(text);
            set({ taxRate: clean === null ? text : shift(clean, -2) }, 'rate');
          }}
        />
        <TextField
          label={t('tariff.taxCode')}
          value={component.taxCode ?? ''}
          maxLength={40}
          mono
          at={`${at}/taxCode`}
          onChange={(taxCode) => set({ taxCode }, 'tax')}
        />
      </div>
      <FaultLines at={at} exact />
    </>
  );
}
