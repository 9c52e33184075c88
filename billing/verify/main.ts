/**
 * A one-off process of `npm run verify`: proves the ledger of every project and prints what it found.
 * Ends with 1 when anything does not hold.
 */
import { roomEnvironment } from '../../sql/env.ts';
import { openPostgres } from '../../sql/postgres.ts';
import { messageOf } from '../../sql/refusal.ts';
import { readProjects } from '../project.ts';
import { type Proof, verifyLedger } from '../verify.ts';

async function main(): Promise<number> {
  const postgres = openPostgres({
    url: roomEnvironment('billing', process.env).databaseUrl,
    max: 1,
  });
  let holds = true;
  try {
    const projects = await readProjects(postgres.db);
    for (const { id, currency, name } of projects) {
      const began = performance.now();
      const proof = await verifyLedger(postgres.db, { projectId: id, currency });
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      print(`${name} (project ${id})`, proof, seconds);
      holds &&= proof.holds;
    }
    console.log(holds ? `The ledger holds in ${projects.length} projects` : 'The ledger is BROKEN');
  } finally {
    await postgres.close();
  }
  return holds ? 0 : 1;
}

function print(title: string, { positions, hash, brokenPosition, checks }: Proof, seconds: string) {
  console.log(`\n${title}: ${positions} positions, head ${hash}, ${seconds} s`);
  for (const { name, counted, faults, first, position } of checks) {
    const said = faults === 0 ? 'holds' : `BROKEN ${faults}`;
    const where = position === null ? '' : `position ${position}: `;
    console.log(
      `  ${name.padEnd(10)} ${String(counted).padStart(9)}  ${said}${first ? `  ${where}${first}` : ''}`,
    );
  }
  if (brokenPosition !== null) console.log(`  first broken position: ${brokenPosition}`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`verify: ${messageOf(error)}`);
    process.exit(1);
  },
);
