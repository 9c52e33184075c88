/** The demo's policy of credit control is one that the API takes, entered once. */
import { expect, test } from 'vitest';
import { signIn } from '../../web/demo/ask.ts';
import { enterCredit } from '../../web/demo/credit.ts';
import { ADMIN, makeProject, openRig } from './rig.ts';

test('is a version that proposes, and a second start leaves it alone', async () => {
  const rig = await openRig();
  try {
    const { id } = await makeProject(rig.admin, 'Demo');
    const ask = await signIn(rig.app, ADMIN);
    const place = { project: `/projects/${id}`, currency: 'CNY' };
    await enterCredit(ask, place);
    await enterCredit(ask, place);
    const { body } = await rig.admin('GET', `/api/v1/projects/${id}/credit-policies`);
    expect(body.data).toHaveLength(1);
    expect(body.data[0]).toMatchObject({ version: 1, policy: { mode: 'propose' } });
  } finally {
    await rig.close();
  }
});
