/** The words that notices begin with, in both languages; a project edits them as templates. */
import type { noticeLanguages } from '../sql/schema/notices.ts';
import type { NoticeKindName } from './notice-kinds.ts';

export type Language = (typeof noticeLanguages)[number];
interface Words {
  sms: string;
  subject: string;
  email: string;
}

export const noticeWords: Record<NoticeKindName, Record<Language, Words>> = {
  'balance.alarm1': {
    en: {
      sms: '{project}: the balance of {account} ({number}) is {balance} {currency}, below {threshold}. About {hoursLeft} h left. Please top up.',
      subject: 'Balance of {account} is low',
      email:
        'Dear {account},\n\nyour balance is {balance} {currency}, below the first alarm of {threshold}. By the use of the last days it lasts for about {hoursLeft} hours.\n\nAccount {number}, {at}\n{project}',
    },
    zh: {
      sms: '{project}：{account}（{number}）余额 {balance} {currency}，已低于 {threshold}，约可用 {hoursLeft} 小时，请及时充值。',
      subject: '{account} 余额不足',
      email:
        '{account}：\n\n您的余额为 {balance} {currency}，已低于一级报警值 {threshold}。按近日用量约可用 {hoursLeft} 小时。\n\n户号 {number}，{at}\n{project}',
    },
  },
  'balance.alarm2': {
    en: {
      sms: '{project}: the balance of {account} ({number}) is only {balance} {currency}, below {threshold}. About {hoursLeft} h left. Top up now to keep your supply.',
      subject: 'Balance of {account} is very low',
      email:
        'Dear {account},\n\nyour balance is only {balance} {currency}, below the second alarm of {threshold}. By the use of the last days it lasts for about {hoursLeft} hours. Please top up now to keep your supply.\n\nAccount {number}, {at}\n{project}',
    },
    zh: {
      sms: '{project}：{account}（{number}）余额仅剩 {balance} {currency}，已低于 {threshold}，约可用 {hoursLeft} 小时，请立即充值以免停供。',
      subject: '{account} 余额严重不足',
      email:
        '{account}：\n\n您的余额仅剩 {balance} {currency}，已低于二级报警值 {threshold}。按近日用量约可用 {hoursLeft} 小时，请立即充值以免停供。\n\n户号 {number}，{at}\n{project}',
    },
  },
  'balance.arrears': {
    en: {
      sms: '{project}: the balance of {account} ({number}) is used up: {balance} {currency}. The supply may be cut. Please pay now.',
      subject: 'Balance of {account} is used up',
      email:
        'Dear {account},\n\nyour balance is used up and stands at {balance} {currency}. The supply may be cut. Please pay now.\n\nAccount {number}, {at}\n{project}',
    },
    zh: {
      sms: '{project}：{account}（{number}）已欠费，余额 {balance} {currency}，可能停止供应，请立即缴费。',
      subject: '{account} 已欠费',
      email:
        '{account}：\n\n您的余额已用完，当前为 {balance} {currency}，可能停止供应，请立即缴费。\n\n户号 {number}，{at}\n{project}',
    },
  },
  'credit.final-notice': {
    en: {
      sms: '{project}: last notice to {account} ({number}). The balance is {balance} {currency}. Without a payment the supply may be cut from {deadline} on.',
      subject: 'Last notice: supply of {account} may be cut from {deadline} on',
      email:
        'Dear {account},\n\nyour balance is {balance} {currency}, below what your supply is kept on for. Without a payment the supply may be cut from {deadline} on. Please pay now, or call us if you think that this is wrong.\n\nAccount {number}, {at}\n{project}',
    },
    zh: {
      sms: '{project}：{account}（{number}）最后通知：余额 {balance} {currency}，如不缴费，{deadline} 起可能停止供应。',
      subject: '最后通知：{account} 自 {deadline} 起可能停止供应',
      email:
        '{account}：\n\n您的余额为 {balance} {currency}，已低于允许供应的额度。如不缴费，自 {deadline} 起可能停止供应。请立即缴费；如有异议，请与我们联系。\n\n户号 {number}，{at}\n{project}',
    },
  },
  'credit.person-called': {
    en: {
      sms: '{project}: {account} ({number}) needs a person: {reason}. Balance {balance} {currency}. See credit control.',
      subject: '{account} ({number}) needs a person',
      email:
        'Credit control of {project} waits for a person.\n\nAccount: {account} ({number})\nWhy: {reason}\nBalance: {balance} {currency}\n\nOpen credit control to see what it stands on. {at}',
    },
    zh: {
      sms: '{project}：{account}（{number}）需人工处理：{reason}。余额 {balance} {currency}，请查看信用控制。',
      subject: '{account}（{number}）需人工处理',
      email:
        '{project} 的信用控制等待人工处理。\n\n账户：{account}（{number}）\n原因：{reason}\n余额：{balance} {currency}\n\n请打开信用控制查看依据。{at}',
    },
  },
  'credit.brake-engaged': {
    en: {
      sms: '{project}: the brake holds. {trips} automatic cuts within an hour ({allowed} allowed); next was {account} ({number}). Nobody is cut until a person releases it.',
      subject: 'The brake of {project} holds: nobody is cut by itself',
      email:
        'The brake on automatic cuts of {project} holds since {at}.\n\n{trips} accounts were cut within an hour, {allowed} are allowed; the next would have been {account} ({number}).\n\nSee whether readings or a tariff are wrong before the brake is released on the page of credit control. Until then nobody is cut by itself.',
    },
    zh: {
      sms: '{project}：自动停电已制动。一小时内已停 {trips} 户（允许 {allowed} 户），下一户为 {account}（{number}）。人工解除前不再自动停电。',
      subject: '{project} 自动停电已制动',
      email:
        '{project} 的自动停电自 {at} 起已制动。\n\n一小时内已停 {trips} 户，允许 {allowed} 户；下一户为 {account}（{number}）。\n\n请先核查读数与电价是否有误，再在信用控制页面解除制动；解除前不再自动停电。',
    },
  },
  'supply.tripped': {
    en: {
      sms: '{project}: the supply of {point} ({account}) was switched off at {at}. Balance {balance} {currency}.',
      subject: 'Supply of {point} was switched off',
      email:
        'Dear {account},\n\nthe supply of {point} (meter {meter}) was switched off at {at}. Your balance is {balance} {currency}.\n\nAccount {number}\n{project}',
    },
    zh: {
      sms: '{project}：{account} 的 {point} 已于 {at} 停止供应，余额 {balance} {currency}。',
      subject: '{point} 已停止供应',
      email:
        '{account}：\n\n{point}（表号 {meter}）已于 {at} 停止供应。您的余额为 {balance} {currency}。\n\n户号 {number}\n{project}',
    },
  },
  'supply.restored': {
    en: {
      sms: '{project}: the supply of {point} ({account}) was restored at {at}.',
      subject: 'Supply of {point} was restored',
      email:
        'Dear {account},\n\nthe supply of {point} (meter {meter}) was restored at {at}.\n\nAccount {number}\n{project}',
    },
    zh: {
      sms: '{project}：{account} 的 {point} 已于 {at} 恢复供应。',
      subject: '{point} 已恢复供应',
      email:
        '{account}：\n\n{point}（表号 {meter}）已于 {at} 恢复供应。\n\n户号 {number}\n{project}',
    },
  },
  'sale.receipt': {
    en: {
      sms: '{project}: {amount} {currency} received for {account} ({number}), receipt {receipt}. Balance {balance} {currency}.',
      subject: 'Receipt {receipt}',
      email:
        'Dear {account},\n\nwe received {amount} {currency} ({channel}), receipt {receipt}, at {at}. Your balance is {balance} {currency}.\n\nAccount {number}\n{project}',
    },
    zh: {
      sms: '{project}：{account}（{number}）充值 {amount} {currency} 已到账，收据 {receipt}，余额 {balance} {currency}。',
      subject: '充值收据 {receipt}',
      email:
        '{account}：\n\n我们已于 {at} 收到 {amount} {currency}（{channel}），收据号 {receipt}。您的余额为 {balance} {currency}。\n\n户号 {number}\n{project}',
    },
  },
  'account.opened': {
    en: {
      sms: '{project}: account {number} of {account} is open from {day}, for {points}.',
      subject: 'Account {number} is open',
      email:
        'Dear {account},\n\nyour account {number} is open from {day}, for {points}.\n\n{project}, {at}',
    },
    zh: {
      sms: '{project}：{account} 已开户，户号 {number}，自 {day} 起，计量点 {points}。',
      subject: '户号 {number} 已开户',
      email:
        '{account}：\n\n您已开户，户号 {number}，自 {day} 起，计量点 {points}。\n\n{project}，{at}',
    },
  },
  'account.closed': {
    en: {
      sms: '{project}: account {number} of {account} is closed from {day}. Balance {balance} {currency}.',
      subject: 'Account {number} is closed',
      email:
        'Dear {account},\n\nyour account {number} is closed from {day}. Its balance is {balance} {currency}.\n\n{project}, {at}',
    },
    zh: {
      sms: '{project}：{account} 户号 {number} 自 {day} 起销户，余额 {balance} {currency}。',
      subject: '户号 {number} 已销户',
      email:
        '{account}：\n\n您的户号 {number} 自 {day} 起销户，余额 {balance} {currency}。\n\n{project}，{at}',
    },
  },
};
