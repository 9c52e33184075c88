/** The explanation of a settlement: of a line, of a whole day, and reading by reading of one quarter-hour. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Boundary, Reading } from '../sql/boundary.ts';
import { SLOT_MS } from '../sql/local-day.ts';
import { notFound } from '../sql/problem.ts';
import { answers, createRoutes, idSchema, needs, projectParams } from '../sql/route.ts';
import { type Explanation, explain } from './explain.ts';
import type { ExplainedLine } from './explain-rule.ts';
import { explanationSchema } from './explain-shape.ts';
import type { BillingDeps } from './routes.ts';

/** Readings of a quarter-hour in one page. */
const READINGS_PAGE = 200;

const one = createRoute({
  method: 'get',
  path: '/projects/{projectId}/settlements/{settlementId}/explain',
  summary:
    'Why a settled day costs what it does: rule, quarter-hours and readings, each worked out again; `slot` adds one quarter-hour reading by reading',
  ...needs('account.read'),
  request: {
    params: projectParams.extend({ settlementId: idSchema }),
    query: z.object({
      component: z.string().max(40).optional(),
      /** 0 where the component knows no period. */
      period: z.coerce.number().int().min(0).max(5).optional(),
      step: z.coerce.number().int().min(0).max(10).optional(),
      slot: z.coerce.number().int().min(0).max(99).optional(),
      offset: z.coerce.number().int().min(0).max(100_000).default(0),
    }),
  },
  responses: answers(explanationSchema),
});

export function explainRoutes({ db, questdb }: BillingDeps) {
  return createRoutes().openapi(one, async (c) => {
    const { projectId, settlementId } = c.req.valid('param');
    const { slot, offset, ...asked } = c.req.valid('query');
    const found = await explain({ db, questdb }, { projectId, settlementId, ...asked });
    const detail = slot === undefined ? null : detailOf(found, { slot, offset });
    return c.json({ ...shown(found), detail }, 200);
  });
}

const iso = (ms: number) => new Date(ms).toISOString();
const isoOf = (text: string) => new Date(text).toISOString();

function shown(found: Explanation) {
  const { header: h, day } = found;
  const isOfPoint = h.scope_id !== h.account_id;
  return {
    settlement: {
      ...{ id: h.id, accountId: h.account_id, accountNumber: h.account_number },
      ...{
        accountName: h.account_name,
        scope: isOfPoint ? ('point' as const) : ('account' as const),
      },
      pointId: isOfPoint ? h.scope_id : null,
      ...{ pointCode: h.point_code, pointName: h.point_name, commodity: h.commodity },
      ...{ serviceDay: h.local_day, zone: h.zone, currency: h.currency, revision: h.revision },
      ...{ supersedes: h.supersedes, supersededBy: h.superseded_by, cause: h.cause.why ?? [] },
      ...{ by: h.by, runId: h.run_id, runCause: h.run_cause, traceId: h.trace_id },
      ...{ transactionId: h.transaction_id, transactionKind: h.transaction_kind },
      ...{ accountingDate: h.accounting_date, postedAt: isoOf(h.posted_at), position: h.position },
      ...{ intervalsKnownAt: iso(h.known_ms), settledAt: isoOf(h.created_at) },
      ...{ quantity: Number(h.quantity), slots: h.slots, estimatedSlots: h.estimated_slots },
      ...{ missingSlots: h.missing_slots, dirty: h.dirty },
    },
    agrees: found.agrees,
    differences: differencesOf(found),
    lines: found.lines.map(shownLine),
    intervals: found.slots.map((s) => ({
      ...{
        slot: s.slot,
        start: iso(s.startMs),
        rank: s.rank,
        quantity: numberOf(s.used?.quantity),
      },
      ...{ quality: s.used?.quality ?? 'missing', gapS: s.used?.gapS ?? null },
      ...{ version: s.used?.version ?? null, origin: s.origin, recomputed: numberOf(s.recomputed) },
      ...{ current: numberOf(s.current?.quantity), reason: s.reason },
    })),
    meters: (day?.meters ?? []).map((m) => ({
      ...{ installationId: m.installationId, meterId: m.meterId, serial: m.serial, model: m.model },
      ...{ register: m.channel, from: iso(m.startMs) },
      to: Number.isFinite(m.endMs) ? iso(m.endMs) : null,
      ...{ ct: m.ct, pt: m.pt, basis: m.basis, multiplier: Number(m.multiplier) },
      readings: m.readings.length,
    })),
    corrections: (day?.corrections ?? []).map((k) => ({
      ...{ kind: k.kind, meterId: k.meterId, from: iso(k.fromMs), to: iso(k.toMs) },
      ...{ value: k.value, reason: k.reason, by: k.by },
    })),
  };
}

const numberOf = (value: bigint | null | undefined): number | null =>
  value == null ? null : Number(value);

function shownLine(line: ExplainedLine) {
  const { charge: c, component, tariff, worked, agrees, rounding } = line;
  return {
    ...{ component: c.component, name: component.name, nameZh: component.nameZh ?? null },
    ...{ kind: c.kind, unit: c.unit, period: c.period || null, step: c.step },
    ...{ quantity: Number(c.quantity), price: c.price, exact: c.exact, treatment: c.treatment },
    ...{ taxCode: c.tax_code, taxRate: c.tax_rate, taxIncluded: component.taxIncluded },
    taxExact: c.tax_exact,
    before:
      c.old_quantity === null
        ? null
        : {
            quantity: Number(c.old_quantity),
            price: c.old_price ?? '0',
            exact: c.old_exact ?? '0',
          },
    tariff,
    rule: {
      ...{ price: line.price, period: line.period, steps: line.steps, fee: line.fee },
      demand: line.demand && {
        ...{
          peakSlot: line.demand.peakSlot,
          demandW: line.demand.demand,
          beforeW: line.demand.before,
        },
      },
      ...{ allowance: line.allowance, minimum: line.minimum },
    },
    recomputed: worked && { ...worked, quantity: Number(worked.quantity) },
    ...{ agrees, rounding },
  };
}

function differencesOf({ slots, lineDifferences }: Explanation) {
  const ofSlots = slots.flatMap((s) => {
    if (s.reason === null) return [];
    const stored = s.used?.quantity ?? null;
    // Against what is there now where that is what has changed.
    const isOther = s.reason === 'changed-since' || s.reason === 'without-version';
    const other = isOther ? (s.current?.quantity ?? null) : s.recomputed;
    return {
      ...{ what: 'interval' as const, component: null, period: null, step: null },
      ...{ slot: s.slot, at: iso(s.startMs), reason: s.reason },
      ...{ stored: stored?.toString() ?? null, recomputed: other?.toString() ?? null },
      difference: stored === null || other === null ? null : `${other - stored}`,
    };
  });
  const ofLines = lineDifferences.map((l) => ({
    ...{ what: 'line' as const, component: l.component, period: l.period || null, step: l.step },
    ...{ slot: null, at: null, stored: l.stored, recomputed: l.worked, difference: null },
    reason: l.reason,
  }));
  return [...ofLines, ...ofSlots];
}

const shownReading = (r: Reading) => ({
  ...{ at: iso(r.ms), register: Number(r.register), source: r.source },
  ...{ shiftMs: r.shiftMs, opens: r.opens },
});
const shownBoundary = (b: Boundary) => ({
  ...{ at: iso(b.ms), register: Number(b.register) },
  before: b.before && shownReading(b.before),
  after: b.after && shownReading(b.after),
  ...{ bridgeMs: b.bridgeMs, rolledOver: b.rolledOver },
});

/** Throws Problem `not-found` where the lines that are asked for do not count that quarter-hour. */
function detailOf(
  { slots, day, recomputed }: Explanation,
  { slot, offset }: { slot: number; offset: number },
) {
  const found = slots.find((s) => s.slot === slot);
  const again = recomputed[slot];
  if (!found || !again || !day) throw notFound('quarter-hour');
  const { startMs } = found;
  const endMs = startMs + SLOT_MS;
  const edit = day.edits.findLast((e) => e.slots.has(startMs));
  const readings = day.meters.flatMap((meter) =>
    meter.readings
      .filter(({ ms }) => ms >= startMs && ms <= endMs)
      .map((reading) => ({ ...shownReading(reading), meterId: meter.meterId })),
  );
  const page = readings.slice(offset, offset + READINGS_PAGE);
  const next = offset + page.length;
  return {
    ...{ slot, start: iso(startMs), end: iso(endMs) },
    pieces: again.pieces.map(({ meter, from, to, quantity }) => ({
      ...{ meterId: meter.meterId, serial: meter.serial, multiplier: Number(meter.multiplier) },
      ...{ from: shownBoundary(from), to: shownBoundary(to), quantity: Number(quantity) },
    })),
    heldBy:
      found.origin === 'held'
        ? (day.held.find((h) => h.fromMs <= startMs && startMs < h.toMs)?.rule ?? null)
        : null,
    errors: again.errors.map(({ value, share, reason, by }) => ({ ppm: value, share, reason, by })),
    edit: edit
      ? {
          ...{ id: edit.id, method: edit.method, confidence: edit.confidence },
          ...{ quantity: Number(edit.slots.get(startMs)), reason: edit.reason, by: edit.by },
        }
      : null,
    readings: page,
    nextOffset: next < readings.length ? next : null,
  };
}
