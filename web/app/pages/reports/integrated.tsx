/** The integrated report: energy and money of each account, from opening to closing; what does not foot stands out. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from '../../clock.tsx';
import { localDay } from '../../dates.ts';
import { amount, currencyName, negate, number, thousands } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Cell } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import { useProject } from '../../project.tsx';
import { askedRange, rangeSearch } from '../../range.ts';
import type { IntegratedRow, IntegratedTotals, Report } from '../../reports.ts';
import type { ReportSearch } from '../../search.ts';
import { FootsLine } from './figures.tsx';
import { RangeFilter, SupplyFilter } from './filters.tsx';
import { ReportFrame, Strip } from './frame.tsx';
import { useIntegratedColumns } from './integrated-columns.tsx';
import { accountsFoot } from './integrated-sums.ts';
import { useReport } from './use-report.ts';

export default function Integrated() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const navigate = useNavigate();
  const search = useSearch({ from: '/projects/$projectId/integrated' });
  const today = localDay(zone, useNow(60_000));
  const asked = askedRange(search, today, 'month');
  const commodity = search.commodity ?? 'electricity';
  const unit = commodity === 'water' ? 'm³' : 'kWh';
  const money = currencyName(currency, language);
  const query = { from: asked.from, to: asked.to, by: 'account', commodity };
  const answer = useReport<Report<IntegratedRow, IntegratedTotals>>('integrated', query);
  const opened = search.open;
  const points = useReport<Report<IntegratedRow, IntegratedTotals>>(
    'integrated',
    { ...query, by: 'point', accountId: opened },
    { on: !!opened },
  );
  const report = answer.data;
  const totals = report?.totals;
  const rows = report?.data;
  const off = rows?.filter(({ foots }) => !foots).length ?? 0;
  const moneyFoot = !!report && accountsFoot(report.data, report.totals);
  const foots = moneyFoot && off === 0;
  const only = search.show === 'all' ? undefined : 'all';
  // What does not foot comes first, unless another order is asked for.
  const shown = useMemo(
    () => rows && [...rows.filter((row) => !row.foots), ...rows.filter((row) => only && row.foots)],
    [rows, only],
  );
  const set = (change: Partial<ReportSearch>) =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...change }), replace: true });
  const columns = useIntegratedColumns({
    totals: only ? totals : undefined,
    opened,
    water: commodity === 'water',
  });
  const under = useMemo(() => {
    const own = points.isPlaceholderData ? undefined : points.data?.data;
    return (row: IntegratedRow) => (row.accountId === opened && !row.pointId ? own : undefined);
  }, [opened, points.data, points.isPlaceholderData]);
  return (
    <ReportFrame
      title={t('report.name.integrated')}
      page="integrated"
      asked={asked}
      answer={answer}
      file={{
        name: 'integrated',
        query: only ? query : { ...query, only: 'not-footing' },
        rows: shown?.length ?? null,
        hasTotal: true,
      }}
      first={<RangeFilter asked={asked} onChange={(range) => set(rangeSearch(range))} />}
      filters={
        <SupplyFilter
          value={commodity}
          onChange={(value) => set({ commodity: value === 'electricity' ? undefined : value })}
        />
      }
    >
      <Strip count={5}>
        <Cell
          label={t('report.integrated.opening')}
          value={amount(totals?.openingBalance?.amount)}
          unit={money}
          loading={!report}
          line={t('report.integrated.accounts', { count: report?.rowCount ?? 0 })}
        />
        <Cell
          label={t('report.integrated.topUps')}
          value={amount(totals?.topUps?.amount)}
          unit={money}
          loading={!report}
        />
        <Cell
          label={t('report.finance.charges')}
          value={amount(totals?.charges && negate(totals.charges.amount))}
          unit={money}
          loading={!report}
          line={t('report.integrated.corrections', {
            amount: amount(totals?.corrections?.amount),
          })}
        />
        <Cell
          label={t('report.integrated.closing')}
          value={amount(totals?.closingBalance?.amount)}
          unit={money}
          loading={!report}
          line={
            <FootsLine foots={moneyFoot}>
              {moneyFoot ? t('report.integrated.moneyFoots') : undefined}
            </FootsLine>
          }
        />
        <Cell
          label={t('report.integrated.energy')}
          value={thousands(totals?.quantity)}
          unit={unit}
          loading={!report}
          line={t('report.integrated.charged', {
            quantity: `${thousands(totals?.chargedQuantity)} ${unit}`,
          })}
        />
      </Strip>
      <Table
        name="integrated"
        label={t('report.name.integrated')}
        title={report && t('report.integrated.accounts', { count: report.rowCount })}
        beside={
          <>
            <span className="second">{t('report.integrated.units', { money, unit })}</span>
            {report && (
              <Segmented
                label={t('report.show')}
                value={only ? 'all' : 'off'}
                onChange={(value) => set({ show: value === 'off' ? 'all' : undefined })}
                choices={[
                  { value: 'all', label: t('report.integrated.all') },
                  {
                    value: 'off',
                    label: t('report.integrated.off', { count: off }),
                  },
                ]}
              />
            )}
          </>
        }
        columns={columns}
        rows={shown}
        rowKey={(row) => `${row.accountId} ${row.pointId ?? ''}`}
        rowClass={(row) => `${row.pointId ? 'nested' : ''}${row.foots ? '' : ' off'}`}
        under={under}
        onOpen={(row) => {
          if (!row.pointId && row.accountId)
            set({ open: row.accountId === opened ? undefined : row.accountId });
        }}
        foots={foots}
        sort={search.sort}
        onSort={(sort) => set({ sort })}
        waitingFor={t('wait.report')}
        empty={
          only ? (
            <Empty title={t('report.integrated.none')} text={t('report.integrated.noneText')} />
          ) : (
            <Empty
              icon="check"
              title={t('report.integrated.allFoot')}
              text={t('report.integrated.allFootText')}
            />
          )
        }
        foot={report && <FootsLine foots={foots}>{t('report.integrated.foot')}</FootsLine>}
      />
      {off > 0 && only && (
        <p className="second off-note">
          <Icon name="warning" size={14} />
          {t('report.integrated.offNote', { count: off, number: number(off) })}
        </p>
      )}
    </ReportFrame>
  );
}
