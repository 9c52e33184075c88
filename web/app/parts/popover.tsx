/**
 * What opens below a button and holds more than a list of acts: a popover at a desk, a sheet on a
 * phone. Escape gives the focus back, a press beside it closes.
 */
import { useEffect, useRef, useState } from 'react';
import { useIsPhone } from '../phone.ts';
import { Drawer } from './drawer.tsx';

export function Popover({
  title,
  button,
  className,
  letter,
  name,
  children,
}: {
  title: string;
  button: React.ReactNode;
  className: string;
  /** The key that opens it. */
  letter?: string;
  /** Class of the box. */
  name: string;
  children: (close: () => void) => React.ReactNode;
}) {
  const phone = useIsPhone();
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const close = () => {
    setOpen(false);
    anchor.current?.querySelector('button')?.focus();
  };
  return (
    <span className="menu-anchor" ref={anchor}>
      <button
        type="button"
        className={className}
        data-key={letter}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && phone && (
        <Drawer title={title} onClose={close}>
          {children(close)}
        </Drawer>
      )}
      {open && !phone && (
        <Box
          title={title}
          name={name}
          anchor={anchor}
          onClose={close}
          onLeave={() => setOpen(false)}
        >
          {children(close)}
        </Box>
      )}
    </span>
  );
}

function Box({
  title,
  name,
  anchor,
  onClose,
  onLeave,
  children,
}: {
  title: string;
  name: string;
  anchor: React.RefObject<HTMLSpanElement | null>;
  onClose: () => void;
  onLeave: () => void;
  children: React.ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  const leave = useRef(onLeave);
  leave.current = onLeave;
  useEffect(() => {
    box.current?.querySelector<HTMLElement>('a, button, input')?.focus();
    const onPress = (event: PointerEvent) => {
      if (!anchor.current?.contains(event.target as Node)) leave.current(); // A press lands on a node.
    };
    document.addEventListener('pointerdown', onPress);
    return () => document.removeEventListener('pointerdown', onPress);
  }, [anchor]);
  return (
    <div
      className={`menu right popover ${name}`}
      role="dialog"
      aria-label={title}
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
      onBlur={(event) => {
        // Away to another control; to nothing is a press on plain text inside.
        const to = event.relatedTarget;
        if (to && !anchor.current?.contains(to)) onLeave();
      }}
    >
      <div className="popover-title strong">{title}</div>
      {children}
    </div>
  );
}
