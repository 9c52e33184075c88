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
  detailZh: string | null;
  /** True where each customer has one of his own. */
  isCustomers: boolean;
  says: string;
  saysZh: string;
}

const line = (
  [kind, normal]: [ChartLine['kind'], ChartLine['normal']],
  [name, nameZh]: [string, string],
  [says, saysZh]: [string, string],
  {
    detail: [detail, detailZh] = [null, null],
    isCustomers = false,
  }: { detail?: [string, string] | [null, null]; isCustomers?: boolean } = {},
): ChartLine => ({
  ...{ name, nameZh, kind, normal, isCustomers },
  ...{ detail, detailZh, says, saysZh },
});

const asset: [ChartLine['kind'], ChartLine['normal']] = ['asset', 'debit'];
const liability: [ChartLine['kind'], ChartLine['normal']] = ['liability', 'credit'];
const income: [ChartLine['kind'], ChartLine['normal']] = ['income', 'credit'];
const expense: [ChartLine['kind'], ChartLine['normal']] = ['expense', 'debit'];

type Detail = { detail: [string, string] };
const customers = { isCustomers: true };
const byComponent = { detail: ['component code of the tariff', '电价的分项代码'] } satisfies Detail;
const byTax = { detail: ['tax code and rate', '税码与税率'] } satisfies Detail;

export const chart = {
  wallet: line(
    liability,
    ['Customer wallet', '用户钱包'],
    [
      'paid ahead: a liability, so the balance shown to the customer is −Σ; one in debit is owed to us and shown apart',
      '预付的钱：属负债，故显示给用户的余额为 −Σ；欠费的属应收，另行列示',
    ],
    customers,
  ),
  'in-transit': line(
    liability,
    ['In transit to meters', '在途（下发表计）'],
    ['sent to a meter, not yet confirmed', '已下发给表计、尚未确认'],
    customers,
  ),
  'on-meter': line(
    liability,
    ['On meters', '表内余额'],
    ['held by a meter', '由表计持有'],
    customers,
  ),
  revenue: line(
    income,
    ['Revenue', '收入'],
    ['what was sold, without its tax', '销售额，不含税'],
    byComponent,
  ),
  tax: line(
    liability,
    ['Tax', '税金'],
    ['tax within or on top of settled charges', '已结算费用内含或外加的税'],
    byTax,
  ),
  payable: line(
    liability,
    ['Payable to others', '代收应付'],
    ['collected on behalf of others, with their tax', '代他人收取的款项，含其税'],
    byComponent,
  ),
  cash: line(asset, ['Cash in drawers', '柜台现金'], ['in the drawer', '柜台抽屉内'], {
    detail: ['shift, or cashier where none was open', '班次；未开班时为收银员'],
  }),
  'over-short': line(
    expense,
    ['Cash over and short', '现金长短款'],
    ['what a shift had too much or too little', '班次中多出或缺少的现金'],
    { detail: ['cashier', '收银员'] },
  ),
  safe: line(asset, ['Safe', '保险柜'], ['cash handed in', '已上缴的现金']),
  bank: line(asset, ['Bank', '银行存款'], ['in the bank', '存于银行']),
  'bank-transit': line(
    asset,
    ['In transit to bank', '在途（缴存银行）'],
    ['on its way to the bank', '正在送往银行'],
  ),
  'online-clearing': line(
    asset,
    ['Online clearing', '线上支付清算'],
    ['owed to us by a payment provider', '支付机构应付给我们'],
  ),
  'channel-fee': line(
    expense,
    ['Channel fee', '渠道手续费'],
    ['kept by a payment provider', '支付机构留存'],
  ),
  unidentified: line(
    liability,
    ['Unidentified receipts', '未达账款'],
    ['received, but nobody knows from whom', '已收到，但不知来自何人'],
  ),
  deposit: line(liability, ['Deposits', '押金'], ['held as security', '作为担保持有'], customers),
  receivable: line(
    asset,
    ['Receivable', '应收账款'],
    ['owed by customers whose wallet is closed', '钱包已销户的用户所欠'],
    customers,
  ),
  'bad-debt': line(expense, ['Bad debt', '坏账'], ['given up', '已核销']),
  'bad-debt-recovery': line(
    income,
    ['Bad debt recovered', '坏账收回'],
    ['given up and paid after all', '核销后又收回'],
  ),
  adjustment: line(expense, ['Adjustments', '调整'], ['set right by a person', '由人员调整']),
  'tax-pending': line(
    liability,
    ['Tax pending', '待转税额'],
    ['tax whose tax point lies ahead: of accrued charges', '纳税时点未到的税：来自应计费用'],
    byTax,
  ),
  'tax-due': line(liability, ['Tax due', '应交税金'], ['tax that is owed', '应缴纳的税'], byTax),
  'tax-rounding': line(
    expense,
    ['Tax rounding', '税额尾差'],
    ['cents between taxes of lines and of papers', '明细税额与票据税额之间的分差'],
  ),
  accrual: line(
    asset,
    ['Accrued, not settled', '未结算应计'],
    [
      'delivered, not yet settled at the close of a month; reversed on the first day of the next open one',
      '已供应，月末关账时尚未结算；在下一未关账月份的第一天冲回',
    ],
    customers,
  ),
} as const satisfies Record<string, ChartLine>;

export type LedgerCode = keyof typeof chart;
export const ledgerCodes = Object.keys(chart) as LedgerCode[]; // Its own keys.
