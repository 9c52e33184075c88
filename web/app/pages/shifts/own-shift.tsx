/** One's own open shift: what came in and went out, and closing it by counting. */
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Amount } from '../../parts/figure.tsx';
import { useProject } from '../../project.tsx';
import type { Shift } from '../../vending-shapes.ts';
import type { CashAct } from './cash-drawer.tsx';

export function OwnShift({ shift, onAct }: { shift: Shift; onAct: (act: CashAct) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const { id: shiftId } = shift;
  return (
    <section className="panel" aria-label={t('vend.shift.own')}>
      <div className="panel-head">
        <h2>{t('vend.shift.own')}</h2>
        <span className="second">
          {t('vend.shift.since', { at: moment(language, zone, shift.openedAt, now) })}
        </span>
      </div>
      <div className="panel-body stack">
        {/* What should be in the drawer is not told to who is about to count it. */}
        <dl className="pairs">
          <div>
            <dt>{t('vend.shift.float')}</dt>
            <dd>
              <Amount money={shift.float} />
            </dd>
          </div>
          <div>
            <dt>{t('vend.shift.receipts')}</dt>
            <dd>{number(shift.receipts)}</dd>
          </div>
          <div>
            <dt>{t('vend.shift.handedIn')}</dt>
            <dd>
              <Amount money={shift.handedIn} />
            </dd>
          </div>
        </dl>
        <div className="counter-acts">
          <button
            type="button"
            className="button"
            onClick={() => onAct({ kind: 'handIn', shiftId })}
          >
            {t('vend.cash.handIn.title')}
          </button>
          <button
            type="button"
            className="button primary"
            onClick={() => onAct({ kind: 'count', shiftId })}
          >
            {t('vend.cash.count.title')}
          </button>
        </div>
      </div>
    </section>
  );
}
