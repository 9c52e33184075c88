/** Alarms: what is open and what was, who has seen to it, and who may see it at all. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { raiseAlarms, syncAlarms } from '../../sql/alarms.ts';
import { furnish } from './furnish.ts';
import { type Ask, makeProject, openRig, type Rig, signInAs } from './rig.ts';

let rig: Rig;
let projectId: string;
let alarms: string;
let cashier: Ask;
let analyst: Ask;
const subject = (subjectKind: string, subjectId: string, severity = 'warning' as const) => ({
  ...{ subjectKind, subjectId, severity },
  detail: { code: subjectId },
});

beforeAll(async () => {
  rig = await openRig();
  ({ id: projectId } = await makeProject(rig.admin, 'Alarms'));
  alarms = `/api/v1/projects/${projectId}/alarms`;
  cashier = await signInAs(rig, 'cashier', { projectId });
  analyst = await signInAs(rig, 'analyst', { projectId });
  const { db } = rig.rooms.web;
  // Local days of Shanghai: the first is the 1st there, the second the 2nd.
  for (const [at, kind, subjects] of [
    ['2026-02-28T16:00:00Z', 'meter.silent', [subject('meter', '11'), subject('meter', '12')]],
    ['2026-03-01T16:00:00Z', 'account.arrears', [subject('account', '21')]],
  ] as const) {
    await raiseAlarms(db, { projectId, kind, at: new Date(at), subjects });
  }
  await syncAlarms(db, {
    ...{ projectId, kind: 'meter.silent', at: new Date('2026-03-01T01:00:00Z') },
    subjects: [subject('meter', '11')],
  });
});
afterAll(() => rig.close());

const subjects = async (query: string, who = rig.admin) =>
  (await who('GET', `${alarms}?${query}`)).body.data.map((a: { subjectId: string }) => a.subjectId);
const idOf = async (subjectId: string) =>
  (await rig.admin('GET', `${alarms}?state=all&subjectId=${subjectId}`)).body.data[0].id;

describe('the list', () => {
  test.each([
    ['', ['21', '11']],
    ['state=cleared', ['12']],
    ['state=all', ['21', '12', '11']],
    ['state=all&kind=meter.silent', ['12', '11']],
    ['state=all&from=2026-03-02', ['21']],
    ['state=all&to=2026-03-02', ['12', '11']],
    ['severity=critical', []],
  ])('%s', async (query, expected) => {
    expect(await subjects(query)).toEqual(expected);
  });

  test('is a file too, in each format’s own way, with what was asked', async () => {
    const { text } = await rig.admin('GET', `${alarms}?state=all&kind=meter.silent&format=csv`);
    expect(text).toContain('# rows = 2 (complete)');
    expect(text).toContain('# kind = meter.silent');
    expect(text).toContain('acknowledged_by');
  });

  test('shows balances only to who may read accounts', async () => {
    expect(await subjects('state=all', analyst)).toEqual(['12', '11']);
    const id = await idOf('21');
    expect((await analyst('POST', `${alarms}/${id}/acknowledge`, {})).status).toBe(403);
  });

  test('an unknown kind is refused', async () => {
    expect((await rig.admin('GET', `${alarms}?kind=moon`)).body.code).toBe('invalid-request');
  });
});

describe('acknowledging', () => {
  test('says who, when and what, once; the alarm stays open', async () => {
    const id = await idOf('11');
    const path = `${alarms}/${id}/acknowledge`;
    const { status, body } = await cashier('POST', path, { note: ' on my way ' });
    expect(status).toBe(200);
    const seen = {
      ...{ id, clearedAt: null, note: 'on my way', acknowledgedBy: expect.any(String) },
      acknowledgedAt: rig.clock.now.toISOString(),
    };
    expect(body).toMatchObject(seen);
    expect((await rig.admin('GET', `${alarms}?kind=meter.silent`)).body).toMatchObject({
      data: [seen],
      totals: { open: 2, new: 1 },
    });
    expect(await subjects('state=new')).toEqual(['21']);
    const again = await rig.admin('POST', path, {});
    expect([again.status, again.body.detail]).toEqual([
      409,
      expect.stringContaining('has acknowledged it already'),
    ]);
    const log = (await rig.admin('GET', `/api/v1/projects/${projectId}/audit`)).body.data;
    expect(log[0]).toMatchObject({
      ...{ action: 'alarm.acknowledged', subjectId: '11' },
      detail: { alarm: id, kind: 'meter.silent', note: 'on my way' },
    });
  });

  test('two at once: one is told that the other was first', async () => {
    const id = await idOf('21');
    const answers = await Promise.all([
      rig.admin('POST', `${alarms}/${id}/acknowledge`, {}),
      cashier('POST', `${alarms}/${id}/acknowledge`, {}),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test('another project’s alarm, a script as a note, no note at all', async () => {
    const { id: other } = await makeProject(rig.admin, 'Elsewhere');
    const id = await idOf('12');
    const elsewhere = `/api/v1/projects/${other}/alarms/${id}/acknowledge`;
    expect((await rig.admin('POST', elsewhere, {})).status).toBe(404);
    const note = '<script>alert(1)</script>';
    expect((await rig.admin('POST', `${alarms}/${id}/acknowledge`, { note })).body.note).toBe(note);
    expect((await rig.admin('POST', `${alarms}/${id}/acknowledge`, { note: '' })).status).toBe(400);
  });

  test('what happened once ends when it is acknowledged; what happens again is another alarm', async () => {
    const rejected = { projectId, kind: 'spool.rejected' as const };
    const raise = (minute: number) =>
      raiseAlarms(rig.rooms.ingest.db, {
        ...{ ...rejected, at: new Date(Date.parse('2026-03-04T00:00:00Z') + minute * 60_000) },
        subjects: [{ ...subject('ingest', 'questdb'), severity: 'critical' }],
      });
    const all = async () =>
      (await rig.admin('GET', `${alarms}?state=all&kind=spool.rejected`)).body.data;
    await raise(0);
    await raise(1);
    const [only, ...more] = await all();
    expect(more).toEqual([]);
    const { body } = await rig.admin('POST', `${alarms}/${only.id}/acknowledge`, {});
    expect([body.clearedAt, body.acknowledgedBy]).toEqual([body.acknowledgedAt, 'Administrator']);
    await raise(2);
    expect(await all()).toMatchObject([
      { clearedAt: null, acknowledgedAt: null, reopened: 0 },
      { id: only.id },
    ]);
  });

  test('what comes again soon keeps who has seen to it', async () => {
    const { db } = rig.rooms.web;
    const silent = { projectId, kind: 'meter.silent' as const };
    const at = (minutes: number) => new Date(Date.parse('2026-03-03T00:00:00Z') + minutes * 60_000);
    await syncAlarms(db, { ...silent, at: at(0), subjects: [] });
    await syncAlarms(db, { ...silent, at: at(5), subjects: [subject('meter', '11')] });
    const { body } = await rig.admin('GET', `${alarms}?kind=meter.silent`);
    expect(body.data).toMatchObject([{ subjectId: '11', reopened: 1, note: 'on my way' }]);
    const count = await db.execute<{ n: number }>(sql`
      SELECT count(*)::int AS n FROM alarms WHERE subject_id = '11'`);
    expect(count.rows[0]?.n).toBe(1);
  });
});

describe('lost contact', () => {
  let lost: string;
  beforeAll(async () => {
    const { id } = await makeProject(rig.admin, 'Lost');
    lost = `/api/v1/projects/${id}/lost-contact`;
    const ids = await furnish(rig, id, 'LC');
    const { db } = rig.rooms.web;
    const lose = (kind: 'meter' | 'gateway', subjectId: string | undefined, at: string) =>
      raiseAlarms(db, {
        ...{ projectId: id, kind: `${kind}.silent`, at: new Date(at) },
        subjects: [
          {
            ...{ subjectKind: kind, subjectId: subjectId ?? '', severity: 'warning' as const },
            detail: kind === 'meter' ? { lastSampleAt: '2026-10-31T15:55:00Z' } : { meters: 7 },
          },
        ],
      });
    await db.execute(sql`UPDATE alarms SET cleared_at = raised_at
      WHERE project_id = ${id}::bigint AND kind = 'meter.silent'`);
    // Shanghai's 31 October ends at 16:00 UTC.
    await lose('meter', ids.meters, '2026-10-31T16:00:00Z');
    await syncAlarms(db, {
      ...{
        projectId: id,
        kind: 'meter.silent',
        subjects: [],
        at: new Date('2026-10-31T17:55:00Z'),
      },
    });
    await lose('gateway', ids.gateways, '2026-11-02T00:00:00Z');
    rig.clock.now = new Date('2026-11-02T01:00:00Z');
  });
  const ask = async (query: string, who = rig.admin) => (await who('GET', `${lost}?${query}`)).body;

  test('says since when, until when and how long, of what and where', async () => {
    const { data, totals } = await ask('from=2026-10-31');
    expect(data).toMatchObject([
      {
        ...{ kind: 'gateway', name: 'LC gateway', buildingCode: 'BLC', meters: 7 },
        ...{ from: '2026-11-02T00:00:00.000Z', to: null, durationS: 3600 },
      },
      {
        ...{ kind: 'meter', name: 'LC-0001', pointCode: 'LC101', meters: null },
        ...{ from: '2026-10-31T15:55:00.000Z', noticedAt: '2026-10-31T16:00:00.000Z' },
        ...{ to: '2026-10-31T17:55:00.000Z', durationS: 7200 },
      },
    ]);
    expect(totals).toEqual({ count: 2, open: 1, durationS: 10_800 });
  });

  test.each([
    // It began five minutes before midnight, and lasted into the next day.
    ['from=2026-10-31&to=2026-11-01', ['LC-0001']],
    ['from=2026-11-01&to=2026-11-02', ['LC-0001']],
    ['from=2026-11-02', ['LC gateway']],
    ['from=2026-10-31&kind=gateway', ['LC gateway']],
    ['from=2026-10-31&state=over', ['LC-0001']],
    ['from=2026-10-31&q=lc10', ['LC-0001']],
    ['from=2026-10-31&q=_', []],
    ['from=2026-10-31&limit=1', ['LC gateway']],
  ])('%s', async (query, expected) => {
    const { data } = await ask(query);
    expect(data.map(({ name }: { name: string }) => name)).toEqual(expected);
  });

  test('is a file with all of it, and hidden from who does not see the project', async () => {
    const { text } = await rig.admin('GET', `${lost}?from=2026-10-31&format=csv`);
    expect(text).toContain('# rows = 2 (complete)');
    expect(text).toContain('LC gateway');
    expect((await cashier('GET', lost)).status).toBe(404);
  });
});
