// biome-ignore-all lint/a11y/useSemanticElements: a fieldset brings a box of its own.
import { useEffect, useRef } from 'react';

/** One of a few, side by side; on a phone they scroll, and the chosen one is in sight. */
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
  const group = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the choice decides which button is pressed
  useEffect(() => {
    const element = group.current;
    const pressed = element?.querySelector<HTMLElement>('[aria-pressed="true"]');
    if (!element || !pressed) return;
    const left = pressed.offsetLeft - element.offsetLeft;
    const right = left + pressed.offsetWidth;
    if (right > element.scrollLeft + element.clientWidth || left < element.scrollLeft) {
      element.scrollLeft = right - element.clientWidth;
    }
  }, [value]);
  return (
    <div ref={group} className="segmented" role="group" aria-label={label}>
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
