/**
 * Pictures of the pages, to be looked at: `npx tsx test/web-app/look.ts [pages] [variants]` writes
 * test/screenshots/*.png over the made-up park and tells console errors. With LOOK_URL, LOOK_EMAIL and
 * LOOK_PASSWORD it looks at a running system instead; with PRESS=e it presses keys first,
 * with PDF=1 it prints too, with OVER=1 it tells what look-over.ts
 * finds on each; SCALE=1 draws a phone's page small and fast.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
  type Route,
} from 'playwright-core';
import { en } from '../../web/app/language/en.ts';
import { zh } from '../../web/app/language/zh.ts';
import { launchOptions } from './browser.ts';
import { startFixture } from './fixture/server.ts';
import { PROJECT } from './fixture/world.ts';
import { lookOver } from './look-over.ts';

const real = process.env.LOOK_URL;
const AT = Date.parse('2026-11-24T14:32:08+08:00');
const offsetMs = real ? 0 : AT - Date.now();
const out = join(import.meta.dirname, '../screenshots');
const variants = [
  { name: 'light', theme: 'light', language: 'en', width: 1440, height: 1000 },
  { name: 'dark', theme: 'dark', language: 'en', width: 1440, height: 1000 },
  { name: 'zh', theme: 'light', language: 'zh', width: 1440, height: 1000 },
  { name: 'dark-zh', theme: 'dark', language: 'zh', width: 1440, height: 1000 },
  { name: 'phone', theme: 'light', language: 'en', width: 390, height: 844 },
  { name: 'phone-dark', theme: 'dark', language: 'en', width: 390, height: 844 },
  { name: 'phone-zh', theme: 'light', language: 'zh', width: 390, height: 844 },
  { name: 'phone-dark-zh', theme: 'dark', language: 'zh', width: 390, height: 844 },
];

const [wantedPages = '', wantedVariants = ''] = process.argv.slice(2);
const chosen = (wanted: string, name: string) => !wanted || wanted.split(',').includes(name);
await mkdir(out, { recursive: true });
const fixture = real
  ? null
  : await startFixture({
      now: () => new Date(Date.now() + offsetMs),
      extra: Number(process.env.EXTRA ?? 0),
    });
const url = real ?? fixture?.url ?? '';
const browser = await chromium.launch(launchOptions());
const asked = wantedVariants ? wantedVariants.split(',') : variants.map(({ name }) => name);
for (const variant of asked.flatMap((name) => variants.filter((one) => one.name === name))) {
  const context = await browser.newContext({
    viewport: { width: variant.width, height: variant.height },
    deviceScaleFactor: Number(process.env.SCALE ?? (variant.width < 500 ? 2 : 1)),
    hasTouch: variant.width < 500,
    locale: variant.language === 'zh' ? 'zh-CN' : 'en-GB',
    // What moves while it waits costs the time that it waits for.
    reducedMotion: 'reduce',
  });
  await context.addInitScript(
    ([theme, language]) => {
      localStorage.setItem('wattledger.theme', theme ?? '');
      localStorage.setItem('wattledger.language', language ?? '');
      localStorage.setItem('wattledger.signed-in', '1');
    },
    [variant.theme, variant.language],
  );
  // What the compiler puts into functions that are handed over to the page.
  await context.addInitScript('globalThis.__name = (named) => named');
  const pages = await pagesOf(context);
  const page = await context.newPage();
  // A machine that does other things draws slowly.
  page.setDefaultTimeout(120_000);
  await page.route(
    /\/(reports|warehouse|corrections|months|ledger|reconciliation)[/?]?[^/]*$/,
    answerAs(process.env.STATE),
  );
  if (!real) await page.clock.install({ time: new Date(Date.now() + offsetMs) });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) console.log('console', message.text());
  });
  page.on('pageerror', (error) => console.log('page error', error.message));
  for (const [name, way] of Object.entries(pages).filter(([name]) => chosen(wantedPages, name))) {
    const started = Date.now();
    const [path = '', ...steps] = [way].flat();
    // The app goes there by itself, by way of nowhere, which is faster than to begin anew.
    if (page.url().startsWith(`${url}/projects`) && path.startsWith('/projects')) {
      for (const to of [`/projects/${PROJECT}/nowhere`, path]) await goWithin(page, to);
    } else await page.goto(url + path).catch((error) => console.log(name, String(error)));
    await page.waitForLoadState('networkidle').catch(() => undefined);
    if (!process.env.STATE) await settled(page);
    // A page asks again some times before it says that it failed.
    await page.waitForTimeout(process.env.STATE === 'error' ? 9_000 : 700);
    for (const key of (process.env.PRESS ?? '').split(',').filter(Boolean)) {
      await page.keyboard.press(key);
      await page.waitForTimeout(300);
    }
    for (const step of steps) {
      await take(page, step, variant.language).catch((error) => console.log(step, String(error)));
      await page.waitForTimeout(400);
      await settled(page);
    }
    console.log(`${name}-${variant.name} ${Date.now() - started} ms`);
    if (process.env.OVER) {
      for (const found of await lookOver(page, variant.language)) console.log('   ', found);
    }
    const state = process.env.STATE ? `${process.env.STATE}-` : '';
    const file = `${real ? 'real-' : ''}${state}${name}-${variant.name}.png`;
    // What lies over the page covers the screen, not all that could be scrolled to.
    const isCovered = (await page.locator('dialog[open]').count()) > 0;
    const all = { path: join(out, file), fullPage: !isCovered };
    const { width, height } = variant;
    // TOP=1: only what stands first, in a size that can be read.
    await page.screenshot(
      process.env.TOP && !isCovered
        ? { ...all, clip: { x: 0, y: 0, width, height: height * 2 } }
        : all,
    );
    if (process.env.PDF) {
      const paper = join(out, file.replace('.png', '.pdf'));
      await page.pdf({ path: paper, preferCSSPageSize: true, printBackground: true });
    }
  }
  await context.close();
}
await browser.close();
await fixture?.close();
process.exit(0);

/** STATE=waiting, error or empty: what a page of a report looks like then. */
function answerAs(state: string | undefined) {
  return async (route: Route) => {
    if (!route.request().url().includes('/api/')) return route.continue();
    if (state === 'waiting') return;
    if (state === 'error') {
      return route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: JSON.stringify({ code: 'not-built', title: 'The warehouse is being built' }),
      });
    }
    if (state !== 'empty') return route.continue();
    const url = new URL(route.request().url());
    url.searchParams.set('from', '2019-01-01');
    url.searchParams.set('to', '2019-02-01');
    return route.continue({ url: url.href });
  };
}

/** To another page of the app, until what stood there is gone. */
async function goWithin(page: Page, to: string) {
  await page.evaluate((address) => {
    document.querySelector('main > *')?.setAttribute('data-old', '');
    history.pushState(null, '', address);
  }, to);
  const isGone = () => !document.querySelector('main > [data-old]');
  await page.waitForFunction(isGone, undefined, { timeout: 8_000 }).catch(() => undefined);
}

/** Waits for what is still drawn in grey, and for charts; a page that never has it is shown as it is. */
function settled(page: Page) {
  const isDrawn = () =>
    !document.querySelector('.skeleton') &&
    [...document.querySelectorAll('.chart')].every((chart) =>
      chart.querySelector('canvas,table,.chart-empty'),
    );
  return page.waitForFunction(isDrawn, undefined, { timeout: 8_000 }).catch(() => undefined);
}

/** Presses what is named by a key of the words on screen, or what a selector finds; `=` fills a field. */
async function take(page: Page, step: string, language: string) {
  const [field, text] = step.split(' = ');
  if (field && text) return page.locator(field).first().fill(text);
  const words: unknown = language === 'zh' ? zh : en;
  const said = step.split('.').reduce<unknown>((at, key) => Object(at)[key], words);
  if (typeof said !== 'string') return page.locator(step).first().click({ timeout: 20_000 });
  const escaped = said.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\{.*?\}\}/g, '.*');
  const name = new RegExp(`^\\s*${escaped}`);
  const parts = (['button', 'tab', 'radio', 'checkbox', 'menuitem'] as const).map((role) =>
    page.getByRole(role, { name }),
  );
  const [first, ...others] = parts;
  const any = others.reduce((all, one) => all.or(one), first as Locator);
  await any.locator('visible=true').first().click({ timeout: 20_000 });
}

/** Signs in where that is needed, and finds something to show on every page: an address, then what is pressed. */
async function pagesOf(context: BrowserContext): Promise<Record<string, string | string[]>> {
  let projectId = PROJECT;
  let meterId = '5030';
  let accountId = '7003';
  let buildingId = '2066';
  let settlementId = '202611233003';
  if (real) {
    const session = await context.request.post(`${url}/api/v1/session`, {
      data: { email: process.env.LOOK_EMAIL, password: process.env.LOOK_PASSWORD },
      headers: { origin: url },
    });
    projectId = (await session.json()).projects[0].id;
    const ask = async (path: string) =>
      (await (await context.request.get(`${url}/api/v1/projects/${projectId}${path}`)).json()).data;
    const unit = (await ask('/live')).find((point: { code: string }) => point.code === 'A104');
    meterId = unit.meterId;
    accountId = unit.accountId;
    buildingId = unit.buildingId;
    const entries = await ask(`/accounts/${accountId}/charges?limit=50`);
    settlementId = entries.find(
      (charge: { settlementId: string | null }) => charge.settlementId,
    )?.settlementId;
  }
  const at = `/projects/${projectId}`;
  return {
    'sign-in': '/sign-in',
    home: at,
    'home-month': `${at}?bars=month`,
    meters: `${at}/meters`,
    meter: `${at}/meters/${meterId}`,
    gateways: `${at}/gateways`,
    alarms: `${at}/alarms`,
    'alarms-past': `${at}/alarms?show=all`,
    'alarm-open': `${at}/alarms?open=b5`,
    exceptions: `${at}/exceptions`,
    'exceptions-open': `${at}/exceptions?open=9103`,
    'exceptions-edits': `${at}/exceptions?show=edits&open=9500`,
    'meter-trip': `${at}/meters/${meterId}?command=trip`,
    'meter-settings': `${at}/meters/${meterId}?command=issue-settings`,
    'meter-tou': `${at}/meters/${meterId}?command=tou-table`,
    control: `${at}/control`,
    'correct-fast': `${at}/meters/${meterId}?correct=fast`,
    'correct-edit': `${at}/meters/${meterId}?correct=edit`,
    'correct-ratio': `${at}/meters/${meterId}?correct=ratio`,
    'correct-silent': `${at}/meters/${meterId}?correct=silent`,
    accounts: `${at}/accounts`,
    account: `${at}/accounts/${accountId}`,
    'account-charge': [`${at}/accounts/${accountId}`, '.table-rows .table-row, .card'],
    'account-edit': [`${at}/accounts/${accountId}`, 'account.edit.act'],
    'account-deposit': [`${at}/accounts/${accountId}`, 'deposit.act'],
    'account-mode': [`${at}/accounts/${accountId}`, 'meterMode.act'],
    'account-move': [`${at}/accounts/${accountId}`, 'move.title'],
    'account-address': [`${at}/accounts/${accountId}`, 'notices.addAddress'],
    'account-recharge': [`${at}/accounts/7002`, 'meterMode.recharge'],
    'account-closed': `${at}/accounts/7902`,
    explain: `${at}/explain/${settlementId}`,
    sale: `${at}/accounts/${accountId}?sale=true`,
    'sale-check': [
      `${at}/accounts/${accountId}?sale=true`,
      'dialog button:has-text("500")',
      'sale.check',
    ],
    'sale-quantity': [`${at}/accounts/${accountId}?sale=true`, 'vend.quantity.by.quantity'],
    'sale-done': [
      ...[`${at}/accounts/${accountId}?sale=true`, 'dialog button:has-text("500")'],
      ...['sale.check', 'sale.book'],
    ],
    opening: `${at}/accounts?opening=true`,
    'opening-points': [`${at}/accounts`, 'opening.edit', 'opening.step.points'],
    'opening-money': [`${at}/accounts`, 'opening.edit', 'opening.step.money'],
    'opening-check': [`${at}/accounts`, 'opening.edit', 'opening.step.check'],
    opened: `${at}/openings/9701`,
    closing: `${at}/accounts/${accountId}?closing=true`,
    residuals: `${at}/residuals`,
    'residual-settle': [`${at}/residuals`, 'residual.act'],
    closings: `${at}/residuals?tab=closings`,
    openings: `${at}/residuals?tab=openings`,
    credit: `${at}/credit`,
    'credit-proposed': `${at}/credit?open=7004`,
    'credit-cut': `${at}/credit?open=7006`,
    'credit-held': `${at}/credit?open=7013`,
    'credit-dispute': [`${at}/credit?open=7013`, 'credit.act.dispute'],
    'credit-trip': [`${at}/credit?open=7004`, 'credit.act.trip'],
    'credit-own': [`${at}/credit?open=7004`, 'credit.act.override'],
    'credit-edit': [`${at}/credit?tab=policy`, 'credit.edit'],
    'credit-decisions': `${at}/credit?tab=decisions&row=89003`,
    recharges: `${at}/recharges`,
    'recharge-held': `${at}/recharges?open=91003`,
    compared: `${at}/recharges?show=compared&open=92001`,
    'meter-mode': `${at}/accounts/7002`,
    'meter-sale': `${at}/accounts/7002?sale=true`,
    'credit-policy': `${at}/credit?tab=policy`,
    sales: `${at}/sales`,
    'sales-open': `${at}/sales?open=60255`,
    'refund-new': [`${at}/sales`, 'vend.refund.new'],
    refunds: `${at}/sales?show=refunds`,
    reversals: `${at}/sales?show=reversals`,
    shifts: `${at}/shifts?open=76002`,
    bank: `${at}/bank?open=78104`,
    'bank-claim': [`${at}/bank?open=78104`, 'bank.claim.open'],
    'bank-claimed': `${at}/bank?open=78107`,
    'bank-files': `${at}/bank?show=files`,
    'bank-import': `${at}/bank-import`,
    'cash-movements': `${at}/shifts?show=cash`,
    'cash-open': [`${at}/shifts`, 'vend.cash.open.title'],
    'cash-deposit': [`${at}/shifts`, 'vend.cash.deposit.title'],
    notices: `${at}/notices`,
    'notices-quiet': [`${at}/notice-templates`, 'notices.change'],
    'notices-open': `${at}/notices?open=69997`,
    'notice-templates': `${at}/notice-templates`,
    'notice-template-open': `${at}/notice-templates?channel=email&open=balance.alarm2%2Femail%2Fen&language=en`,
    energy: `${at}/energy`,
    points: `${at}/energy?by=point`,
    building: `${at}/buildings/${buildingId}`,
    exports: `${at}/exports`,
    'energy-floors': `${at}/energy?open=2067`,
    'energy-week': `${at}/energy?range=twelve&unit=week&by=project`,
    'energy-point': `${at}/energy?point=3030&range=week`,
    reports: `${at}/reports`,
    bills: `${at}/bills?month=2026-10-01&accounts=7003,7004`,
    records: `${at}/records`,
    'records-openings': `${at}/records?tab=openings`,
    'records-closings': `${at}/records?tab=closings`,
    'records-commands': `${at}/records?tab=commands`,
    finance: `${at}/finance`,
    'finance-year': `${at}/finance?unit=month&range=year`,
    'finance-postings': `${at}/finance?show=postings`,
    'finance-cashier': `${at}/finance?by=cashier&range=week`,
    'finance-part': `${at}/finance?channel=transfer&cashier=Wang%20Mei`,
    integrated: `${at}/integrated`,
    losses: `${at}/losses`,
    'integrated-open': `${at}/integrated?open=7003`,
    'losses-open': `${at}/losses?open=3116`,
    load: `${at}/load`,
    'load-month': `${at}/load?range=month&building=2066`,
    'load-minute': `${at}/load?point=3030&step=minute`,
    'demand-point': `${at}/demand?by=point&range=month`,
    'power-open': `${at}/power-quality?open=3030`,
    demand: `${at}/demand`,
    quality: `${at}/quality`,
    'power-quality': `${at}/power-quality`,
    ranking: `${at}/ranking`,
    tariffs: `${at}/tariffs`,
    'tariffs-full': `${at}/tariffs?tariff=8003`,
    'tariff-assign': [`${at}/tariffs`, 'tariff.assign.act'],
    'tariff-edit': `${at}/tariffs/edit?tariff=8001`,
    'tariff-full': `${at}/tariffs/edit?tariff=8003`,
    'tariff-water': `${at}/tariffs/edit?tariff=8002`,
    'tariff-new': `${at}/tariffs/edit`,
    published: `${at}/tariffs/published`,
    people: `${at}/people`,
    'people-new': [`${at}/people`, 'people.make'],
    'people-role': [`${at}/people`, 'people.role.make'],
    'people-open': [`${at}/people`, '.table-rows .table-row, .card'],
    'system-log-open': [`${at}/system-log`, '.table-rows .table-row, .card'],
    'second-factor': [
      ...[`${at}/own-account`, 'input[type=password] >> nth=2 = a password'],
      'people.totp.begin',
    ],
    'system-log': `${at}/system-log`,
    'all-projects': `${at}/all-projects`,
    'own-account': `${at}/own-account`,
    corrections: `${at}/corrections`,
    'correction-open': `${at}/corrections?open=88399%2Fenergy%2Fusage%2F3%2F1`,
    months: `${at}/months`,
    configuration: `${at}/configuration`,
    'configuration-lines': `${at}/configuration?tab=lines`,
    'configuration-meters': `${at}/configuration?tab=meters`,
    'configuration-points': `${at}/configuration?tab=points`,
    'configuration-models': `${at}/configuration?tab=models`,
    'configuration-defaults': `${at}/configuration?tab=defaults`,
    'building-edit': [`${at}/configuration`, '.conf-open'],
    'building-in-use': [`${at}/configuration`, '.conf-open', 'config.retire'],
    'floor-new': [`${at}/configuration`, '.conf-open', 'config.new.floor'],
    'bus-edit': [`${at}/configuration?tab=lines`, '.conf-open >> nth=1'],
    'meter-edit': [`${at}/configuration?tab=meters`, '.conf-open'],
    'meter-read': [`${at}/configuration?tab=meters`, '.conf-open', 'config.test.act'],
    'point-edit': [`${at}/configuration?tab=points`, '.conf-open >> nth=4'],
    'point-locked': [`${at}/configuration?tab=points`, '.conf-mark'],
    'model-ability': [`${at}/configuration?tab=models`, '.conf-open'],
    'control-chosen': [`${at}/control`, '.control-tile >> nth=6', '.control-tile >> nth=20'],
    import: `${at}/configuration/import`,
    ledger: `${at}/ledger`,
    journal: `${at}/ledger?tab=journal`,
    chart: `${at}/ledger?tab=chart`,
    reconciliation: `${at}/reconciliation`,
    'reconciliation-open': `${at}/reconciliation?open=2026-11-23%2Fmain-sub%2F3116%2FWh%2F`,
    'reconciliation-agree': `${at}/reconciliation?from=2026-10-05&to=2026-10-06`,
  };
}
