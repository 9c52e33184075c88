/**
 * The chart of accounts. A code is fixed; `detail` parts it (component, tax, channel, cashier) and an
 * `accountId` makes it a customer's own. Ledger accounts come into being when first posted to.
 */
export const chart = {
  wallet: 'what a customer has paid ahead: a liability, so its balance shown is −Σ',
  'in-transit': 'sent to a meter, not yet confirmed',
  'on-meter': 'held by a meter',
  revenue: 'what was sold, by component',
  tax: 'tax within charges, by code and rate',
  payable: 'collected on behalf of others, by component',
  cash: 'in the drawer, by cashier',
  'over-short': 'what a shift had too much or too little',
  safe: 'cash handed in',
  bank: 'in the bank',
  'bank-transit': 'on its way to the bank',
  'online-clearing': 'owed to us by a payment provider',
  'channel-fee': 'kept by a payment provider',
  unidentified: 'received, but nobody knows from whom',
  deposit: 'held as security',
  receivable: 'owed by customers: a wallet in debit is shown apart, never netted',
  'bad-debt': 'given up',
  'bad-debt-recovery': 'given up and paid after all',
  adjustment: 'set right by a person',
  'tax-pending': 'tax whose tax point lies ahead',
  'tax-due': 'tax that is owed',
  'tax-rounding': 'cents between taxes of lines and of papers',
  accrual: 'delivered, not yet settled at the close of a month',
} as const;

export type LedgerCode = keyof typeof chart;
