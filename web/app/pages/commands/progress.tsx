/** A command as it goes: requested, sent, and what came of it, each with its time; never "send again". */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { useCommand } from '../../command-queries.ts';
import { type CommandStep, type CommandWithSteps, isOpen } from '../../command-shapes.ts';
import { time } from '../../dates.ts';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { Field } from '../exceptions/field.tsx';
import { Outcome, outcomeText } from './outcome.tsx';
import { askedText, readBack } from './read-back.ts';

export function CommandProgress({
  commandId,
  mayWithdraw,
}: {
  commandId: string;
  mayWithdraw: boolean;
}) {
  const { t } = useTranslation();
  const query = useCommand(commandId);
  const command = query.data;
  if (!command) {
    return query.isError ? (
      <ProblemNotice error={query.error} retry={() => void query.refetch()} />
    ) : (
      <div className="stack" aria-busy>
        <Skeleton width="70%" />
        <Skeleton width="90%" />
        <Waiting what={t('command.wait')} />
      </div>
    );
  }
  const why = outcomeText(t, command);
  return (
    <div className="stack" role="status">
      <div className="command-now">
        <Outcome command={command} />
        {why && <span className="second">{why}</span>}
        {command.state === 'unknown' && <span className="second">{t('command.unknownText')}</span>}
      </div>
      <Line command={command} />
      <Steps steps={command.steps} />
      {mayWithdraw && command.state === 'requested' && <Withdraw commandId={commandId} />}
      {isOpen(command) && <p className="second">{t('command.leave')}</p>}
    </div>
  );
}

/** What was asked, what stood there and what was read back. */
function Line({ command }: { command: CommandWithSteps }) {
  const { t } = useTranslation();
  const { zone } = useProject();
  const pairs = [
    [t('command.asked'), askedText(t, command)],
    [t('command.before'), readBack(t, command.before)],
    [t('command.after'), readBack(t, command.after)],
    [
      t('command.observed'),
      command.supplyObservedAt ? time(zone, command.supplyObservedAt, true) : '',
    ],
    [t('command.reason'), `${command.requestedBy}${t('mark.colon')}${command.reason}`],
  ].filter(([, value]) => value !== '');
  return (
    <dl className="pairs">
      {pairs.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const FRAMES: ReadonlySet<string> = new Set(['read', 'write']);

function Steps({ steps }: { steps: readonly CommandStep[] }) {
  const { t, i18n } = useTranslation();
  const { zone } = useProject();
  return (
    <ol className="command-steps">
      {steps.map(({ at, kind, address, result }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever added at the end.
        <li key={i}>
          <span className="quiet">{time(zone, at, true)}</span>
          <span>
            {i18n.exists(`command.step.${kind}`) ? t(`command.step.${kind}`) : kind}
            {address !== null && (
              <span className="mono quiet">
                {' '}
                {address.toString(16).toUpperCase().padStart(4, '0')}H
              </span>
            )}
          </span>
          <span className={FRAMES.has(kind) && result !== 'ok' ? 'neg' : 'quiet'}>
            {result === 'ok' ? '' : outcomeText(t, { state: 'requested', outcome: result })}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Withdraw({ commandId }: { commandId: string }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState<string | null>(null);
  const withdraw = useAct<unknown>();
  if (reason === null) {
    return (
      <button type="button" className="link-button" onClick={() => setReason('')}>
        {t('command.withdraw')}
      </button>
    );
  }
  return (
    <div className="stack">
      <Field label={t('command.reason')} value={reason} onChange={setReason} />
      <button
        type="button"
        className="button"
        disabled={!reason.trim() || withdraw.isPending}
        onClick={() =>
          withdraw.mutate({
            path: `/commands/${commandId}/withdraw`,
            body: { reason: reason.trim() },
          })
        }
      >
        {t('command.withdraw')}
      </button>
      {withdraw.error && <ProblemNotice error={withdraw.error} />}
    </div>
  );
}
