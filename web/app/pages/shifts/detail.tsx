/** A shift opened: how it was counted, and what a second person says to over or short. */
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay, usePlace } from '../../project.tsx';
import { useProjectSettings } from '../../queries.ts';
import type { CashMovement, Shift } from '../../vending-shapes.ts';
import { Reasoned } from '../sale/reasoned.tsx';
import type { CashAct } from './cash-drawer.tsx';

export function ShiftDetail({ shift, onAct }: { shift: Shift; onAct: (act: CashAct) => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { session, project } = usePlace();
  const may = useMay();
  const settings = useProjectSettings().data;
  const now = useNow(60_000);
  const when = (at: string | null) => (at ? moment(language, project.zone, at, now) : '–');
  const isOwn = shift.cashierId === session.user.id;
  const isMine = isOwn || shift.countedById === session.user.id;
  const mayDecide =
    may('shift.approve') && (!isMine || settings?.vending.singlePersonApproves === true);
  const word = (key: string, more = {}) => t(`vend.shift.${key}`, more);
  const mayCount = may('shift.write') && (isOwn || may('shift.approve'));
  return (
    <div className="stack counter-detail">
      <dl className="pairs">
        <div>
          <dt>{word('float')}</dt>
          <dd>
            <Amount money={shift.float} />
          </dd>
        </div>
        <div>
          <dt>{word('sold')}</dt>
          <dd>
            <Amount money={shift.sold} />
          </dd>
        </div>
        <div>
          <dt>{word('returned')}</dt>
          <dd>
            <Amount money={shift.returned} />
          </dd>
        </div>
        <div>
          <dt>{word('handedIn')}</dt>
          <dd>
            <Amount money={shift.handedIn} />
          </dd>
        </div>
        {shift.countedBy && (
          <div>
            <dt>{word('countedBy')}</dt>
            <dd>
              {shift.countedBy}
              {t('mark.comma')}
              {when(shift.countedAt)}
              {shift.note && <div className="quiet">{shift.note}</div>}
            </dd>
          </div>
        )}
        {shift.decidedBy && (
          <div>
            <dt>{word(shift.state === 'recount' ? 'askedBy' : 'approvedBy')}</dt>
            <dd>
              {shift.decidedBy}
              {t('mark.comma')}
              {when(shift.decidedAt)}
              {shift.approvedBySamePerson && <div>{t('vend.samePerson')}</div>}
              <div className="quiet">{shift.reason}</div>
            </dd>
          </div>
        )}
      </dl>
      {shift.state === 'counted' && (
        <>
          <div className="notice warning">
            <Icon name="people" />
            <div>
              <div className="strong">{word('waits')}</div>
              <div className="second">
                {word(mayDecide ? 'waitsYours' : isMine ? 'waitsOwn' : 'waitsOther')}
                {mayDecide && isMine && <div>{t('vend.alone')}</div>}
              </div>
            </div>
          </div>
          {mayDecide && (
            <Reasoned
              path={`/shifts/${shift.id}/decisions`}
              choices={(['approve', 'recount'] as const).map((decision) => ({
                ...{ decision, label: word(`act.${decision}`) },
                isMain: decision === 'approve',
              }))}
            />
          )}
        </>
      )}
      {(shift.state === 'recount' || shift.state === 'open') && mayCount && (
        <div className="counter-acts">
          <button
            type="button"
            className="button"
            onClick={() => onAct({ kind: 'count', shiftId: shift.id })}
          >
            {t('vend.cash.count.title')}
          </button>
        </div>
      )}
    </div>
  );
}

/** A movement opened: a deposit that the bank has not confirmed can be. */
export function MovementDetail({ movement }: { movement: CashMovement }) {
  const { t } = useTranslation();
  const may = useMay();
  const send = useAct<unknown>();
  return (
    <div className="stack counter-detail">
      <p className="second">{t(`vend.move.says.${movement.kind}`)}</p>
      {movement.note && <p>{movement.note}</p>}
      {movement.hasArrived === false && may('bank.write') && (
        <div className="counter-acts">
          <button
            type="button"
            className="button primary"
            disabled={send.isPending}
            onClick={() =>
              send.mutate({
                path: '/cash-movements',
                body: { kind: 'arrival', depositId: movement.id },
              })
            }
          >
            {t('vend.move.arrived')}
          </button>
        </div>
      )}
      {send.error && <ProblemNotice error={send.error} />}
    </div>
  );
}
