/** A batch under way: how far, what came of each meter, and what may be decided about it. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useBatch, useBatchMeters, useDecideBatch } from '../../batch-queries.ts';
import { type Batch, batchMeterStates, countOf } from '../../batch-shapes.ts';
import { permissionOf } from '../../command-shapes.ts';
import { fullMoment } from '../../dates.ts';
import { number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { Table } from '../../parts/table.tsx';
import { useMay, useProject } from '../../project.tsx';
import { askedText } from '../commands/read-back.ts';
import { Field } from '../exceptions/field.tsx';
import { useBatchColumns } from './batch-columns.tsx';
import '../commands/commands.css';

export function BatchProgress({ batchId, onClose }: { batchId: string; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const query = useBatch(batchId);
  const batch = query.data?.totals ?? undefined;
  const meters = useBatchMeters(batchId, batch?.counts);
  const columns = useBatchColumns();
  const [sort, setSort] = useState<string>();
  const title = batch
    ? t('control.title', {
        name: t(`command.function.${batch.function}.name`),
        meters: t('home.meters', { count: batch.counts.total - batch.counts.leftOut }),
      })
    : t('control.batch');
  return (
    <Drawer wide title={title} onClose={onClose} foot={batch && <Acts batch={batch} />}>
      {!batch ? (
        query.isError ? (
          <ProblemNotice error={query.error} retry={() => void query.refetch()} />
        ) : (
          <div className="stack" aria-busy>
            <Skeleton width="60%" />
            <Skeleton width="90%" />
            <Waiting what={t('control.batch')} />
          </div>
        )
      ) : (
        <div className="stack">
          <p className="second command-what">
            {fullMoment(language, zone, batch.requestedAt)} · {batch.requestedBy}
            {t('mark.colon')}
            {batch.reason}
            {askedText(t, batch) && ` · ${askedText(t, batch)}`}
          </p>
          <Stages batch={batch} />
          <Counts batch={batch} />
          {batch.acts.map(({ act, at, by, reason, meters: count }) => (
            <p className="second command-what" key={at + act}>
              {fullMoment(language, zone, at)} · {t(`control.acted.${act}`, { count })} · {by}
              {t('mark.colon')}
              {reason}
            </p>
          ))}
          <Table
            name="batch"
            label={t('control.meters')}
            columns={columns}
            rows={meters.data?.data}
            rowKey={({ meterId }) => meterId}
            sort={sort}
            onSort={setSort}
            waitingFor={t('control.meters')}
            empty={null}
            complete={meters.data?.complete ?? true}
            file={{ path: `/command-batches/${batchId}`, rows: batch.counts.total }}
            height={420}
          />
        </div>
      )}
    </Drawer>
  );
}

/** Preview is behind us; canary, rest, proof. */
function Stages({ batch: { state, canary, counts } }: { batch: Batch }) {
  const { t } = useTranslation();
  const isAsked = counts.waiting === 0;
  const stages = [
    { name: 'preview', isOver: true, isNow: false },
    {
      name: canary > 0 ? 'canary' : 'noCanary',
      isOver: isAsked || state === 'ready',
      isNow: state === 'canary',
    },
    { name: 'rest', isOver: state === 'done', isNow: state === 'running' || state === 'ready' },
    { name: 'proof', isOver: state === 'done', isNow: false },
  ];
  return (
    <>
      <ol className="control-stages">
        {stages.map(({ name, isOver, isNow }) => (
          <li
            key={name}
            className={isOver ? 'over' : isNow ? 'now' : undefined}
            aria-current={isNow ? 'step' : undefined}
          >
            {t(`control.stage.${name}`, { count: canary })}
          </li>
        ))}
      </ol>
      <p className="command-what strong" role="status">
        {t(`control.state.${state}`)}
      </p>
    </>
  );
}

function Counts({ batch: { counts } }: { batch: Batch }) {
  const { t } = useTranslation();
  const asked = counts.total - counts.leftOut;
  const shown = batchMeterStates.filter((state) => countOf(counts, state) > 0);
  return (
    <div>
      <div className="strong">
        {t('control.confirmedOf', { count: counts.confirmed, all: number(asked) })}
      </div>
      <div className="control-bar-line" aria-hidden>
        {shown
          .filter((state) => state !== 'left-out')
          .map((state) => (
            <i key={state} className={state} style={{ flexGrow: countOf(counts, state) }} />
          ))}
      </div>
      <div className="legend">
        {shown.map((state) => (
          <span key={state}>
            <i className={`swatch control-swatch ${state}`} />
            {t(`control.meterState.${state}`)} <b>{number(countOf(counts, state))}</b>
          </span>
        ))}
      </div>
    </div>
  );
}

type Act = 'stop' | 'continue' | 'retry';

/** What can be decided now, each with a reason; unknown meters are being read back, never sent to again. */
function Acts({ batch }: { batch: Batch }) {
  const { t } = useTranslation();
  const may = useMay();
  const [act, choose] = useState<Act>();
  const [reason, setReason] = useState('');
  const decide = useDecideBatch(batch.id);
  const { state, counts } = batch;
  const failed = counts.refused + counts.expired;
  const left = counts.waiting + counts.withdrawn;
  const acts: Act[] = [
    ...(state === 'stopped' || state === 'done' ? [] : (['stop'] as const)),
    ...(failed > 0 ? (['retry'] as const) : []),
    ...(left > 0 && (state === 'ready' || (state !== 'canary' && failed === 0))
      ? (['continue'] as const)
      : []),
  ];
  if (!may(permissionOf[batch.function]) || acts.length === 0) {
    return <span className="second control-leave">{t('control.leave')}</span>;
  }
  if (act && acts.includes(act)) {
    return (
      <div className="control-decide">
        <Field label={t('command.reason')} value={reason} onChange={setReason} />
        {decide.error && <ProblemNotice error={decide.error} />}
        <span className="control-acts">
          <button type="button" className="button" onClick={() => choose(undefined)}>
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!reason.trim() || decide.isPending}
            onClick={() =>
              decide.mutate(
                { act, reason: reason.trim() },
                {
                  onSuccess: () => {
                    choose(undefined);
                    setReason('');
                  },
                },
              )
            }
          >
            {t(`control.decide.${act}`, { count: act === 'retry' ? failed : left })}
          </button>
        </span>
      </div>
    );
  }
  return (
    <>
      <span className="second control-leave">{t('control.leave')}</span>
      {acts.map((each) => (
        <button
          type="button"
          key={each}
          className={each === 'stop' ? 'button grave' : 'button'}
          onClick={() => {
            decide.reset();
            choose(each);
          }}
        >
          {t(`control.decide.${each}`, { count: each === 'retry' ? failed : left })}
        </button>
      ))}
    </>
  );
}
