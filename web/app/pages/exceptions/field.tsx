/** Fields of the forms of corrections: a label, a line, a hint; instants by the wall clock of the project. */
import { useId } from 'react';

export function Field({
  label,
  value,
  onChange,
  type = 'text',
  unit,
  hint,
  invalid,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
  type?: 'text' | 'figure' | 'instant';
  unit?: string;
  hint?: React.ReactNode;
  invalid?: boolean;
}) {
  const id = useId();
  return (
    <div className="exc-field">
      <label className="field-label" htmlFor={id}>
        {label}
        {unit && <span className="unit"> {unit}</span>}
      </label>
      <input
        id={id}
        className="input"
        type={type === 'instant' ? 'datetime-local' : 'text'}
        step={type === 'instant' ? 900 : undefined}
        inputMode={type === 'figure' ? 'decimal' : undefined}
        autoComplete="off"
        maxLength={200}
        value={value}
        aria-invalid={invalid}
        onChange={(event) => onChange(event.target.value)}
      />
      {hint && <span className="field-hint">{hint}</span>}
    </div>
  );
}

export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
  hint,
}: {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
  hint?: React.ReactNode;
}) {
  const id = useId();
  return (
    <div className="exc-field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <select
        id={id}
        className="input"
        value={value}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.target.value);
          if (chosen) onChange(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {hint && <span className="field-hint">{hint}</span>}
    </div>
  );
}
