/** A correction as a short form: few fields, what it would do to readings and bills, then exactly that. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { signed, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { type Tried, useSend, useTry } from '../../quality-queries.ts';
import { useInstallations, useLive } from '../../queries.ts';
import { Effect } from './effect.tsx';
import { Field } from './field.tsx';
import { MistakeFields } from './mistake-fields.tsx';
import { type Act, askedOf, beginning, permissionOf, type Subject } from './mistakes.ts';
import './exceptions.css';

export function MistakeDrawer({
  act,
  subject,
  found = {},
  onClose,
}: {
  act: Act;
  subject: Subject;
  /** The range, or the quarantine, that it is about. */
  found?: { from?: string; to?: string | null; quarantineId?: string };
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { id: projectId, zone } = useProject();
  const may = useMay();
  const now = useNow(60_000);
  const [values, setValues] = useState(() => beginning(zone, now, found));
  const installation = useInstallations().data?.data.find(
    (each) => each.meterId === subject.meterId && !each.to,
  );
  const attempt = useTry();
  const send = useSend<unknown>();
  const asked = askedOf(act, {
    ...{ values, subject, zone },
    installation: installation ?? null,
  });
  const set = (change: Record<string, string>) => {
    setValues({ ...values, ...change });
    // A preview is of what was typed then, and of nothing else.
    attempt.reset();
    send.reset();
  };
  const isAllowed = may(permissionOf[act]) && may('reading.edit');
  const isDone = send.isSuccess;
  return (
    <Drawer
      title={t(`exc.mistake.${act}.title`, { code: subject.code })}
      onClose={onClose}
      foot={
        isDone ? (
          <button type="button" className="button primary" onClick={onClose}>
            {t('act.close')}
          </button>
        ) : (
          <>
            <button type="button" className="button" onClick={onClose}>
              {t('act.cancel')}
            </button>
            {attempt.data ? (
              <button
                type="button"
                className="button primary"
                disabled={!asked || send.isPending}
                onClick={() => asked && send.mutate(asked)}
              >
                {t(send.isPending ? 'exc.sending' : `exc.mistake.${act}.act`)}
              </button>
            ) : (
              <button
                type="button"
                className="button primary"
                disabled={!asked || attempt.isPending || !isAllowed}
                onClick={() => asked && attempt.mutate(asked.tried)}
              >
                {t(attempt.isPending ? 'exc.previewing' : 'exc.preview')}
              </button>
            )}
          </>
        )
      }
    >
      <div className="stack exc-form">
        <p className="second">{t(`exc.mistake.${act}.what`)}</p>
        {!isAllowed && (
          <p className="notice warning">
            <Icon name="lock" />
            <span>{t('exc.notAllowed', { permission: permissionOf[act] })}</span>
          </p>
        )}
        <fieldset className="exc-fields" disabled={isDone || send.isPending}>
          <MistakeFields
            act={act}
            subject={subject}
            values={values}
            set={set}
            installation={installation}
          />
          <Field
            label={t('exc.reason')}
            value={values.reason ?? ''}
            onChange={(reason) => set({ reason })}
            hint={t('exc.reasonHint')}
          />
        </fieldset>
        {attempt.isPending && (
          <div className="stack" aria-busy>
            <Skeleton width="60%" />
            <Skeleton width="90%" />
            <Skeleton width="80%" />
            <Waiting what={t('exc.preview')} />
          </div>
        )}
        {attempt.error && <ProblemNotice error={attempt.error} />}
        {attempt.data && <TriedView tried={attempt.data} unit={subject.unit} />}
        {send.error && <ProblemNotice error={send.error} />}
        {isDone && (
          <div className="notice good" role="status">
            <Icon name="check" />
            <div>
              <div className="strong">{t('exc.done')}</div>
              {act === 'replace' && <div>{t('exc.doneReplaced')}</div>}
              <div className="second">{t('exc.doneText')}</div>
              {may('account.read') && (
                <Link
                  to="/projects/$projectId/corrections"
                  params={{ projectId }}
                  search={{ point: subject.pointId }}
                  className="link-button"
                  preload={false}
                >
                  {t('exc.toCorrections', { code: subject.code })}
                </Link>
              )}
            </div>
          </div>
        )}
      </div>
    </Drawer>
  );
}

/** What was tried: quarter-hours that change, then what that does to the bills. */
export function TriedView({ tried, unit }: { tried: Tried; unit: 'Wh' | 'l' }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const points = useLive('slow').data?.data ?? [];
  const changed = tried.preview.points.filter(({ slots }) => slots > 0);
  return (
    <section className="stack exc-tried" aria-label={t('exc.preview')}>
      <h3>{t('exc.previewTitle')}</h3>
      {changed.length === 0 ? (
        <p className="second">{t('exc.noQuarters')}</p>
      ) : (
        <table className="small-table">
          <thead>
            <tr>
              <th>{t('meters.code')}</th>
              <th>{t('exc.effect.before')}</th>
              <th>{t('exc.effect.after')}</th>
              <th>
                {t('exc.effect.change')} <span className="unit">{unit === 'l' ? 'm³' : 'kWh'}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {changed.map((point) => (
              <tr key={point.pointId}>
                <td>
                  <span className="strong">
                    {points.find(({ pointId }) => pointId === point.pointId)?.code ?? point.pointId}
                  </span>
                  <div className="quiet">
                    {t('exc.quarters', { count: point.slots })}
                    {point.from && `${t('mark.comma')}${moment(language, zone, point.from, now)}`}
                    {point.to &&
                      ` – ${moment(language, zone, new Date(Date.parse(point.to) + 900_000), now)}`}
                  </div>
                </td>
                <td className="quiet">{thousands(point.energyBefore, 2)}</td>
                <td>{thousands(point.energyAfter, 2)}</td>
                <td>{signed((point.energyAfter - point.energyBefore) / 1000, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {tried.effect ? (
        <Effect effect={tried.effect} unit={unit} isNarrow />
      ) : (
        <p className="second">{t('exc.noBills')}</p>
      )}
    </section>
  );
}
