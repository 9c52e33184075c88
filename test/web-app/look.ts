/**
 * Pictures of the pages over the made-up park, to be looked at:
 * `npx tsx test/web-app/look.ts [name …]` writes test/screenshots/*.png and tells console errors.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { launchOptions } from './browser.ts';
import { startFixture } from './fixture/server.ts';
import { PROJECT } from './fixture/world.ts';

const AT = Date.parse('2026-11-24T14:32:08+08:00');
const offsetMs = AT - Date.now();
const out = join(import.meta.dirname, '../screenshots');
const pages: Record<string, string> = {
  'sign-in': '/sign-in',
  home: '',
  meters: '/meters',
  meter: '/meters/5030',
  gateways: '/gateways',
  alarms: '/alarms',
  accounts: '/accounts',
  account: '/accounts/7003',
  sale: '/accounts/7003?sale=true',
  sales: '/sales',
  energy: '/energy?by=building&from=2026-11-01&to=2026-11-25',
  tariffs: '/tariffs',
};
const variants = [
  { name: 'light', theme: 'light', language: 'en', width: 1440, height: 1000 },
  { name: 'dark', theme: 'dark', language: 'en', width: 1440, height: 1000 },
  { name: 'zh', theme: 'light', language: 'zh', width: 1440, height: 1000 },
  { name: 'phone', theme: 'light', language: 'en', width: 390, height: 844 },
  { name: 'phone-dark-zh', theme: 'dark', language: 'zh', width: 390, height: 844 },
];

const [wantedPages = '', wantedVariants = ''] = process.argv.slice(2);
const chosen = (wanted: string, name: string) => !wanted || wanted.split(',').includes(name);
await mkdir(out, { recursive: true });
const fixture = await startFixture({
  now: () => new Date(Date.now() + offsetMs),
  extra: Number(process.env.EXTRA ?? 0),
});
const browser = await chromium.launch(launchOptions());
for (const variant of variants.filter(({ name }) => chosen(wantedVariants, name))) {
  const context = await browser.newContext({
    viewport: { width: variant.width, height: variant.height },
    deviceScaleFactor: variant.width < 500 ? 2 : 1,
    hasTouch: variant.width < 500,
  });
  await context.addInitScript(
    ([theme, language]) => {
      localStorage.setItem('wattledger.theme', theme ?? '');
      localStorage.setItem('wattledger.language', language ?? '');
    },
    [variant.theme, variant.language],
  );
  const page = await context.newPage();
  await page.clock.install({ time: new Date(Date.now() + offsetMs) });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) console.log('console', message.text());
  });
  page.on('pageerror', (error) => console.log('page error', error.message));
  for (const [name, path] of Object.entries(pages).filter(([name]) => chosen(wantedPages, name))) {
    await page.goto(fixture.url + (name === 'sign-in' ? path : `/projects/${PROJECT}${path}`));
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(700);
    await page.screenshot({ path: join(out, `${name}-${variant.name}.png`), fullPage: true });
  }
  await context.close();
}
await browser.close();
await fixture.close();
process.exit(0);
