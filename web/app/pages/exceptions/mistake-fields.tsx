/** The few fields of each correction. */
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { Installation } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { fullMoment, instantOf, moment } from '../../dates.ts';
import { thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useProject } from '../../project.tsx';
import { useQuarantines, useRollovers } from '../../quality-queries.ts';
import { useLive, useMeters } from '../../queries.ts';
import { isSerial } from '../configuration/checks.ts';
import { Check } from '../tariffs/edit/field.tsx';
import { Choice, Field } from './field.tsx';
import { type Act, isRatio, NEW_METER, type Subject, type Values } from './mistakes.ts';

interface Props {
  act: Act;
  subject: Subject;
  values: Values;
  set: (change: Values) => void;
  installation: Installation | undefined;
}

export function MistakeFields({ act, subject, values: v, set, installation }: Props) {
  const { t } = useTranslation();
  const unit = subject.unit === 'l' ? 'm³' : 'kWh';
  const field = (name: string, more: Partial<React.ComponentProps<typeof Field>> = {}) => (
    <Field
      label={t(`exc.field.${name}`)}
      value={v[name] ?? ''}
      onChange={(text) => set({ [name]: text })}
      {...more}
    />
  );
  const instant = (name: string, label = name, hint?: string) =>
    field(name, { type: 'instant', label: t(`exc.field.${label}`), ...(hint && { hint }) });
  switch (act) {
    case 'ratio':
      return (
        <>
          <Segmented
            label={t('exc.field.range')}
            value={v.ends === 'dated' ? 'dated' : 'open'}
            onChange={(ends) => set({ ends })}
            choices={[
              { value: 'dated', label: t('exc.field.dated') },
              { value: 'open', label: t('exc.field.onward') },
            ]}
          />
          <div className="exc-pair">
            {instant('from')}
            {v.ends === 'dated' && instant('to')}
          </div>
          <div className="exc-pair">
            {field('ct', {
              ...{ type: 'figure', invalid: !isRatio(v.ct) },
              hint: t('exc.field.isNow', { value: installation?.ct ?? '–' }),
            })}
            {field('pt', {
              ...{ type: 'figure', invalid: !isRatio(v.pt) },
              hint: t('exc.field.isNow', { value: installation?.pt ?? '–' }),
            })}
          </div>
        </>
      );
    case 'swap':
      return (
        <>
          <OtherPoint subject={subject} value={v.other ?? ''} set={(other) => set({ other })} />
          {instant('from', 'swappedSince')}
        </>
      );
    case 'replace':
      return (
        <>
          <ComingMeter subject={subject} values={v} set={set} />
          <Segmented
            label={t('exc.field.both')}
            value={v.both === 'overlap' || v.both === 'pause' ? v.both : 'same'}
            onChange={(both) => set({ both })}
            choices={(['same', 'overlap', 'pause'] as const).map((value) => ({
              value,
              label: t(`exc.field.replaced.${value}`),
            }))}
          />
          {v.both === 'same' ? (
            instant('at', 'replacedAt')
          ) : (
            <div className="exc-pair">
              {instant('removed', 'removedAt')}
              {instant('at', 'placedAt')}
            </div>
          )}
          <Order values={v} />
          <div className="exc-pair">
            {field('last', { type: 'figure', unit, hint: t('exc.field.lastHint') })}
            {field('first', {
              ...{ type: 'figure', unit },
              hint: t(v.both === 'pause' ? 'exc.field.firstNeeded' : 'exc.field.firstHint'),
            })}
          </div>
          <div className="exc-pair">
            {(['ct', 'pt'] as const).map((ratio) => (
              <Fragment key={ratio}>
                {field(ratio, {
                  ...{ type: 'figure', invalid: !isRatio(v[ratio]) },
                  label: t(`exc.field.new.${ratio}`),
                  hint: t('exc.field.asOld', { value: installation?.[ratio] ?? '–' }),
                })}
              </Fragment>
            ))}
          </div>
        </>
      );
    case 'rollover':
      return <Rollover subject={subject} values={v} set={set} />;
    case 'read':
      return (
        <div className="exc-pair">
          {instant('at', 'readAt')}
          {field('register', { type: 'figure', unit, hint: t('exc.field.registerHint') })}
        </div>
      );
    case 'clock':
      return (
        <>
          {field('shift', { type: 'figure', unit: 'h', hint: t('exc.field.shiftHint') })}
          <div className="exc-pair">
            {instant('from')}
            {instant('to')}
          </div>
        </>
      );
    case 'fast':
      return (
        <>
          {field('percent', { type: 'figure', unit: '%', hint: t('exc.field.percentHint') })}
          <Segmented
            label={t('exc.field.range')}
            value={v.half === 'half' ? 'half' : 'dated'}
            onChange={(half) => set({ half })}
            choices={[
              { value: 'half', label: t('exc.field.half') },
              { value: 'dated', label: t('exc.field.dated') },
            ]}
          />
          <div className="exc-pair">
            {v.half === 'half' ? instant('since') : instant('from')}
            {instant('to', 'provenWrong')}
          </div>
          {v.half === 'half' && <Half values={v} />}
        </>
      );
  }
}

/** What counts when, or that the two instants do not fit what was chosen. */
function Order({ values }: { values: Values }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const kind = values.both === 'overlap' || values.both === 'pause' ? values.both : 'same';
  const removed = instantOf(zone, values.removed ?? '');
  const placed = instantOf(zone, values.at ?? '');
  const isWrong =
    kind !== 'same' &&
    removed !== null &&
    placed !== null &&
    (kind === 'overlap' ? removed <= placed : removed >= placed);
  return (
    <p className={isWrong ? 'neg second' : 'second'}>
      {t(`exc.field.${isWrong ? 'replacedOrder' : 'replacedIs'}.${kind}`)}
    </p>
  );
}

/** From when on the preset counts: said before the server does it. */
function Half({ values }: { values: Values }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const since = instantOf(zone, values.since ?? '');
  const to = instantOf(zone, values.to ?? '');
  if (!since || !to || since >= to) return null;
  const middle = (Date.parse(since) + Date.parse(to)) / 2;
  return (
    <p className="second">
      {t('exc.field.halfIs', { at: fullMoment(language, zone, new Date(middle)) })}
    </p>
  );
}

function OtherPoint({
  subject,
  value,
  set,
}: {
  subject: Subject;
  value: string;
  set: (pointId: string) => void;
}) {
  const { t } = useTranslation();
  const points = useLive('slow').data?.data ?? [];
  const mine = points.find(({ pointId }) => pointId === subject.pointId);
  const others = points.filter(
    ({ pointId, commodity, meterId }) =>
      pointId !== subject.pointId && meterId && commodity === (mine?.commodity ?? commodity),
  );
  return (
    <Choice
      label={t('exc.field.other')}
      value={value}
      onChange={set}
      options={[
        { value: '', label: t('exc.field.choose') },
        ...others.map(({ pointId, code, accountName }) => ({
          value: pointId,
          label: accountName ? `${code} · ${accountName}` : code,
        })),
      ]}
    />
  );
}

/** The meter that comes: one that stands nowhere, or one that is entered now; at the old one's place on the line. */
function ComingMeter({
  subject,
  values: v,
  set,
}: {
  subject: Subject;
  values: Values;
  set: (change: Values) => void;
}) {
  const { t } = useTranslation();
  const meters = useMeters().data?.data ?? [];
  const old = meters.find(({ id }) => id === subject.meterId);
  const free = meters.filter(({ pointId, state }) => !pointId && state !== 'retired');
  const mayTake = (meter: string) =>
    !!old?.busId && (meter === NEW_METER || !free.find(({ id }) => id === meter)?.busId);
  const serial = v.serial ?? '';
  const isWrong = serial.trim() !== '' && !isSerial(serial);
  return (
    <>
      <Choice
        label={t('exc.field.meter')}
        value={v.meter ?? ''}
        onChange={(meter) =>
          set({ meter, place: meter !== '' && mayTake(meter) ? 'takes' : 'leaves' })
        }
        options={[
          { value: '', label: t('exc.field.choose') },
          { value: NEW_METER, label: t('exc.field.enterNew') },
          ...free.map(({ id, serial: of, model }) => ({ value: id, label: `${of} · ${model}` })),
        ]}
      />
      {v.meter === NEW_METER && (
        <Field
          label={t('config.field.serial')}
          value={serial}
          invalid={isWrong}
          onChange={(text) => set({ serial: text })}
          hint={
            isWrong ? t('exc.field.serialWrong') : t('exc.field.sameModel', { model: old?.model })
          }
        />
      )}
      {!!v.meter && mayTake(v.meter) && (
        <Check
          label={t('exc.field.takesPlace', { unit: old?.unit })}
          checked={v.place === 'takes'}
          onChange={(takes) => set({ place: takes ? 'takes' : 'leaves' })}
        />
      )}
    </>
  );
}

/** The reading that history contradicts, and whether it counts. */
function Rollover({
  subject,
  values: v,
  set,
}: {
  subject: Subject;
  values: Values;
  set: (change: Values) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const query = useQuarantines();
  const open = (query.data?.data ?? []).filter(
    ({ meterId, decision }) =>
      meterId === subject.meterId && (decision === null || decision === 'reopened'),
  );
  const chosen = open.find(({ id }) => id === v.quarantine);
  return (
    <>
      <Choice
        label={t('exc.field.quarantine')}
        value={v.quarantine ?? ''}
        onChange={(quarantine) => set({ quarantine })}
        hint={query.data && open.length === 0 ? t('exc.field.noQuarantine') : undefined}
        options={[
          { value: '', label: t('exc.field.choose') },
          ...open.map((each) => ({
            value: each.id,
            label: `${t(`exc.rule.${each.rule}.name`)}${t('mark.comma')}${moment(language, zone, each.at, now)}`,
          })),
        ]}
      />
      {chosen && (
        <dl className="pairs">
          <div>
            <dt>{t('exc.field.before')}</dt>
            <dd>{thousands(chosen.previousRegister, 2)}</dd>
          </div>
          <div>
            <dt>{t('exc.field.shown')}</dt>
            <dd>{thousands(chosen.register, 2)}</dd>
          </div>
        </dl>
      )}
      <Segmented
        label={t('exc.field.decision')}
        value={v.decision === 'exclude' ? 'exclude' : 'new-base'}
        onChange={(decision) => set({ decision })}
        choices={[
          { value: 'new-base', label: t('exc.decision.new-base') },
          { value: 'exclude', label: t('exc.decision.exclude') },
        ]}
      />
      <p className="second">
        {t(v.decision === 'exclude' ? 'exc.decision.excludeIs' : 'exc.decision.newBaseIs')}
      </p>
      <RolledOver meterId={subject.meterId} />
    </>
  );
}

/** Where the register reached its end and was billed on: nothing to do, but somebody may have wondered. */
function RolledOver({ meterId }: { meterId: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  const rows = useRollovers(meterId).data?.data ?? [];
  if (rows.length === 0) return null;
  return (
    <div className="notice good">
      <Icon name="check" />
      <div>
        <div className="strong">{t('exc.rolled.title')}</div>
        <ul className="exc-rolled">
          {rows.map((row) => (
            <li key={row.id} className="second">
              {t('exc.rolled.line', {
                at: moment(language, zone, row.at, now),
                before: thousands(row.previousRegister, 2),
                after: thousands(row.register, 2),
              })}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
