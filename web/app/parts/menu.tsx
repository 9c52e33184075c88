/** A small menu below a button: arrows move, Escape and a click beside it close. */
import { useEffect, useRef, useState } from 'react';

export interface MenuItem {
  key: string;
  label: React.ReactNode;
  checked?: boolean;
  end?: React.ReactNode;
  onSelect: () => void;
}

export function Menu({
  label,
  button,
  className,
  caption,
  items,
  right,
}: {
  label: string;
  button: React.ReactNode;
  className?: string;
  caption?: React.ReactNode;
  items: readonly MenuItem[];
  right?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const closeMenu = (focusButton: boolean) => {
    setOpen(false);
    if (focusButton) anchor.current?.querySelector('button')?.focus();
  };

  useEffect(() => {
    if (!open) return;
    anchor.current?.querySelector<HTMLElement>('.menu-item')?.focus();
    const onPress = (event: PointerEvent) => {
      if (!anchor.current?.contains(event.target as Node)) setOpen(false); // A press lands on a node.
    };
    document.addEventListener('pointerdown', onPress);
    return () => document.removeEventListener('pointerdown', onPress);
  }, [open]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape') closeMenu(true);
    const move = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (!move) return;
    event.preventDefault();
    const all = [...(anchor.current?.querySelectorAll<HTMLElement>('.menu-item') ?? [])];
    // An element that is not in the list gives −1, as nothing focused does.
    const index = all.indexOf(document.activeElement as HTMLElement);
    all.at((index + move) % all.length)?.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the menu inside.
    <span className="menu-anchor" ref={anchor} onKeyDown={open ? onKeyDown : undefined}>
      <button
        type="button"
        className={className}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div className={`menu${right ? ' right' : ''}`} role="menu">
          {caption && <div className="menu-caption">{caption}</div>}
          {items.map((item) => (
            // biome-ignore lint/a11y/useAriaPropsSupportedByRole: it is a radio item where it is checked.
            <button
              type="button"
              key={item.key}
              className="menu-item"
              role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
              aria-checked={item.checked}
              onClick={() => {
                closeMenu(true);
                item.onSelect();
              }}
            >
              {item.label}
              {item.end && <span className="end">{item.end}</span>}
            </button>
          ))}
        </div>
      )}
    </span>
  );
}
