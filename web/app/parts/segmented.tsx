// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a box of its own.
/** One of a few, side by side. */
export function Segmented<Choice extends string>({
  label,
  choices,
  value,
  onChange,
}: {
  label: string;
  choices: readonly { value: Choice; label: React.ReactNode; title?: string }[];
  value: Choice;
  onChange: (value: Choice) => void;
}) {
  return (
    <div className="segmented" role="group" aria-label={label}>
      {choices.map((choice) => (
        <button
          type="button"
          key={choice.value}
          title={choice.title}
          aria-pressed={choice.value === value}
          onClick={() => onChange(choice.value)}
        >
          {choice.label}
        </button>
      ))}
    </div>
  );
}
