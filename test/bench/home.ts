/**
 * The home page in Chromium on a core four times slower: when it can be used and what it loads, from a
 * server that sends the built app as the real one does. The sign-in page of the same app is the floor.
 */
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { readAssets, servePage } from '../../web/static.ts';
import { launchOptions } from '../web-app/browser.ts';
import { fixtureApi } from '../web-app/fixture/api.ts';
import { makeWorld, PROJECT } from '../web-app/fixture/world.ts';
import { median } from './measure.ts';
import type { BenchContext, Part, Row } from './part.ts';

const SLOWER = 4;
const HOME = `/projects/${PROJECT}`;
const SIGN_IN = '/sign-in';
/** Nothing longer than a long task (50 ms) for so long, and the page can be used. */
const QUIET_MS = 1_500;
const DEADLINE_MS = 120_000;

export const home: Part = {
  name: 'home',
  says: `the home page on a core ${SLOWER} times slower: time to interactive, bytes`,
  run: measure,
};

interface Visit {
  /** Since the navigation began. */
  paintMs: number;
  interactiveMs: number;
  /** CPU time of the main thread until then, as this machine counts it: not slowed down. */
  workMs: number;
  /** As they came over the wire, headers included. */
  kb: number;
  requests: number;
}

async function measure({ quick, rounds, say }: BenchContext): Promise<Row[]> {
  const assets = readAssets(join(import.meta.dirname, '../../web/app/dist'));
  if (!assets.has('/index.html')) throw new Error('the app is not built: npm run web:build');
  const signedIn = new Hono();
  const api = fixtureApi(
    makeWorld(() => new Date()),
    { signedIn: true, without: [] },
  );
  signedIn.route('/api/v1', api).notFound((c) => servePage(c, assets));
  const server = await listen(signedIn);
  const browser = await chromium.launch(launchOptions());
  const slower = quick ? 1 : SLOWER;
  try {
    const first: Visit[] = [];
    const again: Visit[] = [];
    const floor: Visit[] = [];
    for (let round = 0; round < rounds; round++) {
      floor.push(...(await visits(browser, server.url + SIGN_IN, { slower, times: 1 })));
      const [cold, warm] = await visits(browser, server.url + HOME, { slower, times: 2 });
      if (!cold || !warm) throw new Error('two visits give two figures');
      first.push(cold);
      again.push(warm);
      say(
        `first ${cold.interactiveMs.toFixed(0)} ms, ${cold.kb.toFixed(0)} kB; again ${warm.interactiveMs.toFixed(0)} ms`,
      );
    }
    const of = (all: readonly Visit[], figure: keyof Visit) =>
      median(all.map((visit) => visit[figure]));
    const against = 'the sign-in page of the same app';
    return [
      {
        what: 'first visit, interactive',
        unit: 'ms',
        ours: of(first, 'interactiveMs'),
        floor: of(floor, 'interactiveMs'),
        against,
        note: `the simulated park's 180 points; first paint ${of(first, 'paintMs').toFixed(0)} ms`,
      },
      {
        what: 'first visit, CPU of the main thread',
        unit: 'ms',
        ours: of(first, 'workMs'),
        floor: of(floor, 'workMs'),
      },
      {
        what: 'first visit, bytes',
        unit: 'kB',
        ours: of(first, 'kb'),
        floor: of(floor, 'kb'),
        note: `${of(first, 'requests')} requests, gzip where the server sends it`,
      },
      { what: 'next visit, interactive', unit: 'ms', ours: of(again, 'interactiveMs') },
      { what: 'next visit, bytes', unit: 'kB', ours: of(again, 'kb') },
    ];
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Opens an address in a browser that knows nothing, `times` over, and tells of each visit. */
async function visits(
  browser: Browser,
  url: string,
  { slower, times }: { slower: number; times: number },
): Promise<Visit[]> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    await context.addInitScript(watchTasks, url.endsWith(SIGN_IN) ? null : '1');
    const seen: Visit[] = [];
    for (let time = 0; time < times; time++) seen.push(await visit(context, url, slower));
    return seen;
  } finally {
    await context.close();
  }
}

/** In the page: remembers long tasks, and that somebody is signed in. */
function watchTasks(signedIn: string | null): void {
  if (signedIn) localStorage.setItem('wattledger.signed-in', signedIn);
  const ends: number[] = [];
  Object.assign(window, { longTaskEnds: ends });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) ends.push(startTime + duration);
  }).observe({ type: 'longtask', buffered: true });
}

async function visit(context: BrowserContext, url: string, slower: number): Promise<Visit> {
  const page = await context.newPage();
  const protocol = await context.newCDPSession(page);
  await protocol.send('Emulation.setCPUThrottlingRate', { rate: slower });
  await protocol.send('Network.enable');
  await protocol.send('Performance.enable', { timeDomain: 'threadTicks' });
  let bytes = 0;
  let requests = 0;
  let lastMs = performance.now();
  protocol.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    if (encodedDataLength > 0) requests++;
    lastMs = performance.now();
  });
  const began = performance.now();
  await page.goto(url, { waitUntil: 'load', timeout: DEADLINE_MS });
  for (;;) {
    const { paintMs, lastTaskMs, nowMs } = await page.evaluate(() => ({
      paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
      // Put there by watchTasks.
      lastTaskMs: Math.max(0, ...(window as unknown as { longTaskEnds: number[] }).longTaskEnds),
      nowMs: performance.now(),
    }));
    const quietMs = Math.min(nowMs - lastTaskMs, performance.now() - lastMs);
    if (paintMs > 0 && quietMs > QUIET_MS) {
      const { metrics } = await protocol.send('Performance.getMetrics');
      const workS = metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
      await page.close();
      return {
        workMs: 1000 * workS,
        paintMs,
        interactiveMs: Math.max(paintMs, lastTaskMs),
        kb: bytes / 1000,
        requests,
      };
    }
    if (performance.now() - began > DEADLINE_MS) throw new Error(`${url} does not come to rest`);
    await page.waitForTimeout(200);
  }
}

function listen(app: Hono): Promise<{ url: string; close: () => Promise<void> }> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({
        url: `http://127.0.0.1:${port}`,
        close: () => new Promise((done) => server.close(() => done())),
      }),
    );
  });
}
