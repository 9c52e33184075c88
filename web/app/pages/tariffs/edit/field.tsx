/** Fields of the editor: a label, what is typed, and what is wrong with it beside it. */
import { createContext, useContext, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Controls, DayPicker } from '../../../parts/controls.tsx';
import { Icon } from '../../../parts/icons.tsx';
import type { Fault } from '../../../tariff-shapes.ts';
import { faultsAt } from './definition.ts';
import './field.css';

/** What the server found, for every field below. */
export const FaultContext = createContext<readonly Fault[]>([]);
export const useFaults = (at: string): readonly Fault[] => faultsAt(useContext(FaultContext), at);

/** The messages of a place. `exact` leaves out what lies deeper and is said there. */
export function FaultLines({ at, exact }: { at: string; exact?: boolean }) {
  const faults = useFaults(at).filter((fault) => !exact || fault.at === at);
  if (!faults.length) return null;
  return (
    <ul className="fault-lines">
      {faults.map((fault) => (
        <li key={fault.at + fault.message}>
          <Icon name="warning" size={13} />
          {fault.message}
        </li>
      ))}
    </ul>
  );
}

interface TextFieldProps {
  label: React.ReactNode;
  value: string;
  onChange: (text: string) => void;
  /** Where its faults stand. */
  at?: string;
  unit?: string;
  mono?: boolean;
  placeholder?: string;
  disabled?: boolean;
  width?: number;
  maxLength?: number;
  /** What the figure was in the version before, where it is another. */
  was?: string | undefined;
  hint?: React.ReactNode;
  figure?: boolean;
  /** Id of a list of what may be meant. */
  list?: string;
}

/** One line of text. What is typed stays as it is while the field has the focus. */
export function TextField(props: TextFieldProps) {
  const { label, value, onChange, at, unit, figure } = props;
  const id = useId();
  const faults = useFaults(at ?? '/nowhere');
  const [typed, setTyped] = useState<string | null>(null);
  const isWrong = faults.length > 0;
  return (
    <div className="tfield" style={props.width ? { width: props.width } : undefined}>
      <label className="field-label" htmlFor={id}>
        {label}
        {unit && <span className="unit"> {unit}</span>}
      </label>
      <input
        id={id}
        type="text"
        className={`input${figure ? ' figure-input' : ''}${props.mono ? ' mono' : ''}`}
        inputMode={figure ? 'decimal' : undefined}
        autoComplete="off"
        spellCheck={false}
        value={typed ?? value}
        disabled={props.disabled}
        placeholder={props.placeholder}
        list={props.list}
        maxLength={props.maxLength}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}f` : undefined}
        onFocus={() => setTyped(value)}
        onBlur={() => setTyped(null)}
        onChange={(event) => {
          setTyped(event.target.value);
          onChange(event.target.value);
        }}
      />
      {props.was !== undefined && <span className="was">{props.was}</span>}
      {props.hint && <span className="field-hint">{props.hint}</span>}
      {isWrong && at && (
        <div id={`${id}f`}>
          <FaultLines at={at} />
        </div>
      )}
    </div>
  );
}

/** The code of an index or a list: those published are offered, another may be published later. */
export function CodeField({ known, ...field }: TextFieldProps & { known: readonly string[] }) {
  const { t } = useTranslation();
  const list = useId();
  const { value, hint } = field;
  const isNew = value !== '' && !known.includes(value);
  return (
    <>
      <TextField
        {...field}
        list={list}
        mono
        maxLength={40}
        hint={isNew ? t('tariff.unpublished') : hint}
      />
      <datalist id={list}>
        {known.map((code) => (
          <option key={code} value={code} />
        ))}
      </datalist>
    </>
  );
}

/** A day, or a month, to choose from a calendar or to type. */
export function DayField({
  label,
  value,
  onChange,
  picker = 'date',
  hint,
  width,
}: {
  label: React.ReactNode;
  value: string;
  onChange: (value: string) => void;
  picker?: 'date' | 'month';
  hint?: React.ReactNode;
  width?: number;
}) {
  const id = useId();
  return (
    <div className="tfield" style={width ? { width } : undefined}>
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <Controls>
        <DayPicker id={id} value={value} onChange={onChange} picker={picker} />
      </Controls>
      {hint && <span className="field-hint">{hint}</span>}
    </div>
  );
}

/** One of a few, as the browser's own list. */
export function SelectField<Value extends string>({
  label,
  value,
  options,
  onChange,
  at,
  width,
  hint,
}: {
  label: React.ReactNode;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
  at?: string;
  width?: number;
  hint?: React.ReactNode;
}) {
  const id = useId();
  return (
    <div className="tfield" style={width ? { width } : undefined}>
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
      {at && <FaultLines at={at} />}
    </div>
  );
}

export function Check({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: React.ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>{label}</span>
    </label>
  );
}
