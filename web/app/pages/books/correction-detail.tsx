/** A correction opened in place: the difference, the changed lines of both revisions, why and by whom. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Correction } from '../../books.ts';
import { useNow } from '../../clock.tsx';
import { day, moment } from '../../dates.ts';
import { amount, currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { useProject } from '../../project.tsx';
import { LineName, QuantityText, trimmed, useCause } from './correction-columns.tsx';
import { signedAmount } from './exact.ts';
import { lineKey, sumsOf, wasThere } from './lines.ts';

export function CorrectionDetail({ row, lines }: { row: Correction; lines: Correction[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const cause = useCause();
  const sums = sumsOf(lines);
  const money = currencyName(currency, language);
  return (
    <div className="correction">
      <section>
        <h3>
          <i className="step-mark">1</i>
          {t('books.correction.difference')}
        </h3>
        <div className="correction-figure">
          {signedAmount(sums.difference)} <span className="unit">{money}</span>
        </div>
        <p className="second">{t('books.correction.exactly', { sum: amount(sums.difference) })}</p>
        <p className="second">{t('books.correction.postedOnce')}</p>
      </section>
      <section className="scroll-x">
        <h3>
          <i className="step-mark">2</i>
          {t('books.correction.revisions', {
            day: day(language, row.serviceDay),
            subject: row.pointCode ?? row.accountNumber,
          })}
        </h3>
        <table className="small-table">
          <thead>
            <tr>
              <th scope="col">{t('books.correction.what')}</th>
              <th scope="col" colSpan={2}>
                {t('books.correction.before')} <span className="unit">{money}</span>
              </th>
              <th scope="col" colSpan={2}>
                {t('books.correction.now')} <span className="unit">{money}</span>
              </th>
              <th scope="col">{t('books.correction.difference')}</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={lineKey(line)}>
                <td>
                  <LineName row={line} />
                </td>
                <Side line={line} side="old" />
                <Side line={line} side="new" />
                <td>{signedAmount(line.difference, scaleOf(line.difference))}</td>
              </tr>
            ))}
            <tr className={sums.foots ? 'total' : 'total open'}>
              <td>{t('total')}</td>
              <td />
              <td>{amount(sums.before)}</td>
              <td />
              <td>{amount(sums.now)}</td>
              <td>{signedAmount(sums.difference, scaleOf(sums.difference))}</td>
            </tr>
          </tbody>
        </table>
        <p className="second">{t('books.correction.unchanged')}</p>
      </section>
      <section>
        <h3>
          <i className="step-mark">3</i>
          {t('books.correction.cause')}
        </h3>
        <dl className="pairs">
          <Pair term={t('books.correction.cause')}>{cause(row)}</Pair>
          <Pair term={t('books.correction.by')}>{row.by ?? t('books.correction.nobody')}</Pair>
          <Pair term={t('books.correction.booked')}>{day(language, row.accountingDate)}</Pair>
          <Pair term={t('books.correction.at')}>{moment(language, zone, row.at, now)}</Pair>
          <Pair term={t('books.correction.settlement')}>
            <span className="mono">
              <Explained id={row.supersedes} /> → <Explained id={row.settlementId} />
            </span>
          </Pair>
          <Pair term={t('books.correction.posting')}>
            <span className="mono">
              T-{row.transactionId} · {t('books.correction.runOf', { run: row.runId })}
            </span>
          </Pair>
          {row.traceId && (
            <Pair term={t('books.correction.trace')}>
              <span className="mono">{row.traceId.slice(0, 16)}</span>
            </Pair>
          )}
        </dl>
      </section>
    </div>
  );
}

/** A revision, explained down to the readings. */
function Explained({ id: settlementId }: { id: string }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  return (
    <Link
      to="/projects/$projectId/explain/$settlementId"
      params={{ projectId, settlementId }}
      title={t('explain.title')}
      preload={false}
    >
      {settlementId}
    </Link>
  );
}

/** Decimals of an exact text, at least two. */
const scaleOf = (text: string | null): number => Math.max(2, text?.split('.')[1]?.length ?? 0);

/** Quantity × price, and what it comes to, exactly. */
function Side({ line, side }: { line: Correction; side: 'old' | 'new' }) {
  const there = wasThere(line, side);
  const price = trimmed(side === 'old' ? line.oldPrice : line.newPrice);
  return (
    <>
      <td>
        <QuantityText row={line} side={side} />
        {there && price !== null && <span className="quiet"> × {amount(price, 4)}</span>}
      </td>
      <td>{there ? amount(side === 'old' ? line.oldAmount : line.newAmount) : '–'}</td>
    </>
  );
}

function Pair({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
