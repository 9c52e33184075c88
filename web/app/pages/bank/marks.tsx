/** How a line stands, and what it speaks of, in a word. */
import { useTranslation } from 'react-i18next';
import type { BankLine, LineState, PreviewLine } from '../../bank-shapes.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { useAccounts } from '../../queries.ts';

const icons = {
  matched: 'check',
  unidentified: 'question',
  claimed: 'agree',
  returned: 'retry',
} as const;

export function LineMark({ state }: { state: LineState }) {
  const { t } = useTranslation();
  return (
    <span className={`state bank-${state}`}>
      <Icon name={icons[state]} size={14} />
      {t(`bank.state.${state}`)}
    </span>
  );
}

/** What a line speaks of, in the reader's language; for copying and for reading. */
export function useSpeaksOf() {
  const { t } = useTranslation();
  const language = useLanguage();
  const accounts = useAccounts().data?.data ?? [];
  return (line: BankLine | PreviewLine) => {
    const { target, rule } = line;
    if (target) {
      const account = 'accountId' in line && accounts.find(({ id }) => id === line.accountId);
      const name = account ? nameOf(language, account) : null;
      return [t(`bank.kinds.${target.kind}`), name, target.label].filter(Boolean).join(' · ');
    }
    if (rule === 'unknown' || rule === 'ambiguous') return t(`bank.rule.${rule}`);
    const isFee = 'state' in line ? line.state === 'matched' : rule === 'fee';
    return isFee ? t('bank.feeLine') : '';
  };
}

/** Who paid and what for, as far as the file says it. */
export const whoOf = ({ payer, text, order, reference }: BankLine | PreviewLine): string =>
  [payer, text].filter(Boolean).join(' · ') || order || reference || '–';
