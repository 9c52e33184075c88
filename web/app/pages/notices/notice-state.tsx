/** How far a notice is, as a mark and a word: never a colour alone. */
import { useTranslation } from 'react-i18next';
import type { NoticeState } from '../../notices.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import './notices.css';

const icons: Record<NoticeState, IconName> = {
  queued: 'clock',
  unconfirmed: 'unreachable',
  sent: 'right',
  delivered: 'check',
  failed: 'cross',
  withheld: 'lock',
};

export function NoticeStateMark({ state }: { state: NoticeState }) {
  const { t } = useTranslation();
  return (
    <span className={`notice-state ${state}`}>
      <Icon name={icons[state]} size={13} />
      {t(`notices.state.${state}`)}
    </span>
  );
}

/** Why it is so, in words where we have them; else what the provider said. */
export function useReason(): (reason: string | null) => string | null {
  const { t, i18n } = useTranslation();
  return (reason) => {
    if (reason === null) return null;
    return i18n.exists(`notices.reason.${reason}`) ? t(`notices.reason.${reason}`) : reason;
  };
}
