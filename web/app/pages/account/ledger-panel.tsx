/** The ledger of the account, newest first; a day's charge opens in place down to its lines. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Account } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { addMonths, day, localDay, moment, month as monthText, time } from '../../dates.ts';
import { amount, currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Controls, Filter } from '../../parts/controls.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table-model.ts';
import { useProject } from '../../project.tsx';
import { useBalance, useEntries } from '../../queries.ts';
import type { AccountSearch } from '../../search.ts';
import { ChargeDetail } from './charge-detail.tsx';
import { groupOf, type LedgerRow, ledgerRows } from './entries.ts';

const MONTHS_BACK = 12;
/** The row of today, which is not in the ledger yet. */
const PROVISIONAL = 'provisional';

export function LedgerPanel({
  accountId,
  account,
  today,
  search,
  set,
}: {
  accountId: string;
  account: Account | undefined;
  today: string;
  search: AccountSearch;
  set: (change: Partial<AccountSearch>) => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const entries = useEntries(accountId);
  const balance = useBalance(accountId).data;
  const month = search.month ?? '';
  const rows = useMemo(() => {
    if (!entries.data) return undefined;
    const shown = ledgerRows(entries.data.data)
      .filter(({ accountingDate }) => accountingDate.startsWith(month.slice(0, 7)))
      .filter(({ kind }) => !search.tab || groupOf(kind) === search.tab);
    if (!balance || month || (search.tab && search.tab !== 'charges')) return shown;
    const provisional: LedgerRow = {
      id: PROVISIONAL,
      kind: PROVISIONAL,
      at: balance.newestSampleAt ?? balance.computedAt,
      accountingDate: today,
      transactionId: '',
      out: balance.provisional.amount,
      in: null,
      balance: balance.live.amount,
      localDay: balance.settledTo ?? account?.openedOn ?? today,
      channel: null,
    };
    return [provisional, ...shown];
  }, [entries.data, balance, month, search.tab, today, account]);
  const booked = rows?.filter(({ id }) => id !== PROVISIONAL);
  const columns = useColumns(search.open);
  if (entries.isError && !entries.data) {
    return <ProblemNotice error={entries.error} retry={() => void entries.refetch()} />;
  }
  return (
    <Table
      name="ledger"
      label={t('account.ledger')}
      file={{
        path: `/accounts/${accountId}/entries`,
        query: {
          ...(month && { from: addMonths(month, 0), to: addMonths(month, 1) }),
          ...(search.tab && { group: search.tab }),
        },
        rows: entries.data?.complete ? (booked?.length ?? null) : null,
        note: t('exports.ledgerNote'),
      }}
      title={t('account.ledger')}
      beside={
        <>
          <Segmented
            label={t('account.kinds')}
            value={search.tab ?? ''}
            onChange={(tab) => set({ tab: tab || undefined, open: undefined })}
            choices={[
              { value: '', label: t('filter.all') },
              { value: 'charges', label: t('account.charges') },
              { value: 'sales', label: t('account.topUps') },
              { value: 'corrections', label: t('account.corrections') },
            ]}
          />
          <Controls>
            <Filter
              label={t('account.month')}
              value={month}
              options={[
                { value: '', label: t('filter.all') },
                ...Array.from({ length: MONTHS_BACK }, (_, back) => {
                  const value = addMonths(today, -back);
                  return { value, label: monthText(language, value) };
                }),
              ]}
              onChange={(value) => set({ month: value || undefined, open: undefined })}
            />
          </Controls>
        </>
      }
      columns={columns}
      rows={rows}
      rowKey={({ id }) => id}
      rowClass={({ kind }) => (kind === PROVISIONAL ? 'not-final' : '')}
      onOpen={(row) => row.localDay && set({ open: search.open === row.id ? undefined : row.id })}
      openKey={search.open}
      detail={(row) => (
        <ChargeDetail
          accountId={accountId}
          account={account}
          row={row}
          provisional={row.kind === PROVISIONAL}
          today={today}
        />
      )}
      waitingFor={t('account.ledger')}
      complete={entries.data?.complete ?? true}
      empty={<Empty title={t('account.noEntries')} text={t('account.noEntriesText')} />}
      foot={t('account.foot', { zone })}
    />
  );
}

function useColumns(openKey: string | undefined): Column<LedgerRow>[] {
  const { t, i18n } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const now = useNow(60_000);
  const unit = currencyName(currency, language);
  const kindOf = ({ kind }: LedgerRow) =>
    i18n.exists(`entry.${kind}`) ? t(`entry.${kind}`) : kind;
  const whatOf = (row: LedgerRow) =>
    row.kind === PROVISIONAL
      ? t('account.notInLedger', { at: row.at ? time(zone, row.at) : '–' })
      : row.kind === 'settlement' && row.localDay
        ? t('account.dayCharge', { day: day(language, row.localDay) })
        : row.channel
          ? t(`channel.${row.channel}`, { defaultValue: row.channel })
          : t('account.accounted', { day: day(language, row.accountingDate) });
  return [
    {
      key: 'at',
      title: t('account.when'),
      phone: 'plain',
      width: '98px',
      value: ({ at, accountingDate }) => (isOnDay(zone, at, accountingDate) ? at : accountingDate),
      order: ({ accountingDate, at }) => `${accountingDate} ${at}`,
      cell: ({ at, accountingDate }) => (
        <span className="quiet nowrap">
          {at && isOnDay(zone, at, accountingDate)
            ? moment(language, zone, at, now)
            : day(language, accountingDate)}
        </span>
      ),
    },
    {
      key: 'kind',
      title: t('account.kind'),
      width: '84px',
      phone: 'title',
      value: kindOf,
      cell: (row) => <span className={toneOf(row)}>{kindOf(row)}</span>,
    },
    {
      key: 'what',
      title: t('account.what'),
      phone: 'plain',
      width: 'minmax(150px, 1fr)',
      value: whatOf,
      cell: (row) => (
        <span className="state what">
          {row.localDay && <Icon name={row.id === openKey ? 'down' : 'right'} size={13} />}
          {whatOf(row)}
        </span>
      ),
    },
    {
      key: 'transaction',
      title: t('account.transaction'),
      width: '88px',
      phone: 'none',
      value: ({ transactionId }) => transactionId || null,
      cell: ({ transactionId }) => (
        <span className="mono quiet">{transactionId ? `T-${transactionId}` : ''}</span>
      ),
    },
    {
      key: 'out',
      title: t('account.out'),
      unit,
      align: 'right',
      width: '80px',
      value: (row) => row.out,
      order: (row) => (row.out ? Number(row.out) : null),
      cell: (row) =>
        row.out && (
          <span className={row.kind === PROVISIONAL ? 'provisional' : undefined}>
            {amount(row.out)}
          </span>
        ),
    },
    {
      key: 'in',
      title: t('account.in'),
      unit,
      align: 'right',
      width: '80px',
      value: (row) => row.in,
      order: (row) => (row.in ? Number(row.in) : null),
      cell: (row) => row.in && amount(row.in),
    },
    {
      key: 'balance',
      title: t('account.balance'),
      unit,
      align: 'right',
      width: '98px',
      phone: 'figure',
      value: (row) => row.balance,
      cell: (row) => (
        <span className={row.kind === PROVISIONAL ? 'provisional' : 'strong'}>
          {amount(row.balance)}
        </span>
      ),
    },
  ];
}

/** Posted on the day it counts for, and not later (a settlement is posted after midnight). */
const isOnDay = (zone: string, at: string | null, accountingDate: string): boolean =>
  at !== null && localDay(zone, new Date(at)) === accountingDate;

const toneOf = ({ kind }: LedgerRow): string =>
  kind === 'sale'
    ? 'strong pos'
    : kind === 'correction'
      ? 'strong found'
      : kind === 'reversal' || kind === 'refund'
        ? 'strong neg'
        : kind === PROVISIONAL
          ? 'quiet'
          : 'strong';
