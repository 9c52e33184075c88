/** The foot of a form of settings: what the server found wrong, the button, and that it is saved. */
import { useTranslation } from 'react-i18next';
import type { useEnter } from '../../config-queries.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay } from '../../project.tsx';

export function SaveFoot({
  save,
  isReady,
  label,
}: {
  save: ReturnType<typeof useEnter>;
  /** Something is there to be saved, and nothing is wrong with it. */
  isReady: boolean;
  /** What the button says, where it is not just to save. */
  label?: string;
}) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <>
      {save.error && <ProblemNotice error={save.error} />}
      {may('project.write') && (
        <div className="conf-beside">
          <button type="submit" className="button primary" disabled={!isReady || save.isPending}>
            {save.isPending ? t('config.saving') : (label ?? t('config.save'))}
          </button>
          {save.isSuccess && (
            <span className="second" role="status">
              {t('config.defaults.saved')}
            </span>
          )}
        </div>
      )}
    </>
  );
}
