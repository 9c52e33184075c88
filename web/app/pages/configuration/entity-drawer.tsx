/** One thing entered, changed or retired in a drawer; what stands in the way of retiring it is said there. */
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../api.ts';
import { useEnter } from '../../config-queries.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay } from '../../project.tsx';
import type { Fault } from '../../tariff-shapes.ts';
import { FaultContext } from '../tariffs/edit/field.tsx';
import './configuration.css';

export interface Wrong {
  /** '/code': the field below which it is said. */
  at: string;
  message: string;
  /** Nothing was typed yet: what is new is not reproached with it. */
  isEmpty?: boolean;
}

export function EntityDrawer({
  title,
  path,
  id,
  body,
  wrong,
  retired,
  permission,
  onClose,
  children,
  beside,
  below,
}: {
  title: string;
  /** Where it is posted, or patched when it has an id. */
  path: string;
  id: string | null;
  body: Record<string, unknown>;
  /** What is wrong with what was typed so far. */
  wrong: readonly Wrong[];
  /** Null before it exists. */
  retired: boolean | null;
  permission: 'place.write' | 'device.write';
  onClose: () => void;
  children: React.ReactNode;
  /** Acts that lead on from here: add a floor, a room, a bus. */
  beside?: React.ReactNode;
  /** Acts with a right of their own, which are not saved with the rest. */
  below?: React.ReactNode;
}) {
  const { t } = useTranslation();
  const may = useMay();
  const save = useEnter();
  const retire = useEnter();
  const isBusy = save.isPending || retire.isPending;
  const isAllowed = may(permission);
  // What the server found wrong stands beside its field, too.
  const told = wrong.filter(({ isEmpty }) => id !== null || !isEmpty);
  const faults: readonly Fault[] = [...told, ...faultsOf(save.error)];
  return (
    <Drawer
      title={title}
      onClose={onClose}
      foot={
        <>
          {retired !== null && isAllowed && (
            <button
              type="button"
              className="button conf-retire"
              disabled={isBusy}
              onClick={() =>
                retire.mutate({ path, id, body: { retired: !retired } }, { onSuccess: onClose })
              }
            >
              {t(retired ? 'config.takeBack' : 'config.retire')}
            </button>
          )}
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          {!retired && (
            <button
              type="button"
              className="button primary"
              disabled={isBusy || wrong.length > 0 || !isAllowed}
              onClick={() => save.mutate({ path, id, body }, { onSuccess: onClose })}
            >
              {t(save.isPending ? 'config.saving' : 'config.save')}
            </button>
          )}
        </>
      }
    >
      <div className="stack conf-form">
        {retired && (
          <p className="notice">
            <Icon name="lock" />
            <span>{t('config.retiredText')}</span>
          </p>
        )}
        <FaultContext.Provider value={faults}>
          <fieldset className="conf-fields" disabled={isBusy || retired === true || !isAllowed}>
            {children}
          </fieldset>
        </FaultContext.Provider>
        {beside && isAllowed && !retired && <div className="conf-beside">{beside}</div>}
        {save.error && <ProblemNotice error={save.error} />}
        {retire.error && <InTheWay error={retire.error} />}
        {below}
      </div>
    </Drawer>
  );
}

function faultsOf(error: unknown): Fault[] {
  if (!(error instanceof ApiProblem)) return [];
  return error.faults.map((fault) => ({ ...fault, at: fault.at.replace(/^json/, '') }));
}

/** What has to be seen to first, kind by kind; any other problem as it is. */
function InTheWay({ error }: { error: unknown }) {
  const { t, i18n } = useTranslation();
  const isInUse = error instanceof ApiProblem && error.code === 'in-use';
  if (!isInUse) return <ProblemNotice error={error} />;
  return (
    <div className="notice error" role="alert">
      <Icon name="warning" />
      <div>
        <div className="strong">{t('config.inTheWay')}</div>
        <ul className="conf-way">
          {error.faults.map(({ code = '', parameters, message }) => (
            <li key={code}>
              {i18n.exists(`config.use.${code}_other`)
                ? t(`config.use.${code}`, { ...parameters })
                : message}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
