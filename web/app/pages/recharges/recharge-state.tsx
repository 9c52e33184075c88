/** How far a recharge is, with a sign and a word, and what that means for the money. */
import { useTranslation } from 'react-i18next';
import type { PointState } from '../../api.ts';
import { isOpen, type Recharge, type RechargeState, useRecharge } from '../../meter-mode.ts';
import { Amount } from '../../parts/figure.tsx';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { outcomeText } from '../commands/outcome.tsx';

const looks: Record<RechargeState, { tone: PointState; icon: IconName }> = {
  waiting: { tone: 'notOpened', icon: 'clock' },
  sent: { tone: 'alarm1', icon: 'sent' },
  unknown: { tone: 'alarm2', icon: 'question' },
  held: { tone: 'arrears', icon: 'lock' },
  confirmed: { tone: 'opened', icon: 'check' },
  returned: { tone: 'notOpened', icon: 'retry' },
};

export function RechargeChip({ state }: { state: RechargeState }) {
  const { t } = useTranslation();
  const { tone, icon } = looks[state];
  return (
    <span className={`chip ${tone}`}>
      <Icon name={icon} size={13} />
      {t(`meterMode.state.${state}`)}
    </span>
  );
}

/** Where the money is now, and what it waits for. */
export function useRechargeText(): (recharge: Recharge) => string {
  const { t } = useTranslation();
  return ({ state, waitsFor, outcome }) => {
    const parts = [t(`meterMode.says.${state}`)];
    if (state === 'waiting' && waitsFor) parts.push(t(`meterMode.waits.${waitsFor}`));
    const why = state === 'confirmed' ? '' : outcomeText(t, { state: 'refused', outcome });
    if (why) parts.push(`${why}${t('mark.end')}`);
    return parts.join(t('mark.between'));
  };
}

/** A recharge that somebody waits for: it moves by itself until it is over. */
export function LiveRecharge({ rechargeId }: { rechargeId: string }) {
  const { t } = useTranslation();
  const text = useRechargeText();
  const recharge = useRecharge(rechargeId).data;
  if (!recharge) return null;
  return (
    <section className="stack" aria-label={t('meterMode.recharge')} aria-live="polite">
      <dl className="pairs">
        <div>
          <dt>
            {t('meterMode.meter')} <b className="strong ink">{recharge.pointCode}</b>{' '}
            <span className="mono">{recharge.serial}</span>
          </dt>
          <dd>
            <Amount money={recharge.amount} />
          </dd>
        </div>
        {recharge.collected.map(({ code, amount }) => (
          <div key={code}>
            <dt>
              {t('meterMode.collectedTitle')} · {t(`meterMode.collected.${code}`)}
            </dt>
            <dd>
              <Amount money={amount} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="second" data-open={isOpen(recharge)}>
        <RechargeChip state={recharge.state} />{' '}
        {recharge.counter !== null && t('meterMode.counter', { counter: recharge.counter })}
        <span className="block">{text(recharge)}</span>
      </p>
    </section>
  );
}
