/** An exception opened in place: what was found, the days around it, what can be done, what was done. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { number, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useEdits, useExceptionHistory, useSend } from '../../quality-queries.ts';
import type { Exception } from '../../quality-shapes.ts';
import { DaysChart } from './days-chart.tsx';
import { EditOpened, usePerson, useReason } from './edit-detail.tsx';
import { EditDrawer } from './edit-drawer.tsx';
import { Field } from './field.tsx';
import { MistakeDrawer } from './mistake-drawer.tsx';
import type { Act, Subject } from './mistakes.ts';

/** Corrections that are likely behind a rule. */
const likely: Partial<Record<string, readonly Act[]>> = {
  clock: ['clock'],
  ratio: ['ratio'],
  rating: ['ratio', 'fast'],
  'main-sub': ['ratio', 'fast', 'swap'],
  'reversed-ct': ['read'],
  stuck: ['read', 'replace'],
  replacement: ['replace'],
  spike: ['read'],
  gap: ['read'],
};

/** What is done about an exception, in a drawer. */
export type Doing = 'edit' | Act;

export function Opened({
  exception,
  show,
}: {
  exception: Exception;
  /** Opens the drawer, which outlives this row: what was decided leaves the list at once. */
  show: (doing: Doing) => void;
}) {
  const { t } = useTranslation();
  const may = useMay();
  const { id: projectId } = useProject();
  const { from, to, pointId, pointCode: code, unit, meterId } = exception;
  const subject: Subject | null = meterId ? { meterId, pointId, code, unit } : null;
  const isOpen = exception.state === 'open';
  const isQuarantine = exception.kind === 'quarantine';
  const acts = (subject && likely[exception.rule]) || [];
  return (
    <div className="stack exc-opened">
      <div className="exc-two">
        <div className="stack">
          <DaysChart pointId={pointId} unit={unit} from={from} to={to} />
        </div>
        <div className="stack">
          <div>
            <h3>{t(`exc.rule.${exception.rule}.name`)}</h3>
            <p className="second">{t(`exc.rule.${exception.rule}.what`)}</p>
          </div>
          <Detail exception={exception} />
          {isOpen && <p className="second">{t(isQuarantine ? 'exc.notBilled' : 'exc.isBilled')}</p>}
        </div>
      </div>
      {isOpen && (
        <div className="exc-acts">
          {isQuarantine && subject && (
            <button type="button" className="button primary" onClick={() => show('rollover')}>
              {t('exc.decideReading')}
            </button>
          )}
          {!isQuarantine && may('reading.edit') && (
            <button type="button" className="button" onClick={() => show('edit')}>
              {t('exc.edit.open')}
            </button>
          )}
          {may('reading.edit') &&
            acts.map((act) => (
              <button key={act} type="button" className="button" onClick={() => show(act)}>
                {t(`exc.mistake.${act}.name`)}
              </button>
            ))}
          {meterId && (
            <Link
              to="/projects/$projectId/meters/$meterId"
              params={{ projectId, meterId }}
              className="link-button"
              preload={false}
            >
              {t('exc.toMeter', { code })}
            </Link>
          )}
        </div>
      )}
      <Settle exception={exception} />
      <History exception={exception} />
    </div>
  );
}

/** The drawer of what is done about an exception. */
export function ExceptionDrawer({
  exception,
  doing,
  onClose,
}: {
  exception: Exception;
  doing: Doing;
  onClose: () => void;
}) {
  const { id, from, to, pointId, pointCode: code, unit, meterId, kind } = exception;
  if (doing === 'edit') {
    return (
      <EditDrawer
        subject={{ pointId, code, unit }}
        found={{ from, to }}
        exceptionId={id}
        onClose={onClose}
      />
    );
  }
  if (!meterId) return null;
  return (
    <MistakeDrawer
      act={doing}
      subject={{ meterId, pointId, code, unit }}
      found={{ from, to, ...(kind === 'quarantine' && { quarantineId: id }) }}
      onClose={onClose}
    />
  );
}

/** What the rule saw, in figures. */
function Detail({ exception }: { exception: Exception }) {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const entries = Object.entries(exception.detail).filter(([key]) =>
    i18n.exists(`exc.detail.${key}`),
  );
  const base = exception.unit === 'l' ? 'm³' : 'kWh';
  const shown = (key: string, value: unknown): string => {
    if (key === 'at' && typeof value === 'string') return moment(language, zone, value, now);
    if (typeof value !== 'number') return String(value);
    if (quantities.has(key)) return `${thousands(value, 2)} ${base}`;
    if (key.endsWith('W')) return `${thousands(value, 2)} kW`;
    if (key === 'share') return `${number(value * 100)} %`;
    return number(value, Number.isInteger(value) ? 0 : 1);
  };
  if (!entries.length) return null;
  return (
    <dl className="pairs">
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt>{t(`exc.detail.${key}`)}</dt>
          <dd>{shown(key, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

const quantities = new Set([
  ...['register', 'previousRegister', 'main', 'parts', 'total', 'tariffs'],
  ...['usualLeast', 'usualMost', 'most', 'ratedPerHour'],
]);

/** Saying that a finding is in order, or taking a decision back. */
function Settle({ exception }: { exception: Exception }) {
  const { t } = useTranslation();
  const may = useMay();
  const [reason, setReason] = useState('');
  const send = useSend<unknown>(() => setReason(''));
  const isQuarantine = exception.kind === 'quarantine';
  const isOpen = exception.state === 'open';
  if (!may('quarantine.decide')) {
    return <p className="second">{t('exc.notAllowed', { permission: 'quarantine.decide' })}</p>;
  }
  // What the data no longer shows is nobody's to decide.
  if ((isQuarantine && isOpen) || exception.state === 'withdrawn') return null;
  const path = isQuarantine
    ? `/quarantines/${exception.id}/decisions`
    : `/exceptions/${exception.id}/decision`;
  const decision = isQuarantine ? 'reopened' : isOpen ? 'dismiss' : 'reopen';
  return (
    <div className="stack">
      <div className="exc-decide">
        <Field
          label={t('exc.reason')}
          value={reason}
          onChange={setReason}
          hint={t(isOpen ? 'exc.dismissHint' : 'exc.reopenHint')}
        />
        <span className="exc-acts">
          <button
            type="button"
            className="button"
            disabled={!reason.trim() || send.isPending}
            onClick={() => send.mutate({ path, body: { decision, reason: reason.trim() } })}
          >
            <Icon name={isOpen ? 'check' : 'retry'} size={14} />
            {t(isOpen ? 'exc.dismiss' : 'exc.reopen')}
          </button>
        </span>
      </div>
      {send.error && <ProblemNotice error={send.error} />}
    </div>
  );
}

/** What people did: decisions of a quarantine, edits of the same time. */
function History({ exception }: { exception: Exception }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const person = usePerson();
  const reason = useReason();
  const [opened, open] = useState<string | null>(null);
  const decisions = useExceptionHistory({ exceptionId: exception.id }).data?.data ?? [];
  const edits = (useEdits({ pointId: exception.pointId }).data?.data ?? []).filter(
    (edit) =>
      edit.exceptionId === exception.id ||
      (edit.to > exception.from && (exception.to === null || edit.from < exception.to)),
  );
  const when = (at: string) => moment(language, zone, at, now);
  return (
    <section aria-label={t('exc.history')}>
      <ol className="exc-history">
        <li>
          <span className="quiet">{when(exception.since)}</span>
          <span>{t('exc.raised')}</span>
        </li>
        {decisions.toReversed().map((each) => (
          <li key={each.id}>
            <span className="quiet">{when(each.decidedAt)}</span>
            <span>
              {t(`exc.decided.${each.decision}`)}
              {t('mark.comma')}
              {person(each.decidedBy)}
              {t('mark.colon')}
              {reason(each)}
            </span>
          </li>
        ))}
        {edits.map((edit) => (
          <li key={edit.id}>
            <span className="quiet">{when(edit.proposedAt)}</span>
            <span>
              {t('exc.editLine', {
                method: t(`exc.method.${edit.method}.name`),
                who: person(edit.proposedBy),
                state: t(`exc.editState.${edit.state}`),
              })}{' '}
              <button
                type="button"
                className="link-button"
                aria-expanded={opened === edit.id}
                onClick={() => open(opened === edit.id ? null : edit.id)}
              >
                {t(opened === edit.id ? 'exc.hideEdit' : 'exc.showEdit')}
              </button>
            </span>
          </li>
        ))}
      </ol>
      {opened && <EditOpened editId={opened} />}
    </section>
  );
}
