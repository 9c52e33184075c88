/** Where the cash is by the ledger: drawers, safe, on its way to the bank, bank; and moving it on. */
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { Amount } from '../../parts/figure.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, usePlace } from '../../project.tsx';
import { useCash } from '../../vending-queries.ts';
import type { Cash } from '../../vending-shapes.ts';
import type { CashAct } from './cash-drawer.tsx';

export function CashPanel({ onAct }: { onAct: (act: CashAct) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const cash = useCash();
  const send = useAct<unknown>();
  const nameOfPlace = usePlaceName();
  // A drawer that is still to be counted is told to who may approve the count.
  const isTold = ({ shiftId }: Cash) => shiftId === null || may('shift.approve');
  return (
    <section className="panel" aria-label={t('vend.where.title')}>
      <div className="panel-head">
        <h2>{t('vend.where.title')}</h2>
        <span className="second">{t('vend.where.line')}</span>
      </div>
      <div className="panel-body stack">
        {cash.isError && !cash.data ? (
          <ProblemNotice error={cash.error} retry={() => void cash.refetch()} />
        ) : (
          <dl className="pairs cash-places">
            {cash.data ? (
              cash.data.data.filter(isTold).map((row) => (
                <div key={`${row.place}/${row.detail}`}>
                  <dt>{nameOfPlace(row)}</dt>
                  <dd>
                    {row.place === 'drawer' && !row.shiftId && may('bank.write') && (
                      <button
                        type="button"
                        className="link-button counter-beside"
                        disabled={send.isPending}
                        onClick={() =>
                          send.mutate({
                            path: '/cash-movements',
                            body: { kind: 'hand-in', drawer: row.detail },
                          })
                        }
                      >
                        {t('vend.where.empty')}
                      </button>
                    )}
                    <Amount money={row.amount} />
                  </dd>
                </div>
              ))
            ) : (
              <Skeleton width="60%" />
            )}
          </dl>
        )}
        {send.error && <ProblemNotice error={send.error} />}
        {may('bank.write') && (
          <div className="counter-acts">
            <button type="button" className="button" onClick={() => onAct({ kind: 'withdrawal' })}>
              {t('vend.cash.withdrawal.title')}
            </button>
            <button type="button" className="button" onClick={() => onAct({ kind: 'deposit' })}>
              {t('vend.cash.deposit.title')}
            </button>
          </div>
        )}
      </div>
    </section>
  );
}

function usePlaceName(): (row: Cash) => string {
  const { t } = useTranslation();
  const { session } = usePlace();
  return ({ place, cashier, detail }) => {
    if (place !== 'drawer') return t(`vend.where.${place}`);
    if (cashier) return t('vend.where.drawer', { who: cashier });
    const who = detail === session.user.id ? session.user.name : detail;
    return t('vend.where.oldDrawer', { who });
  };
}
