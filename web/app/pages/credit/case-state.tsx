/** How far a case is, in the state colours with a sign and a word; what it waits for, in words. */
import { useTranslation } from 'react-i18next';
import type { PointState } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import type { CaseState, CreditCase, CreditDecision, Decision } from '../../credit-shapes.ts';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { useProject } from '../../project.tsx';

const looks: Record<CaseState, { tone: PointState; icon: IconName }> = {
  watching: { tone: 'alarm1', icon: 'search' },
  noticed: { tone: 'alarm1', icon: 'message' },
  grace: { tone: 'alarm2', icon: 'clock' },
  waiting: { tone: 'alarm2', icon: 'lock' },
  proposed: { tone: 'arrears', icon: 'question' },
  tripping: { tone: 'arrears', icon: 'sent' },
  tripped: { tone: 'arrears', icon: 'power' },
  restoring: { tone: 'opened', icon: 'retry' },
  armed: { tone: 'alarm1', icon: 'power' },
  restored: { tone: 'opened', icon: 'check' },
  clear: { tone: 'notOpened', icon: 'check' },
};

export function CaseChip({ state }: { state: CaseState }) {
  const { t } = useTranslation();
  const look = looks[state];
  return (
    <span className={`chip ${look.tone}`}>
      <Icon name={look.icon} size={13} />
      {t(`credit.state.${state}`)}
    </span>
  );
}

export const decisionIcons: Record<CreditDecision, IconName> = {
  notice: 'message',
  hold: 'lock',
  propose: 'question',
  trip: 'power',
  restore: 'retry',
  arm: 'power',
  release: 'right',
  'call-person': 'people',
  clear: 'check',
};

/** "No-cut hours, until 25 Nov, 08:00": a code that we have no words for is shown as it is. */
export function useWaitsFor(): (waits: CreditCase['waitsFor']) => string {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(30_000);
  return (waits) => {
    if (!waits) return '';
    const key = `credit.waits.${waits.code}`;
    const what = i18n.exists(key) ? t(key) : waits.code;
    return waits.until
      ? t('credit.waitsUntil', { what, at: moment(language, zone, waits.until, now) })
      : what;
  };
}

/** Why something was decided, in a sentence, and what a person wrote to it. */
export function useReasonText(): (row: Pick<Decision, 'decision' | 'reason' | 'data'>) => string {
  const { t, i18n } = useTranslation();
  return ({ decision, reason, data }) => {
    const groups =
      decision === 'notice' ? ['told'] : decision === 'release' ? ['reason'] : ['reason', 'held'];
    const key = groups
      .map((group) => `credit.${group}.${reason}`)
      .find((each) => i18n.exists(each));
    const text = key ? t(key) : reason.replaceAll('-', ' ');
    return data.note ? t('credit.withNote', { text, note: data.note }) : text;
  };
}
