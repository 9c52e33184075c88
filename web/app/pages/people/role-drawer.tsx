/** A role: its names and what it holds, by subject. Those of the program are shown and copied, not changed. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { nameOf, useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { type Role, usePeopleAct, usePermissions } from '../../people-queries.ts';
import { Field } from '../exceptions/field.tsx';

export function RoleDrawer({ role, onClose }: { role: Role | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const all = usePermissions().data?.permissions ?? [];
  const act = usePeopleAct();
  // Of a standard role a copy is made.
  const isNew = !role || role.standard;
  const [code, setCode] = useState('');
  const [name, setName] = useState(role && !role.standard ? role.name : '');
  const [nameZh, setNameZh] = useState((role && !role.standard && role.nameZh) || '');
  const [held, setHeld] = useState<ReadonlySet<string>>(new Set(role?.permissions));
  const isCode = /^[a-z][a-z0-9-]{1,39}$/.test(code);
  const isReady = name.trim() !== '' && held.size > 0 && (!isNew || isCode);
  const toggle = (permission: string) => {
    const next = new Set(held);
    if (!next.delete(permission)) next.add(permission);
    setHeld(next);
  };
  const save = () => {
    const body = {
      name: name.trim(),
      nameZh: nameZh.trim() || null,
      permissions: all.filter((permission) => held.has(permission)),
    };
    act.mutate(
      isNew
        ? { path: '/roles', method: 'POST', body: { code, ...body } }
        : { path: `/roles/${role.id}`, method: 'PATCH', body },
      { onSuccess: onClose },
    );
  };
  return (
    <Drawer
      title={role ? nameOf(language, role) : t('people.role.make')}
      onClose={onClose}
      foot={
        <>
          <button
            type="button"
            className="button primary"
            disabled={!isReady || act.isPending}
            onClick={save}
          >
            {t(isNew ? 'people.role.act' : 'act.save')}
          </button>
          {!isNew && (
            <button
              type="button"
              className="button danger"
              disabled={role.grants > 0 || act.isPending}
              title={role.grants > 0 ? t('people.role.isHeld') : undefined}
              onClick={() =>
                act.mutate({ path: `/roles/${role.id}`, method: 'DELETE' }, { onSuccess: onClose })
              }
            >
              {t('people.role.remove')}
            </button>
          )}
        </>
      }
    >
      <div className="people-form">
        {act.error && <ProblemNotice error={act.error} />}
        {role?.standard && <p className="second">{t('people.role.standardText')}</p>}
        {isNew && (
          <Field
            label={t('people.role.code')}
            value={code}
            onChange={setCode}
            hint={t('people.role.codeRule')}
            invalid={code !== '' && !isCode}
          />
        )}
        <Field label={t('people.role.nameEn')} value={name} onChange={setName} />
        <Field label={t('people.role.nameZh')} value={nameZh} onChange={setNameZh} />
        {bySubject(all).map(([subject, permissions]) => (
          <fieldset key={subject} className="people-permissions">
            <legend className="field-label">{t(`permission.subject.${subject}`, subject)}</legend>
            {permissions.map((permission) => (
              <label key={permission}>
                <input
                  type="checkbox"
                  checked={held.has(permission)}
                  onChange={() => toggle(permission)}
                />
                {t(`permission.${permission}`, permission)}
              </label>
            ))}
          </fieldset>
        ))}
      </div>
    </Drawer>
  );
}

/** `sale.read`, `sale.write` under `sale`, in the program's order. */
function bySubject(all: readonly string[]): [subject: string, permissions: string[]][] {
  const groups = new Map<string, string[]>();
  for (const permission of all) {
    const [subject = ''] = permission.split('.');
    groups.set(subject, [...(groups.get(subject) ?? []), permission]);
  }
  return [...groups];
}
