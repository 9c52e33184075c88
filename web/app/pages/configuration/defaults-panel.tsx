/** What the project sets for all accounts and meters that set nothing of their own. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ProjectSettings } from '../../api.ts';
import { useEnter } from '../../config-queries.ts';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useProjectSettings } from '../../queries.ts';
import { FaultContext, TextField } from '../tariffs/edit/field.tsx';
import { isWhole, wrongOf } from './checks.ts';
import { QualityForm } from './quality-form.tsx';
import { SaveFoot } from './save-foot.tsx';

export function DefaultsPanel() {
  const { t } = useTranslation();
  const query = useProjectSettings();
  const forms = [
    { title: t('config.defaults.title'), Form: DefaultsForm },
    { title: t('config.quality.title'), Form: QualityForm },
  ];
  return forms.map(({ title, Form }) => (
    <section className="panel" key={title} aria-label={title}>
      <div className="panel-head">
        <h2>{title}</h2>
      </div>
      <div className="panel-body">
        {query.isError && !query.data && (
          <ProblemNotice error={query.error} retry={() => void query.refetch()} />
        )}
        {query.data ? <Form settings={query.data} /> : <Skeleton width={240} />}
      </div>
    </section>
  ));
}

const isAmount = (text: string) => /^-?\d{1,7}(?:\.\d{1,3})?$/.test(text.trim());

function DefaultsForm({ settings }: { settings: ProjectSettings }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const may = useMay();
  const save = useEnter();
  const [alarm1, setAlarm1] = useState(settings.alarm1.amount);
  const [alarm2, setAlarm2] = useState(settings.alarm2.amount);
  const [seconds, setSeconds] = useState(String(settings.pollSeconds));
  const wrong = wrongOf(t, [
    ['/alarm1', alarm1, isAmount, 'amount'],
    ['/alarm2', alarm2, isAmount, 'amount'],
    ['/pollSeconds', seconds, isWhole(1, 86_400), 'seconds'],
  ]);
  if (isAmount(alarm1) && isAmount(alarm2) && Number(alarm1) < Number(alarm2)) {
    wrong.push({ at: '/alarm2', message: t('config.hint.alarms') });
  }
  const isAllowed = may('project.write');
  const amount = (text: string) => ({ amount: text.trim(), currency });
  return (
    <form
      className="stack conf-defaults"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong.length > 0) return;
        const body = {
          alarm1: amount(alarm1),
          alarm2: amount(alarm2),
          pollSeconds: Number(seconds),
        };
        save.mutate({ path: '', id: settings.id, body });
      }}
    >
      <p className="second">{t('config.defaults.text')}</p>
      {!isAllowed && (
        <p className="notice">
          <Icon name="lock" />
          <span>{t('config.defaults.notAllowed')}</span>
        </p>
      )}
      <FaultContext.Provider value={wrong}>
        <fieldset className="conf-fields" disabled={!isAllowed || save.isPending}>
          <TextField
            label={t('config.field.alarm1')}
            at="/alarm1"
            unit={currencyName(currency, language)}
            figure
            value={alarm1}
            onChange={setAlarm1}
            hint={t('config.hint.alarms')}
          />
          <TextField
            label={t('config.field.alarm2')}
            at="/alarm2"
            unit={currencyName(currency, language)}
            figure
            value={alarm2}
            onChange={setAlarm2}
          />
          <TextField
            label={t('config.field.seconds')}
            at="/pollSeconds"
            unit="s"
            figure
            value={seconds}
            onChange={setSeconds}
          />
        </fieldset>
      </FaultContext.Provider>
      <SaveFoot save={save} isReady={wrong.length === 0} />
    </form>
  );
}
