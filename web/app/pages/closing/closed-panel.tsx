/** How an account ended: when, what was left and what became of it; prints as its confirmation. */
import { useTranslation } from 'react-i18next';
import { fullMoment } from '../../dates.ts';
import { useLanguage } from '../../language.ts';
import { useClosing } from '../../opening-queries.ts';
import { Amount } from '../../parts/figure.tsx';
import { useProject } from '../../project.tsx';
import { PrintReceipt } from '../sale/receipt-print.tsx';
import './closing.css';

export function ClosedPanel({ accountId }: { accountId: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const closing = useClosing(accountId, { at: '', isAsked: true }).data?.closing;
  if (!closing) return null;
  const lines = [
    { term: t('closing.end'), text: fullMoment(language, zone, closing.endedAt) },
    {
      term: t('closing.state'),
      text: closing.outcome ? t(`closing.outcome.${closing.outcome}`) : t('closing.waitsFor'),
    },
    closing.channel && { term: t('sale.channel'), text: t(`channel.${closing.channel}`) },
    closing.receipt && {
      term: t('sale.receipt'),
      text: (
        <>
          {closing.receipt} <PrintReceipt receipt={closing.receipt} prints={0} isSmall />
        </>
      ),
    },
    { term: t('closing.reason'), text: closing.reason },
    { term: t('closing.by'), text: closing.requestedBy },
    {
      term: t('closing.freed'),
      text: closing.points.map(({ code }) => code).join(t('mark.list')) || '–',
    },
  ].filter((line) => !!line);
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('closing.closed')}</h2>
        {closing.balance && (
          <span className="rest strong">
            <Amount money={closing.balance} />
          </span>
        )}
      </div>
      <dl className="pairs closing-panel">
        {lines.map(({ term, text }) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
