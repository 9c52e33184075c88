/** What is thought of a loss, in shape, word and colour, with its reason. */
import { useTranslation } from 'react-i18next';
import { StateIcon } from '../../parts/state.tsx';
import type { Suspicion } from '../../reports.ts';

const looks = {
  suspect: { chip: 'alarm2', icon: 'alarm2' },
  watch: { chip: 'alarm1', icon: 'alarm1' },
  incomplete: { chip: 'plain dashed', icon: null },
  none: { chip: null, icon: null },
} as const;

export function SuspicionChip({
  suspicion,
  reason,
}: {
  suspicion: Suspicion;
  reason: string | null;
}) {
  const { t } = useTranslation();
  const { chip, icon } = looks[suspicion];
  const word = t(`report.suspicion.${suspicion}`);
  if (!chip) return <span className="quiet">{word}</span>;
  // A reason that this version does not know is better shown as it came than hidden.
  const why = reason ? t(`report.reason.${reason}`, { defaultValue: reason }) : '';
  return (
    <span className="suspicion">
      <span className={`chip ${chip}`}>
        {icon && <StateIcon state={icon} size={13} />}
        {word}
      </span>
      <span className="second clip" title={why}>
        {why}
      </span>
    </span>
  );
}
