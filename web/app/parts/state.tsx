/** The six states of a metered place: shape, word and colour together, never colour alone. */
import { useTranslation } from 'react-i18next';
import type { PointState } from '../api.ts';

/** In the order in which they are told: the normal first, then by rising concern. */
export const states: readonly PointState[] = [
  'opened',
  'alarm1',
  'alarm2',
  'arrears',
  'notOpened',
  'lostContact',
];

export function StateIcon({ state, size = 14 }: { state: PointState; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden>
      {shapes[state]}
    </svg>
  );
}

const triangle = 'M8 1.6 15 14H1z';
const shapes: Record<PointState, React.ReactNode> = {
  opened: (
    <>
      <circle cx="8" cy="8" r="6.5" fill="var(--opened)" />
      <path d="M5 8.2l2.1 2.1L11 6.2" fill="none" stroke="var(--surface)" strokeWidth="1.7" />
    </>
  ),
  alarm1: (
    <>
      <path d={triangle} fill="var(--alarm1)" stroke="var(--alarm1Line)" strokeLinejoin="round" />
      <path d="M8 6v5.5" stroke="var(--onAlarm)" strokeWidth="1.6" />
    </>
  ),
  alarm2: (
    <>
      <path d={triangle} fill="var(--alarm2)" stroke="var(--alarm2Line)" strokeLinejoin="round" />
      <path d="M6.6 7v5M9.4 7v5" stroke="var(--onAlarm)" strokeWidth="1.6" />
    </>
  ),
  arrears: (
    <>
      <rect x="1.5" y="1.5" width="13" height="13" rx="2.5" fill="var(--arrears)" />
      <path d="M4.5 8h7" stroke="var(--onArrears)" strokeWidth="1.8" />
    </>
  ),
  notOpened: (
    <circle
      cx="8"
      cy="8"
      r="6"
      fill="none"
      stroke="var(--notOpened)"
      strokeWidth="1.4"
      strokeDasharray="2.2 1.9"
    />
  ),
  lostContact: (
    <>
      <rect
        x="1.8"
        y="1.8"
        width="12.4"
        height="12.4"
        rx="2"
        fill="var(--lostTile)"
        stroke="var(--lostContact)"
        strokeWidth="1.3"
      />
      <path
        d="M2.5 9.5 9.5 2.5M2.5 13.5 13.5 2.5M6.5 13.5l7-7"
        stroke="var(--lostContact)"
        strokeWidth="1"
      />
    </>
  ),
};

/** Icon and word. */
export function State({ state }: { state: PointState }) {
  const { t } = useTranslation();
  return (
    <span className="state">
      <StateIcon state={state} />
      {t(`state.${state}`)}
    </span>
  );
}

/** The same as a chip, for the head of a page. */
export function StateChip({ state }: { state: PointState }) {
  const { t } = useTranslation();
  return (
    <span className={`chip ${state}`}>
      <StateIcon state={state} size={13} />
      {t(`state.${state}`)}
    </span>
  );
}
