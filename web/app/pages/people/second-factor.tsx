/** The second factor: begun with the password, scanned, confirmed with a first code; ended with the password. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { renderSVG } from 'uqr';
import { ProblemNotice } from '../../parts/notice.tsx';
import { usePeopleAct } from '../../people-queries.ts';
import { Field } from '../exceptions/field.tsx';
import { Secret } from './own-account.tsx';

interface Begun {
  uri: string;
  recoveryCodes: string[];
}

export function SecondFactor({ isOn }: { isOn: boolean }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const [begun, setBegun] = useState<Begun | null>(null);
  const begin = usePeopleAct<Begun>();
  const end = usePeopleAct();
  const { error } = isOn ? end : begin;
  const submit = () => {
    const body = { password };
    if (isOn) {
      end.mutate(
        { path: '/session/totp/removals', method: 'POST', body },
        { onSuccess: () => setPassword('') },
      );
    } else {
      begin.mutate(
        { path: '/session/totp', method: 'POST', body },
        {
          onSuccess: (answer) => {
            setPassword('');
            setBegun(answer);
          },
        },
      );
    }
  };
  return (
    <section className="panel" aria-label={t('people.totp.title')}>
      <div className="panel-head">
        <h2>{t('people.totp.title')}</h2>
        <span className={isOn ? 'people-mark on' : 'people-mark'}>
          {t(isOn ? 'people.totp.on' : 'people.totp.off')}
        </span>
      </div>
      <div className="panel-body people-form">
        {begun && !isOn ? (
          <Confirm begun={begun} onDone={() => setBegun(null)} />
        ) : (
          <form
            className="people-form"
            onSubmit={(event) => {
              event.preventDefault();
              if (password) submit();
            }}
          >
            <p className="second">{t(isOn ? 'people.totp.onText' : 'people.totp.offText')}</p>
            {error && <ProblemNotice error={error} />}
            <Secret
              label={t('people.password.current')}
              autoComplete="current-password"
              value={password}
              onChange={setPassword}
            />
            <div className="people-acts">
              <button
                type="submit"
                className={isOn ? 'button danger' : 'button primary'}
                disabled={!password || begin.isPending || end.isPending}
              >
                {t(isOn ? 'people.totp.end' : 'people.totp.begin')}
              </button>
            </div>
          </form>
        )}
      </div>
    </section>
  );
}

function Confirm({ begun, onDone }: { begun: Begun; onDone: () => void }) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const confirm = usePeopleAct();
  const isWhole = /^\d{6}$/.test(code);
  return (
    <form
      className="people-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWhole) return;
        confirm.mutate(
          { path: '/session/totp/confirmations', method: 'POST', body: { code } },
          { onSuccess: onDone },
        );
      }}
    >
      <p className="second">{t('people.totp.scan')}</p>
      <div className="people-scan">
        {/* An image, so that nothing of the address can become markup of the page. */}
        <img
          className="people-qr"
          alt={t('people.totp.qr')}
          src={`data:image/svg+xml,${encodeURIComponent(renderSVG(begun.uri))}`}
        />
        <div>
          <div className="field-label">{t('people.totp.secret')}</div>
          <code className="people-secret">{secretOf(begun.uri)}</code>
        </div>
      </div>
      <div>
        <div className="field-label">{t('people.totp.recovery')}</div>
        <p className="field-hint">{t('people.totp.recoveryText')}</p>
        <ul className="people-codes">
          {begun.recoveryCodes.map((recovery) => (
            <li key={recovery}>
              <code>{recovery}</code>
            </li>
          ))}
        </ul>
      </div>
      {confirm.error && <ProblemNotice error={confirm.error} />}
      <Field label={t('people.totp.code')} type="figure" value={code} onChange={setCode} />
      <div className="people-acts">
        <button type="submit" className="button primary" disabled={!isWhole || confirm.isPending}>
          {t('people.totp.confirm')}
        </button>
        <button type="button" className="button" onClick={onDone}>
          {t('act.cancel')}
        </button>
      </div>
    </form>
  );
}

/** In fours, as it is typed off. */
const secretOf = (uri: string): string =>
  (new URL(uri).searchParams.get('secret') ?? '').replace(/(.{4})(?=.)/g, '$1 ');
