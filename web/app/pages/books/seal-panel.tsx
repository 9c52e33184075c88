/** The seal of the journal: last position and hash, when it was proven, a proof on demand with its progress. */
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { JournalHead, LedgerProof } from '../../books.ts';
import { useProve } from '../../books-queries.ts';
import { useNow } from '../../clock.tsx';
import { moment, span } from '../../dates.ts';
import { number } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';

/** A transaction that waits longer than this for its position waits too long. */
const UNSEALED_OLD_S = 120;

export function SealPanel({ head }: { head: UseQueryResult<JournalHead> }) {
  const { t } = useTranslation();
  const { data } = head;
  return (
    <section className="panel seal">
      <div className="panel-head">
        <h2>{t('books.seal.title')}</h2>
        <span className="rest">{data && <SealMark state={data.state} />}</span>
      </div>
      <div className="panel-body">
        {head.isError && !data ? (
          <ProblemNotice error={head.error} retry={() => void head.refetch()} />
        ) : (
          <Head head={data} />
        )}
        {data && <Proof proof={data.proof} />}
      </div>
    </section>
  );
}

function SealMark({ state }: { state: JournalHead['state'] }) {
  const { t } = useTranslation();
  const look = { holds: 'pos', broken: 'neg', unproven: 'second' }[state];
  const icon = { holds: 'check', broken: 'warning', unproven: 'clock' } as const;
  return (
    <span className={`state ${look}`}>
      <Icon name={icon[state]} size={14} />
      {t(`books.seal.state.${state}`)}
    </span>
  );
}

function Head({ head }: { head: JournalHead | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(10_000);
  if (!head) {
    return (
      <div className="stack">
        {[1, 2, 3, 4].map((line) => (
          <Skeleton key={line} width="100%" height={14} />
        ))}
      </div>
    );
  }
  const oldest = head.oldestUnsealedAt;
  const waitS = oldest ? (now.getTime() - Date.parse(oldest)) / 1000 : 0;
  return (
    <dl className="pairs">
      <div>
        <dt>{t('books.seal.position')}</dt>
        <dd className="strong">{number(Number(head.position))}</dd>
      </div>
      <div>
        <dt>{t('books.seal.hash')}</dt>
        <dd className="mono" title={head.hash ?? undefined}>
          {head.hash ? grouped(head.hash) : '–'}
        </dd>
      </div>
      <div>
        <dt>{t('books.seal.sealed')}</dt>
        <dd>{head.sealedAt ? moment(language, zone, head.sealedAt, now) : '–'}</dd>
      </div>
      <div>
        <dt>{t('books.seal.unsealed')}</dt>
        <dd className={waitS > UNSEALED_OLD_S ? 'old' : undefined}>
          {number(head.unsealed)}
          {oldest && `${t('mark.comma')}${t('books.seal.oldest', { span: span(t, waitS) })}`}
        </dd>
      </div>
    </dl>
  );
}

/** The first and last groups of a hash: enough to compare with what was noted down. */
const grouped = (hash: string): string =>
  `${(hash.slice(0, 16).match(/.{4}/g) ?? []).join(' ')} … ${hash.slice(-4)}`;

function Proof({ proof }: { proof: LedgerProof | null }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const now = useNow(10_000);
  const prove = useProve();
  const runs = !!proof && proof.finishedAt === null;
  return (
    <>
      <div className="seal-proof">
        {runs ? (
          <div>
            <div>
              {t(proof.startedAt ? 'books.seal.runs' : 'books.seal.waits', {
                checked: number(proof.checked),
                positions: number(proof.positions),
              })}
            </div>
            <progress
              aria-label={t('books.seal.progress')}
              max={Math.max(1, proof.positions)}
              value={proof.checked}
            />
          </div>
        ) : proof ? (
          <div className={proof.outcome === 'held' ? '' : 'neg'}>
            {t(`books.seal.outcome.${proof.outcome ?? 'failed'}`, {
              positions: number(proof.checked),
            })}
            <span className="second block">
              {moment(language, zone, proof.finishedAt ?? proof.requestedAt, now)}
              {' · '}
              {proof.requestedBy}
            </span>
          </div>
        ) : (
          <span className="second">{t('books.seal.never')}</span>
        )}
        <button
          type="button"
          className="button small"
          disabled={runs || prove.isPending}
          onClick={() => prove.mutate()}
        >
          <Icon name="retry" size={14} />
          {t('books.seal.prove')}
        </button>
      </div>
      {prove.error && <ProblemNotice error={prove.error} />}
      {!!proof?.checks.length && (
        <ul className="gate proof-checks">
          {proof.checks.map((check) => (
            <li key={check.name} className={check.faults ? 'stands' : ''}>
              <Icon
                name={check.faults ? 'warning' : 'check'}
                size={14}
                className={check.faults ? 'neg' : 'pos'}
              />
              <span>
                {t(`books.seal.check.${check.name}`, { defaultValue: check.name })}
                {check.first && <span className="second block neg">{check.first}</span>}
              </span>
              <span className={check.faults ? 'gate-count neg' : 'gate-count'}>
                {check.faults
                  ? t('books.seal.faults', { count: check.faults, of: number(check.counted) })
                  : number(check.counted)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** A broken chain is the loudest thing on the page: where, what still holds, what to do. */
export function BrokenSeal({ head }: { head: JournalHead }) {
  const { t } = useTranslation();
  const first = head.proof?.checks.find(({ faults }) => faults > 0);
  return (
    <div className="notice error broken-seal" role="alert">
      <Icon name="warning" size={16} />
      <div>
        <div className="strong">
          {head.brokenPosition
            ? t('books.seal.brokenAt', { position: number(Number(head.brokenPosition)) })
            : t('books.seal.brokenSomewhere')}
        </div>
        {first?.first && <div>{first.first}</div>}
        <div className="second">{t('books.seal.brokenDo')}</div>
      </div>
    </div>
  );
}
