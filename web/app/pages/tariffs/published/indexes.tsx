/** Monthly price indexes: the value that holds, the values before it, and a form for a month. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../../api.ts';
import { useNow } from '../../../clock.tsx';
import { fullMoment, localDay, month as monthName } from '../../../dates.ts';
import { useLanguage } from '../../../language.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { useMay, useProject } from '../../../project.tsx';
import { usePriceIndexes } from '../../../tariff-queries.ts';
import type { PriceIndex } from '../../../tariff-shapes.ts';
import { cleanDecimal } from '../decimal.ts';
import { DayField, TextField } from '../edit/field.tsx';
import { monthsOf } from './newest.ts';
import { isCode, PublishedPanel } from './panel.tsx';

export function IndexesPanel() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const may = useMay();
  const query = usePriceIndexes();
  const [chosen, choose] = useState<string | null>(null);
  const [opened, open] = useState<string | null>(null);
  const rows = query.data?.data;
  const codes = [...new Set(rows?.map(({ code }) => code))].sort();
  const code = chosen ?? codes[0] ?? '';
  const months = monthsOf(rows?.filter((row) => row.code === code) ?? []);
  return (
    <PublishedPanel what="index" query={query} codes={codes} code={code} onCode={choose}>
      {months.length > 0 && (
        <div className="panel-body scroll-x">
          <table className="small-table">
            <thead>
              <tr>
                <th>{t('tariff.month')}</th>
                <th>{t('tariff.index.value')}</th>
                <th>{t('tariff.index.at')}</th>
              </tr>
            </thead>
            <tbody>
              {months.map(({ month, holds, earlier }) => [
                <tr key={month}>
                  <td className="published-month">
                    <span>{monthName(language, month)}</span>{' '}
                    {earlier.length > 0 && (
                      <button
                        type="button"
                        className="link-button"
                        aria-expanded={opened === month}
                        onClick={() => open(opened === month ? null : month)}
                      >
                        {t('tariff.index.earlier', { count: earlier.length })}
                      </button>
                    )}
                  </td>
                  <td className="strong">{holds.value}</td>
                  <td className="quiet">{fullMoment(language, zone, holds.at)}</td>
                </tr>,
                ...(opened === month
                  ? earlier.map((row) => (
                      <tr key={row.at} className="quiet sunken">
                        <td>{t('tariff.index.was')}</td>
                        <td>
                          <s>{row.value}</s>
                        </td>
                        <td>{fullMoment(language, zone, row.at)}</td>
                      </tr>
                    ))
                  : []),
              ])}
            </tbody>
          </table>
        </div>
      )}
      {may('tariff.write') && <IndexForm code={code} rows={rows ?? []} onMade={choose} />}
    </PublishedPanel>
  );
}

function IndexForm({
  code,
  rows,
  onMade,
}: {
  code: string;
  rows: readonly PriceIndex[];
  onMade: (code: string) => void;
}) {
  const { t } = useTranslation();
  const { id, zone } = useProject();
  const queryClient = useQueryClient();
  const today = localDay(zone, useNow(60_000));
  const [typed, setTyped] = useState<string | null>(null);
  const [month, setMonth] = useState(today.slice(0, 7));
  const [value, setValue] = useState('');
  const own = typed ?? code;
  const clean = cleanDecimal(value);
  const before = monthsOf(rows.filter((row) => row.code === own)).find(
    (each) => each.month === month,
  );
  const save = useMutation({
    mutationFn: () =>
      call<PriceIndex>(`/projects/${id}/price-indexes`, {
        method: 'POST',
        body: { code: own, month, value: clean },
      }),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: [id, 'list', '/price-indexes'] });
      setValue('');
      setTyped(null);
      onMade(own);
    },
  });
  const isReady = isCode(own) && /^\d{4}-\d{2}$/.test(month) && clean !== null;
  return (
    <form
      className="panel-body"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) save.mutate();
      }}
    >
      <div className="inline-form">
        <TextField
          label={t('tariff.index.code')}
          value={own}
          mono
          maxLength={40}
          placeholder="coal-price"
          onChange={setTyped}
          width={140}
        />
        <DayField
          label={t('tariff.month')}
          picker="month"
          value={month}
          onChange={setMonth}
          width={160}
        />
        <TextField
          label={t('tariff.index.value')}
          figure
          value={value}
          onChange={setValue}
          width={90}
        />
        <button type="submit" className="button" disabled={!isReady || save.isPending}>
          {t(before ? 'tariff.index.replace' : 'tariff.index.publish')}
        </button>
      </div>
      {own !== '' && !isCode(own) && <p className="neg">{t('tariff.codeRule')}</p>}
      {before && clean && (
        <p className="second">{t('tariff.index.resettles', { value: before.holds.value })}</p>
      )}
      {save.error && <ProblemNotice error={save.error} />}
    </form>
  );
}
