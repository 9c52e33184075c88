/** The buttons of a meter: what its model does and this person may ask for; the drawer of each. */
import { useTranslation } from 'react-i18next';
import { useOffers } from '../../command-queries.ts';
import type { CommandFunction } from '../../command-shapes.ts';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { Menu } from '../../parts/menu.tsx';
import { CommandDrawer, type CommandSubject } from './command-drawer.tsx';

/** Beside the title; all others are in the menu. */
const first: readonly CommandFunction[] = [
  ...(['read-now', 'guarantee-supply', 'valve-open', 'trip', 'valve-close'] as const),
];
export const functionIcons: Record<CommandFunction, IconName> = {
  'read-now': 'retry',
  'guarantee-supply': 'shield',
  'valve-open': 'shield',
  trip: 'power',
  'valve-close': 'power',
  'restore-prepaid': 'agree',
  'issue-price': 'tariff',
  'issue-settings': 'columns',
  'tou-table': 'table',
  'set-clock': 'clock',
};

export function CommandActs({
  subject,
  open,
  show,
}: {
  subject: CommandSubject;
  open: CommandFunction | undefined;
  show: (name: CommandFunction | undefined) => void;
}) {
  const { t } = useTranslation();
  const answer = useOffers(subject.meterId).data;
  const offers = (answer?.data ?? []).filter(
    ({ mayAsk, obstacle }) => mayAsk && obstacle !== 'function-unsupported',
  );
  const shown = first.flatMap((name) => offers.find((each) => each.function === name) ?? []);
  const rest = offers.filter((each) => !first.includes(each.function));
  const opened = offers.find((each) => each.function === open);
  return (
    <>
      {shown.map(({ function: name }) => (
        <button
          key={name}
          type="button"
          className={name === 'trip' || name === 'valve-close' ? 'button grave' : 'button'}
          data-key={name === 'read-now' ? 'r' : undefined}
          onClick={() => show(name)}
        >
          <Icon name={functionIcons[name]} size={14} />
          {t(`command.function.${name}.name`)}
          {name === 'read-now' && <span className="key">R</span>}
        </button>
      ))}
      {rest.length > 0 && (
        <Menu
          label={t('command.more')}
          className="button"
          right
          button={
            <>
              <Icon name="command" size={14} />
              {t('command.more')}
              <Icon name="down" size={14} />
            </>
          }
          items={rest.map(({ function: name, obstacle }) => ({
            key: name,
            label: (
              <>
                <Icon name={functionIcons[name]} size={14} />
                {t(`command.function.${name}.name`)}
              </>
            ),
            end: obstacle ? (
              <Icon name="lock" size={12} label={t(`problem.${obstacle}.what`)} />
            ) : (
              ''
            ),
            onSelect: () => show(name),
          }))}
        />
      )}
      {opened && (
        <CommandDrawer
          key={opened.function}
          offer={opened}
          subject={subject}
          supply={answer?.totals?.supply}
          onClose={() => show(undefined)}
        />
      )}
    </>
  );
}
