/** A line opened: what it says, what became of it, what it may be, and what may be done about it. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { useBankLine } from '../../bank-queries.ts';
import type { BankAct, BankCandidate, BankLine } from '../../bank-shapes.ts';
import { useNow } from '../../clock.tsx';
import { day, moment } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useAccounts } from '../../queries.ts';

import { Reasoned } from '../sale/reasoned.tsx';

export function LineDetail({ line, onClaim }: { line: BankLine; onClaim: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const found = useBankLine(line.id);
  const isIn = !line.amount.amount.startsWith('-');
  const path = `/bank-lines/${line.id}/acts`;
  const isOpen = line.state === 'unidentified';
  return (
    <div className="stack counter-detail">
      <Said line={line} />
      <h3>{t('bank.history')}</h3>
      {found.error && <ProblemNotice error={found.error} />}
      {found.data ? <History acts={found.data.acts} /> : <Skeleton width="60%" />}
      {isOpen && found.data && (
        <>
          <h3>{t('bank.may')}</h3>
          <Candidates path={path} candidates={found.data.candidates} />
        </>
      )}
      {!may('bank.write') && <p className="second">{t('bank.notYours')}</p>}
      {may('bank.write') && isOpen && isIn && (
        <>
          <div className="counter-acts">
            <button type="button" className="button primary" onClick={onClaim}>
              <Icon name="account" size={14} />
              {t('bank.claim.open')}
            </button>
          </div>
          <Reasoned
            path={path}
            label={t('bank.sendBackReason')}
            choices={[{ body: { kind: 'return' }, label: t('bank.sendBack') }]}
          />
        </>
      )}
      {may('bank.write') && isOpen && !isIn && (
        <Reasoned
          path={path}
          label={t('bank.feeReason')}
          choices={[{ body: { kind: 'fee' }, label: t('bank.feeIt'), isMain: true }]}
        />
      )}
      {line.state === 'claimed' && <p className="second">{t('bank.claimed')}</p>}
      {may('bank.write') && (line.state === 'matched' || line.state === 'returned') && (
        <Reasoned
          path={path}
          label={t('bank.releaseReason')}
          choices={[{ body: { kind: 'release' }, label: t('bank.release') }]}
        />
      )}
    </div>
  );
}

function Said({ line }: { line: BankLine }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const account = useAccounts().data?.data.find(({ id }) => id === line.accountId);
  const { id: projectId } = useProject();
  const pairs: [string, React.ReactNode][] = [
    [t('bank.payer'), [line.payer, line.text].filter(Boolean).join(' · ')],
    [t('bank.reference'), line.reference],
    [t('bank.order'), line.order],
    [t('bank.file'), `${line.fileName} · ${t('bank.row')} ${line.row}`],
    [
      t('meters.account'),
      line.accountId && (
        <Link
          to="/projects/$projectId/accounts/$accountId"
          params={{ projectId, accountId: line.accountId }}
          preload={false}
        >
          {account ? nameOf(language, account) : line.accountName}
        </Link>
      ),
    ],
  ];
  return (
    <dl className="pairs">
      {pairs.map(
        ([term, says]) =>
          says && (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{says}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function History({ acts }: { acts: readonly BankAct[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(60_000);
  return (
    <ul className="bank-acts">
      {acts.map((act) => (
        <li key={act.id}>
          <span className="nowrap">{moment(language, zone, act.actedAt, now)}</span>
          <span className="strong">{t(`bank.acts.${act.kind}`)}</span>
          <span className="quiet">{act.isAutomatic ? t(`bank.rule.${act.rule}`) : act.reason}</span>
          <span className="quiet">
            {act.isAutomatic ? t('bank.automatic', { who: act.actedBy }) : act.actedBy}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Candidates({ path, candidates }: { path: string; candidates: readonly BankCandidate[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const may = useMay();
  const send = useAct<unknown>();
  if (candidates.length === 0) return <p className="second">{t('bank.mayNone')}</p>;
  return (
    <>
      <ul className="bank-may">
        {candidates.map(({ kind, id, label, names, day: on }) => (
          <li key={kind + id}>
            <span>
              <b className="strong">{t(`bank.kinds.${kind}`)}</b>{' '}
              <span className="mono">{label}</span> {names[0]}{' '}
              <span className="quiet">{day(language, on)}</span>
            </span>
            {may('bank.write') && (
              <button
                type="button"
                className="button small"
                disabled={send.isPending}
                onClick={() =>
                  send.mutate({ path, body: { kind: 'match', target: { kind, id }, reason: null } })
                }
              >
                {t('bank.matchIt')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {send.error && <ProblemNotice error={send.error} />}
    </>
  );
}
