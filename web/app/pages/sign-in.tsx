/** The way in: e-mail and password; what went wrong stands in the form, which never clears. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem, call, type Session } from '../api.ts';
import { keepSignedIn } from '../kept.ts';
import { chooseLanguage, useLanguage } from '../language.ts';
import { Brand } from '../parts/icons.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { sessionQuery } from '../queries.ts';
import './sign-in.css';

export default function SignIn() {
  const { t } = useTranslation();
  const language = useLanguage();
  const id = useId();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [asksCode, askCode] = useState(false);
  const signIn = useSignIn();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (signIn.isPending) return;
    signIn.mutate(
      { email, password, ...(asksCode && { code }) },
      { onError: (error) => askCode((was) => was || problemCode(error) === NEEDED) },
    );
  };
  return (
    <main className="sign-in">
      <form className="panel sign-in-form" onSubmit={submit}>
        <div className="sign-in-brand">
          <Brand size={30} />
          <h1>Wattledger</h1>
        </div>
        <p className="second">{t('signIn.what')}</p>
        {signIn.error && !(problemCode(signIn.error) === NEEDED && !code) && (
          <ProblemNotice error={signIn.error} />
        )}
        <label className="field" htmlFor={`${id}e`}>
          <span className="field-label">{t('signIn.email')}</span>
          <input
            id={`${id}e`}
            className="input"
            type="email"
            name="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </label>
        <label className="field" htmlFor={`${id}p`}>
          <span className="field-label">{t('signIn.password')}</span>
          <input
            id={`${id}p`}
            className="input"
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        {asksCode && (
          <label className="field" htmlFor={`${id}c`}>
            <span className="field-label">{t('signIn.code')}</span>
            <input
              id={`${id}c`}
              className="input"
              name="code"
              autoComplete="one-time-code"
              // Recovery codes have letters.
              inputMode="text"
              required
              minLength={6}
              maxLength={40}
              // biome-ignore lint/a11y/noAutofocus: it appears because the person has just asked to go on
              autoFocus
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
            <span className="field-hint">{t('signIn.codeText')}</span>
          </label>
        )}
        <button type="submit" className="button primary" disabled={signIn.isPending}>
          {signIn.isPending ? t('signIn.waiting') : t('signIn.act')}
        </button>
      </form>
      <button
        type="button"
        className="button plain"
        onClick={() => void chooseLanguage(language === 'zh' ? 'en' : 'zh')}
      >
        {language === 'zh' ? 'English' : '中文'}
      </button>
    </main>
  );
}

const NEEDED = 'second-factor-needed';
const problemCode = (error: unknown) => (error instanceof ApiProblem ? error.code : undefined);

function useSignIn() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const router = useRouter();
  const { back } = useSearch({ from: '/sign-in' });
  return useMutation({
    mutationFn: (body: { email: string; password: string; code?: string }) =>
      call<Session>('/session', { method: 'POST', body }),
    onSuccess: async () => {
      keepSignedIn(true);
      // The answer may be shorter than what GET gives: ask for the whole session once.
      await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
      if (back) router.history.push(back);
      else await navigate({ to: '/' });
    },
  });
}
