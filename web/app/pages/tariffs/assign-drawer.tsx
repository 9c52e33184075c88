/** Letting a tariff hold somewhere from a day on, and ending that. Settled days since then are settled anew. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type Tariff } from '../../api.ts';
import { day } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useMay, useProject } from '../../project.tsx';
import type { BillEffect } from '../../quality-shapes.ts';
import { useAccounts, useLive } from '../../queries.ts';
import type { TariffAssignment } from '../../tariff-shapes.ts';
import { Effect } from '../exceptions/effect.tsx';
import { DayField, TextField } from './edit/field.tsx';

type Kind = 'default' | 'account' | 'point';
const isDay = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text);

function useAssign(onDone: () => void) {
  const { id } = useProject();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({
      path,
      method,
      body,
    }: {
      path: string;
      method: 'POST' | 'PATCH';
      body: unknown;
    }) => call<TariffAssignment>(`/projects/${id}${path}`, { method, body }),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: [id, 'list', '/tariff-assignments'] });
      void queryClient.invalidateQueries({ queryKey: [id, 'corrections'] });
      onDone();
    },
  });
}

/** What an assignment would do to the bills; `correction` is the reason it is sent with. */
function useTryAssign() {
  const { id } = useProject();
  return useMutation({
    mutationFn: (body: object) =>
      call<BillEffect>(`/projects/${id}/tariff-assignments/effect`, { method: 'POST', body }),
  });
}

export function AssignDrawer({
  tariff,
  today,
  onClose,
}: {
  tariff: Tariff;
  today: string;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const accounts = useAccounts().data?.data ?? [];
  const points = (useLive('slow').data?.data ?? []).filter(
    ({ commodity }) => commodity === tariff.commodity,
  );
  const may = useMay();
  const [kind, setKind] = useState<Kind>('account');
  const [chosen, choose] = useState('');
  const [from, setFrom] = useState(today);
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const save = useAssign(onClose);
  const attempt = useTryAssign();
  const isPast = isDay(from) && from < today;
  const isReady =
    isDay(from) && (to === '' || (isDay(to) && to > from)) && (kind === 'default' || chosen !== '');
  // What is settled is charged anew only after its effect was seen.
  const isPreviewed = isPast && reason.trim() !== '' && may('account.read');
  const body = {
    tariffId: tariff.id,
    pointId: kind === 'point' ? chosen : null,
    accountId: kind === 'account' ? chosen : null,
    from,
    to: to || null,
    ...correctionOf(reason),
  };
  /** A preview is of what was typed then, and of nothing else. */
  const anew =
    <Value,>(set: (value: Value) => void) =>
    (value: Value) => {
      set(value);
      attempt.reset();
    };
  const options =
    kind === 'account'
      ? accounts
          .filter(({ closedOn }) => !closedOn)
          .map((each) => ({ value: each.id, label: `${each.number} ${nameOf(language, each)}` }))
      : points.map((each) => ({
          value: each.pointId,
          label: `${each.code} ${each.accountName ?? ''}`,
        }));
  return (
    <Drawer
      title={t('tariff.assign.drawer', { tariff: nameOf(language, tariff) })}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          {isPreviewed && !attempt.data ? (
            <button
              type="button"
              className="button primary"
              disabled={!isReady || attempt.isPending}
              onClick={() => attempt.mutate(body)}
            >
              {t(attempt.isPending ? 'exc.previewing' : 'exc.preview')}
            </button>
          ) : (
            <button
              type="button"
              className="button primary"
              disabled={!isReady || save.isPending}
              onClick={() => save.mutate({ path: '/tariff-assignments', method: 'POST', body })}
            >
              {t('tariff.assign.act')}
            </button>
          )}
        </>
      }
    >
      <div className="stack">
        <Segmented
          label={t('tariff.assign.what')}
          value={kind}
          onChange={anew((next) => {
            setKind(next);
            choose('');
          })}
          choices={(['default', 'account', 'point'] as const).map((value) => ({
            value,
            label: t(`tariff.assign.${value}`),
          }))}
        />
        {kind === 'default' ? (
          <p className="second">
            {t('tariff.assign.defaultIs', { commodity: t(`commodity.${tariff.commodity}`) })}
          </p>
        ) : (
          <Controls>
            <Filter
              label={t(`tariff.assign.${kind}`)}
              value={chosen}
              search
              onChange={anew(choose)}
              options={[{ value: '', label: t('tariff.plans.choose') }, ...options]}
            />
          </Controls>
        )}
        <DayField label={t('tariff.assign.from')} value={from} onChange={anew(setFrom)} />
        <DayField
          label={t('tariff.assign.toOptional')}
          value={to}
          onChange={anew(setTo)}
          hint={t('tariff.assign.toHint')}
        />
        {isPast && <Past from={from} reason={reason} onReason={anew(setReason)} />}
        <p className="second">{t('tariff.assign.rule')}</p>
        {attempt.isPending && (
          <div className="stack" aria-busy>
            <Skeleton width="60%" />
            <Skeleton width="90%" />
            <Waiting what={t('exc.preview')} />
          </div>
        )}
        {attempt.error && <ProblemNotice error={attempt.error} />}
        {attempt.data && (
          <section className="stack" aria-label={t('exc.preview')}>
            <h3>{t('exc.previewTitle')}</h3>
            <Effect
              effect={attempt.data}
              unit={tariff.commodity === 'water' ? 'l' : 'Wh'}
              isNarrow
            />
          </section>
        )}
        {save.error && <ProblemNotice error={save.error} />}
      </div>
    </Drawer>
  );
}

export function EndDrawer({
  assignment,
  subject,
  today,
  onClose,
}: {
  assignment: TariffAssignment;
  subject: string;
  today: string;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [to, setTo] = useState(assignment.to ?? today);
  const [reason, setReason] = useState('');
  const save = useAssign(onClose);
  const send = (end: string | null) =>
    save.mutate({
      path: `/tariff-assignments/${assignment.id}`,
      method: 'PATCH',
      body: { to: end, ...correctionOf(reason) },
    });
  return (
    <Drawer
      title={t('tariff.assign.endTitle', { subject })}
      onClose={onClose}
      foot={
        <>
          {assignment.to && (
            <button
              type="button"
              className="button"
              disabled={save.isPending}
              onClick={() => send(null)}
            >
              {t('tariff.assign.openEnd')}
            </button>
          )}
          <button
            type="button"
            className="button primary"
            disabled={!isDay(to) || to <= assignment.from || save.isPending}
            onClick={() => send(to)}
          >
            {t('tariff.assign.endOn', { day: isDay(to) ? day(language, to) : '–' })}
          </button>
        </>
      }
    >
      <div className="stack">
        <dl className="pairs">
          <div>
            <dt>{t('tariff.assign.from')}</dt>
            <dd>{day(language, assignment.from)}</dd>
          </div>
        </dl>
        <DayField
          label={t('tariff.assign.to')}
          value={to}
          onChange={setTo}
          hint={t('tariff.assign.toHint')}
        />
        {isDay(to) && to < today && <Past from={to} reason={reason} onReason={setReason} />}
        {save.error && <ProblemNotice error={save.error} />}
      </div>
    </Drawer>
  );
}

/** Given where a reason was: without one the server changes nothing that is settled. */
const correctionOf = (reason: string) =>
  reason.trim() ? { correction: { reason: reason.trim() } } : {};

function Past({
  from,
  reason,
  onReason,
}: {
  from: string;
  reason: string;
  onReason: (reason: string) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const may = useMay();
  return (
    <>
      <div className="notice warning">
        <Icon name="warning" />
        <div>{t('tariff.assign.resettles', { day: day(language, from) })}</div>
      </div>
      {may('tariff.correct') ? (
        <TextField
          label={t('tariff.review.reason')}
          value={reason}
          maxLength={500}
          onChange={onReason}
          hint={t('tariff.assign.reasonHint')}
        />
      ) : (
        <p className="second">{t('tariff.begin.mayNot')}</p>
      )}
    </>
  );
}
