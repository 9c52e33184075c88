/** A shop goes to another account at a quarter-hour: what that charges to each, then exactly that. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api.ts';
import { day, fullMoment, instantOf } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { useMove, useTryMove } from '../../opening-queries.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useAccounts } from '../../queries.ts';
import { Field } from '../exceptions/field.tsx';
import { TextField } from '../tariffs/edit/field.tsx';

export function MoveDrawer({
  point,
  account,
  onClose,
}: {
  point: Account['points'][number];
  account: Account;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const accounts = useAccounts().data?.data ?? [];
  const [to, setTo] = useState('');
  const [wall, setWall] = useState('');
  const [reason, setReason] = useState('');
  const attempt = useTryMove(point.tenancyId);
  const move = useMove(point.tenancyId, onClose);
  const preview = attempt.data;
  const isCorrection = (preview?.settledDays.length ?? 0) > 0;
  const at = wall ? instantOf(zone, wall) : null;
  const change = (set: (text: string) => void) => (text: string) => {
    set(text);
    attempt.reset();
    move.reset();
  };
  const nameFor = (id: string, name: string) => {
    const known = accounts.find((each) => each.id === id);
    return known ? nameOf(language, known) : name;
  };
  return (
    <Drawer
      title={t('move.title', { code: point.code })}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          {preview ? (
            <button
              type="button"
              className="button primary"
              disabled={move.isPending || (isCorrection && reason.trim() === '')}
              onClick={() =>
                move.mutate({
                  accountId: to,
                  // As it was previewed, however long it was looked at.
                  at: preview.at,
                  correction: isCorrection ? { reason: reason.trim() } : null,
                })
              }
            >
              {t('move.act')}
            </button>
          ) : (
            <button
              type="button"
              className="button primary"
              disabled={to === '' || attempt.isPending}
              onClick={() => attempt.mutate({ accountId: to, at })}
            >
              {t(attempt.isPending ? 'exc.previewing' : 'exc.preview')}
            </button>
          )}
        </>
      }
    >
      <div className="stack">
        <dl className="pairs">
          <div>
            <dt>{t('move.from')}</dt>
            <dd className="strong">{nameOf(language, account)}</dd>
          </div>
        </dl>
        <Controls>
          <Filter
            label={t('move.to')}
            value={to}
            search
            options={[
              { value: '', label: t('sale.choose') },
              ...accounts
                .filter(({ id, closedOn }) => !closedOn && id !== account.id)
                .map((each) => ({
                  value: each.id,
                  label: `${each.number} ${nameOf(language, each)}`,
                })),
            ]}
            onChange={change(setTo)}
          />
        </Controls>
        <Field
          label={t('move.at')}
          type="instant"
          value={wall}
          onChange={change(setWall)}
          hint={t('move.atHint')}
        />
        {attempt.error && <ProblemNotice error={attempt.error} />}
        {preview && (
          <dl className="pairs">
            <div>
              <dt>{t('move.at')}</dt>
              <dd>{fullMoment(language, zone, preview.at)}</dd>
            </div>
            {[preview.from, preview.to].map((each) => (
              <div key={each.accountId}>
                <dt>{t('move.charged', { name: nameFor(each.accountId, each.name) })}</dt>
                <dd>
                  <Amount money={each.charged} />
                </dd>
              </div>
            ))}
          </dl>
        )}
        {preview && preview.waiting.length > 0 && (
          <p className="second">
            {t('move.waits', {
              days: preview.waiting
                .map(({ localDay }) => day(language, localDay))
                .join(t('mark.list')),
            })}
          </p>
        )}
        {isCorrection && (
          <>
            <div className="notice warning">
              <Icon name="warning" />
              <div>{t('move.corrects', { count: preview?.settledDays.length ?? 0 })}</div>
            </div>
            <TextField
              label={t('closing.reason')}
              value={reason}
              maxLength={120}
              onChange={setReason}
            />
          </>
        )}
        {move.error && <ProblemNotice error={move.error} />}
      </div>
    </Drawer>
  );
}
