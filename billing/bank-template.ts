/**
 * Which columns of a bank's or a channel's file mean what. Those that stand here follow the files as banks and
 * channels describe them; what a person changes in one is kept with the file and offered by its name next time.
 */
import { z } from '@hono/zod-openapi';

export const bankSources = ['bank', 'channel'] as const;
export type BankSource = (typeof bankSources)[number];

/** What a line of a file may say. */
export const bankFields = [
  'date',
  'amount',
  'income',
  'expense',
  'direction',
  'fee',
  'net',
  'balance',
  'currency',
  'status',
  'reference',
  'order',
  'payer',
  'text',
] as const;
export type BankField = (typeof bankFields)[number];

const TITLE_MAX = 200;
const VALUES_MAX = 20;
const title = z.string().trim().min(1).max(TITLE_MAX);
const values = z.array(z.string().trim().min(1).max(60)).max(VALUES_MAX).default([]);

export const mappingSchema = z
  .strictObject({
    columns: z
      .strictObject({
        date: title,
        amount: title.optional(),
        income: title.optional(),
        expense: title.optional(),
        direction: title.optional(),
        fee: title.optional(),
        net: title.optional(),
        balance: title.optional(),
        currency: title.optional(),
        status: title.optional(),
        reference: title.optional(),
        order: title.optional(),
        payer: title.optional(),
        text: title.optional(),
      })
      .openapi({ description: 'Titles of the columns; several that may stand there parted by |' }),
    dateOrder: z.enum(['ymd', 'dmy', 'mdy']).default('ymd'),
    outgoing: values.openapi({ description: 'What `direction` says of money that goes out' }),
    counted: values.openapi({
      description: 'What `status` says of lines that count, others are skipped; none: all count',
    }),
    fees: values.openapi({
      description: 'What `status` says of lines that are a fee of the bank or the channel',
    }),
    until: z.string().trim().min(1).max(60).nullable().default(null).openapi({
      description: 'How the first line behind the last one begins, where the file goes on',
    }),
  })
  .refine(({ columns }) => columns.amount || columns.income || columns.expense, {
    message: 'an amount, an income or an expense is needed',
  })
  .openapi('BankMapping');
export type BankMapping = z.output<typeof mappingSchema>;

export interface BankTemplate {
  name: string;
  source: BankSource;
  mapping: BankMapping;
  /** False where a person made it: it stands with the newest file that was read by it. */
  isBuiltIn: boolean;
}

const builtIn = (
  name: string,
  source: BankSource,
  columns: BankMapping['columns'],
  more: Partial<Omit<BankMapping, 'columns'>> = {},
): BankTemplate => ({
  ...{ name, source, isBuiltIn: true },
  mapping: { columns, dateOrder: 'ymd', outgoing: [], counted: [], fees: [], until: null, ...more },
});

export const bankTemplates: readonly BankTemplate[] = [
  builtIn('Bank statement 银行对账单', 'bank', {
    date: 'Date|日期|交易日期|记账日期|交易时间',
    income: 'Income|Credit|收入|收入金额|贷方发生额|转入金额',
    expense: 'Expense|Debit|支出|支出金额|借方发生额|转出金额',
    balance: 'Balance|余额|账户余额',
    currency: 'Currency|币种',
    reference: 'Reference|流水号|交易流水号|凭证号',
    payer: 'Payer|对方户名|对方名称|对方账户名称',
    text: 'Text|摘要|附言|用途|备注',
  }),
  builtIn(
    'Bank statement, one amount 银行对账单（单列金额）',
    'bank',
    {
      date: 'Date|日期|交易日期|记账日期|交易时间',
      amount: 'Amount|金额|交易金额|发生额',
      direction: 'Direction|借贷标志|收支|借贷',
      balance: 'Balance|余额|账户余额',
      currency: 'Currency|币种',
      reference: 'Reference|流水号|交易流水号|凭证号',
      payer: 'Payer|对方户名|对方名称|对方账户名称',
      text: 'Text|摘要|附言|用途|备注',
    },
    { outgoing: ['借', 'D', 'out', '支出', '支'] },
  ),
  builtIn(
    'WeChat Pay bill 微信支付交易账单',
    'channel',
    {
      date: '交易时间',
      income: '应结订单金额|总金额',
      expense: '退款金额',
      fee: '手续费',
      currency: '货币种类',
      status: '交易状态',
      reference: '微信订单号',
      order: '商户订单号',
      text: '商品名称',
    },
    // What was revoked at the counter goes back like a refund.
    { counted: ['SUCCESS', 'REFUND', 'REVOKED'], until: '总交易单数' },
  ),
  builtIn(
    'Alipay account log 支付宝账务明细',
    'channel',
    {
      date: '发生时间',
      income: '收入金额（+元）',
      expense: '支出金额（-元）',
      balance: '账户余额（元）',
      status: '业务类型',
      reference: '业务流水号',
      order: '商户订单号',
      payer: '对方账号',
      text: '商品名称',
    },
    { counted: ['在线支付', '交易付款', '交易退款', '转账', '收费'], fees: ['收费'] },
  ),
  builtIn('Channel settlement 渠道结算', 'channel', {
    date: 'Date|日期|交易时间|结算日期',
    amount: 'Amount|金额|交易金额|订单金额',
    fee: 'Fee|手续费',
    net: 'Net|净额|结算金额',
    currency: 'Currency|币种',
    reference: 'Reference|流水号|交易流水号|渠道流水号',
    order: 'Order|订单号|商户订单号',
    payer: 'Payer|付款方|对方账号',
    text: 'Text|备注|商品名称',
  }),
];
