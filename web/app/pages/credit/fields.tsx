/** One figure of the policy with its unit, what it does, and what is wrong with it. */
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { FieldsProps } from './policy-form.tsx';

type Typed = {
  [Key in keyof FieldsProps['draft']]: FieldsProps['draft'][Key] extends string ? Key : never;
}[keyof FieldsProps['draft']];
type Name = Exclude<Typed, 'mode'>;

function FigureField({
  draft,
  set,
  saysAt,
  name,
  unit,
  inputMode,
}: FieldsProps & { name: Name; unit: string; inputMode: 'decimal' | 'numeric' }) {
  const { t } = useTranslation();
  const id = useId();
  const says = saysAt(name);
  return (
    <div className="tfield">
      <label className="field-label" htmlFor={id}>
        {t(`credit.field.${name}`)}
        <span className="unit"> {unit}</span>
      </label>
      <input
        id={id}
        className="input figure-input"
        inputMode={inputMode}
        autoComplete="off"
        maxLength={20}
        value={draft[name]}
        aria-invalid={says !== ''}
        aria-describedby={`${id}h`}
        onChange={(event) => set({ [name]: event.target.value })}
      />
      <span id={`${id}h`} className={says ? 'field-hint neg' : 'field-hint'}>
        {says || t(`credit.hint.${name}`)}
      </span>
    </div>
  );
}

export const MoneyField = (props: FieldsProps & { name: Name; unit: string }) => (
  <FigureField {...props} inputMode="decimal" />
);

export const CountField = (props: FieldsProps & { name: Name; unit: string }) => (
  <FigureField {...props} inputMode="numeric" />
);
