/** Saying what quarter-hours were: range, method, reason; what that does to readings and bills; then exactly that. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { instantOf } from '../../dates.ts';
import { number } from '../../format.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useSend, useTry } from '../../quality-queries.ts';
import type { EditMethod, WholeEdit } from '../../quality-shapes.ts';
import { DaysChart } from './days-chart.tsx';
import { EditDetail } from './edit-detail.tsx';
import { Field } from './field.tsx';
import { TriedView } from './mistake-drawer.tsx';
import { beginning, registerOf } from './mistakes.ts';
import './exceptions.css';

const SLOT_MS = 900_000;
const methods: readonly EditMethod[] = ['profile', 'like-day', 'linear', 'set'];

export function EditDrawer({
  subject: { pointId, code, unit },
  found = {},
  exceptionId = null,
  onClose,
}: {
  subject: { pointId: string; code: string; unit: 'Wh' | 'l' };
  found?: { from?: string; to?: string | null };
  exceptionId?: string | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const may = useMay();
  const now = useNow(60_000);
  const [values, setValues] = useState(() => beginning(zone, now, found));
  const [method, setMethod] = useState<EditMethod>('profile');
  const [quantity, setQuantity] = useState('');
  const send = useSend<WholeEdit>();
  const from = instantOf(zone, values.from ?? '');
  const to = instantOf(zone, values.to ?? '');
  const reason = values.reason?.trim() ?? '';
  const total = registerOf(quantity);
  const isRange = !!from && !!to && to > from;
  const isOnQuarter = [from, to].every((at) => at && Date.parse(at) % SLOT_MS === 0);
  const isReady =
    isRange && isOnQuarter && reason !== '' && (method === 'set' ? total !== null : true);
  const attempt = useTry();
  // A preview is of what was typed then, and of nothing else.
  const forget = () => {
    attempt.reset();
    send.reset();
  };
  const set = (change: Record<string, string>) => {
    setValues({ ...values, ...change });
    forget();
  };
  const body = {
    ...{ pointId, from, to, method, reason, exceptionId },
    ...(total !== null && { quantity: total }),
  };
  const tried = attempt.data;
  const edit = send.data;
  return (
    <Drawer
      title={t('exc.edit.title', { code })}
      onClose={onClose}
      foot={
        edit ? (
          <button type="button" className="button primary" onClick={onClose}>
            {t('act.close')}
          </button>
        ) : (
          <>
            <button type="button" className="button" onClick={onClose}>
              {t('act.cancel')}
            </button>
            {tried ? (
              <button
                type="button"
                className="button primary"
                disabled={send.isPending}
                onClick={() => send.mutate({ path: '/interval-edits', body })}
              >
                {t(
                  send.isPending
                    ? 'exc.sending'
                    : tried.preview.edit?.approval === null
                      ? 'exc.edit.actNow'
                      : 'exc.edit.act',
                )}
              </button>
            ) : (
              <button
                type="button"
                className="button primary"
                disabled={!isReady || attempt.isPending || !may('reading.edit')}
                onClick={() => attempt.mutate({ act: 'edit-intervals', with: body })}
              >
                {t(attempt.isPending ? 'exc.previewing' : 'exc.preview')}
              </button>
            )}
          </>
        )
      }
    >
      {edit ? (
        <EditDetail edit={edit} />
      ) : (
        <div className="stack exc-form">
          <p className="second">{t('exc.edit.what')}</p>
          {!may('reading.edit') && (
            <p className="notice warning">
              <Icon name="lock" />
              <span>{t('exc.notAllowed', { permission: 'reading.edit' })}</span>
            </p>
          )}
          <div className="exc-pair">
            <Field
              label={t('exc.field.from')}
              type="instant"
              value={values.from ?? ''}
              onChange={(text) => set({ from: text })}
            />
            <Field
              label={t('exc.field.to')}
              type="instant"
              value={values.to ?? ''}
              invalid={!!from && !!to && to <= from}
              onChange={(text) => set({ to: text })}
            />
          </div>
          {isRange && !isOnQuarter && <p className="neg second">{t('exc.edit.quarter')}</p>}
          {isRange && <DaysChart pointId={pointId} unit={unit} from={from} to={to} height={150} />}
          <Segmented
            label={t('exc.edit.method')}
            value={method}
            onChange={(next) => {
              setMethod(next);
              forget();
            }}
            choices={methods.map((value) => ({ value, label: t(`exc.method.${value}.name`) }))}
          />
          <p className="second">{t(`exc.method.${method}.what`)}</p>
          <Field
            label={t(method === 'set' ? 'exc.edit.quantity' : 'exc.edit.quantityOptional')}
            unit={unit === 'l' ? 'm³' : 'kWh'}
            type="figure"
            value={quantity}
            invalid={quantity !== '' && total === null}
            onChange={(text) => {
              setQuantity(text);
              forget();
            }}
            hint={t(method === 'set' ? 'exc.edit.setHint' : 'exc.edit.quantityHint')}
          />
          <Field
            label={t('exc.reason')}
            value={values.reason ?? ''}
            onChange={(text) => set({ reason: text })}
            hint={t('exc.reasonHint')}
          />
          {!tried && <p className="second">{t('exc.edit.rule')}</p>}
          {attempt.isPending && (
            <div className="stack" aria-busy>
              <Skeleton width="60%" />
              <Skeleton width="90%" />
              <Waiting what={t('exc.preview')} />
            </div>
          )}
          {attempt.error && <ProblemNotice error={attempt.error} />}
          {tried && <TriedView tried={tried} unit={unit} />}
          {tried?.preview.edit && (
            <p className={tried.preview.edit.approval ? 'notice warning' : 'second'}>
              {tried.preview.edit.approval && <Icon name="people" />}
              <span>
                {t(
                  tried.preview.edit.approval === 'amount'
                    ? 'exc.second.amount'
                    : tried.preview.edit.approval
                      ? 'exc.second.noPrice'
                      : 'exc.edit.holdsAtOnce',
                )}
                {method !== 'set' &&
                  ` · ${t('exc.edit.confidence', { percent: number(tried.preview.edit.confidence) })}`}
              </span>
            </p>
          )}
          {send.error && <ProblemNotice error={send.error} />}
        </div>
      )}
    </Drawer>
  );
}
