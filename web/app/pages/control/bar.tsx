/** What can be done with the chosen meters; it stands at the foot of the window while some are chosen. */
import { useTranslation } from 'react-i18next';
import { type CommandFunction, commandFunctions, permissionOf } from '../../command-shapes.ts';
import { Icon } from '../../parts/icons.tsx';
import { Menu } from '../../parts/menu.tsx';
import { useIsPhone } from '../../phone.ts';
import { useMay } from '../../project.tsx';
import { functionIcons } from '../commands/command-acts.tsx';

/** Beside the count; the others are in the menu, on a phone all are. */
const first: readonly CommandFunction[] = [
  ...(['issue-settings', 'guarantee-supply', 'restore-prepaid', 'read-now', 'trip'] as const),
];

export function Bar({
  count,
  onAct,
  onClear,
}: {
  count: number;
  onAct: (name: CommandFunction) => void;
  onClear: () => void;
}) {
  const { t } = useTranslation();
  const isPhone = useIsPhone();
  const may = useMay();
  const allowed = commandFunctions.filter((name) => may(permissionOf[name]));
  if (count === 0 || allowed.length === 0) return null;
  const shown = isPhone ? [] : first.filter((name) => allowed.includes(name));
  const rest = allowed.filter((name) => !shown.includes(name));
  return (
    <div className="control-bar" role="toolbar" aria-label={t('control.bar')}>
      <span className="strong">{t('home.meters', { count })}</span>
      <button type="button" className="control-clear" onClick={onClear}>
        {t('control.clear')} <span className="key">Esc</span>
      </button>
      <span className="control-bar-rest" />
      {shown.map((name) => (
        <button type="button" key={name} className="control-act" onClick={() => onAct(name)}>
          <Icon name={functionIcons[name]} size={14} />
          {t(`command.function.${name}.name`)}
        </button>
      ))}
      <Menu
        label={t('command.more')}
        className="control-act"
        right
        button={
          <>
            <Icon name="command" size={14} />
            {t('command.more')}
            <Icon name="up" size={14} />
          </>
        }
        items={rest.map((name) => ({
          key: name,
          label: (
            <>
              <Icon name={functionIcons[name]} size={14} />
              {t(`command.function.${name}.name`)}
            </>
          ),
          onSelect: () => onAct(name),
        }))}
      />
    </div>
  );
}
