/** People and what they may do: users with their roles and where those hold, and the roles themselves. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { moment } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { type Role, type User, useRoles, useUsers } from '../../people-queries.ts';
import { usePlace, useProject } from '../../project.tsx';
import { RoleDrawer } from './role-drawer.tsx';
import { UserDrawer } from './user-drawer.tsx';
import './people.css';

export default function People() {
  const { t } = useTranslation();
  const users = useUsers();
  const roles = useRoles();
  const [user, openUser] = useState<string | 'new' | null>(null);
  const [role, openRole] = useState<Role | 'new' | null>(null);
  const rows = users.data?.data;
  const known = roles.data?.data ?? [];
  const userColumns = useUserColumns(known);
  const roleColumns = useRoleColumns();
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t('page.people')}</h1>
          <div className="head-line">{t('people.line')}</div>
        </div>
        <div className="head-acts">
          <button type="button" className="button" onClick={() => openRole('new')}>
            {t('people.role.make')}
          </button>
          <button type="button" className="button primary" onClick={() => openUser('new')}>
            <Icon name="plus" size={14} />
            {t('people.make')}
          </button>
        </div>
      </div>
      {users.isError && !rows ? (
        <ProblemNotice error={users.error} retry={() => void users.refetch()} />
      ) : (
        <Table
          name="users"
          label={t('page.people')}
          title={rows ? t('people.count', { count: rows.length }) : t('page.people')}
          columns={userColumns}
          rows={rows}
          rowKey={({ id }) => id}
          rowClass={({ disabledAt }) => (disabledAt ? 'people-off' : '')}
          onOpen={({ id }) => openUser(id)}
          complete={users.data?.complete ?? true}
          empty={<Empty title={t('people.none')} text={t('people.noneText')} />}
          foot={t('people.foot')}
        />
      )}
      <div className="people-gap" />
      {roles.isError && !roles.data ? (
        <ProblemNotice error={roles.error} retry={() => void roles.refetch()} />
      ) : (
        <Table
          name="roles"
          label={t('people.role.title')}
          title={t('people.role.title')}
          columns={roleColumns}
          rows={roles.data?.data}
          rowKey={({ id }) => id}
          onOpen={openRole}
          empty={<Empty title={t('people.role.none')} text="" />}
          foot={t('people.role.foot')}
        />
      )}
      {user && (
        <UserDrawer
          user={rows?.find(({ id }) => id === user)}
          roles={known}
          onMade={openUser}
          onClose={() => openUser(null)}
        />
      )}
      {role && (
        <RoleDrawer role={role === 'new' ? undefined : role} onClose={() => openRole(null)} />
      )}
    </>
  );
}

/** "Cashier · Harbour Park": what somebody may do, and where. */
export function usePlaceOf() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { projects } = usePlace().session;
  return ({ groupId, projectId }: { groupId: string | null; projectId: string | null }) => {
    if (projectId)
      return nameOf(
        language,
        projects.find(({ id }) => id === projectId),
      );
    if (groupId) {
      const group = projects.find((project) => project.groupId === groupId);
      return t('people.group', { name: group?.groupName ?? groupId });
    }
    return t('people.everywhere');
  };
}

function useUserColumns(roles: readonly Role[]): Column<User>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const placeOf = usePlaceOf();
  const grantsOf = ({ grants }: User) =>
    grants
      .map((grant) => {
        const role = roles.find(({ id }) => id === grant.roleId);
        return `${role ? nameOf(language, role) : grant.roleCode} · ${placeOf(grant)}`;
      })
      .join(t('mark.list'));
  return [
    {
      key: 'name',
      title: t('people.name'),
      width: 'minmax(140px, 1.5fr)',
      phone: 'title',
      value: ({ name }) => name,
      cell: ({ name }) => (
        <div className="clip strong" title={name}>
          {name}
        </div>
      ),
    },
    {
      key: 'email',
      title: t('signIn.email'),
      width: 'minmax(160px, 1.3fr)',
      phone: 'plain',
      value: ({ email }) => email,
      cell: ({ email }) => (
        <div className="clip" title={email}>
          {email}
        </div>
      ),
    },
    {
      key: 'grants',
      title: t('people.may'),
      width: 'minmax(200px, 2fr)',
      value: grantsOf,
      cell: (user) => (
        <div className="clip" title={grantsOf(user)}>
          {grantsOf(user) || <span className="quiet">{t('people.nothing')}</span>}
        </div>
      ),
    },
    {
      key: 'factor',
      title: t('people.totp.title'),
      width: '130px',
      value: ({ secondFactor }) => t(secondFactor ? 'people.totp.on' : 'people.totp.off'),
      cell: ({ secondFactor }) => (
        <span className={secondFactor ? '' : 'quiet'}>
          {t(secondFactor ? 'people.totp.on' : 'people.totp.off')}
        </span>
      ),
    },
    {
      key: 'sessions',
      title: t('people.session.count'),
      width: '90px',
      align: 'right',
      value: ({ sessions }) => sessions,
      cell: ({ sessions }) => sessions,
    },
    {
      key: 'state',
      title: t('people.state'),
      width: '150px',
      phone: 'figure',
      value: ({ disabledAt }) => (disabledAt ? t('people.disabled') : t('people.enabled')),
      cell: ({ disabledAt }) =>
        disabledAt
          ? t('people.disabledSince', { at: moment(language, zone, disabledAt, now) })
          : t('people.enabled'),
    },
  ];
}

function useRoleColumns(): Column<Role>[] {
  const { t } = useTranslation();
  const language = useLanguage();
  return [
    {
      key: 'name',
      title: t('people.role.name'),
      width: 'minmax(140px, 1fr)',
      phone: 'title',
      value: (role) => nameOf(language, role),
      cell: (role) => <div className="clip strong">{nameOf(language, role)}</div>,
    },
    {
      key: 'kind',
      title: t('people.role.kind'),
      width: '150px',
      phone: 'plain',
      value: ({ standard }) => t(standard ? 'people.role.standard' : 'people.role.own'),
      cell: ({ standard }) => t(standard ? 'people.role.standard' : 'people.role.own'),
    },
    {
      key: 'permissions',
      title: t('people.role.permissions'),
      width: 'minmax(200px, 3fr)',
      phone: 'none',
      value: ({ permissions }) => permissions.join(', '),
      cell: ({ permissions }) => {
        const text = permissions.map((name) => t(`permission.${name}`, name)).join(t('mark.list'));
        return (
          <div className="clip" title={text}>
            {text}
          </div>
        );
      },
    },
    {
      key: 'grants',
      title: t('people.role.grants'),
      width: '110px',
      align: 'right',
      phone: 'figure',
      value: ({ grants }) => grants,
      cell: ({ grants }) => grants,
    },
  ];
}
