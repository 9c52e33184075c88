/** The next version of the policy: typed, checked where it is typed, read back in plain words before it is written. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCases, useWritePolicy } from '../../credit-queries.ts';
import { creditModes, type PolicyVersion } from '../../credit-shapes.ts';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { Check, TextField } from '../tariffs/edit/field.tsx';
import { DayFields, WindowFields } from './calendar-fields.tsx';
import { draftOf, faultsOf, type PolicyDraft, policyOf } from './draft.ts';
import { CountField, MoneyField } from './fields.tsx';
import { LadderFields } from './ladder-fields.tsx';
import { PolicyWords } from './policy-words.tsx';

export interface FieldsProps {
  draft: PolicyDraft;
  set: (change: Partial<PolicyDraft>) => void;
  /** What is wrong at a place, in words; empty where nothing is. */
  saysAt: (at: string) => string;
}

export function PolicyForm({ from, onDone }: { from: PolicyVersion; onDone: () => void }) {
  const { t } = useTranslation();
  const { currency } = useProject();
  const write = useWritePolicy(onDone);
  const [draft, edit] = useState(() => draftOf(from.policy));
  const [reason, setReason] = useState('');
  const [isSure, beSure] = useState(false);
  const faults = faultsOf(draft);
  const policy = policyOf(draft, currency);
  const begins = draft.mode === 'automatic' && from.policy.mode !== 'automatic';
  const isReady = policy !== null && reason.trim() !== '' && (isSure || !begins);
  const fields: FieldsProps = {
    draft,
    set: (change) => edit({ ...draft, ...change }),
    saysAt: (at) =>
      faults
        .filter((fault) => fault.at === at)
        .map(({ code, parameters }) => t(`credit.fault.${code}`, parameters))
        .join(' '),
  };
  return (
    <form
      className="credit-policy"
      onSubmit={(event) => {
        event.preventDefault();
        if (policy && isReady)
          write.mutate({ policy, reason: reason.trim(), version: from.version });
      }}
    >
      <section>
        <h3>{t('credit.field.mode')}</h3>
        <Segmented
          label={t('credit.field.mode')}
          value={draft.mode}
          onChange={(mode) => {
            fields.set({ mode });
            beSure(false);
          }}
          choices={creditModes.map((value) => ({ value, label: t(`credit.mode.${value}`) }))}
        />
        <p className="second">{t(`credit.modeSays.${draft.mode}`)}</p>
      </section>
      <MoneySection {...fields} />
      <LadderFields {...fields} />
      <WindowFields {...fields} />
      <DayFields {...fields} />
      <BoundSection {...fields} />
      <section className="credit-readback" aria-label={t('credit.readBack')}>
        <h3>{t('credit.readBack')}</h3>
        {policy ? (
          <PolicyWords policy={policy} />
        ) : (
          <p className="neg" role="status">
            {t('credit.faultCount', { count: faults.length })}
          </p>
        )}
      </section>
      {begins && <Begins isSure={isSure} beSure={beSure} limit={policy?.creditLimit.amount} />}
      <TextField label={t('exc.reason')} value={reason} maxLength={120} onChange={setReason} />
      <div className="credit-buttons">
        <button type="button" className="button" disabled={write.isPending} onClick={onDone}>
          {t('act.cancel')}
        </button>
        <button type="submit" className="button primary" disabled={!isReady || write.isPending}>
          {t(begins ? 'credit.saveAutomatic' : 'credit.save')}
        </button>
      </div>
      {write.error && <ProblemNotice error={write.error} />}
    </form>
  );
}

/** Said before supply is first cut without a person's word: how many stand below the limit as it is typed. */
function Begins({
  isSure,
  beSure,
  limit,
}: {
  isSure: boolean;
  beSure: (isSure: boolean) => void;
  limit: string | undefined;
}) {
  const { t } = useTranslation();
  const cases = useCases({}).data?.data;
  const below =
    limit === undefined
      ? undefined
      : cases?.filter(
          ({ cuttable, pointsOff, points }) =>
            pointsOff < points && Number(cuttable.amount) < -Number(limit),
        ).length;
  return (
    <div className="notice error" role="alert">
      <Icon name="power" />
      <div>
        <div className="strong">{t('credit.begins')}</div>
        <div className="second">
          {below !== undefined && t('credit.beginsNow', { count: below })} {t('credit.beginsText')}
        </div>
        <Check label={t('credit.beginsSure')} checked={isSure} onChange={beSure} />
      </div>
    </div>
  );
}

function MoneySection(props: FieldsProps) {
  const { t } = useTranslation();
  const unit = currencyName(useProject().currency, useLanguage());
  return (
    <section>
      <h3>{t('credit.field.money')}</h3>
      <div className="form-grid">
        <MoneyField {...props} name="creditLimit" unit={unit} />
        <MoneyField {...props} name="restoreAt" unit={unit} />
        <CountField {...props} name="graceHours" unit={t('credit.unit.hours')} />
        <CountField {...props} name="otherDebtNoticeDays" unit={t('credit.unit.days')} />
      </div>
      <Check
        label={t('credit.field.cutWater')}
        checked={props.draft.cutWater}
        onChange={(cutWater) => props.set({ cutWater })}
      />
    </section>
  );
}

function BoundSection(props: FieldsProps) {
  const { t } = useTranslation();
  const unit = currencyName(useProject().currency, useLanguage());
  return (
    <section>
      <h3>{t('credit.field.bounds')}</h3>
      <div className="form-grid">
        <CountField {...props} name="tripsPerHour" unit={t('credit.unit.perHour')} />
        <CountField {...props} name="sharePercent" unit="%" />
        <CountField {...props} name="orderQueryMinutes" unit={t('credit.unit.minutes')} />
        <CountField {...props} name="silentMinutes" unit={t('credit.unit.minutes')} />
        <MoneyField {...props} name="silentExposure" unit={unit} />
      </div>
    </section>
  );
}
