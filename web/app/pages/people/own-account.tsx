/** One's own account: the password, the second factor, where one is signed in. */
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useOwnSessions, usePeopleAct } from '../../people-queries.ts';
import { usePlace } from '../../project.tsx';
import { SecondFactor } from './second-factor.tsx';
import { Sessions } from './sessions.tsx';
import './people.css';

export const PASSWORD_MIN = 10;

export default function OwnAccount() {
  const { t } = useTranslation();
  const { user } = usePlace().session;
  const sessions = useOwnSessions();
  const end = usePeopleAct();
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{user.name}</h1>
          <div className="head-line">{user.email}</div>
        </div>
      </div>
      <div className="people-panels">
        <PasswordPanel />
        <SecondFactor isOn={user.secondFactor} />
        <section className="panel" aria-label={t('people.session.title')}>
          <div className="panel-head">
            <h2>{t('people.session.title')}</h2>
          </div>
          <div className="panel-body">
            {end.error && <ProblemNotice error={end.error} />}
            {sessions.error ? (
              <ProblemNotice error={sessions.error} retry={() => void sessions.refetch()} />
            ) : sessions.data ? (
              <Sessions
                rows={sessions.data.data}
                onEnd={({ id }) =>
                  end.mutate({ path: `/session/sessions/${id}`, method: 'DELETE' })
                }
              />
            ) : (
              <Skeleton width="60%" />
            )}
          </div>
        </section>
      </div>
    </>
  );
}

function PasswordPanel() {
  const { t } = useTranslation();
  const change = usePeopleAct();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const isShort = next.length < PASSWORD_MIN;
  return (
    <section className="panel" aria-label={t('people.password.title')}>
      <div className="panel-head">
        <h2>{t('people.password.title')}</h2>
      </div>
      <form
        className="panel-body people-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isShort || !current) return;
          change.mutate(
            { path: '/session/password', method: 'POST', body: { current, next } },
            {
              onSuccess: () => {
                setCurrent('');
                setNext('');
              },
            },
          );
        }}
      >
        {change.error && <ProblemNotice error={change.error} />}
        <Secret
          label={t('people.password.current')}
          autoComplete="current-password"
          value={current}
          onChange={setCurrent}
        />
        <Secret
          label={t('people.password.next')}
          autoComplete="new-password"
          value={next}
          onChange={setNext}
          hint={t('people.password.rule', { count: PASSWORD_MIN })}
        />
        <div className="people-acts">
          <button
            type="submit"
            className="button primary"
            disabled={isShort || !current || change.isPending}
          >
            {t('people.password.act')}
          </button>
          {change.isSuccess && <span className="second">{t('people.password.done')}</span>}
        </div>
      </form>
    </section>
  );
}

export function Secret({
  label,
  value,
  onChange,
  autoComplete,
  hint,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
  autoComplete: 'current-password' | 'new-password';
  hint?: string;
}) {
  const id = useId();
  return (
    <div>
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="input"
        type="password"
        autoComplete={autoComplete}
        maxLength={128}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {hint && <span className="field-hint">{hint}</span>}
    </div>
  );
}
