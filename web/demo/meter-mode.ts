/**
 * The demo's tenants whose meters hold their money. Entered when the history is settled: a meter counts from its first
 * recharge on, and what was used before on that day is the wallet's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ask, idOf } from './ask.ts';
import type { Sheet } from './sheet.ts';
import { dayCost } from './tariffs.ts';
import { prepaidOf, type Tenant, tenantsOf } from './tenants.ts';

/** What is sold to a meter at first, in days of its use; the same again comes out of the wallet, where it has that. */
const DAYS = 7;
/** Amounts are whole tens. */
const STEP = 10;
/** How long it waits for the meters' answers; what is not proven by then is proven later. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 500;

interface Mode {
  mode: 'platform' | 'meter';
  wallet: { amount: string };
  meters: { meterId: string; pointCode: string }[];
}

/** Lets the meters hold the money and sends them some of it; done once, however often it is asked. */
export async function enterMeterMode(
  ask: Ask,
  { sheet, say }: { sheet: Sheet; say: (line: string) => void },
): Promise<void> {
  const projects = await ask.list<{ id: string; name: string }>('/projects');
  const found = projects.find(({ name }) => name === sheet.project.name);
  const project = `/projects/${idOf(new Map([['project', found?.id ?? '']]), 'project')}`;
  const rows = await ask.list<{ id: string; number: string }>(`${project}/accounts`);
  const accounts = new Map(rows.map(({ number, id }) => [number, id]));
  const tenants = prepaidOf(tenantsOf(sheet.meters));
  for (const tenant of tenants) {
    const account = `${project}/accounts/${idOf(accounts, tenant.number)}`;
    await send(ask, { account, tenant, currency: sheet.currency });
  }
  say(`${tenants.length} accounts whose meters hold their money`);
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_MS) {
    const { totals } = await ask.get<{ totals: { open: { amount: string } } }>(
      `${project}/recharges?limit=1`,
    );
    if (Number(totals.open.amount) === 0) return;
    await sleep(LOOK_MS);
  }
}

async function send(
  ask: Ask,
  { account, tenant, currency }: { account: string; tenant: Tenant; currency: string },
): Promise<void> {
  const reason = 'Demo: prepaid on the meter';
  const { mode } = await ask.get<Mode>(`${account}/credit-mode`);
  if (mode === 'platform') await ask.put(`${account}/credit-mode`, { mode: 'meter', reason });
  const { meters, wallet } = await ask.get<Mode>(`${account}/credit-mode`);
  let left = Number(wallet.amount);
  for (const { meterId, pointCode } of meters) {
    const meter = tenant.meters.find(({ label }) => label === pointCode);
    if (!meter) continue;
    const yuan = Math.max(1, Math.round((DAYS * dayCost(meter)) / STEP)) * STEP;
    const amount = { amount: `${yuan}.00`, currency };
    const key = `demo-${tenant.number}-${pointCode}`;
    await ask.post(`${account}/sales`, { amount, channel: 'online', meterId }, key);
    if (left < 2 * yuan) continue;
    left -= yuan;
    await ask.post(`${account}/recharges`, { meterId, amount }, `${key}-wallet`);
  }
}
