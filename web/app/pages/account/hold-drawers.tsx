/** A point more for an account that is open, and a point that it gives back. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { type Account, ApiProblem } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { instantOf, wallText } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useLive } from '../../queries.ts';
import { Field } from '../exceptions/field.tsx';
import { TextField } from '../tariffs/edit/field.tsx';

const SLOT_MS = 900_000;

/** The wall time of the quarter-hour that runs. */
function useThisQuarter(): string {
  const { zone } = useProject();
  const now = useNow(60_000).getTime();
  return wallText(zone, new Date(now - (now % SLOT_MS)));
}

export function HoldDrawer({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const quarter = useThisQuarter();
  const live = useLive('slow').data?.data ?? [];
  const free = live.filter((point) => point.accountId === null && point.role === 'unit');
  const [pointId, choose] = useState('');
  const [wall, setWall] = useState(quarter);
  const hold = useAct<unknown>(onClose);
  const from = instantOf(zone, wall);
  return (
    <Drawer
      title={t('account.hold.title', { name: nameOf(language, account) })}
      onClose={onClose}
      foot={
        <Foot
          act={t('account.hold.act')}
          isReady={pointId !== '' && from !== null}
          isSending={hold.isPending}
          onSend={() =>
            hold.mutate({
              path: '/tenancies',
              body: { accountId: account.id, pointId, from },
            })
          }
          onClose={onClose}
        />
      }
    >
      <div className="stack">
        <Controls>
          <Filter
            label={t('opening.point')}
            value={pointId}
            search
            options={[
              { value: '', label: t('opening.free', { count: free.length }) },
              ...free.map((point) => ({
                value: point.pointId,
                label: `${point.code} ${nameOf(language, point)} · ${t(`commodity.${point.commodity}`)}`,
              })),
            ]}
            onChange={(next) => {
              choose(next);
              hold.reset();
            }}
          />
        </Controls>
        <Field
          label={t('account.hold.from')}
          type="instant"
          value={wall}
          onChange={(next) => {
            setWall(next);
            hold.reset();
          }}
          hint={t('account.hold.quarter')}
        />
        <p className="second">{t('account.hold.text')}</p>
        {hold.error && <ProblemNotice error={hold.error} />}
      </div>
    </Drawer>
  );
}

export function GiveBackDrawer({
  point,
  onClose,
}: {
  point: Account['points'][number];
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const quarter = useThisQuarter();
  const [wall, setWall] = useState(quarter);
  const [reason, setReason] = useState('');
  const end = useAct<unknown>(onClose);
  const to = instantOf(zone, wall);
  // The server knows what is settled: a reason is asked for where it says that one is needed.
  const isCorrection = end.error instanceof ApiProblem && end.error.code === 'correction-needed';
  return (
    <Drawer
      title={t('account.give.title', { code: point.code })}
      onClose={onClose}
      foot={
        <Foot
          act={t('account.give.act')}
          isReady={to !== null && to > point.from && (!isCorrection || reason.trim() !== '')}
          isSending={end.isPending}
          onSend={() =>
            end.mutate({
              path: `/tenancies/${point.tenancyId}`,
              method: 'PATCH',
              body: { to, correction: reason.trim() ? { reason: reason.trim() } : null },
            })
          }
          onClose={onClose}
        />
      }
    >
      <div className="stack">
        <Field
          label={t('account.give.to')}
          type="instant"
          value={wall}
          onChange={(next) => {
            setWall(next);
            end.reset();
          }}
          invalid={to !== null && to <= point.from}
          hint={t('account.hold.quarter')}
        />
        <p className="second">{t('account.give.text')}</p>
        {(isCorrection || reason !== '') && (
          <TextField
            label={t('closing.reason')}
            value={reason}
            maxLength={120}
            onChange={setReason}
          />
        )}
        {end.error && <ProblemNotice error={end.error} />}
      </div>
    </Drawer>
  );
}

function Foot({
  act,
  isReady,
  isSending,
  onSend,
  onClose,
}: {
  act: string;
  isReady: boolean;
  isSending: boolean;
  onSend: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <button type="button" className="button" onClick={onClose}>
        {t('act.cancel')}
      </button>
      <button
        type="button"
        className="button primary"
        disabled={!isReady || isSending}
        onClick={onSend}
      >
        {act}
      </button>
    </>
  );
}
