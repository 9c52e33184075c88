/**
 * `npm run bench [-- part …] [--quick] [--rounds n] [--list]`: measures, prints one table and writes the
 * JSON into test/bench/results. Exit code 1 when a part failed or, not quick, a target is missed.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runBench, saveReport } from './bench.ts';
import { parts } from './parts.ts';
import { tableOf } from './table.ts';

const ROUNDS = 5;
const ROUNDS_MAX = 50;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    results: { type: 'string', default: join(import.meta.dirname, 'results') },
  },
});

function refuse(why: string): never {
  console.error(`Wattledger: ${why}`);
  process.exit(1);
}

const unknown = positionals.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  refuse(`no part ${unknown.join(', ')}; there are ${parts.map(({ name }) => name).join(', ')}`);
}
const rounds = Number(values.rounds ?? (values.quick ? 1 : ROUNDS));
if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
  refuse(`--rounds is a number from 1 to ${ROUNDS_MAX}`);
}
if (values.list) {
  for (const { name, says } of parts) console.log(`${name.padEnd(12)} ${says}`);
  process.exit(0);
}

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second one does not wait for the part that is running; databases would be left behind.
    if (stopping.signal.aborted)
      console.error('Wattledger: stopping; the servers have to end first');
    stopping.abort();
  });
}

const report = await runBench({
  parts: parts.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
  quick: values.quick,
  rounds,
  cacheFolder: process.env.CACHE_DIR || join(homedir(), '.cache', 'wattledger'),
  say: console.log,
  signal: stopping.signal,
});
console.log(`\n${tableOf(report.parts)}\n`);
if (values.quick) console.log('Quick: small sizes, one round. These figures prove nothing.');
console.log(`JSON: ${saveReport(report, values.results)}`);
const isBad = report.parts.some(
  ({ failure, rows }) => failure || (!values.quick && rows.some(({ isMet }) => isMet === false)),
);
process.exit(isBad || stopping.signal.aborted ? 1 : 0);
