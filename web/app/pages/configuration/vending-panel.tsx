/** What the project has chosen for its counter: shifts, second persons, and when payments clear. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { VendingSettings } from '../../api.ts';
import { useEnter } from '../../config-queries.ts';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useProjectSettings } from '../../queries.ts';
import { FaultContext, TextField } from '../tariffs/edit/field.tsx';
import { isWhole } from './checks.ts';
import { SaveFoot } from './save-foot.tsx';

const HOURS_MAX = 720;

export function VendingPanel() {
  const { t } = useTranslation();
  const query = useProjectSettings();
  return (
    <section className="panel" aria-label={t('config.vending.title')}>
      <div className="panel-head">
        <h2>{t('config.vending.title')}</h2>
      </div>
      <div className="panel-body">
        {query.isError && !query.data && (
          <ProblemNotice error={query.error} retry={() => void query.refetch()} />
        )}
        {query.data ? (
          <VendingForm id={query.data.id} settings={query.data.vending} />
        ) : (
          <Skeleton width={240} />
        )}
      </div>
    </section>
  );
}

/** Minor units as they are typed, and back; null where the text is no such amount. */
const textOf = (minor: number, digits: number) => (minor / 10 ** digits).toFixed(digits);
function minorOf(text: string, digits: number): number | null {
  const match = /^(\d{1,10})(?:\.(\d+))?$/.exec(text.trim());
  const decimals = match?.[2] ?? '';
  if (!match || decimals.length > digits) return null;
  return Number(`${match[1]}${decimals.padEnd(digits, '0')}`);
}

function VendingForm({ id, settings }: { id: string; settings: VendingSettings }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const may = useMay();
  const save = useEnter();
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
      .maximumFractionDigits ?? 2;
  const [needsShift, setNeedsShift] = useState(settings.cashNeedsShift);
  const [limit, setLimit] = useState(textOf(settings.reversalApprovalMinor, digits));
  const [isAlone, setAlone] = useState(settings.singlePersonApproves);
  const [hours, setHours] = useState(String(settings.unclearedHours));
  const limitMinor = minorOf(limit, digits);
  const wrong = [
    ...(limitMinor === null ? [{ at: '/limit', message: t('config.vending.amount') }] : []),
    ...(isWhole(0, HOURS_MAX)(hours)
      ? []
      : [{ at: '/hours', message: t('config.vending.wholeHours') }]),
  ];
  const isAllowed = may('project.write');
  return (
    <form
      className="stack conf-defaults"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong.length > 0) return;
        const vending = {
          ...{ cashNeedsShift: needsShift, reversalApprovalMinor: limitMinor },
          ...{ singlePersonApproves: isAlone, unclearedHours: Number(hours) },
        };
        save.mutate({ path: '', id, body: { vending } });
      }}
    >
      <p className="second">{t('config.vending.text')}</p>
      <FaultContext.Provider value={wrong}>
        <fieldset className="conf-fields" disabled={!isAllowed || save.isPending}>
          <label className="conf-beside">
            <input
              type="checkbox"
              checked={needsShift}
              onChange={(event) => setNeedsShift(event.target.checked)}
            />
            {t('config.vending.shift')}
          </label>
          <TextField
            label={t('config.vending.limit')}
            at="/limit"
            unit={currencyName(currency, language)}
            figure
            value={limit}
            onChange={setLimit}
          />
          <label className="conf-beside">
            <input
              type="checkbox"
              checked={isAlone}
              onChange={(event) => setAlone(event.target.checked)}
            />
            {t('config.vending.alone')}
          </label>
          <TextField
            label={t('config.vending.hours')}
            at="/hours"
            unit={t('config.vending.unit')}
            figure
            value={hours}
            onChange={setHours}
          />
        </fieldset>
      </FaultContext.Provider>
      <SaveFoot save={save} isReady={wrong.length === 0} />
    </form>
  );
}
