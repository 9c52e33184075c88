/** Records of a range of days: lost contact, openings, closings, commands; searched, summed up, taken away as files. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { addDays, addMonths, localDay, range } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { Controls, DayRange, Filter } from '../../parts/controls.tsx';
import { PrintButton } from '../../parts/print-button.tsx';
import { SaveView } from '../../parts/save-view.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useMay, useProject } from '../../project.tsx';
import { type RecordSearch, recordTabs } from '../../search.ts';
import { ClosingRecords } from './closing-records.tsx';
import { CommandRecords } from './command-records.tsx';
import { LostRecords } from './lost-records.tsx';
import { OpenedRecords } from './opened-records.tsx';

const permissionOf = {
  lost: 'alarm.read',
  openings: 'account.read',
  closings: 'account.read',
  commands: 'command.read',
} as const;
const panels = {
  lost: LostRecords,
  openings: OpenedRecords,
  closings: ClosingRecords,
  commands: CommandRecords,
};
/** What each can be narrowed by beside its days; words of `records.only`. */
const choices = {
  lost: ['meter', 'gateway', 'open', 'over'],
  openings: [],
  closings: ['waiting', 'complete'],
  commands: ['requested', 'sent', 'confirmed', 'refused', 'expired', 'unknown'],
} as const;

export default function Records() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/records' });
  const tabs = recordTabs.filter((tab) => may(permissionOf[tab]));
  const tab = tabs.find((each) => each === search.tab) ?? tabs[0] ?? 'lost';
  const today = localDay(zone, useNow(60_000));
  const month = `${today.slice(0, 7)}-01`;
  const from = search.from ?? month;
  const to = search.to && search.to > from ? search.to : addDays(today, 1);
  const only = choices[tab].find((choice) => choice === search.only);
  const set = (change: Partial<RecordSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const Panel = panels[tab];
  return (
    <>
      <div className="head">
        <div className="head-text">
          <h1>{t(`records.title.${tab}`)}</h1>
          <div className="head-line">
            {range(language, from, to)} · {t(`records.line.${tab}`, { zone })}
          </div>
        </div>
        <div className="head-acts">
          <SaveView />
          <PrintButton />
        </div>
      </div>
      <Controls>
        <div className="filters">
          <Segmented
            label={t('page.records')}
            value={tab}
            onChange={(next) => set({ tab: next, only: undefined, sort: undefined })}
            choices={tabs.map((value) => ({ value, label: t(`records.tab.${value}`) }))}
          />
          <input
            className="input filter-text"
            type="search"
            maxLength={100}
            value={search.q ?? ''}
            placeholder={t(`records.search.${tab}`)}
            aria-label={t(`records.search.${tab}`)}
            onChange={(event) => set({ q: event.target.value || undefined })}
          />
          <DayRange
            label={t('energy.period')}
            from={from}
            to={to}
            presets={[
              { label: t('energy.preset.today'), from: today, to: addDays(today, 1) },
              { label: t('energy.preset.week'), from: addDays(today, -6), to: addDays(today, 1) },
              { label: t('energy.preset.month'), from: month, to: addDays(today, 1) },
              { label: t('energy.preset.lastMonth'), from: addMonths(month, -1), to: month },
            ]}
            onChange={(first, last) => set({ from: first, to: last })}
          />
          {choices[tab].length > 0 && (
            <Filter
              label={t('records.show')}
              value={only ?? ''}
              options={[
                { value: '', label: t('books.all') },
                ...choices[tab].map((value) => ({ value, label: t(`records.only.${value}`) })),
              ]}
              onChange={(value) => set({ only: value || undefined })}
            />
          )}
        </div>
      </Controls>
      <Panel
        key={tab}
        days={{ from, to }}
        q={search.q}
        only={only}
        sort={search.sort}
        onSort={(sort) => set({ sort })}
      />
    </>
  );
}
