/** Enters the park of a commissioning sheet through the public API: places, devices, tenants, money. */
import { addDays, dayStart, localDayOf, monthOf } from '../../sql/local-day.ts';
import { type Ask, each, ensure, idOf } from './ask.ts';
import { enterCredit } from './credit.ts';
import { salesOf, thresholdsOf } from './sales.ts';
import type { Sheet } from './sheet.ts';
import { dayCost, electricity, smallElectricity, water } from './tariffs.ts';
import { prepaidOf, type Tenant, tenantsOf } from './tenants.ts';

interface Place {
  ask: Ask;
  sheet: Sheet;
  /** `/projects/{id}` */
  project: string;
  say: (line: string) => void;
}

/** Enters everything; what is there already, by its name, code, serial or number, is left alone. */
export async function enterPark(
  ask: Ask,
  { sheet, say, now }: { sheet: Sheet; say: (line: string) => void; now: Date },
): Promise<{ projectId: string }> {
  const projectId = await enterProject(ask, sheet);
  const place: Place = { ask, sheet, project: `/projects/${projectId}`, say };
  const buildings = await enterBuildings(place);
  const meters = await enterDevices(place, buildings);
  const points = await enterPoints(place, { buildings, meters });
  const tariffs = await enterTariffs(place);
  const tenants = tenantsOf(sheet.meters);
  const accounts = await enterAccounts(place, { tenants, points });
  await assignSmall(place, { tariffs, tenants, accounts });
  await enterSales(place, { tenants, accounts, now });
  await enterCredit(ask, { project: place.project, currency: sheet.currency });
  say('credit control: cuts are proposed, a person decides');
  return { projectId };
}

type Ids = ReadonlyMap<string, string>;
const named = ({ code, name }: { id?: string; code?: string; name?: string }) => code ?? name ?? '';

async function enterProject(ask: Ask, { group, project, zone, currency }: Sheet): Promise<string> {
  const groups = await ensure(ask, {
    path: '/groups',
    items: [group],
    keyOfItem: named,
    keyOfRow: named,
    body: (g) => ({ ...g, legalEntity: { ...g, taxPoint: 'settlement' } }),
  });
  const projects = await ensure(ask, {
    path: '/projects',
    items: [project],
    keyOfItem: named,
    keyOfRow: named,
    body: (p) => ({
      ...{ ...p, groupId: idOf(groups, group.name), zone, currency },
      // Its history has cash of weeks ago, when no shift was open.
      vending: { cashNeedsShift: false },
    }),
  });
  return idOf(projects, project.name);
}

interface Buildings {
  buildings: Ids;
  /** By `A/1`. */
  floors: Ids;
}

async function enterBuildings({ ask, sheet, project, say }: Place): Promise<Buildings> {
  const path = `${project}/buildings`;
  const buildings = await ensure(ask, {
    path,
    items: sheet.buildings,
    keyOfItem: named,
    keyOfRow: named,
    body: ({ floors, ...b }) => ({
      ...b,
      floors: floors.map(({ level, name }) => ({ level, name })),
    }),
  });
  const rows = await ask.list<{ code: string; floors: { id: string; level: number }[] }>(path);
  const floors = rows.flatMap((b) => b.floors.map((f) => [`${b.code}/${f.level}`, f.id] as const));
  say(`${buildings.size} buildings with ${floors.length} floors`);
  return { buildings, floors: new Map(floors) };
}

/** How often meters were read before the last two days. */
const QUARTER_HOUR_S = 900;

/** Ids of the meters by serial. */
async function enterDevices(
  { ask, sheet, project, say }: Place,
  { buildings }: Buildings,
): Promise<Ids> {
  const gateways = await ensure(ask, {
    path: `${project}/gateways`,
    items: sheet.gateways,
    keyOfItem: (g) => g.name,
    keyOfRow: (g: { id: string; name: string }) => g.name,
    body: ({ name, nameZh, building }) => ({
      name,
      nameZh,
      buildingId: idOf(buildings, building),
    }),
  });
  const buses = new Map<string, string>();
  const rows = await ask.list<{ id: string; buses: { id: string; name: string }[] }>(
    `${project}/gateways`,
  );
  const known = new Map(rows.map((g) => [g.id, g.buses] as const));
  for (const gateway of sheet.gateways) {
    const gatewayId = idOf(gateways, gateway.name);
    for (const { code, framing, host, port, timeoutMs } of gateway.buses) {
      const there = known.get(gatewayId)?.find((b) => b.name === code);
      const path = `${project}/gateways/${gatewayId}/buses`;
      const body = { name: code, framing, host, port, timeoutMs };
      buses.set(code, (there ?? (await ask.post<{ id: string }>(path, body))).id);
    }
  }
  const meters = await ensure(ask, {
    path: `${project}/meters`,
    items: sheet.meters,
    keyOfItem: (m) => m.serial,
    keyOfRow: (m: { id: string; serial: string }) => m.serial,
    body: ({ serial, model, bus, unit }) => ({ serial, model, busId: idOf(buses, bus), unit }),
  });
  await ensure(ask, {
    path: `${project}/schedules`,
    items: sheet.meters,
    keyOfItem: (m) => idOf(meters, m.serial),
    keyOfRow: (s: { id: string; meterId: string }) => s.meterId,
    // From then on the project's default holds: every minute.
    body: (m) => ({
      meterId: idOf(meters, m.serial),
      from: sheet.history.from,
      to: sheet.history.minuteFrom,
      seconds: QUARTER_HOUR_S,
    }),
  });
  say(`${gateways.size} gateways, ${buses.size} buses, ${meters.size} meters`);
  return meters;
}

const roles = {
  tenant: 'unit',
  water: 'unit',
  'building-main': 'building-main',
  'park-main': 'park-main',
} as const;

/** Ids of the points by label. */
async function enterPoints(
  { ask, sheet, project, say }: Place,
  { buildings, meters }: { buildings: Buildings; meters: Ids },
): Promise<Ids> {
  let points: Ids = new Map();
  // A main comes before its parts, which name it.
  for (const role of ['park-main', 'building-main', 'tenant', 'water'] as const) {
    points = await ensure(ask, {
      path: `${project}/points`,
      items: sheet.meters.filter((m) => m.role === role),
      keyOfItem: (m) => m.label,
      keyOfRow: named,
      body: (m) => ({
        code: m.label,
        name: m.name,
        nameZh: m.nameZh,
        commodity: m.commodity,
        class: role === 'tenant' || role === 'water' ? 'business' : 'metering-only',
        role: roles[role],
        buildingId: m.building && idOf(buildings.buildings, m.building),
        floorId: m.building && m.floor && idOf(buildings.floors, `${m.building}/${m.floor}`),
        parentId: m.parent && idOf(points, m.parent),
        overloadW: m.overloadW,
      }),
    });
  }
  await ensure(ask, {
    path: `${project}/installations`,
    items: sheet.meters,
    keyOfItem: (m) => idOf(meters, m.serial),
    keyOfRow: (i: { id: string; meterId: string }) => i.meterId,
    body: (m) => ({
      pointId: idOf(points, m.label),
      meterId: idOf(meters, m.serial),
      from: sheet.history.from,
      firstRegister: m.firstRegister,
      ct: m.ct,
      pt: m.pt,
      basis: m.basis,
      registerSpan: m.registerSpan,
      ratedPerHour: m.ratedW,
    }),
  });
  say(`${points.size} points with their meters installed`);
  return points;
}

async function enterTariffs({ ask, sheet, project, say }: Place): Promise<Ids> {
  const from = monthOf(localDayOf(sheet.zone, Date.parse(sheet.history.from)));
  const all = [electricity, smallElectricity, water];
  const tariffs = await ensure(ask, {
    path: `${project}/tariffs`,
    items: all,
    keyOfItem: (t) => t.tariff.name,
    keyOfRow: named,
    body: (t) => ({ ...t.tariff, version: { effectiveFrom: from, definition: t.definition } }),
  });
  const assigned = await ask.list<{ tariffId: string }>(`${project}/tariff-assignments`);
  for (const { tariff } of [electricity, water]) {
    const tariffId = idOf(tariffs, tariff.name);
    if (assigned.some((a) => a.tariffId === tariffId)) continue;
    await ask.post(`${project}/tariff-assignments`, { tariffId, from });
  }
  say('3 tariffs: electricity by time of use with its seasons, for small tenants without, water');
  return tariffs;
}

/** Those whose meters will hold their money pay from the beginning by hours that a meter can hold. */
async function assignSmall(
  { ask, sheet, project }: Place,
  { tariffs, tenants, accounts }: { tariffs: Ids; tenants: readonly Tenant[]; accounts: Ids },
): Promise<void> {
  const tariffId = idOf(tariffs, smallElectricity.tariff.name);
  const from = localDayOf(sheet.zone, Date.parse(sheet.history.from));
  const assigned = await ask.list<{ accountId: string | null }>(`${project}/tariff-assignments`);
  for (const { number } of prepaidOf(tenants)) {
    const accountId = idOf(accounts, number);
    if (assigned.some((each) => each.accountId === accountId)) continue;
    await ask.post(`${project}/tariff-assignments`, { tariffId, accountId, from });
  }
}

const costOf = (tenant: Tenant) => tenant.meters.reduce((sum, m) => sum + dayCost(m), 0);

/** Ids of the accounts by number. */
async function enterAccounts(
  { ask, sheet, project, say }: Place,
  { tenants, points }: { tenants: readonly Tenant[]; points: Ids },
): Promise<Ids> {
  const yuan = (amount: number) => ({ amount: `${amount}.00`, currency: sheet.currency });
  const openedOn = localDayOf(sheet.zone, Date.parse(sheet.history.from));
  const accounts = await ensure(ask, {
    path: `${project}/accounts`,
    items: tenants,
    keyOfItem: (t) => t.number,
    keyOfRow: (a: { id: string; number: string }) => a.number,
    body: (t) => {
      const { alarm1, alarm2 } = thresholdsOf(t.standing, costOf(t));
      const { number, name, nameZh, person } = t;
      return {
        ...{ number, name, nameZh, person, openedOn },
        alarm1: yuan(alarm1),
        alarm2: yuan(alarm2),
        pointIds: t.meters.map((m) => idOf(points, m.label)),
      };
    },
  });
  const rented = tenants.reduce((sum, t) => sum + t.meters.length, 0);
  say(`${accounts.size} accounts that pay for ${rented} points`);
  return accounts;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

async function enterSales(
  { ask, sheet, project, say }: Place,
  { tenants, accounts, now }: { tenants: readonly Tenant[]; accounts: Ids; now: Date },
): Promise<void> {
  const fromMs = Date.parse(sheet.history.from);
  const firstDay = localDayOf(sheet.zone, fromMs);
  const days = Math.round((Date.parse(sheet.startedAt) - fromMs) / DAY_MS);
  const sales = tenants.flatMap((tenant, index) =>
    salesOf({ standing: tenant.standing, dayCost: costOf(tenant), days, index }).map((sale) => ({
      ...sale,
      number: tenant.number,
      atMs: dayStart(sheet.zone, addDays(firstDay, sale.day)) + sale.minute * MINUTE_MS,
    })),
  );
  // In order of time, so that receipts are numbered as they would have been.
  const past = sales.filter((s) => s.atMs < now.getTime()).sort((a, b) => a.atMs - b.atMs);
  await each(past, (sale) =>
    ask.post(
      `${project}/accounts/${idOf(accounts, sale.number)}/sales`,
      {
        amount: { amount: `${sale.amount}.00`, currency: sheet.currency },
        channel: sale.channel,
        soldAt: new Date(sale.atMs).toISOString(),
      },
      `demo-${sale.number}-${sale.day}`,
    ),
  );
  say(`${past.length} sales`);
}
