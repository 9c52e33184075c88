/** One command to one meter: what it does, what is asked, why; then how it goes, down to the read-back. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import type { LivePoint } from '../../api.ts';
import type { Command, CommandOffer, MeterSupply } from '../../command-shapes.ts';
import { span } from '../../dates.ts';
import { nameOf, useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useAccounts, useProjectSettings } from '../../queries.ts';
import { Field } from '../exceptions/field.tsx';
import { argumentsOf, beginning, type Draft } from './draft.ts';
import { CommandFields } from './fields.tsx';
import { CommandProgress } from './progress.tsx';
import './commands.css';

/** What the meter is called, and what is known of its place. */
export interface CommandSubject {
  meterId: string;
  code: string;
  serial: string | undefined;
  point: LivePoint | undefined;
}

export function CommandDrawer({
  offer,
  subject,
  supply,
  onClose,
}: {
  offer: CommandOffer;
  subject: CommandSubject;
  supply: MeterSupply | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { function: name, obstacle, mayAsk, lifeS } = offer;
  const { meterId, code } = subject;
  const known = useKnown(subject);
  const [typed, type] = useState<Partial<Draft>>({});
  const [reason, setReason] = useState('');
  const ask = useAct<Command>();
  const draft = { ...beginning(known), ...typed };
  const args = argumentsOf(name, draft);
  const body =
    args && reason.trim() ? { function: name, arguments: args, reason: reason.trim() } : null;
  const made = ask.data;
  return (
    <Drawer
      title={t(`command.function.${name}.title`, { code })}
      onClose={onClose}
      foot={
        made || obstacle ? (
          <button type="button" className="button primary" onClick={onClose}>
            {t('act.close')}
          </button>
        ) : (
          <>
            <button type="button" className="button" onClick={onClose}>
              {t('act.cancel')}
            </button>
            <button
              type="button"
              className="button primary"
              disabled={!body || !mayAsk || ask.isPending}
              onClick={() => body && ask.mutate({ path: `/meters/${meterId}/commands`, body })}
            >
              {t(
                ask.isPending
                  ? 'command.asking'
                  : ask.unknown
                    ? 'command.askAgain'
                    : `command.function.${name}.act`,
                { code },
              )}
            </button>
          </>
        )
      }
    >
      {made ? (
        <CommandProgress commandId={made.id} mayWithdraw={mayAsk} />
      ) : obstacle ? (
        <div className="notice warning">
          <Icon name="lock" />
          <div>
            <div className="strong">{t(`problem.${obstacle}.what`)}</div>
            <div className="second">{t(`problem.${obstacle}.do`)}</div>
          </div>
        </div>
      ) : (
        <div className="stack">
          <p className="command-what">{t(`command.function.${name}.what`)}</p>
          <Consequence offer={offer} subject={subject} supply={supply} />
          <CommandFields
            name={name}
            draft={draft}
            set={(change) => type({ ...typed, ...change })}
          />
          <Field
            label={t('command.reason')}
            value={reason}
            onChange={setReason}
            hint={t('command.reasonHint')}
          />
          <p className="second">{t('command.life', { span: span(t, lifeS) })}</p>
          {ask.error && <ProblemNotice error={ask.error} />}
          {ask.unknown && <p className="second">{t('command.askUnknown')}</p>}
        </div>
      )}
    </Drawer>
  );
}

/** From → to, and whom it concerns. */
function Consequence({
  offer,
  subject: { point, serial, code },
  supply,
}: {
  offer: CommandOffer;
  subject: CommandSubject;
  supply: MeterSupply | undefined;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = supply?.state ?? null;
  const isWater = point?.commodity === 'water';
  const word = (state: 'on' | 'off' | null) =>
    t(
      state === null
        ? 'command.supply.unknown'
        : `command.supply.${isWater ? 'valve' : 'relay'}.${state}`,
    );
  return (
    <dl className="pairs">
      <div>
        <dt>{t('sale.meter')}</dt>
        <dd>
          <b className="strong">{code}</b> <span className="mono quiet">{serial}</span>
        </dd>
      </div>
      {point?.accountName && (
        <div>
          <dt>{t('meters.account')}</dt>
          <dd>{nameOf(language, { name: point.accountName, nameZh: point.accountNameZh })}</dd>
        </div>
      )}
      {offer.supply && (
        <div>
          <dt>{t('command.supply.label')}</dt>
          <dd>
            {word(now)} → <b className="strong">{word(offer.supply)}</b>
            {now === offer.supply && (
              <span className="block second">{t('command.supply.already')}</span>
            )}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** Thresholds and overload that hold on the platform: the meter is told the same unless one says otherwise. */
function useKnown({ point }: CommandSubject): Partial<Draft> {
  const settings = useProjectSettings().data;
  const account = useAccounts().data?.data.find(({ id }) => id === point?.accountId);
  return {
    alarm1: (account?.alarm1 ?? settings?.alarm1)?.amount ?? '',
    alarm2: (account?.alarm2 ?? settings?.alarm2)?.amount ?? '',
    overload: point?.overloadW ? String(point.overloadW / 1000) : '',
  };
}
