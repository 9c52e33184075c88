/** How far a command is, as word and sign together; and why, in the reader's language. */
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { Command, CommandState } from '../../command-shapes.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import './commands.css';

const signs: Record<CommandState, { icon: IconName; tone: string }> = {
  requested: { icon: 'clock', tone: 'second' },
  sent: { icon: 'sent', tone: 'ask' },
  confirmed: { icon: 'check', tone: 'pos' },
  refused: { icon: 'cross', tone: 'neg' },
  expired: { icon: 'clock', tone: 'neg' },
  unknown: { icon: 'question', tone: 'old' },
};

/** A word of the states, with its sign; what was taken back says so. */
export function Outcome({ command }: { command: Pick<Command, 'state' | 'outcome'> }) {
  const { t } = useTranslation();
  const { icon, tone } = signs[command.state];
  const isBack = command.state === 'expired' && command.outcome === 'withdrawn';
  return (
    <span className={`state outcome ${isBack ? 'second' : tone}`}>
      <Icon name={isBack ? 'cross' : icon} size={14} />
      {t(isBack ? 'command.state.withdrawn' : `command.state.${command.state}`)}
    </span>
  );
}

/** Why it is so; empty where the state says it all. */
export function outcomeText(
  t: TFunction,
  { state, outcome }: Pick<Command, 'state' | 'outcome'>,
): string {
  if (outcome === null) return '';
  const code = /^exception:(\d+)$/.exec(outcome)?.[1];
  if (code) return t('command.outcome.exception', { code });
  // A colon would name another set of words.
  const known = `command.outcome.${outcome}`;
  const text = outcome.includes(':') ? known : t(known);
  if (text !== known) return text;
  return t(state === 'unknown' ? 'command.outcome.broken' : 'command.outcome.other', { outcome });
}
