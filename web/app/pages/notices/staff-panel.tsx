/** Whom of its own people a project calls when the brake holds or an account needs a person; at any hour. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNoticeSettings, useWriteSettings } from '../../notice-queries.ts';
import type { NoticeSettings } from '../../notices.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { NewAddress } from '../../parts/told.tsx';
import { useMay } from '../../project.tsx';

export function StaffPanel() {
  const { t } = useTranslation();
  const may = useMay();
  const settings = useNoticeSettings().data;
  const [isAdding, add] = useState(false);
  const write = useWriteSettings(() => {});
  if (!settings) return null;
  const mayWrite = may('notice.configure');
  const put = (staff: NoticeSettings['staff'], then?: { onSuccess: () => void }) =>
    write.mutate({ ...settings, staff }, then);
  return (
    <section className="panel notice-told" aria-label={t('notices.staff')}>
      <div className="panel-head">
        <h2>{t('notices.staff')}</h2>
        <span className="second">
          {settings.staff.length === 0 ? t('notices.staffNone') : t('notices.staffLine')}
        </span>
        <span className="rest">
          {mayWrite && !isAdding && (
            <button type="button" className="button small" onClick={() => add(true)}>
              <Icon name="plus" size={14} />
              {t('notices.addAddress')}
            </button>
          )}
        </span>
      </div>
      {settings.staff.length > 0 && (
        <ul className="told-lines">
          {settings.staff.map((each) => (
            <li key={`${each.channel} ${each.address}`}>
              <span className="quiet nowrap">{t(`notices.channels.${each.channel}`)}</span>
              <span className="clip" title={each.address}>
                {each.address}
              </span>
              {mayWrite && (
                <button
                  type="button"
                  className="button plain icon small"
                  aria-label={t('notices.removeAddress', { address: each.address })}
                  disabled={write.isPending}
                  onClick={() => put(settings.staff.filter((other) => other !== each))}
                >
                  <Icon name="bin" size={14} />
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {isAdding && (
        <div className="panel-body">
          <NewAddress
            send={{ ...write, mutate: (asked, then) => put([...settings.staff, asked], then) }}
            asksLanguage
            onDone={() => add(false)}
          />
        </div>
      )}
      {write.error && !isAdding && <ProblemNotice error={write.error} />}
    </section>
  );
}
