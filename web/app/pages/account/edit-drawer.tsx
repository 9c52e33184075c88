/** What is said of an account: its names, whom the office speaks with, when it is warned. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import type { AccountDetail } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { currencyName } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { useProjectSettings } from '../../queries.ts';
import { contentOf, emptyDraft, wrongIn } from '../opening/draft.ts';
import { TextField } from '../tariffs/edit/field.tsx';
import '../opening/opening.css';

type Key = 'name' | 'nameZh' | 'person' | 'phone' | 'email' | 'alarm1' | 'alarm2';

export function EditDrawer({ account, onClose }: { account: AccountDetail; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency, zone } = useProject();
  const settings = useProjectSettings().data;
  const today = localDay(zone, useNow(60_000));
  const save = useAct<AccountDetail>(onClose);
  const { person } = account;
  const [typed, type] = useState<Record<Key, string>>({
    ...{ name: account.name, nameZh: account.nameZh ?? '' },
    ...{ person: person?.name ?? '', phone: person?.phone ?? '', email: person?.email ?? '' },
    ...{ alarm1: account.alarm1?.amount ?? '', alarm2: account.alarm2?.amount ?? '' },
  });
  const draft = { ...emptyDraft, ...typed };
  const wrong = wrongIn(draft);
  const content = contentOf(draft, { currency, today });
  const inForce = (key: 'alarm1' | 'alarm2') => (content[key] ?? settings?.[key])?.amount;
  const isUpsideDown = wrong.length === 0 && Number(inForce('alarm1')) < Number(inForce('alarm2'));
  const hintOf = (key: Key) => {
    if (key === 'name' && typed.name.trim() === '') return t('config.hint.needed');
    if (key === 'email' && wrong.includes('email')) return t('opening.wrong.email');
    if (key === 'alarm2' && isUpsideDown) return t('config.hint.alarms');
    const isAmount = key === 'alarm1' || key === 'alarm2';
    return isAmount && wrong.includes(key) ? t('opening.wrong.amount') : undefined;
  };
  const field = (key: Key, more: Partial<React.ComponentProps<typeof TextField>> = {}) => (
    <TextField
      key={key}
      label={t(`opening.field.${key}`)}
      value={typed[key]}
      maxLength={120}
      hint={hintOf(key)}
      onChange={(text) => {
        type({ ...typed, [key]: text });
        save.reset();
      }}
      {...more}
    />
  );
  const isReady = content.name !== '' && wrong.length === 0 && !isUpsideDown;
  const send = () =>
    save.mutate({
      path: `/accounts/${account.id}`,
      method: 'PATCH',
      body: {
        ...{ name: content.name, nameZh: content.nameZh },
        ...{ alarm1: content.alarm1, alarm2: content.alarm2 },
        // Nobody can be forgotten by emptying the fields: the name stays that of the account.
        ...((content.person || person) && {
          person: content.person ?? { name: content.name, phone: null, email: null },
        }),
      },
    });
  return (
    <Drawer
      title={t('account.edit.title', { name: nameOf(language, account) })}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!isReady || save.isPending}
            onClick={send}
          >
            {t(save.isPending ? 'config.saving' : 'config.save')}
          </button>
        </>
      }
    >
      <div className="stack">
        {field('name')}
        {field('nameZh')}
        {field('person')}
        <div className="opening-pair">
          {field('phone', { maxLength: 40 })}
          {field('email')}
        </div>
        <div className="opening-pair">
          {(['alarm1', 'alarm2'] as const).map((key) =>
            field(key, {
              ...{ figure: true, unit: currencyName(currency, language) },
              placeholder: settings?.[key].amount,
            }),
          )}
        </div>
        <p className="second">{t('account.edit.text')}</p>
        {save.error && <ProblemNotice error={save.error} />}
      </div>
    </Drawer>
  );
}
