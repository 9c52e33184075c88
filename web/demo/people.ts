/** One operator of each role besides the administrator. Their passwords are random and told to nobody. */
import { randomBytes } from 'node:crypto';
import { type Ask, ensure } from './ask.ts';

const operators = [
  { role: 'energy-manager', name: '沈文博 Shen Wenbo', email: 'energy@wattledger.local' },
  { role: 'cashier', name: '林秋月 Lin Qiuyue', email: 'cashier@wattledger.local' },
  { role: 'finance', name: '何嘉宁 He Jianing', email: 'finance@wattledger.local' },
  { role: 'analyst', name: '罗一鸣 Luo Yiming', email: 'analyst@wattledger.local' },
];

/** Makes them; an administrator sets a password when one of them is to sign in. */
export async function enterPeople(
  ask: Ask,
  { projectId, say }: { projectId: string; say: (line: string) => void },
): Promise<void> {
  const users = await ensure(ask, {
    path: '/users',
    items: operators,
    keyOfItem: (o) => o.email,
    keyOfRow: (u: { id: string; email: string }) => u.email,
    body: ({ name, email }) => ({ name, email, password: randomBytes(24).toString('base64url') }),
  });
  await ensure(ask, {
    path: `/projects/${projectId}/grants`,
    items: operators,
    keyOfItem: (o) => users.get(o.email) ?? '',
    keyOfRow: (g: { id: string; userId: string }) => g.userId,
    body: (o) => ({ userId: users.get(o.email), role: o.role }),
  });
  say(`${operators.length} operators, one for each role`);
}
