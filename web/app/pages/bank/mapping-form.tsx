/** Which columns of a file mean what, as they are written down. */
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type BankMapping, bankFields } from '../../bank-shapes.ts';
import { Controls, Filter } from '../../parts/controls.tsx';

interface Columns {
  template: string;
  mapping: BankMapping;
}

/** What is typed is taken when a field is left, so that a preview is not forgotten with every letter. */
export function MappingForm({
  template,
  mapping,
  onChange,
}: Columns & { onChange: (next: Columns) => void }) {
  const { t } = useTranslation();
  const set = (change: Partial<BankMapping>) =>
    onChange({ template, mapping: { ...mapping, ...change } });
  const words = (text: string) =>
    text
      .split(/[,，]/)
      .map((word) => word.trim())
      .filter(Boolean);
  return (
    <div className="stack" style={{ paddingTop: 12 }}>
      <p className="second">{t('bank.load.editText')}</p>
      <div className="bank-columns">
        <Field
          label={t('bank.load.name')}
          value={template}
          onChange={(name) => name && onChange({ template: name, mapping })}
        />
        {bankFields.map((field) => (
          <Field
            key={field}
            label={t(`bank.load.field.${field}`)}
            value={mapping.columns[field] ?? ''}
            onChange={(title) => {
              const { [field]: _, ...others } = mapping.columns;
              set({ columns: title ? { ...others, [field]: title } : others });
            }}
          />
        ))}
        {(['outgoing', 'counted', 'fees'] as const).map((key) => (
          <Field
            key={key}
            label={t(`bank.load.${key}`)}
            value={mapping[key].join(', ')}
            onChange={(text) => set({ [key]: words(text) })}
          />
        ))}
        <Field
          label={t('bank.load.until')}
          value={mapping.until ?? ''}
          onChange={(text) => set({ until: text || null })}
        />
      </div>
      <Controls>
        <Filter
          label={t('bank.load.dateOrder')}
          value={mapping.dateOrder}
          options={(['ymd', 'dmy', 'mdy'] as const).map((value) => ({
            value,
            label: t(`bank.load.dateOrders.${value}`),
          }))}
          onChange={(dateOrder) => set({ dateOrder })}
        />
      </Controls>
    </div>
  );
}

function Field({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const id = useId();
  const [typed, type] = useState(value);
  return (
    <label className="field" htmlFor={id}>
      <span className="field-label">{label}</span>
      <input
        id={id}
        className="input"
        maxLength={200}
        autoComplete="off"
        value={typed}
        onChange={(event) => type(event.target.value)}
        onBlur={() => typed.trim() !== value && onChange(typed.trim())}
      />
    </label>
  );
}
