/** Lock-out of a point: who hung which tag there and why; hanging one, and lifting it with the tag in hand. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEnter } from '../../config-queries.ts';
import type { Point } from '../../config-shapes.ts';
import { fullMoment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useLive } from '../../queries.ts';
import { FaultContext, TextField } from '../tariffs/edit/field.tsx';
import { isName, isPointCode, wrongOf } from './checks.ts';

export function LockOut({ point }: { point: Point }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const may = useMay();
  const [isOpen, open] = useState(false);
  const { lockOut } = point;
  const live = useLive().data?.data;
  // Hung on what is still on, a lock cuts nothing: that is a command of its own.
  const meterId = live?.find(({ pointId }) => pointId === point.id)?.meterId;
  return (
    <section className="stack conf-lock" aria-label={t('config.lock.title')}>
      <h3 className="field-label">{t('config.lock.title')}</h3>
      {lockOut ? (
        <div className="notice warning">
          <Icon name="lock" />
          <div>
            <div className="strong">{t('config.lock.hangs', { tag: lockOut.tag })}</div>
            <div>{lockOut.why}</div>
            <div className="second">
              {t('config.lock.by', {
                by: lockOut.by,
                at: fullMoment(language, zone, lockOut.at),
              })}
            </div>
            {meterId && (
              <div className="second">
                {t('config.lock.maybeOn')}{' '}
                <Link
                  to="/projects/$projectId/meters/$meterId"
                  params={{ projectId, meterId }}
                  search={{ command: point.commodity === 'water' ? 'valve-close' : 'trip' }}
                >
                  {t('config.lock.cutOff')}
                </Link>
              </div>
            )}
          </div>
        </div>
      ) : (
        !isOpen && <p className="second">{t('config.lock.none')}</p>
      )}
      {may('supply.write') &&
        (lockOut || !point.retired) &&
        (isOpen ? (
          <LockForm point={point} onClose={() => open(false)} />
        ) : (
          <div className="conf-beside">
            <button type="button" className="button" onClick={() => open(true)}>
              <Icon name="lock" size={14} />
              {t(lockOut ? 'config.lock.lift' : 'config.lock.act')}
            </button>
          </div>
        ))}
    </section>
  );
}

function LockForm({ point, onClose }: { point: Point; onClose: () => void }) {
  const { t } = useTranslation();
  const enter = useEnter();
  const [tag, setTag] = useState('');
  const [why, setWhy] = useState('');
  const { lockOut } = point;
  const wrong = wrongOf(t, [
    lockOut
      ? ['/tag', tag, (text) => text.trim() === lockOut.tag, 'tag']
      : ['/tag', tag, isPointCode, 'pointCode'],
    ['/why', why, isName, 'needed'],
  ]);
  const send = () =>
    enter.mutate(
      {
        path: `/points/${point.id}/lock-out${lockOut ? '/lift' : ''}`,
        id: null,
        body: { tag: tag.trim(), why: why.trim() },
      },
      { onSuccess: onClose },
    );
  return (
    <FaultContext.Provider value={wrong.filter(({ isEmpty }) => !isEmpty)}>
      <p className="second">{t(lockOut ? 'config.lock.liftText' : 'config.lock.text')}</p>
      <TextField
        label={t(lockOut ? 'config.lock.tagInHand' : 'config.lock.tag')}
        at="/tag"
        value={tag}
        onChange={setTag}
        maxLength={40}
      />
      <TextField
        label={t('config.lock.why')}
        at="/why"
        value={why}
        onChange={setWhy}
        maxLength={120}
      />
      <div className="conf-beside">
        <button
          type="button"
          className="button primary"
          disabled={wrong.length > 0 || enter.isPending}
          onClick={send}
        >
          {t(
            enter.isPending
              ? 'config.saving'
              : lockOut
                ? 'config.lock.liftSend'
                : 'config.lock.send',
          )}
        </button>
        <button type="button" className="button" onClick={onClose}>
          {t('act.cancel')}
        </button>
      </div>
      {enter.error && <ProblemNotice error={enter.error} />}
    </FaultContext.Provider>
  );
}
