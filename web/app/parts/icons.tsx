/** One line set, 16 px box, stroke 1.6. A name is a noun of the product, not of the drawing. */
import type { SVGProps } from 'react';

const paths = {
  home: 'M2.5 7.2 8 2.6l5.5 4.6V13a.6.6 0 0 1-.6.6H3.1a.6.6 0 0 1-.6-.6zM6.3 13.4V9.3h3.4v4.1',
  meter: 'M13.2 12.4a6.2 6.2 0 1 0-10.4 0M8 9.8 10.8 6M8 9.8v.01',
  gateway:
    'M2 9.6h12v4H2zM4.4 11.6h.01M7 11.6h.01M11 9.4V6.4M8.6 4.6a3.4 3.4 0 0 1 4.8 0M6.8 2.8a6 6 0 0 1 8.2 0',
  alarm: 'M4 7a4 4 0 0 1 8 0c0 3.4 1.4 4.4 1.4 4.4H2.6S4 10.4 4 7M6.7 13.6a1.5 1.5 0 0 0 2.6 0',
  account:
    'M6 7.4a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8M1.8 13.4v-.8A2.8 2.8 0 0 1 4.6 9.8h2.8a2.8 2.8 0 0 1 2.8 2.8v.8M10.6 2.8a2.4 2.4 0 0 1 0 4.5M12 9.9a2.8 2.8 0 0 1 2.2 2.7v.8',
  sale: 'M3.2 2h9.6v12l-1.6-1-1.6 1-1.6-1-1.6 1-1.6-1-1.6 1zM9.7 5.8H7.1a1 1 0 0 0 0 2.1h1.8a1 1 0 0 1 0 2.1H6.3M8 4.8v1M8 10v1',
  energy: 'M2.4 2v11.6h11.8M5.4 11V8.4M8.4 11V4.8M11.4 11V6.8',
  tariff:
    'M2.4 3.4h11.2v4.2M2.4 3.4v10h4.8M5 2v2.6M11 2v2.6M2.4 6.6h11.2M11.2 14.4a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M11.2 9.8v1.5l1 .7',
  message: 'M2.4 3.2h11.2v8H7.2l-3 2.6v-2.6H2.4zM5.2 6h5.6M5.2 8.4h3.6',
  search: 'M7.2 12.4a5.2 5.2 0 1 0 0-10.4 5.2 5.2 0 0 0 0 10.4M11 11l3 3',
  down: 'M4 6.2 8 10.2l4-4',
  right: 'M6.2 4l4 4-4 4',
  left: 'M9.8 4l-4 4 4 4',
  up: 'M4 9.8 8 5.8l4 4',
  out: 'M5 11 11 5M6 5h5v5',
  globe:
    'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M2.2 8h11.6M8 2.2c2 1.8 2.6 3.7 2.6 5.8S10 12 8 13.8M8 2.2C6 4 5.4 5.9 5.4 8S6 12 8 13.8',
  moon: 'M13.2 9.8A5.6 5.6 0 0 1 6.2 2.8a5.6 5.6 0 1 0 7 7',
  sun: 'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6M8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8.8M11.7 11.7l.8.8M3.5 12.5l.8-.8M11.7 4.3l.8-.8',
  screen: 'M2 3h12v8H2zM6 14h4M8 11v3',
  plus: 'M8 3v10M3 8h10',
  check: 'M3 8.4l3.2 3.2L13 4.8',
  cross: 'M4 4l8 8M12 4l-8 8',
  more: 'M3.2 8h.01M8 8h.01M12.8 8h.01',
  download: 'M8 2.4v7.4M4.8 6.8 8 10l3.2-3.2M2.6 11v2.6h10.8V11',
  copy: 'M5.6 5.6h8v8h-8zM10.4 5.4V2.4h-8v8h3',
  columns: 'M2.4 2.8h11.2v10.4H2.4zM6.1 2.8v10.4M9.9 2.8v10.4',
  table: 'M2.4 2.8h11.2v10.4H2.4zM2.4 6.2h11.2M6.4 6.2v7',
  chart: 'M2.4 13.6h11.2M4.4 11V8M8 11V3.6M11.6 11V6',
  warning: 'M8 2.4 14.4 13.4H1.6zM8 6.6v3.2M8 11.7v.01',
  unreachable:
    'M2 2l12 12M4.6 8.6a5 5 0 0 1 2-1.2M9.8 7.6a5 5 0 0 1 1.6 1M2.4 6.2a8 8 0 0 1 2-1.4M7.6 4a8 8 0 0 1 6 2.2M6.7 10.8a2 2 0 0 1 2.6 0M8 13v.01',
  tray: 'M2 9.2 4 3h8l2 6.2V13H2zM2 9.2h3.6a2.4 2.4 0 0 0 4.8 0H14',
  retry: 'M13.4 8a5.4 5.4 0 1 1-1.6-3.8L13.4 5.6M13.4 2.4v3.2h-3.2',
  leave: 'M6 2.6H2.8v10.8H6M10.4 11l3-3-3-3M13.2 8H6',
  power: 'M8 2v5M4.8 4.2a5 5 0 1 0 6.4 0',
  lock: 'M3.6 7.2h8.8v6.4H3.6zM5.4 7V4.8a2.6 2.6 0 0 1 5.2 0V7',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.8V8l2.2 1.4',
  building:
    'M3 14V2.6h7V14M10 6.4h3V14M1.6 14h12.8M5.2 5.2h.01M7.8 5.2h.01M5.2 8h.01M7.8 8h.01M5.2 10.8h.01M7.8 10.8h.01',
  bookmark: 'M4 2.4h8v11.4L8 10.8l-4 3z',
  printer: 'M4.6 6V2.4h6.8V6M4.6 11.4H2.4V6h11.2v5.4h-2.2M4.6 9.6h6.8v4H4.6z',
  sheet: 'M3.6 2h6l2.8 2.8V14H3.6zM5.8 7.4h4.4v4.2H5.8zM8 7.4v4.2M5.8 9.5h4.4',
  store:
    'M8 6c3 0 5.2-.9 5.2-2S11 2 8 2s-5.2.9-5.2 2S5 6 8 6M2.8 4v8c0 1.1 2.2 2 5.2 2s5.2-.9 5.2-2V4M2.8 8c0 1.1 2.2 2 5.2 2s5.2-.9 5.2-2',
  feather:
    'M2.4 13.6 9.6 6.4M13 3c-2.4-1.6-6-.4-7.6 2.4C4.2 7.4 4 9.6 4.4 11.6c2 .4 4.2.2 6.2-1C13.4 9 14.6 5.4 13 3M6.6 9.4h4.8',
  braces:
    'M6 2.4c-1.6 0-2 .8-2 2v1.8C4 7.4 3.4 8 2.4 8 3.4 8 4 8.6 4 9.8v1.8c0 1.2.4 2 2 2M10 2.4c1.6 0 2 .8 2 2v1.8c0 1.2.6 1.8 1.6 1.8-1 0-1.6.6-1.6 1.8v1.8c0 1.2-.4 2-2 2',
  link: 'M6.6 9.4a3 3 0 0 0 4.2 0l2.2-2.2a3 3 0 0 0-4.2-4.2l-.8.8M9.4 6.6a3 3 0 0 0-4.2 0L3 8.8A3 3 0 0 0 7.2 13l.8-.8',
  bin: 'M2.8 4.2h10.4M6 4.2V2.6h4v1.6M4 4.2l.6 9.2h6.8l.6-9.2M6.8 6.8v4M9.2 6.8v4',
  people: 'M8 7.4a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8M3.4 13.4a4.6 4.6 0 0 1 9.2 0',
  drag: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01',
  coins:
    'M6.2 9.4a3.9 3.9 0 1 0 0-7.8 3.9 3.9 0 0 0 0 7.8M11.6 6.9a3.9 3.9 0 1 1-4.9 4.6M6.2 4.2v2.6M10.4 9.6v2.4',
  book: 'M8 4.4C6.6 3.2 4.6 2.8 2 3v9.4c2.6-.2 4.6.2 6 1.4 1.4-1.2 3.4-1.6 6-1.4V3c-2.6-.2-4.6.2-6 1.4M8 4.4v9.4',
  edit: 'M3 13l.6-2.8L11 2.8l2.2 2.2-7.4 7.4zM9.4 4.4l2.2 2.2',
  agree: 'M2.4 5.4h9.2M9 2.8l2.6 2.6L9 8M13.6 10.6H4.4M7 8l-2.6 2.6L7 13.2',
  ledger: 'M3 2.4h10v11.2H3zM6 2.4v11.2M8.2 5.6h2.6M8.2 8.4h2.6',
  scales:
    'M8 2.2v11.4M5 13.6h6M3 4h10M3.2 4 1.4 8.8a2 2 0 0 0 3.6 0zM12.8 4 11 8.8a2 2 0 0 0 3.6 0z',
  grid: 'M2.4 2.4h11.2v11.2H2.4zM2.4 6.1h11.2M2.4 9.9h11.2M6.1 2.4v11.2M9.9 2.4v11.2',
  load: 'M2 13.6h12M2 11c2 0 2-6.4 4.2-6.4S8.4 9 10.2 9s1.6-4.6 3.8-4.6',
  peak: 'M2 13.6h12M2.4 12 6.6 4l2.6 4.6L10.8 6l2.8 6',
  wave: 'M1.6 8c1.6-6 3.2-6 4.8 0 1.6 6 3.2 6 4.8 0 .8-3 1.6-4.4 3.2-4.4',
  rank: 'M2.4 3.4h11.2M2.4 6.6h8M2.4 9.8h5.2M2.4 13h2.8',
  sent: 'M14 2 2.4 7l4.4 1.8M14 2 9 13.6 6.8 8.8M14 2 6.8 8.8',
  question:
    'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M6.2 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.2v.01',
  shield: 'M8 2 3 3.8v4c0 3 2 5 5 6.2 3-1.2 5-3.2 5-6.2v-4zM5.8 7.8l1.6 1.6 2.8-3',
  command: 'M2.4 3h7v4.4h-7zM6.4 7.4V10a1.6 1.6 0 0 0 1.6 1.6h1.4M9.6 9.4h4v4.2h-4z',
  paper: 'M3.6 2h6l2.8 2.8V14H3.6zM9.4 2.2V5h2.8M5.8 8h4.4M5.8 10.8h4.4',
} as const;

export type IconName = keyof typeof paths;

/** A line icon; give `label` where it stands alone, else it is hidden from readers. */
export function Icon({
  name,
  size = 16,
  label,
  ...rest
}: { name: IconName; size?: number; label?: string } & SVGProps<SVGSVGElement>) {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it has a label where it stands alone.
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.2 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      {...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true })}
      {...rest}
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** The mark of the product. */
export function Brand({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden>
      <rect width="24" height="24" rx="5.5" fill="var(--ink)" />
      <path
        d="M5 11h2.7l1.9-5 3.3 6.8 2.1-3.8 1.3 2H19M5 16h14M5 19h14"
        fill="none"
        stroke="var(--onInk)"
        strokeWidth="1.7"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}
