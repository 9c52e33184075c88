/**
 * The chart of accounts, as published. A code is fixed; `detail` parts it (component, tax, cashier) and an
 * `accountId` makes it a customer's own. Ledger accounts come into being when first posted to.
 */

/** What an account is in the books; equity is not kept here: a park's books are its owner's. */
export const ledgerKinds = ['asset', 'liability', 'income', 'expense', 'equity'] as const;
/** The side on which its balance usually stands. */
export const ledgerSides = ['debit', 'credit'] as const;

interface ChartLine {
  name: string;
  nameZh: string;
  kind: (typeof ledgerKinds)[number];
  normal: (typeof ledgerSides)[number];
  /** What `detail` means; null where it is empty. */
  detail: string | null;
  /** True where each customer has one of his own. */
  isCustomers: boolean;
  says: string;
}

const line = (
  [kind, normal]: [ChartLine['kind'], ChartLine['normal']],
  [name, nameZh]: [string, string],
  says: string,
  { detail = null, isCustomers = false }: { detail?: string | null; isCustomers?: boolean } = {},
): ChartLine => ({ name, nameZh, kind, normal, detail, isCustomers, says });

const asset: [ChartLine['kind'], ChartLine['normal']] = ['asset', 'debit'];
const liability: [ChartLine['kind'], ChartLine['normal']] = ['liability', 'credit'];
const income: [ChartLine['kind'], ChartLine['normal']] = ['income', 'credit'];
const expense: [ChartLine['kind'], ChartLine['normal']] = ['expense', 'debit'];

const customers = { isCustomers: true };
const byComponent = { detail: 'component code of the tariff' };
const byTax = { detail: 'tax code and rate' };

export const chart = {
  wallet: line(
    liability,
    ['Customer wallet', '用户钱包'],
    'paid ahead: a liability, so the balance shown to the customer is −Σ; one in debit is owed to us and shown apart',
    customers,
  ),
  'in-transit': line(
    liability,
    ['In transit to meters', '在途（下发表计）'],
    'sent to a meter, not yet confirmed',
    customers,
  ),
  'on-meter': line(liability, ['On meters', '表内余额'], 'held by a meter', customers),
  revenue: line(income, ['Revenue', '收入'], 'what was sold, without its tax', byComponent),
  tax: line(liability, ['Tax', '税金'], 'tax within or on top of settled charges', byTax),
  payable: line(
    liability,
    ['Payable to others', '代收应付'],
    'collected on behalf of others, with their tax',
    byComponent,
  ),
  cash: line(asset, ['Cash in drawers', '柜台现金'], 'in the drawer', { detail: 'cashier' }),
  'over-short': line(
    expense,
    ['Cash over and short', '现金长短款'],
    'what a shift had too much or too little',
    { detail: 'cashier' },
  ),
  safe: line(asset, ['Safe', '保险柜'], 'cash handed in'),
  bank: line(asset, ['Bank', '银行存款'], 'in the bank'),
  'bank-transit': line(asset, ['In transit to bank', '在途（缴存银行）'], 'on its way to the bank'),
  'online-clearing': line(
    asset,
    ['Online clearing', '线上支付清算'],
    'owed to us by a payment provider',
  ),
  'channel-fee': line(expense, ['Channel fee', '渠道手续费'], 'kept by a payment provider'),
  unidentified: line(
    liability,
    ['Unidentified receipts', '未达账款'],
    'received, but nobody knows from whom',
  ),
  deposit: line(liability, ['Deposits', '押金'], 'held as security', customers),
  receivable: line(
    asset,
    ['Receivable', '应收账款'],
    'owed by customers whose wallet is closed',
    customers,
  ),
  'bad-debt': line(expense, ['Bad debt', '坏账'], 'given up'),
  'bad-debt-recovery': line(
    income,
    ['Bad debt recovered', '坏账收回'],
    'given up and paid after all',
  ),
  adjustment: line(expense, ['Adjustments', '调整'], 'set right by a person'),
  'tax-pending': line(
    liability,
    ['Tax pending', '待转税额'],
    'tax whose tax point lies ahead: of accrued charges',
    byTax,
  ),
  'tax-due': line(liability, ['Tax due', '应交税金'], 'tax that is owed', byTax),
  'tax-rounding': line(
    expense,
    ['Tax rounding', '税额尾差'],
    'cents between taxes of lines and of papers',
  ),
  accrual: line(
    asset,
    ['Accrued, not settled', '未结算应计'],
    'delivered, not yet settled at the close of a month; reversed on the first day of the next open one',
    customers,
  ),
} as const satisfies Record<string, ChartLine>;

export type LedgerCode = keyof typeof chart;
export const ledgerCodes = Object.keys(chart) as LedgerCode[]; // Its own keys.
