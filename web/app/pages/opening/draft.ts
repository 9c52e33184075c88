/** An opening as people type it, and as it is sent. Pure. */
import type { Channel } from '../../api.ts';
import type { NoticeKind, OpeningContent } from '../../opening-shapes.ts';
import { cleanAmount } from '../sale/amount.ts';

interface PaymentDraft {
  amount: string;
  channel: Channel;
}

export interface OpeningDraft {
  name: string;
  nameZh: string;
  number: string;
  /** '': the quarter-hour in which it is opened. */
  from: string;
  person: string;
  phone: string;
  email: string;
  alarm1: string;
  alarm2: string;
  points: { pointId: string; tariffId: string; overloadKw: string }[];
  tariffElectricity: string;
  tariffWater: string;
  creditMode: OpeningContent['creditMode'];
  firstSale: PaymentDraft;
  /** In meter mode: the point whose meter the first sale goes to; null: nobody has chosen; '': none, the wallet. */
  salePoint: string | null;
  deposit: PaymentDraft;
  contractNumber: string;
  contractFrom: string;
  contractTo: string;
  notices: { kind: NoticeKind; address: string }[];
}

export const emptyDraft: OpeningDraft = {
  ...{ name: '', nameZh: '', number: '', from: '', person: '', phone: '', email: '' },
  ...{ alarm1: '', alarm2: '', points: [], tariffElectricity: '', tariffWater: '' },
  ...{ creditMode: 'platform', salePoint: null },
  firstSale: { amount: '', channel: 'cash' },
  deposit: { amount: '', channel: 'cash' },
  ...{ contractNumber: '', contractFrom: '', contractTo: '' },
  notices: [],
};

/** Where a draft cannot be sent as it is typed. */
export type Wrong = 'alarm1' | 'alarm2' | 'firstSale' | 'deposit' | 'overload' | 'email';

const isNone = (text: string) => text.trim() === '';
/** Thresholds may be zero. */
const threshold = (text: string) =>
  /^\s*0+(\.0{0,2})?\s*$/.test(text) ? '0.00' : cleanAmount(text);

/** Primary watts of kilowatts with at most three decimals; null when it is none. */
function watts(typed: string): number | null {
  const text = typed.trim();
  if (!/^\d{1,6}(\.\d{0,3})?$/.test(text)) return null;
  const found = Math.round(Number(text) * 1000);
  return found > 0 ? found : null;
}

export function wrongIn(draft: OpeningDraft): Wrong[] {
  const wrong: Wrong[] = [];
  for (const key of ['alarm1', 'alarm2'] as const) {
    if (!isNone(draft[key]) && threshold(draft[key]) === null) wrong.push(key);
  }
  for (const key of ['firstSale', 'deposit'] as const) {
    if (!isNone(draft[key].amount) && cleanAmount(draft[key].amount) === null) wrong.push(key);
  }
  if (draft.points.some((p) => !isNone(p.overloadKw) && watts(p.overloadKw) === null)) {
    wrong.push('overload');
  }
  if (!isNone(draft.email) && !/^\S+@\S+\.\S+$/.test(draft.email.trim())) wrong.push('email');
  return wrong;
}

/** The content of a draft that holds nothing wrong; `electric` are its points with electricity, in their order. */
export function contentOf(
  draft: OpeningDraft,
  {
    currency,
    today,
    electric = [],
  }: { currency: string; today: string; electric?: readonly string[] },
): OpeningContent {
  const text = (typed: string) => typed.trim() || null;
  const money = (amount: string | null) => (amount === null ? null : { amount, currency });
  const payment = ({ amount, channel }: PaymentDraft) => {
    const clean = money(cleanAmount(amount));
    return clean && { amount: clean, channel, note: null };
  };
  const { person, phone, email, contractNumber, notices } = draft;
  const sale = payment(draft.firstSale);
  const meterPoint = salePointOf(draft, electric);
  const hasPerson = [person, phone, email].some((typed) => !isNone(typed));
  return {
    number: text(draft.number),
    name: draft.name.trim(),
    nameZh: text(draft.nameZh),
    from: draft.from || null,
    alarm1: money(isNone(draft.alarm1) ? null : threshold(draft.alarm1)),
    alarm2: money(isNone(draft.alarm2) ? null : threshold(draft.alarm2)),
    person: hasPerson
      ? { name: text(person) ?? draft.name.trim(), phone: text(phone), email: text(email) }
      : null,
    points: draft.points.map(({ pointId, tariffId, overloadKw }) => ({
      ...{ pointId, tariffId: tariffId || null, overloadW: watts(overloadKw) },
    })),
    tariffIds: [draft.tariffElectricity, draft.tariffWater].filter((id) => id !== ''),
    creditMode: draft.creditMode,
    firstSale: sale && { ...sale, pointId: draft.creditMode === 'meter' ? meterPoint : null },
    deposit: payment(draft.deposit),
    contract: isNone(contractNumber)
      ? null
      : {
          number: contractNumber.trim(),
          from: draft.contractFrom || today,
          to: draft.contractTo || null,
          notices: notices
            .filter(({ address }) => !isNone(address))
            .map(({ kind, address }) => ({ kind, address: address.trim() })),
        },
  };
}

/** Whose meter a first sale goes to: the chosen point, the first one where nobody has chosen; null: to none. */
export function salePointOf(
  { salePoint }: Pick<OpeningDraft, 'salePoint'>,
  electric: readonly string[],
): string | null {
  if (salePoint === '') return null;
  const chosen = electric.find((pointId) => pointId === salePoint);
  return chosen ?? electric[0] ?? null;
}

/** What was prepared, to be typed on. */
export function draftOf(
  content: OpeningContent,
  commodityOf: (tariffId: string) => 'electricity' | 'water' | undefined,
): OpeningDraft {
  const own = (commodity: 'electricity' | 'water') =>
    content.tariffIds.find((id) => commodityOf(id) === commodity) ?? '';
  const payment = (sent: OpeningContent['deposit']): PaymentDraft => ({
    amount: sent?.amount.amount ?? '',
    channel: sent?.channel ?? 'cash',
  });
  return {
    ...{ name: content.name, nameZh: content.nameZh ?? '', number: content.number ?? '' },
    from: content.from ?? '',
    person: content.person?.name ?? '',
    phone: content.person?.phone ?? '',
    email: content.person?.email ?? '',
    alarm1: content.alarm1?.amount ?? '',
    alarm2: content.alarm2?.amount ?? '',
    points: content.points.map(({ pointId, tariffId, overloadW }) => ({
      ...{ pointId, tariffId: tariffId ?? '' },
      overloadKw: overloadW === null ? '' : String(overloadW / 1000),
    })),
    tariffElectricity: own('electricity'),
    tariffWater: own('water'),
    creditMode: content.creditMode,
    firstSale: payment(content.firstSale),
    salePoint: content.firstSale && (content.firstSale.pointId ?? ''),
    deposit: payment(content.deposit),
    contractNumber: content.contract?.number ?? '',
    contractFrom: content.contract?.from ?? '',
    contractTo: content.contract?.to ?? '',
    notices: content.contract?.notices ?? [],
  };
}
