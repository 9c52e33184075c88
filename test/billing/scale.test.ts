/** A large park's day: settled set-based, in seconds. Part of the soak; `SCALE_POINTS` sets its size. */
import { expect, test } from 'vitest';
import { createLiveBalances } from '../../billing/live.ts';
import { readProject } from '../../billing/project.ts';
import { settleDue } from '../../billing/settle.ts';
import { dayNumber, daySpan, SLOT_MS } from '../../sql/local-day.ts';
import { faultsOf, openPark } from './park.ts';

const POINTS = Number(process.env.SCALE_POINTS ?? 20_000);
const day = '2024-05-06';

test.runIf(process.env.SOAK === '1')(
  `${POINTS} points × one day`,
  async () => {
    const park = await openPark({ points: POINTS, accounts: Math.ceil(POINTS / 3), from: day });
    try {
      const { startMs, slots } = daySpan(park.project.zone, day);
      for (let slot = 0; slot < slots; slot++) {
        const at = `${startMs + slot * SLOT_MS}000000`;
        const tail = `,quality=measured local_day=${dayNumber(day)}i,local_slot=${slot}i,quantity=${slot * 7}i,version=1i ${at}\n`;
        const lines = park.points.map(
          (p) => `intervals,project=${park.project.id},point=${p}${tail}`,
        );
        await park.questdb.write(lines.join(''));
      }
      await park.questdb.settled(['intervals'], { timeoutMs: 300_000 });
      park.after(day);
      const timed = async (what: string, act: () => Promise<unknown>) => {
        const start = performance.now();
        const result = await act();
        const seconds = (performance.now() - start) / 1000;
        console.log(`${what}: ${seconds.toFixed(1)} s`);
        return { result, seconds };
      };
      // A park of this size does not come into being at once: its tables have been analyzed.
      await park.rows('ANALYZE');
      const live = createLiveBalances({ db: park.postgres.db, source: park.deps.source });
      const project = await readProject(park.postgres.db, park.project.id);
      await timed('live balances before', () => live(project, park.now));
      const settled = await timed('settled', () => settleDue(park.deps, park.project));
      expect(settled.result).toMatchObject({ outcome: 'settled', headers: POINTS });
      await park.rows('ANALYZE');
      await timed('looked again', () => settleDue(park.deps, park.project));
      await timed('live balances after', () => live(project, park.now));
      expect(await faultsOf(park)).toEqual([]);
      expect(settled.seconds).toBeLessThan(Math.max(10, POINTS / 1000));
    } finally {
      await park.close();
    }
  },
  600_000,
);
