/** Lists as files: all rows of the same question, seen by the same person, in every format. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDuckdb, rowsOf } from '../../sql/duckdb.ts';
import { columnsOfRow } from '../../web/list-columns.ts';
import { makeProject, openRig, type Rig, signInAs } from './rig.ts';

let rig: Rig;
let at: string;
let projectId: string;
const names = ['=1+1', '+SUM(A1)', '-2', '@cmd', 'Plain, "quoted"', '苏中 <&>', ' _x0041_'];

beforeAll(async () => {
  rig = await openRig();
  ({ id: projectId } = await makeProject(rig.admin, 'Files'));
  at = `/api/v1/projects/${projectId}`;
  for (const [i, name] of names.entries()) {
    const made = await rig.admin('POST', `${at}/buildings`, { code: `B${i}`, name });
    if (made.status !== 201) throw new Error(made.text);
  }
});
afterAll(() => rig.close());

const bytesOf = async (path: string, headers: Record<string, string>) => {
  const response = await rig.app.request(path, { headers });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
};

async function withCookie() {
  const signedIn = await rig.anyone('POST', '/api/v1/session', {
    email: 'admin@wattledger.local',
    password: 'correct horse battery',
  });
  return {
    cookie: signedIn.headers
      .getSetCookie()
      .map((l) => l.split(';')[0])
      .join('; '),
  };
}

test('a list as CSV and Parquet has the rows of the page, names that look like formulas as text', async () => {
  const page = await rig.admin('GET', `${at}/buildings`);
  const csv = await rig.admin('GET', `${at}/buildings?format=csv`);
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(csv.headers.get('content-disposition')).toContain('buildings-');
  expect(csv.text).toContain(`"'=1+1"`);
  expect(csv.text).toContain(`"'@cmd"`);
  expect(csv.text).toContain(`# rows = ${names.length} (complete)`);
  expect(csv.text).toMatch(/# read = from .*; what was there/);
  const parquet = await bytesOf(`${at}/buildings?format=parquet`, await withCookie());
  expect(parquet.response.headers.get('x-rows')).toBe(String(names.length));
  const file = join(rig.dataDir, 'buildings.parquet');
  writeFileSync(file, parquet.bytes);
  const duckdb = await openDuckdb();
  const rows = await rowsOf(await duckdb.connect(), `SELECT id, name FROM read_parquet('${file}')`);
  expect(rows).toEqual(
    page.body.data.map((b: { id: string; name: string }) => ({ id: b.id, name: b.name })),
  );
  duckdb.close();
});

test('Accept chooses the format, and what nobody has is 406 with what there is', async () => {
  const accepted = await bytesOf(`${at}/buildings`, {
    ...(await withCookie()),
    accept: 'application/vnd.apache.arrow.stream',
  });
  expect(tableFromIPC(accepted.bytes).numRows).toBe(names.length);
  const unknown = await rig.admin('GET', `${at}/buildings?format=pdf`);
  expect([unknown.status, unknown.body.code]).toEqual([406, 'format-unknown']);
  expect(unknown.body.detail).toContain('parquet (application/vnd.apache.parquet)');
  const image = await rig.admin('GET', `${at}/buildings`, undefined, { accept: 'image/png' });
  expect([image.status, image.body.code]).toEqual([406, 'format-unknown']);
  const browser = await rig.admin('GET', `${at}/buildings`, undefined, {
    accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  });
  expect(browser.body.data.length).toBe(names.length);
});

test('a list longer than a page is whole, and grows in no file while it is read', async () => {
  await rig.db.execute(
    `INSERT INTO audit (project_id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, detail)
     SELECT ${projectId}, 'system', 's', 'seed', 'thing.made', 'thing', i::text, '{"n":1}'
     FROM generate_series(1, 2500) i`,
  );
  const json = await rig.admin('GET', `${at}/audit?format=json`);
  expect(json.status).toBe(200);
  const ids = json.body.data.map((row: { id: string }) => row.id);
  expect(json.body.rowCount).toBe(ids.length);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(2500);
});

test('the system log is searched by a part of a text, taken as it stands, and so is its file', async () => {
  await rig.db.execute(
    `INSERT INTO audit (project_id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, detail)
     VALUES (${projectId}, 'user', 'u1', 'Chen_Li 陈立', 'user.changed', 'user', '9001',
       '{"email":"Chen.Li@park.example","share":"50%"}'),
      (${projectId}, 'user', 'u2', 'ChenXLi', 'user.changed', 'user', '9002',
       '{"email":"other@park.example","share":"501"}')`,
  );
  const found = async (q: string) =>
    (await rig.admin('GET', `${at}/audit?q=${encodeURIComponent(q)}`)).body.data.map(
      (line: { subjectId: string }) => line.subjectId,
    );
  for (const q of ['chen.li@PARK', ' n_l', '50%', '立', 'user 9001']) {
    expect(await found(q), q).toEqual(['9001']);
  }
  expect(await found('@park.example')).toEqual(['9002', '9001']);
  expect(await found('%park')).toEqual([]);
  const everywhere = await rig.admin('GET', '/api/v1/audit?q=chen.li%40park&format=csv');
  expect(everywhere.text).toContain('# rows = 1 (complete)');
  expect(everywhere.text).toContain('Chen_Li 陈立');
  expect(everywhere.text).not.toContain('ChenXLi');
});

test('a line of the system log says what its thing is called, and is found by that', async () => {
  const building = await rig.admin('POST', `${at}/buildings`, { code: 'CH', name: 'Cotton Hall' });
  const lines = await rig.admin('GET', `${at}/audit?q=cotton%20h`);
  expect(lines.body.data).toMatchObject([
    { action: 'building.created', subjectId: building.body.id, subject: 'Cotton Hall' },
  ]);
  await rig.admin('PATCH', `${at}/buildings/${building.body.id}`, { name: 'Silk Hall' });
  // By what it is called now, all that was done with it.
  const renamed = await rig.admin('GET', `${at}/audit?q=silk%20hall`);
  expect(renamed.body.data.map(({ action }: { action: string }) => action)).toEqual([
    'building.changed',
    'building.created',
  ]);
  // What belongs to no project stands in the log of everything only: who signed in, and out again.
  const user = {
    name: 'Short Visit',
    email: 'visit@park.local',
    password: 'a visit of one minute',
  };
  await rig.admin('POST', '/api/v1/users', user);
  const visitor = await rig.signIn(user);
  await visitor('DELETE', '/api/v1/session');
  const all = await rig.admin('GET', '/api/v1/audit?q=short%20visit');
  expect(all.body.data).toMatchObject([
    { action: 'session.closed', subject: 'Short Visit', projectId: null },
    { action: 'session.opened', actor: { name: 'Short Visit' } },
    { action: 'user.created', actor: { name: 'Administrator' } },
  ]);
  expect((await rig.admin('GET', `${at}/audit?q=short%20visit`)).body.data).toEqual([]);
});

test('a file is refused to whom the list is refused, and hidden where the project is', async () => {
  const analyst = await signInAs(rig, 'analyst', { projectId });
  expect((await analyst('GET', `${at}/accounts?format=csv`)).status).toBe(403);
  const stranger = await signInAs(rig, 'analyst', {
    projectId: (await makeProject(rig.admin, 'Other')).id,
  });
  expect((await stranger('GET', `${at}/buildings?format=csv`)).status).toBe(404);
  expect((await rig.anyone('GET', `${at}/buildings?format=csv`)).status).toBe(401);
});

test('the description of the API says so of every list', async () => {
  const { body } = await rig.anyone('GET', '/api/openapi.json');
  const lists = Object.values(
    body.paths as Record<string, { get?: Record<string, unknown> }>,
  ).filter(({ get }) => JSON.stringify(get?.parameters ?? []).includes('"format"'));
  expect(lists.length).toBeGreaterThan(25);
  expect(JSON.stringify(body.paths['/api/v1/projects/{projectId}/alarms'].get)).toContain(
    'application/vnd.apache.parquet',
  );
});

test('money is a column of money also where it may be null or is described', () => {
  const properties = { amount: { type: 'string' }, currency: { type: 'string' } };
  const reference = { $ref: '#/components/schemas/Money' };
  const columns = columnsOfRow(
    {
      properties: {
        plain: reference,
        nullable: { allOf: [reference, { type: ['object', 'null'] }] },
        described: { allOf: [reference, { type: 'object' }] },
        other: { allOf: [reference, { properties: { more: { type: 'string' } } }] },
      },
    },
    { components: { Money: { type: 'object', properties } }, currency: 'CNY' },
  );
  expect(columns.map(({ name, type, unit }) => [name, type, unit])).toEqual([
    ...[
      ['plain', 'money', 'CNY'],
      ['nullable', 'money', 'CNY'],
      ['described', 'money', 'CNY'],
    ],
    ['other', 'text', null],
  ]);
});
