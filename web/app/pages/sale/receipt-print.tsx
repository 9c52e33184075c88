/** Printing a receipt: the print is counted first, and what comes out says whether it is a reprint. */
import { useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { fullMoment } from '../../dates.ts';
import { amount, currencyName, number } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { usePlace } from '../../project.tsx';
import { usePrint } from '../../vending-queries.ts';
import type { Paper } from '../../vending-shapes.ts';
import './receipt.css';

export function PrintReceipt({
  receipt,
  prints,
  isSmall = false,
}: {
  receipt: string;
  prints: number;
  /** As a sign alone, beside a number in a list. */
  isSmall?: boolean;
}) {
  const { t } = useTranslation();
  const [paper, setPaper] = useState<Paper | null>(null);
  const print = usePrint(setPaper);
  const says = t(prints > 0 || paper ? 'vend.print.again' : 'vend.print.act');
  return (
    <>
      <button
        type="button"
        className={isSmall ? 'button plain icon small' : 'button'}
        disabled={print.isPending}
        {...(isSmall && { 'aria-label': `${says} ${receipt}`, title: says })}
        onClick={() => print.mutate(receipt)}
      >
        <Icon name="printer" size={14} />
        {!isSmall && says}
      </button>
      {print.error && <ProblemNotice error={print.error} />}
      {paper && <Printed key={paper.copy} paper={paper} onDone={() => setPaper(null)} />}
    </>
  );
}

/** The paper alone on the page while the browser prints it. */
function Printed({ paper, onDone }: { paper: Paper; onDone: () => void }) {
  useEffect(() => {
    document.body.classList.add('prints-receipt');
    addEventListener('afterprint', onDone);
    window.print();
    return () => {
      document.body.classList.remove('prints-receipt');
      removeEventListener('afterprint', onDone);
    };
  }, [onDone]);
  return createPortal(<ReceiptPaper paper={paper} />, document.body);
}

function ReceiptPaper({ paper }: { paper: Paper }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { project } = usePlace();
  const when = (at: string) => fullMoment(language, project.zone, at);
  const unit = paper.commodity === 'water' ? 'm³' : 'kWh';
  return (
    <article className="receipt" aria-label={t('sale.receipt')}>
      <header>
        <b>{nameOf(language, paper.issuer)}</b>
        {paper.issuer.taxId && <span>{paper.issuer.taxId}</span>}
        <span>{nameOf(language, project)}</span>
      </header>
      <h1>{t(`vend.paper.${paper.kind}`)}</h1>
      {paper.isReprint && (
        <p className="receipt-reprint">
          {t('vend.paper.reprint', { copy: number(paper.copy - 1) })}
        </p>
      )}
      {paper.reversedBy && (
        <p className="receipt-reprint">{t('vend.paper.reversed', { receipt: paper.reversedBy })}</p>
      )}
      <dl>
        <Line term={t('sale.receipt')}>{paper.receipt}</Line>
        {paper.ofReceipt && <Line term={t('vend.paper.of')}>{paper.ofReceipt}</Line>}
        <Line term={t('meters.account')}>
          {language === 'zh' && paper.accountNameZh ? paper.accountNameZh : paper.accountName} (
          {paper.accountNumber})
        </Line>
        {paper.serials.length > 0 && (
          <Line term={t('sale.meter')}>
            {paper.serials.slice(0, SERIALS_SHOWN).join(t('mark.list'))}
          </Line>
        )}
        {paper.toMeter && (
          <Line term={t('vend.paper.toMeter')}>
            {paper.toMeter.serial} · {amount(paper.toMeter.amount.amount)}
          </Line>
        )}
        {paper.channel && <Line term={t('sale.channel')}>{t(`channel.${paper.channel}`)}</Line>}
        {paper.quantity !== null && (
          <Line term={t('vend.quantity.quantity')}>
            {number(paper.quantity / 1000, 3)} {unit} × {paper.price}
          </Line>
        )}
        <Line term={t('vend.paper.at')}>{when(paper.at)}</Line>
        <Line term={t('vend.paper.by')}>{paper.by}</Line>
        {paper.note && <Line term={t('sale.note')}>{paper.note}</Line>}
        {paper.approvedBySamePerson && (
          <Line term={t('vend.paper.approval')}>{t('vend.samePerson')}</Line>
        )}
      </dl>
      <p className="receipt-amount">
        {amount(paper.amount.amount)} {currencyName(paper.amount.currency, language)}
      </p>
      <footer>
        {t('vend.paper.printed', { at: when(paper.printedAt), who: paper.printedBy })}
      </footer>
    </article>
  );
}

/** A receipt of an account with many meters names the first of them. */
const SERIALS_SHOWN = 8;

function Line({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
