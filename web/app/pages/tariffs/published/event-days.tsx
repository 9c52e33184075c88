/** Lists of event days, named the day before by whoever calls them: one added, one withdrawn. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../../api.ts';
import { useNow } from '../../../clock.tsx';
import { day, localDay, weekday } from '../../../dates.ts';
import { useLanguage } from '../../../language.ts';
import { Icon } from '../../../parts/icons.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { useMay, useProject } from '../../../project.tsx';
import { useEventDays } from '../../../tariff-queries.ts';
import { DayField, TextField } from '../edit/field.tsx';
import { isCode, PublishedPanel } from './panel.tsx';

export function EventDaysPanel() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { id, zone } = useProject();
  const may = useMay();
  const queryClient = useQueryClient();
  const today = localDay(zone, useNow(60_000));
  const query = useEventDays();
  const [chosen, choose] = useState<string | null>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [date, setDate] = useState('');
  const [leaving, setLeaving] = useState<string | null>(null);
  const rows = query.data?.data;
  const lists = [...new Set(rows?.map(({ list }) => list))].sort();
  const list = chosen ?? lists[0] ?? '';
  const own = typed ?? list;
  const days = [...new Set(rows?.filter((row) => row.list === list).map((row) => row.day))]
    .sort()
    .reverse();
  const change = useMutation({
    mutationFn: ({ act, of, on }: { act: 'add' | 'withdraw'; of: string; on: string }) =>
      act === 'add'
        ? call(`/projects/${id}/event-days`, { method: 'POST', body: { list: of, day: on } })
        : call(`/projects/${id}/event-days/${of}/${on}`, { method: 'DELETE' }),
    onSuccess: (_, { of, act }) => {
      void queryClient.invalidateQueries({ queryKey: [id, 'list', '/event-days'] });
      setLeaving(null);
      if (act === 'withdraw') return;
      setTyped(null);
      setDate('');
      choose(of);
    },
  });
  const isReady = isCode(own) && /^\d{4}-\d{2}-\d{2}$/.test(date);
  return (
    <PublishedPanel
      what="events"
      query={query}
      codes={lists}
      code={list}
      onCode={(next) => {
        choose(next);
        setLeaving(null);
      }}
    >
      {days.length > 0 && (
        <div className="panel-body">
          <ul className="day-chips">
            {days.map((each) => (
              <li key={each}>
                <i className="dot" />
                {day(language, each)}
                <span className="quiet">{weekday(language, each)}</span>
                {may('tariff.write') && (
                  <button
                    type="button"
                    aria-label={t('tariff.events.withdraw', { day: day(language, each) })}
                    title={t('tariff.events.withdraw', { day: day(language, each) })}
                    aria-expanded={leaving === each}
                    onClick={() => setLeaving(leaving === each ? null : each)}
                  >
                    <Icon name="cross" size={12} />
                  </button>
                )}
              </li>
            ))}
          </ul>
          {leaving && days.includes(leaving) && (
            // biome-ignore lint/a11y/useSemanticElements: a fieldset brings a box of its own.
            <div
              className="inline-form"
              role="group"
              aria-label={t('tariff.events.withdraw', { day: day(language, leaving) })}
            >
              <span className="second">
                {t(leaving < today ? 'tariff.events.leavesPast' : 'tariff.events.leaves', {
                  day: day(language, leaving),
                })}
              </span>
              <button type="button" className="button small" onClick={() => setLeaving(null)}>
                {t('act.cancel')}
              </button>
              <button
                type="button"
                className="button small"
                disabled={change.isPending}
                onClick={() => change.mutate({ act: 'withdraw', of: list, on: leaving })}
              >
                {t('tariff.events.withdraw', { day: day(language, leaving) })}
              </button>
            </div>
          )}
        </div>
      )}
      {may('tariff.write') && (
        <form
          className="panel-body"
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady) change.mutate({ act: 'add', of: own, on: date });
          }}
        >
          <div className="inline-form">
            <TextField
              label={t('tariff.events.list')}
              value={own}
              mono
              maxLength={40}
              placeholder="hot-days"
              onChange={setTyped}
              width={160}
            />
            <DayField label={t('tariff.days.day')} value={date} onChange={setDate} width={160} />
            <button type="submit" className="button" disabled={!isReady || change.isPending}>
              {t('tariff.events.add')}
            </button>
          </div>
          {own !== '' && !isCode(own) && <p className="neg">{t('tariff.codeRule')}</p>}
          {isReady && date < today && <p className="second">{t('tariff.events.past')}</p>}
          {change.error && <ProblemNotice error={change.error} />}
        </form>
      )}
    </PublishedPanel>
  );
}
