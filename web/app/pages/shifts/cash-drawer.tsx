/** An amount of cash with a note, sent as one act: a float, a count, what goes to the safe or the bank. */
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../act.ts';
import { currencyName } from '../../format.ts';
import { useLanguage } from '../../language.ts';
import { Drawer } from '../../parts/drawer.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { useProject } from '../../project.tsx';
import { cleanAmount } from '../sale/amount.ts';

export interface CashAct {
  kind: 'open' | 'count' | 'handIn' | 'deposit' | 'withdrawal';
  /** Of a shift, where it concerns one. */
  shiftId?: string;
}

/** Where each is sent, and what besides amount and note. */
function requestOf({ kind, shiftId }: CashAct, money: object, note: string | null) {
  switch (kind) {
    case 'open':
      return { path: '/shifts', body: { float: money } };
    case 'count':
      return { path: `/shifts/${shiftId}/counts`, body: { counted: money, note } };
    case 'handIn':
      return { path: `/shifts/${shiftId}/hand-ins`, body: { amount: money, note } };
    case 'deposit':
    case 'withdrawal':
      return { path: '/cash-movements', body: { kind, amount: money, note } };
  }
}

/** As typed; zero is an amount of cash where a drawer is opened or counted. */
export const cleanCash = (typed: string, takesZero: boolean): string | null =>
  takesZero && /^0+([.。]0{0,2})?$/.test(typed.trim()) ? '0.00' : cleanAmount(typed);

export function CashDrawer({ act, onClose }: { act: CashAct; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { currency } = useProject();
  const id = useId();
  const [typed, type] = useState('');
  const [note, setNote] = useState('');
  const send = useAct<unknown>(onClose);
  const word = (key: string) => t(`vend.cash.${act.kind}.${key}`);
  const clean = cleanCash(typed, act.kind === 'open' || act.kind === 'count');
  const isWrong = typed !== '' && clean === null;
  return (
    <Drawer
      title={word('title')}
      onClose={onClose}
      foot={
        <>
          <button type="button" className="button" onClick={onClose} disabled={send.isPending}>
            {t('act.cancel')}
          </button>
          <button
            type="submit"
            form={id}
            className="button primary"
            disabled={clean === null || send.isPending}
          >
            {send.isPending ? t('sale.booking') : word('act')}
          </button>
        </>
      }
    >
      <form
        id={id}
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (clean === null) return;
          send.mutate(requestOf(act, { amount: clean, currency }, note.trim() || null));
        }}
      >
        <p className="second">{word('text')}</p>
        <label className="field" htmlFor={`${id}a`}>
          <span className="field-label">
            {word('amount')} <span className="unit">{currencyName(currency, language)}</span>
          </span>
          <input
            id={`${id}a`}
            className="input counter-amount"
            inputMode="decimal"
            autoComplete="off"
            placeholder="0.00"
            value={typed}
            aria-invalid={isWrong}
            onChange={(event) => type(event.target.value)}
          />
          {isWrong && <span className="field-hint neg">{t('vend.cash.wrong')}</span>}
        </label>
        {act.kind !== 'open' && (
          <label className="field" htmlFor={`${id}n`}>
            <span className="field-label">{t('sale.note')}</span>
            <input
              id={`${id}n`}
              className="input"
              maxLength={120}
              value={note}
              onChange={(event) => setNote(event.target.value)}
            />
          </label>
        )}
        {send.error && <ProblemNotice error={send.error} />}
        {send.unknown && <p className="second">{t('vend.unknown')}</p>}
      </form>
    </Drawer>
  );
}
