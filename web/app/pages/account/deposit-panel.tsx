/** What is held as security and which contract holds; taken, given back, set against what is owed. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import type { Account, Channel } from '../../api.ts';
import { useNow } from '../../clock.tsx';
import { day, moment } from '../../dates.ts';
import { currencyName } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { useContracts, useDeposits } from '../../opening-queries.ts';
import type { Deposit } from '../../opening-shapes.ts';
import { DoneDrawer } from '../../parts/done-drawer.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Joined } from '../../parts/joined.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useMay, useProject } from '../../project.tsx';
import { cleanAmount } from '../sale/amount.ts';
import { PrintReceipt } from '../sale/receipt-print.tsx';
import { TextField } from '../tariffs/edit/field.tsx';
import { ContractDrawer } from './contract-drawer.tsx';

const channels: readonly Channel[] = ['cash', 'transfer', 'online'];

export function DepositPanel({ account }: { account: Account }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const may = useMay();
  const now = useNow(60_000);
  const [isOpen, open] = useState(false);
  const [isContracting, beginContract] = useState(false);
  const deposits = useDeposits(account.id).data;
  const [contract] = useContracts(account.id).data?.data ?? [];
  const rows = deposits?.data ?? [];
  const held = deposits?.totals?.held ?? null;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{t('deposit.title')}</h2>
        <span className="rest strong">
          <Amount money={held} />
        </span>
        {may('sale.write') && (
          <button type="button" className="button small" onClick={() => open(true)}>
            {t('deposit.act')}
          </button>
        )}
      </div>
      <dl className="pairs deposit-lines">
        {contract && (
          <div>
            <dt>{t('opening.contract')}</dt>
            <dd>
              <Joined
                facts={[
                  contract.number,
                  day(language, contract.from),
                  contract.to && t('opening.until', { day: day(language, contract.to) }),
                ]}
              />
            </dd>
          </div>
        )}
        {rows.slice(0, SHOWN_MAX).map((row) => (
          <div key={row.id}>
            <dt>
              {t(`deposit.kind.${row.kind}`)} · {moment(language, zone, row.bookedAt, now)}
              <span className="block">
                <span className="mono">{row.receipt}</span>
                <PrintReceipt receipt={row.receipt} prints={0} isSmall />
              </span>
            </dt>
            <dd>
              {row.kind !== 'taken' && '−'}
              <Amount money={row.amount} unit={false} />
            </dd>
          </div>
        ))}
        {rows.length === 0 && !contract && (
          <div>
            <dt>{t('deposit.none')}</dt>
            <dd />
          </div>
        )}
      </dl>
      {may('account.write') && !account.closedOn && (
        <div className="panel-body">
          <button type="button" className="button small" onClick={() => beginContract(true)}>
            <Icon name="plus" size={14} />
            {t('account.contract.open')}
          </button>
        </div>
      )}
      {isContracting && <ContractDrawer account={account} onClose={() => beginContract(false)} />}
      {isOpen && <DepositDrawer account={account} onClose={() => open(false)} />}
    </section>
  );
}

/** The newest ones; a file has all. */
const SHOWN_MAX = 6;

function DepositDrawer({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const kinds: Deposit['kind'][] = account.closedOn
    ? ['returned', 'offset']
    : ['taken', 'returned', 'offset'];
  const [kind, setKind] = useState<Deposit['kind']>(kinds[0] ?? 'returned');
  const [typed, setTyped] = useState('');
  const [channel, setChannel] = useState<Channel>('cash');
  const book = useAct<Deposit>();
  const clean = cleanAmount(typed);
  if (book.data) {
    return (
      <DoneDrawer
        title={t('deposit.done')}
        receipt={book.data.receipt}
        onClose={onClose}
        print={<PrintReceipt receipt={book.data.receipt} prints={0} />}
      >
        <span className="strong">
          {t(`deposit.kind.${book.data.kind}`)} <Amount money={book.data.amount} />
        </span>
      </DoneDrawer>
    );
  }
  return (
    <Drawer
      title={t('deposit.drawer', { name: nameOf(language, account) })}
      onClose={onClose}
      foot={
        <>
          <button
            type="button"
            className="button"
            disabled={book.isPending || book.unknown}
            onClick={onClose}
          >
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!clean || book.isPending}
            onClick={() =>
              clean &&
              book.mutate({
                path: `/accounts/${account.id}/deposits`,
                body: {
                  ...{ kind, amount: { amount: clean, currency }, note: null },
                  channel: kind === 'offset' ? null : channel,
                },
              })
            }
          >
            {t(book.unknown ? 'residual.again' : `deposit.do.${kind}`)}
          </button>
        </>
      }
    >
      <div className="stack">
        <Segmented
          label={t('deposit.title')}
          value={kind}
          onChange={(next) => {
            setKind(next);
            book.reset();
          }}
          choices={kinds.map((value) => ({ value, label: t(`deposit.do.${value}`) }))}
        />
        <TextField
          label={t('sale.amount')}
          unit={currencyName(currency, language)}
          figure
          value={typed}
          onChange={(text) => {
            setTyped(text);
            book.reset();
          }}
          hint={typed !== '' && !clean ? t('sale.wrongAmount') : undefined}
        />
        {kind !== 'offset' && (
          <Segmented
            label={t('sale.channel')}
            value={channel}
            onChange={setChannel}
            choices={channels.map((value) => ({ value, label: t(`opening.channel.${value}`) }))}
          />
        )}
        <p className="second">{t(`deposit.says.${kind}`)}</p>
        {book.error && (
          <>
            <ProblemNotice error={book.error} />
            {book.unknown && <p className="second">{t('residual.unknown')}</p>}
          </>
        )}
      </div>
    </Drawer>
  );
}
