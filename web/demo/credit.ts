/** What the demo's office wants done about arrears: proposed to a person, after a notice and a day of grace. */
import type { Ask } from './ask.ts';

/** In office hours of working days alone; nothing has to be proven, since a demo has no way to tell anybody. */
const policyIn = (currency: string) => {
  const money = (amount: string) => ({ amount, currency });
  return {
    ...{ mode: 'propose', graceHours: 24, creditLimit: money('0.00'), restoreAt: money('0.00') },
    noCutHours: [{ from: '16:00', to: '09:00' }],
    noCutDays: { weekdays: [5, 6, 7], holidays: true, dates: [] },
    ladder: [
      { level: 'alarm1', hoursBeforeTrip: 72, proof: 'none' },
      { level: 'alarm2', hoursBeforeTrip: 48, proof: 'none' },
      { level: 'final', hoursBeforeTrip: 24, proof: 'none' },
    ],
    otherDebtNoticeDays: 14,
    brake: { tripsPerHour: 5, sharePercentPerHour: 5 },
    silent: { minutes: 60, exposure: money('200.00') },
    orderQueryMinutes: 15,
    cutWater: false,
  };
};

/** Enters the policy, unless there is one. */
export async function enterCredit(
  ask: Ask,
  { project, currency }: { project: string; currency: string },
): Promise<void> {
  const { version } = await ask.get<{ version: number }>(`${project}/credit-policy`);
  if (version > 0) return;
  const reason = 'Demo: a person decides about every cut';
  await ask.put(`${project}/credit-policy`, { policy: policyIn(currency), reason, version });
}
