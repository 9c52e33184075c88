/** A sale opened: what may be done with it – printed, reversed – and what became of it. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Sale } from '../../api.ts';
import { number } from '../../format.ts';
import { Icon } from '../../parts/icons.tsx';
import { useMay, useProject } from '../../project.tsx';
import { Reasoned } from './reasoned.tsx';
import { PrintReceipt } from './receipt-print.tsx';

export function SaleDetail({ sale }: { sale: Sale }) {
  const { t } = useTranslation();
  const may = useMay();
  const { id: projectId } = useProject();
  return (
    <div className="stack counter-detail">
      {sale.quantity !== null && (
        <p className="second">
          {t('vend.quantity.sold', {
            quantity: number(sale.quantity / 1000, 3),
            unit: sale.commodity === 'water' ? 'm³' : 'kWh',
            price: sale.price,
          })}
        </p>
      )}
      {sale.prints > 0 && <p className="second">{t('vend.print.count', { count: sale.prints })}</p>}
      {sale.state !== 'sold' && (
        <div className="notice warning">
          <Icon name="retry" />
          <div>
            <div className="strong">{t(`vend.sale.state.${sale.state}`)}</div>
            <Link
              to="/projects/$projectId/sales"
              params={{ projectId }}
              search={{ show: 'reversals', open: sale.reversalId ?? undefined }}
            >
              {t('vend.sale.toReversal')}
            </Link>
          </div>
        </div>
      )}
      <div className="counter-acts">
        <PrintReceipt receipt={sale.receipt} prints={sale.prints} />
      </div>
      {sale.state === 'sold' && may('reversal.write') && (
        <section className="stack" aria-label={t('vend.sale.reverse')}>
          <h3>{t('vend.sale.reverse')}</h3>
          <p className="second">{t('vend.sale.follows')}</p>
          <Reasoned
            path={`/sales/${sale.id}/reversals`}
            label={t('vend.sale.why')}
            choices={[{ label: t('vend.sale.act', { receipt: sale.receipt }) }]}
          />
        </section>
      )}
    </div>
  );
}
