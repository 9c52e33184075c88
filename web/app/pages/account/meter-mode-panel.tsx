/** Where an account's money is: wallet, on its way, with which meter; who holds it is changed here, and the wallet sent on. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import type { Account } from '../../api.ts';
import { amount, currencyName } from '../../format.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { type MeterMode, type Recharge, useMeterMode } from '../../meter-mode.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Amount } from '../../parts/figure.tsx';
import { ProblemNotice, Skeleton } from '../../parts/notice.tsx';
import { Segmented } from '../../parts/segmented.tsx';
import { useMay, useProject } from '../../project.tsx';
import type { Fault } from '../../tariff-shapes.ts';
import { LiveRecharge } from '../recharges/recharge-state.tsx';
import { cleanAmount } from '../sale/amount.ts';
import { TextField } from '../tariffs/edit/field.tsx';
import '../sale/counter.css';

export function MeterModePanel({ account }: { account: Account }) {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const may = useMay();
  const query = useMeterMode(account.id);
  const [drawer, open] = useState<'mode' | 'recharge' | null>(null);
  const found = query.data;
  const isMeter = found?.mode === 'meter';
  return (
    <section className="panel" aria-label={t('meterMode.panel')}>
      <div className="panel-head">
        <h2>{t('meterMode.panel')}</h2>
        {found && <span className="rest second">{t(`accounts.mode.${found.mode}`)}</span>}
        {found && may('account.write') && !account.closedOn && (
          <button type="button" className="button small" onClick={() => open('mode')}>
            {t('meterMode.act')}
          </button>
        )}
      </div>
      {query.error && !found && <ProblemNotice error={query.error} />}
      {!found && !query.error && <Skeleton width="70%" />}
      {found && !isMeter && (
        <div className="panel-body">
          <p className="quiet">{t('meterMode.platform')}</p>
        </div>
      )}
      {isMeter && (
        <>
          <dl className="pairs deposit-lines">
            <div>
              <dt>{t('meterMode.wallet')}</dt>
              <dd>
                <Amount money={found.wallet} />
              </dd>
            </div>
            <div>
              <dt>{t('meterMode.inTransit')}</dt>
              <dd>
                <Amount money={found.inTransit} />
              </dd>
            </div>
            {found.meters.map((meter) => (
              <div key={meter.meterId}>
                <dt>
                  {t('meterMode.meter')} <b className="strong ink">{meter.pointCode}</b>
                  {' · '}
                  {told(meter, t)}
                </dt>
                <dd>
                  <Amount money={meter.onMeter} />
                </dd>
              </div>
            ))}
          </dl>
          <div className="panel-body stack">
            {found.noCut !== 'none' && (
              <p className="second">{t(`meterMode.noCut.${found.noCut}`)}</p>
            )}
            <div className="counter-acts">
              {may('recharge.write') && Number(found.wallet.amount) > 0 && (
                <button type="button" className="button small" onClick={() => open('recharge')}>
                  {t('meterMode.recharge')}
                </button>
              )}
              <Link
                className="second"
                to="/projects/$projectId/recharges"
                params={{ projectId }}
                search={{ q: account.number }}
              >
                {t('page.recharges')}
              </Link>
            </div>
          </div>
        </>
      )}
      {drawer === 'mode' && found && (
        <ModeDrawer account={account} mode={found} onClose={() => open(null)} />
      )}
      {drawer === 'recharge' && found && (
        <RechargeDrawer account={account} mode={found} onClose={() => open(null)} />
      )}
    </section>
  );
}

/** What of a meter's counter matters now. */
function told(
  { counter, mustBeRead, beganAt, overdraft }: MeterMode['meters'][number],
  t: (key: string, words?: Record<string, unknown>) => string,
): string {
  if (mustBeRead) return t('meterMode.mustBeRead');
  if (counter === null) return t('meterMode.counterUnread');
  if (beganAt === null) return t('meterMode.notBegun');
  const below = overdraft && t('meterMode.overdraft', { amount: amount(overdraft.amount) });
  return [t('meterMode.counter', { counter }), below].filter(Boolean).join(' · ');
}

function ModeDrawer({
  account,
  mode: { mode },
  onClose,
}: {
  account: Account;
  mode: MeterMode;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [reason, setReason] = useState('');
  const change = useAct<MeterMode>(onClose);
  const next = mode === 'meter' ? 'platform' : 'meter';
  const act = t(next === 'meter' ? 'meterMode.toMeter' : 'meterMode.toPlatform');
  const faults = change.error?.faults ?? [];
  const faultText = useFaultText();
  return (
    <Drawer
      title={`${nameOf(language, account)} · ${t('meterMode.panel')}`}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" disabled={change.isPending} onClick={onClose}>
            {t('act.cancel')}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!reason.trim() || change.isPending}
            onClick={() =>
              change.mutate({
                path: `/accounts/${account.id}/credit-mode`,
                method: 'PUT',
                body: { mode: next, reason: reason.trim() },
              })
            }
          >
            {act}
          </button>
        </>
      }
    >
      <div className="stack">
        <p>{t(next === 'meter' ? 'meterMode.toMeterSays' : 'meterMode.toPlatformSays')}</p>
        <TextField label={t('meterMode.reason')} value={reason} onChange={setReason} />
        {change.error && <ProblemNotice error={change.error} />}
        {faults.length > 0 && (
          <ul>
            {faults.map((fault) => (
              <li key={fault.message}>{faultText(fault)}</li>
            ))}
          </ul>
        )}
      </div>
    </Drawer>
  );
}

/** Which point it is and why its meter cannot hold money, in the reader's language. */
function useFaultText(): (fault: Fault) => string {
  const { t, i18n } = useTranslation();
  return ({ at, code, message }) => {
    const key = `meterMode.fault.${code}`;
    return i18n.exists(key) ? `${at}${t('mark.colon')}${t(key)}` : message;
  };
}

function RechargeDrawer({
  account,
  mode: { meters, wallet },
  onClose,
}: {
  account: Account;
  mode: MeterMode;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const [meterId, setMeter] = useState(meters[0]?.meterId ?? '');
  const [typed, setTyped] = useState(wallet.amount);
  const send = useAct<Recharge>();
  const clean = cleanAmount(typed);
  const isReady = clean !== null && meterId !== '' && Number(clean) <= Number(wallet.amount);
  return (
    <Drawer
      title={`${nameOf(language, account)} · ${t('meterMode.recharge')}`}
      onClose={onClose}
      foot={
        send.data ? (
          <button type="button" className="button primary" onClick={onClose}>
            {t('act.close')}
          </button>
        ) : (
          <>
            <button
              type="button"
              className="button"
              disabled={send.isPending || send.unknown}
              onClick={onClose}
            >
              {t('act.cancel')}
            </button>
            <button
              type="button"
              className="button primary"
              disabled={!isReady || send.isPending}
              onClick={() =>
                send.mutate({
                  path: `/accounts/${account.id}/recharges`,
                  body: { meterId, amount: { amount: clean, currency } },
                })
              }
            >
              {t('meterMode.send', { amount: amount(clean ?? '0') })}
            </button>
          </>
        )
      }
    >
      {send.data ? (
        <LiveRecharge rechargeId={send.data.id} />
      ) : (
        <div className="stack">
          <p className="second">{t('meterMode.rechargeSays')}</p>
          <Segmented
            label={t('meterMode.meter')}
            value={meterId}
            onChange={setMeter}
            choices={meters.map((meter) => ({ value: meter.meterId, label: meter.pointCode }))}
          />
          <TextField
            label={t('sale.amount')}
            unit={currencyName(currency, language)}
            figure
            value={typed}
            onChange={(text) => {
              setTyped(text);
              send.reset();
            }}
            hint={typed !== '' && !clean ? t('sale.wrongAmount') : undefined}
          />
          {send.error && <ProblemNotice error={send.error} />}
        </div>
      )}
    </Drawer>
  );
}
