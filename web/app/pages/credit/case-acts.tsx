/** What a person may do about a case: cut as proposed, give back, hold for a dispute, set a limit of its own. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CreditCaseDetail } from '../../credit-shapes.ts';
import { useMay } from '../../project.tsx';
import { Reasoned } from '../sale/reasoned.tsx';
import { DisputeForm, Disputes } from './dispute-form.tsx';
import { OverrideForm } from './override-form.tsx';
import { TripForm } from './trip-form.tsx';

type Asked = 'trip' | 'restore' | 'dispute' | 'override';

export function CaseActs({ found }: { found: CreditCaseDetail }) {
  const { t } = useTranslation();
  const may = useMay();
  const [asked, ask] = useState<Asked>();
  const done = () => ask(undefined);
  const acts = offered(found, may);
  return (
    <section className="stack" aria-label={t('credit.acts')}>
      {acts.length > 0 && (
        <div className="credit-buttons">
          {acts.map((act) => (
            <button
              key={act}
              type="button"
              className={act === 'trip' ? 'button grave' : 'button'}
              aria-pressed={asked === act}
              onClick={() => ask(asked === act ? undefined : act)}
            >
              {t(`credit.act.${act}`)}
            </button>
          ))}
        </div>
      )}
      {!found.canRestore && found.pointsOff > 0 && found.restoreObstacle && may('credit.act') && (
        <p className="second">{t(`credit.noRestore.${found.restoreObstacle}`)}</p>
      )}
      {asked === 'trip' && <TripForm found={found} onDone={done} />}
      {asked === 'restore' && found.canRestore && (
        <div className="credit-form">
          <p>{t(`credit.restoreSays.${found.state === 'armed' ? 'armed' : 'other'}`)}</p>
          <Reasoned
            path={`/credit-cases/${found.accountId}/restore`}
            choices={[{ label: t('credit.doRestore'), isMain: true }]}
          />
        </div>
      )}
      {asked === 'dispute' && <DisputeForm accountId={found.accountId} onDone={done} />}
      {asked === 'override' && <OverrideForm found={found} onDone={done} />}
      <Disputes found={found} />
    </section>
  );
}

/** What a person's word stands for: neither hours nor proof nor a dispute. */
const WORD_ENOUGH: ReadonlySet<string> = new Set(['brake', 'order-query']);

/** Acts that fit the state, of those that the role allows. */
function offered(found: CreditCaseDetail, may: (permission: string) => boolean): Asked[] {
  const acts: Asked[] = [];
  if (may('credit.act')) {
    if (found.state === 'proposed' || WORD_ENOUGH.has(found.waitsFor?.code ?? ''))
      acts.push('trip');
    if (found.canRestore) acts.push('restore');
    acts.push('dispute');
  }
  if (may('credit.write')) acts.push('override');
  return acts;
}
