/** A person: made with a first password, given roles and relieved of them, signed out, disabled. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { nameOf, useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { type Role, type User, usePeopleAct, useSessionsOf } from '../../people-queries.ts';
import { usePlace } from '../../project.tsx';
import { Choice, Field } from '../exceptions/field.tsx';
import { PASSWORD_MIN, Secret } from './own-account.tsx';
import { usePlaceOf } from './people.tsx';
import { Sessions } from './sessions.tsx';

interface Props {
  user: User | undefined;
  roles: readonly Role[];
  onMade: (userId: string) => void;
  onClose: () => void;
}

export function UserDrawer({ user, ...rest }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer title={user?.name ?? t('people.make')} onClose={rest.onClose}>
      {user ? <Known user={user} key={user.id} {...rest} /> : <New {...rest} />}
    </Drawer>
  );
}

function New({ onMade }: Pick<Props, 'onMade'>) {
  const { t } = useTranslation();
  const make = usePeopleAct<User>();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const isReady = name.trim() && email.includes('@') && password.length >= PASSWORD_MIN;
  return (
    <form
      className="people-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady) return;
        make.mutate(
          {
            ...{ path: '/users', method: 'POST' },
            body: { name: name.trim(), email: email.trim(), password },
          },
          { onSuccess: ({ id }) => onMade(id) },
        );
      }}
    >
      {make.error && <ProblemNotice error={make.error} />}
      <Field label={t('people.name')} value={name} onChange={setName} />
      <Field label={t('signIn.email')} value={email} onChange={setEmail} />
      <Secret
        label={t('people.password.first')}
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        hint={t('people.password.rule', { count: PASSWORD_MIN })}
      />
      <div className="people-acts">
        <button type="submit" className="button primary" disabled={!isReady || make.isPending}>
          {t('people.act')}
        </button>
      </div>
      <p className="second">{t('people.makeText')}</p>
    </form>
  );
}

function Known({ user, roles }: { user: User; roles: readonly Role[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { session } = usePlace();
  const placeOf = usePlaceOf();
  const sessions = useSessionsOf(user.id);
  const act = usePeopleAct();
  const [password, setPassword] = useState('');
  const path = `/users/${user.id}`;
  const isSelf = user.id === session.user.id;
  const change = (body: Record<string, unknown>, onSuccess = () => {}) =>
    act.mutate({ path, method: 'PATCH', body }, { onSuccess });
  return (
    <div className="people-form">
      {act.error && <ProblemNotice error={act.error} />}
      <h3>{t('people.may')}</h3>
      <ul className="people-list">
        {user.grants.map((grant) => {
          const role = roles.find(({ id }) => id === grant.roleId);
          return (
            <li key={grant.id}>
              <div className="people-what">
                <div className="strong">{role ? nameOf(language, role) : grant.roleCode}</div>
                <div className="second">{placeOf(grant)}</div>
              </div>
              <button
                type="button"
                className="button"
                disabled={act.isPending}
                onClick={() => act.mutate({ path: `/grants/${grant.id}`, method: 'DELETE' })}
              >
                {t('people.takeAway')}
              </button>
            </li>
          );
        })}
      </ul>
      {!user.grants.length && <p className="second">{t('people.nothing')}</p>}
      <Give user={user} roles={roles} />
      <h3>{t('people.session.title')}</h3>
      {sessions.data ? <Sessions rows={sessions.data.data} /> : <Skeleton width="60%" />}
      <div className="people-acts">
        <button
          type="button"
          className="button"
          disabled={!user.sessions || act.isPending}
          onClick={() => act.mutate({ path: `${path}/sessions`, method: 'DELETE' })}
        >
          {t('people.session.endAll')}
        </button>
        {user.secondFactor && (
          <button
            type="button"
            className="button"
            disabled={act.isPending}
            title={t('people.totp.lostText')}
            onClick={() => change({ secondFactor: false })}
          >
            {t('people.totp.lost')}
          </button>
        )}
        {!isSelf && (
          <button
            type="button"
            className={user.disabledAt ? 'button' : 'button danger'}
            disabled={act.isPending}
            onClick={() => change({ disabled: !user.disabledAt })}
          >
            {t(user.disabledAt ? 'people.enable' : 'people.disable')}
          </button>
        )}
      </div>
      <h3>{t('people.password.set')}</h3>
      <Secret
        label={t('people.password.next')}
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        hint={t('people.password.setText', { count: PASSWORD_MIN })}
      />
      <div className="people-acts">
        <button
          type="button"
          className="button"
          disabled={password.length < PASSWORD_MIN || act.isPending}
          onClick={() => change({ password }, () => setPassword(''))}
        >
          {t('people.password.set')}
        </button>
      </div>
    </div>
  );
}

/** A role, and where it shall hold. */
function Give({ user, roles }: { user: User; roles: readonly Role[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { project, session } = usePlace();
  const give = usePeopleAct();
  const [code, setCode] = useState('');
  const [place, setPlace] = useState(`p${project.id}`);
  const groups = new Map(session.projects.map((p) => [p.groupId, p.groupName]));
  const body = {
    ...{ userId: user.id, role: code },
    ...(place.startsWith('p') && { projectId: place.slice(1) }),
    ...(place.startsWith('g') && { groupId: place.slice(1) }),
  };
  return (
    <form
      className="people-give"
      onSubmit={(event) => {
        event.preventDefault();
        if (code) give.mutate({ path: '/grants', method: 'POST', body });
      }}
    >
      {give.error && <ProblemNotice error={give.error} />}
      <Choice
        label={t('people.role.name')}
        value={code}
        options={[
          { value: '', label: t('people.role.choose') },
          ...roles.map((role) => ({ value: role.code, label: nameOf(language, role) })),
        ]}
        onChange={setCode}
      />
      <Choice
        label={t('people.where')}
        value={place}
        options={[
          ...session.projects.map((p) => ({ value: `p${p.id}`, label: nameOf(language, p) })),
          ...[...groups].map(([id, name]) => ({
            value: `g${id}`,
            label: t('people.group', { name }),
          })),
          { value: 'everywhere', label: t('people.everywhere') },
        ]}
        onChange={setPlace}
      />
      <button type="submit" className="button" disabled={!code || give.isPending}>
        {t('people.give')}
      </button>
    </form>
  );
}
