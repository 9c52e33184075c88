/** A batch before it begins: what is asked, what would become of each meter, who is left out, which go first. */
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type BatchChoice, useBatchPreview, useBeginBatch } from '../../batch-queries.ts';
import type { BatchPreview, PreviewedMeter } from '../../batch-shapes.ts';
import type { CommandFunction } from '../../command-shapes.ts';
import { span } from '../../dates.ts';
import { number } from '../../format.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { useProjectSettings } from '../../queries.ts';
import { argumentsOf, beginning, type Draft } from '../commands/draft.ts';
import { CommandFields } from '../commands/fields.tsx';
import { Field } from '../exceptions/field.tsx';
import type { Metered } from './grid.tsx';
import '../commands/commands.css';

const WITH_FIELDS: ReadonlySet<CommandFunction> = new Set([
  ...(['issue-price', 'issue-settings', 'tou-table'] as const),
]);
/** These cut people off: the number of meters is typed before they go out. */
const GRAVE: ReadonlySet<CommandFunction> = new Set(['trip', 'valve-close']);
/** Meters that are named one by one; the rest is counted. */
const NAMED_MAX = 12;
const CANARY_MAX = 100;

export function BatchDrawer({
  name,
  meters,
  onBegun,
  onClose,
}: {
  name: CommandFunction;
  meters: readonly Metered[];
  onBegun: (batchId: string) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const settings = useProjectSettings().data;
  const [typed, type] = useState<Partial<Draft>>({});
  const [reason, setReason] = useState('');
  const [canary, setCanary] = useState('1');
  const [goesOn, setGoesOn] = useState(true);
  const [repeated, setRepeated] = useState('');
  const preview = useBatchPreview();
  const begin = useBeginBatch();
  const draft = {
    ...beginning({ alarm1: settings?.alarm1.amount ?? '', alarm2: settings?.alarm2.amount ?? '' }),
    ...typed,
  };
  const args = argumentsOf(name, draft);
  const choice: BatchChoice | null = args && {
    ...{ function: name, arguments: args },
    meterIds: meters.map(({ meterId }) => meterId),
  };
  const look = () => choice && preview.mutate(choice);
  const isPlain = !WITH_FIELDS.has(name);
  const first = useRef(look);
  useEffect(() => {
    if (isPlain) first.current();
  }, [isPlain]);
  const told = preview.data;
  const asked = told?.counts.asked ?? 0;
  const first_ = Number(canary);
  const isCanary = /^\d{1,3}$/.test(canary) && first_ <= CANARY_MAX;
  const isMeant = !GRAVE.has(name) || repeated.trim() === String(asked);
  const isReady = !!told && asked > 0 && reason.trim() !== '' && isCanary && isMeant;
  const act = () =>
    told &&
    begin.mutate(
      {
        // What was previewed, not what stands in the form now.
        ...{ function: told.function, arguments: told.arguments, digest: told.digest },
        ...{ meterIds: told.data.map(({ meterId }) => meterId), canary: first_, goesOn },
        reason: reason.trim(),
      },
      { onSuccess: ({ id }) => onBegun(id) },
    );
  const forget = (change: Partial<Draft>) => {
    type({ ...typed, ...change });
    preview.reset();
    begin.reset();
  };
  const isOutdated =
    begin.error instanceof Error &&
    'code' in begin.error &&
    begin.error.code === 'preview-outdated';
  return (
    <Drawer
      wide
      title={t('control.title', {
        name: t(`command.function.${name}.name`),
        meters: t('home.meters', { count: told ? asked : meters.length }),
      })}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose}>
            {t('act.cancel')}
          </button>
          {told && !isOutdated ? (
            <button
              type="button"
              className="button primary"
              disabled={!isReady || begin.isPending}
              onClick={act}
            >
              {t(
                begin.isPending
                  ? 'command.asking'
                  : begin.unknown
                    ? 'command.askAgain'
                    : 'control.act',
                {
                  name: t(`command.function.${name}.name`),
                  meters: t('home.meters', { count: asked }),
                },
              )}
            </button>
          ) : (
            <button
              type="button"
              className="button primary"
              disabled={!choice || preview.isPending}
              onClick={() => {
                begin.reset();
                look();
              }}
            >
              {t(preview.isPending ? 'control.previewing' : 'control.preview')}
            </button>
          )}
        </>
      }
    >
      <div className="stack">
        <p className="command-what">{t(`command.function.${name}.what`)}</p>
        <CommandFields name={name} draft={draft} set={forget} />
        {preview.isPending && (
          <div className="stack" aria-busy>
            <Skeleton width="60%" />
            <Skeleton width="90%" />
            <Waiting what={t('control.preview')} />
          </div>
        )}
        {preview.error && <ProblemNotice error={preview.error} />}
        {told && <Told told={told} />}
        {told && asked > 0 && (
          <>
            <div className="command-pair">
              <Field
                label={t('control.canary')}
                type="figure"
                value={canary}
                invalid={!isCanary}
                onChange={setCanary}
                hint={t('control.canaryHint')}
              />
              <label className="control-goes-on">
                <input
                  type="checkbox"
                  checked={goesOn}
                  onChange={(event) => setGoesOn(event.target.checked)}
                />
                <span>{t('control.goesOn')}</span>
              </label>
            </div>
            <Field
              label={t('command.reason')}
              value={reason}
              onChange={setReason}
              hint={t('command.reasonHint')}
            />
            {GRAVE.has(name) && (
              <Field
                label={t('control.repeat', { count: asked })}
                type="figure"
                value={repeated}
                invalid={repeated !== '' && !isMeant}
                onChange={setRepeated}
              />
            )}
            <p className="second">{t('command.life', { span: span(t, told.lifeS) })}</p>
          </>
        )}
        {begin.error && <ProblemNotice error={begin.error} />}
        {begin.unknown && <p className="second">{t('control.askUnknown')}</p>}
      </div>
    </Drawer>
  );
}

/** Who is asked, who is left out and why, whom it changes nothing for. */
function Told({ told: { counts, data } }: { told: BatchPreview }) {
  const { t } = useTranslation();
  const left = data.filter(({ obstacle }) => obstacle !== null);
  const why = [...new Set(left.map(({ obstacle }) => obstacle ?? ''))];
  const accounts = new Set(data.flatMap((m) => (m.obstacle ? [] : (m.accountName ?? []))));
  return (
    <section className="control-told" aria-label={t('control.preview')}>
      <dl className="pairs">
        <div>
          <dt>{t('control.asked')}</dt>
          <dd className="strong">
            {t('control.ofAll', { count: counts.asked, all: number(counts.total) })}
          </dd>
        </div>
        {accounts.size > 0 && (
          <div>
            <dt>{t('page.accounts')}</dt>
            <dd>{number(accounts.size)}</dd>
          </div>
        )}
        {counts.unchanged > 0 && (
          <div>
            <dt>{t('control.unchanged')}</dt>
            <dd>{number(counts.unchanged)}</dd>
          </div>
        )}
        {counts.silent > 0 && (
          <div>
            <dt>{t('control.silent')}</dt>
            <dd className="old">
              {number(counts.silent)} <Names meters={data.filter((m) => m.silent && !m.obstacle)} />
            </dd>
          </div>
        )}
      </dl>
      {why.map((obstacle) => {
        const out = left.filter((meter) => meter.obstacle === obstacle);
        return (
          <p key={obstacle} className="control-left second">
            <Icon name="lock" size={12} />
            <span>
              <b>{t('control.leftOut', { count: out.length })}</b> {t(`problem.${obstacle}.what`)}
              {t('mark.colon')}
              <Names meters={out} />
            </span>
          </p>
        );
      })}
      {counts.asked === 0 && <p className="neg">{t('control.nobody')}</p>}
    </section>
  );
}

function Names({ meters }: { meters: readonly PreviewedMeter[] }) {
  const { t } = useTranslation();
  const named = meters.slice(0, NAMED_MAX).map(({ pointCode, serial }) => pointCode ?? serial);
  const more = meters.length - named.length;
  return (
    <span className="quiet">
      {named.join(t('mark.list'))}
      {more > 0 && ` ${t('control.andMore', { count: more })}`}
    </span>
  );
}
