/**
 * Intervals computed again, reading by reading and in plain loops: shares no code with the statement
 * that it is held against. Only for a few hundred readings.
 */
export interface Reading {
  ms: number;
  register: number;
}

export interface Installed {
  meter: string;
  starts: number;
  ends: number;
  first: number | null;
  last: number | null;
  multiplier: number;
  span: number;
  step: number;
  rated: number;
  cadenceMs: number;
}

export interface BruteInterval {
  quantity: bigint | null;
  quality: string;
}

const SLOT = 900_000;

interface Link {
  from: Reading;
  to: Reading;
  /** Billed base units between the two; undefined when held. */
  delta: bigint | undefined;
  decided: boolean;
}

/** Slot number → what flowed, for one point with one or more installations. */
export function bruteIntervals({
  installations,
  readings,
  walls = [],
  nowMs,
}: {
  installations: readonly Installed[];
  readings: ReadonlyMap<string, readonly Reading[]>;
  walls?: readonly number[];
  nowMs: number;
}): Map<number, BruteInterval> {
  const told = new Map<number, BruteInterval>();
  const parts = new Map<number, { quantity: bigint; rank: number }>();
  const closed = new Set<number>();
  const forced = new Set<number>();
  const add = (slot: number, quantity: bigint, rank: number) => {
    const part = parts.get(slot) ?? { quantity: 0n, rank: 0 };
    parts.set(slot, { quantity: part.quantity + quantity, rank: Math.max(part.rank, rank) });
  };
  for (const [nth, installed] of installations.entries()) {
    const chain = believable(readings.get(installed.meter) ?? [], installed, nowMs);
    const { links, spikes, first, last } = judge(chain, installed, walls);
    for (const { from, to } of spikes) mark(from, to, 3, add);
    for (const link of links) {
      if (link.delta === undefined) mark(link.from, link.to, 3, add);
      else if (link.decided) mark(link.from, link.to, 2, add);
    }
    if (!first || !last) continue;
    const edges: { x: number; q: bigint; estimated: boolean }[] = [];
    let billed = 0n;
    edges.push({
      x: first.ms,
      q: 0n,
      estimated: first.ms % SLOT > 120_000 && first.ms - installed.starts > 120_000,
    });
    for (const link of links) {
      const delta = link.delta ?? 0n;
      const spanMs = link.to.ms - link.from.ms;
      for (let x = (Math.floor(link.from.ms / SLOT) + 1) * SLOT; x <= link.to.ms; x += SLOT) {
        const near = x - link.from.ms <= 120_000 || link.to.ms - x <= 120_000;
        edges.push({
          x,
          q: billed + halfUp(delta * BigInt(x - link.from.ms), BigInt(spanMs)),
          estimated: !near && spanMs > 2 * installed.cadenceMs,
        });
      }
      billed += delta;
    }
    const isOver = installed.ends <= nowMs;
    if (isOver && last.ms % SLOT > 0) {
      const estimated = SLOT - (last.ms % SLOT) > 120_000 && installed.ends - last.ms > 120_000;
      edges.push({ x: last.ms, q: billed, estimated });
    }
    for (let i = 1; i < edges.length; i++) {
      const [a, b] = [edges[i - 1], edges[i]];
      if (!a || !b || a.x === b.x) continue;
      const slot = Math.floor(a.x / SLOT);
      add(slot, b.q - a.q, a.estimated || b.estimated ? 1 : 0);
      if (b.x % SLOT === 0 || installed.ends >= (slot + 1) * SLOT) closed.add(slot);
    }
    const force = (from: number, to: number) => {
      for (let slot = from; slot < to; slot++) {
        add(slot, 0n, 3);
        forced.add(slot);
      }
    };
    if (nth > 0) force(Math.floor(installed.starts / SLOT), Math.floor(first.ms / SLOT));
    if (isOver) force(Math.floor(last.ms / SLOT) + 1, Math.ceil(installed.ends / SLOT));
    else force(Math.floor(last.ms / SLOT), Math.floor((nowMs - 2 * installed.cadenceMs) / SLOT));
  }
  for (const [slot, { quantity, rank }] of parts) {
    const end = (slot + 1) * SLOT;
    const covered = installations.some((i) => i.starts < end && i.ends >= end);
    if (!closed.has(slot) && !forced.has(slot) && (covered || end > nowMs)) continue;
    const quality = ['measured', 'estimated:linear', 'estimated:new-base', 'missing'][rank] ?? '';
    told.set(slot, { quantity: rank === 3 ? null : quantity, quality });
  }
  return told;
}

/** Readings within the installation, with the noted registers, without instants of two values. */
function believable(readings: readonly Reading[], i: Installed, nowMs: number): Reading[] {
  const byMs = new Map<number, Set<number>>();
  for (const { ms, register } of readings) {
    if (ms < i.starts || ms >= i.ends || (i.first !== null && ms === i.starts)) continue;
    byMs.set(ms, (byMs.get(ms) ?? new Set()).add(register));
  }
  const chain = [...byMs]
    .filter(([, registers]) => registers.size === 1)
    .map(([ms, registers]) => ({ ms, register: [...registers][0] ?? 0 }));
  if (i.first !== null) chain.push({ ms: i.starts, register: i.first });
  if (i.last !== null && i.ends <= nowMs) chain.push({ ms: i.ends, register: i.last });
  return chain.sort((a, b) => a.ms - b.ms);
}

/** Walks the chain: what follows what, which readings are spikes, where counting breaks. */
function judge(chain: readonly Reading[], i: Installed, walls: readonly number[]) {
  const isWall = (r: Reading | undefined) => r !== undefined && walls.includes(r.ms);
  const flow = (a: Reading, b: Reading): bigint | undefined => {
    const limit =
      (i.rated * 1.2 * Math.max(b.ms - a.ms, 60_000)) / 3_600_000 + i.step * i.multiplier;
    const d = b.register - a.register;
    if (d >= 0) return d * i.multiplier <= limit ? BigInt(d) * BigInt(i.multiplier) : undefined;
    if (a.register < i.span * 0.99 || (d + i.span) * i.multiplier > limit) return undefined;
    return BigInt(d + i.span) * BigInt(i.multiplier);
  };
  const ok = (a: Reading, b: Reading | undefined) =>
    b !== undefined && !isWall(b) && flow(a, b) !== undefined;
  const links: Link[] = [];
  const spikes: { from: Reading; to: Reading }[] = [];
  let good = chain[0];
  let held = false;
  for (let at = 1; good && at < chain.length; at++) {
    const [c, n, n2] = [chain[at], chain[at + 1], chain[at + 2]];
    if (!c) break;
    const prior = chain[at - 1] === good;
    if (isWall(c)) {
      held = false;
      links.push({ from: good, to: c, delta: 0n, decided: true });
    } else if (flow(good, c) !== undefined) {
      const oddOneOut = prior && n && ok(good, n) && flow(c, n) === undefined && !ok(c, n2);
      if (oddOneOut) {
        spikes.push({ from: good, to: n });
        continue;
      }
      links.push({ from: good, to: c, delta: held ? undefined : flow(good, c), decided: false });
    } else if (n && ok(good, n)) {
      spikes.push({ from: good, to: n });
      continue;
    } else {
      held = true;
      links.push({ from: good, to: c, delta: undefined, decided: false });
    }
    good = c;
  }
  return { links, spikes, first: chain[0], last: good };
}

function mark(
  from: Reading,
  to: Reading,
  rank: number,
  add: (slot: number, quantity: bigint, rank: number) => void,
) {
  for (let slot = Math.floor(from.ms / SLOT); slot * SLOT < to.ms; slot++) add(slot, 0n, rank);
}

const halfUp = (n: bigint, over: bigint): bigint => (2n * n + over) / (2n * over);
