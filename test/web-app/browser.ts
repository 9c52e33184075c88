/** How Chromium is started for journeys and pictures: Debian's, or the one CHROME_PATH names. */
import type { LaunchOptions } from 'playwright-core';

export const launchOptions = (): LaunchOptions => ({
  executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
