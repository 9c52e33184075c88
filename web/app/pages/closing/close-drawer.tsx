/** Closing at the counter: what it comes to as the server worked it out, then exactly that. */
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct, useSending } from '../../act.ts';
import type { Account, Channel } from '../../api.ts';
import { day, fullMoment, instantOf } from '../../dates.ts';
import { amount, isNegative, sum } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { useClosing } from '../../opening-queries.ts';
import type { Closing, ClosingPreview, SettleWay } from '../../opening-shapes.ts';
import { DoneDrawer } from '../../parts/done-drawer.tsx';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice, Skeleton, Waiting } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useMay, useProject } from '../../project.tsx';
import { useRefundable } from '../../vending-queries.ts';
import { Field } from '../exceptions/field.tsx';
import { PrintReceipt } from '../sale/receipt-print.tsx';
import { isMore, mostOf } from '../sale/refund-drawer.tsx';
import { Check, TextField } from '../tariffs/edit/field.tsx';
import './closing.css';

const channels: readonly Channel[] = ['cash', 'transfer', 'online'];

export function CloseDrawer({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone } = useProject();
  const may = useMay();
  const [wall, setWall] = useState('');
  const at = wall ? (instantOf(zone, wall) ?? '') : '';
  const [isReading, read] = useState(false);
  const query = useClosing(account.id, { at, isAsked: true, everyMs: isReading && READ_EVERY_MS });
  const preview = query.data?.preview;
  const close = useAct<Closing>();
  const [chosen, choose] = useState<SettleWay | null>(null);
  const [picked, setChannel] = useState<Channel | null>(null);
  const came = useRefundable(account.id).data;
  const channel = picked ?? (came ? mostOf(came) : 'cash');
  const [usesDeposit, setUsesDeposit] = useState(true);
  const [supplyOff, setSupplyOff] = useState(true);
  const [reason, setReason] = useState('');
  const total = preview
    ? sum([preview.balance.amount, usesDeposit ? preview.deposit.amount : null])
    : null;
  const isOwed = isNegative(total);
  const ways: SettleWay[] = isOwed ? ['carry', 'write-off'] : ['refund', 'carry'];
  const settle = chosen && ways.includes(chosen) ? chosen : (ways[0] ?? 'carry');
  const isReady = !!preview && !query.isFetching && reason.trim() !== '';
  const canSwitch = preview?.points.some(({ obstacle }) => obstacle === null) ?? false;
  if (close.data) {
    const { outcome, balance, receipt } = close.data;
    return (
      <DoneDrawer
        title={t('closing.done')}
        receipt={receipt}
        onClose={onClose}
        print={receipt && <PrintReceipt receipt={receipt} prints={0} />}
      >
        <div className="strong">
          {outcome ? t(`closing.outcome.${outcome}`) : t('closing.waitsFor')}
        </div>
        {balance && <Amount money={balance} />}
      </DoneDrawer>
    );
  }
  return (
    <Drawer
      title={t('closing.title', { name: nameOf(language, account) })}
      onClose={onClose}
      foot={
        <>
          <button
            type="button"
            className="button"
            disabled={close.isPending || close.unknown}
            onClick={onClose}
          >
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!isReady || close.isPending}
            onClick={() =>
              preview &&
              close.mutate({
                path: `/accounts/${account.id}/close`,
                body: {
                  // As it was previewed, however long it was looked at.
                  at: preview.at,
                  settle,
                  channel: settle === 'refund' ? channel : null,
                  usesDeposit,
                  supplyOff: supplyOff && canSwitch && may('supply.write'),
                  reason: reason.trim(),
                },
              })
            }
          >
            {t(
              close.isPending ? 'closing.closing' : close.unknown ? 'closing.again' : 'closing.act',
            )}
          </button>
        </>
      }
    >
      <div className="stack">
        <Field
          label={t('closing.at')}
          type="instant"
          value={wall}
          onChange={(next) => {
            setWall(next);
            close.reset();
          }}
          hint={t('closing.atHint')}
        />
        {query.error && !preview && (
          <ProblemNotice error={query.error} retry={() => void query.refetch()} />
        )}
        {!preview && !query.error && (
          <div className="stack" aria-busy>
            <Skeleton width="60%" />
            <Skeleton width="90%" />
            <Waiting what={t('closing.preview')} />
          </div>
        )}
        {preview && (
          <>
            <Sums preview={preview} usesDeposit={usesDeposit} total={total} />
            <Readings account={account} preview={preview} isReading={isReading} onRead={read} />
            {preview.waiting.length > 0 && (
              <div className="notice warning" role="status">
                <Icon name="clock" />
                <div>
                  <div className="strong">{t('closing.waits')}</div>
                  <div className="second">
                    {preview.waiting
                      .map(({ code, localDay }) =>
                        [code, day(language, localDay)].filter(Boolean).join(' '),
                      )
                      .join(' · ')}
                  </div>
                  <div className="second">{t('closing.waitsThen')}</div>
                </div>
              </div>
            )}
            {preview.deposit.amount !== '0.00' && (
              <Check
                label={t('closing.usesDeposit')}
                checked={usesDeposit}
                onChange={setUsesDeposit}
              />
            )}
            <Segmented
              label={t('closing.settle')}
              value={settle}
              onChange={choose}
              choices={ways.map((value) => ({ value, label: t(`closing.way.${value}`) }))}
            />
            {settle === 'refund' && (
              <Segmented
                label={t('sale.channel')}
                value={channel}
                onChange={setChannel}
                choices={channels.map((value) => ({
                  value,
                  label: t(`opening.channel.${value}`),
                }))}
              />
            )}
            {settle === 'refund' && total !== null && isMore(total, came, channel) && (
              <p className="second">{t('vend.refund.elsewhereText')}</p>
            )}
            <ul className="closing-points">
              {preview.points.map((point) => (
                <li key={point.pointId}>
                  <b className="strong">{point.code}</b>
                  <span className="mono quiet">{point.serial ?? '–'}</span>
                  <span className="second">
                    {point.readAt
                      ? t('closing.readAt', { at: fullMoment(language, zone, point.readAt) })
                      : t('closing.neverRead')}
                    {supplyOff && point.obstacle && ` · ${t('closing.cannotSwitch')}`}
                  </span>
                </li>
              ))}
            </ul>
            {may('supply.write') && canSwitch && (
              <Check label={t('closing.supplyOff')} checked={supplyOff} onChange={setSupplyOff} />
            )}
            <TextField
              label={t('closing.reason')}
              value={reason}
              maxLength={120}
              onChange={setReason}
            />
            <p className="second">{t('closing.rule')}</p>
          </>
        )}
        {close.error && (
          <>
            <ProblemNotice error={close.error} />
            <p className="second">{t(close.unknown ? 'closing.unknown' : 'closing.notClosed')}</p>
          </>
        )}
      </div>
    </Drawer>
  );
}

/** While a reading is awaited, what the closing comes to is asked anew this often, and not for ever. */
const READ_EVERY_MS = 5_000;
const READ_FOR_MS = 60_000;

/** The meters are read as the closing begins, where their newest reading lies before its end. */
function Readings({
  account,
  preview,
  isReading,
  onRead,
}: {
  account: Account;
  preview: ClosingPreview;
  isReading: boolean;
  onRead: (isReading: boolean) => void;
}) {
  const { t } = useTranslation();
  const { id } = useProject();
  // A reading changes nothing that is shown but what the closing comes to.
  const ask = useSending<unknown>({ base: `/projects/${id}`, stale: [[id, 'closing']] });
  const asked = useRef(false);
  const old = preview.points.filter(
    ({ meterId, readAt }) => meterId && (readAt === null || readAt < preview.at),
  );
  const isNeeded = old.length > 0 || preview.waiting.length > 0;
  const begin = () => {
    asked.current = true;
    ask.mutate({ path: `/accounts/${account.id}/closing/readings`, body: undefined });
    onRead(true);
  };
  const first = useRef(begin);
  useEffect(() => {
    if (isNeeded && !asked.current) first.current();
  }, [isNeeded]);
  useEffect(() => {
    if (!isReading) return;
    if (!isNeeded) return onRead(false);
    const end = setTimeout(() => onRead(false), READ_FOR_MS);
    return () => clearTimeout(end);
  }, [isReading, isNeeded, onRead]);
  if (!isNeeded) return null;
  return (
    <div className="closing-read">
      <button type="button" className="button small" disabled={isReading} onClick={begin}>
        <Icon name="retry" size={14} />
        {t(isReading ? 'closing.reading' : 'closing.read')}
      </button>
      {!isReading && old.length > 0 && (
        <span className="second">{t('closing.notRead', { count: old.length })}</span>
      )}
      {ask.error && <ProblemNotice error={ask.error} />}
    </div>
  );
}

function Sums({
  preview,
  usesDeposit,
  total,
}: {
  preview: ClosingPreview;
  usesDeposit: boolean;
  total: string | null;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { zone, currency } = useProject();
  const lines = [
    { key: 'settled', money: preview.settled, less: false },
    { key: 'charged', money: preview.charged, less: true },
    { key: 'provisional', money: preview.provisional, less: true },
    ...(usesDeposit ? [{ key: 'deposit', money: preview.deposit, less: false }] : []),
  ].filter(
    ({ key, money }) => key === 'settled' || key === 'charged' || !/^0\.?0*$/.test(money.amount),
  );
  return (
    <>
      <dl className="pairs closing-sums">
        <div>
          <dt>{t('closing.end')}</dt>
          <dd>{fullMoment(language, zone, preview.at)}</dd>
        </div>
        {lines.map(({ key, money, less }) => (
          <div key={key}>
            <dt>{t(`closing.${key}`)}</dt>
            <dd>
              {less && '−'}
              <Amount money={money} />
            </dd>
          </div>
        ))}
        <div className="total">
          <dt>{t(isNegative(total) ? 'closing.owed' : 'closing.left')}</dt>
          <dd className="strong">
            <Amount money={total === null ? null : { amount: total, currency }} />
          </dd>
        </div>
      </dl>
      {!/^0\.?0*$/.test(preview.uncleared.amount) && (
        <p className="second">
          {t('closing.uncleared', { amount: amount(preview.uncleared.amount) })}
        </p>
      )}
    </>
  );
}
