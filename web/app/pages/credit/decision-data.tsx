/** What a decision stood on: balances, how old the readings were, which notices were proven, the commands it sent. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Money } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { useCommand } from '../../command-queries.ts';
import type { Decision } from '../../credit-shapes.ts';
import { fullMoment, moment, span } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { noticeStates } from '../../notices.ts';
import { Amount } from '../../parts/figure.tsx';
import { Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { Outcome, outcomeText } from '../commands/outcome.tsx';
import { NoticeStateMark } from '../notices/notice-state.tsx';

export function DecisionData({ decision }: { decision: Decision }) {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { id: projectId, zone } = useProject();
  const may = useMay();
  const now = useNow(60_000);
  const { points, notices } = decision.data;
  const pairs = usePairs(decision);
  const word = (group: string, code: string) =>
    i18n.exists(`credit.${group}.${code}`) ? t(`credit.${group}.${code}`) : code;
  return (
    <div className="credit-data">
      <dl className="pairs">
        {pairs.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {points && points.length > 0 && (
        <ul className="credit-lines" aria-label={t('credit.readings')}>
          {points.map(({ pointId, code, sampleAt, ageS, quality }) => (
            <li key={pointId}>
              <span className="strong">{code}</span>
              <span className="second">
                {sampleAt
                  ? t('credit.sample', {
                      at: moment(language, zone, sampleAt, now),
                      age: ageS === null ? '–' : span(t, ageS),
                    })
                  : t('credit.noSample')}
                {quality && ` · ${word('quality', quality)}`}
              </span>
            </li>
          ))}
        </ul>
      )}
      {notices && notices.length > 0 && (
        <ul className="credit-lines" aria-label={t('page.notices')}>
          {notices.map((notice) => {
            const state = noticeStates.find((each) => each === notice.state);
            return (
              <li key={notice.id}>
                {may('notice.read') ? (
                  <Link
                    to="/projects/$projectId/notices"
                    params={{ projectId }}
                    search={{ q: decision.number, open: notice.id }}
                  >
                    {word('level', notice.level)}
                  </Link>
                ) : (
                  <span>{word('level', notice.level)}</span>
                )}
                {state ? <NoticeStateMark state={state} /> : <span>{notice.state}</span>}
                <span className="second">
                  {notice.provenAt
                    ? t('credit.provenAt', { at: moment(language, zone, notice.provenAt, now) })
                    : t('credit.notProven')}
                </span>
              </li>
            );
          })}
        </ul>
      )}
      {decision.commandIds.length > 0 && may('command.read') && (
        <ul className="credit-lines" aria-label={t('page.control')}>
          {decision.commandIds.map((id) => (
            <CommandLine key={id} commandId={id} />
          ))}
        </ul>
      )}
    </div>
  );
}

/** What is known of it, a label and a figure each. */
function usePairs({ at, data }: Decision): [string, React.ReactNode][] {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const when = (instant: string | null | undefined) =>
    instant ? fullMoment(language, zone, instant) : null;
  const money = (value: Money | undefined) => value && <Amount money={value} />;
  const word = (group: string, code: string | undefined) =>
    code && (i18n.exists(`credit.${group}.${code}`) ? t(`credit.${group}.${code}`) : code);
  const pairs: [string, React.ReactNode][] = [
    [t('credit.decidedAt'), when(at)],
    [t('credit.by'), data.by],
    [t('sale.note'), data.note],
    [t('credit.live'), money(data.live)],
    [t('credit.cuttable'), money(data.cuttable)],
    [t('credit.creditLimit'), money(data.creditLimit)],
    [t('credit.estimatedPart'), money(data.estimated)],
    [t('credit.computedAt'), when(data.computedAt)],
    [t('credit.belowSince'), when(data.belowSince)],
    [t('credit.detailTitle'), word('detail', data.detail)],
    [t('credit.until'), when(data.until)],
    [t('credit.deadline'), when(data.deadline)],
    [t('credit.orders'), word('ordersAre', data.orders?.outcome)],
    [t('credit.generation'), data.generation],
  ];
  return pairs.filter(([, value]) => value !== undefined && value !== null);
}

/** A command that came of it, with what became of it; its meter's page tells all of it. */
function CommandLine({ commandId }: { commandId: string }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const command = useCommand(commandId).data;
  if (!command)
    return (
      <li>
        <Skeleton width={180} />
      </li>
    );
  return (
    <li>
      <Link
        to="/projects/$projectId/meters/$meterId"
        params={{ projectId, meterId: command.meterId }}
      >
        {command.function !== 'recharge' && t(`command.function.${command.function}.name`)}{' '}
        {command.pointCode ?? command.serial}
      </Link>
      <Outcome command={command} />
      <span className="second">{outcomeText(t, command)}</span>
    </li>
  );
}
