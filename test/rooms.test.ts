/** The house's one rule, executed: which room may import which, and who may write which table. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openDuckdb } from '../sql/duckdb.ts';
import { owners, type Room } from '../sql/owners.ts';
import * as schema from '../sql/schema/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const roomNames = ['sql', 'ingest', 'billing', 'analytics', 'web', 'test'] as const;
type Folder = (typeof roomNames)[number];

/** From → to, and what of it. web mounts the rooms' faces and composes them, nothing else. */
const allowed: Record<Folder, (to: Folder, file: string, from: string) => boolean> = {
  sql: () => false,
  ingest: (to) => to === 'sql',
  billing: (to) => to === 'sql',
  analytics: (to) => to === 'sql',
  web: (to, file) => to === 'sql' || /^(ingest|billing|analytics)\/routes\.ts$/.test(file),
  test: () => true,
};

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile() && /\.tsx?$/.test(e.name))
    .map((e) => relative(root, join(e.parentPath, e.name)))
    .filter((f) => !f.includes('node_modules') && !f.includes('/dist/'));
}

const IMPORT =
  /^\s*(?:import|export)\b([^'"]*?)\bfrom\s+['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]/gm;

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(IMPORT)].map((m) => ({
    from: file,
    to: normalize(join(dirname(file), m[2] ?? m[3] ?? '')),
    typeOnly: /^\s*type\b/.test(m[1] ?? ''),
  }));
}

const folderOf = (file: string) => file.split('/')[0] as Folder;

describe('rooms', () => {
  const imports = roomNames.flatMap((room) => sources(room).flatMap(importsOf));

  test('a room imports only what the table of rooms allows', () => {
    expect(imports.length).toBeGreaterThan(50);
    const wrong = imports.filter(({ from, to }) => {
      const [here, there] = [folderOf(from), folderOf(to)];
      return here !== there && !allowed[here](there, to, from);
    });
    expect(wrong).toEqual([]);
  });

  test('nothing imports from test', () => {
    expect(imports.filter((i) => folderOf(i.to) === 'test' && folderOf(i.from) !== 'test')).toEqual(
      [],
    );
  });

  test('the browser app imports only types from outside itself', () => {
    const wrong = imports.filter(
      (i) => i.from.startsWith('web/app/') && !i.to.startsWith('web/app/') && !i.typeOnly,
    );
    expect(wrong).toEqual([]);
  });

  test('only main.ts files, the launcher and clock.ts ask the world for time or environment', () => {
    const world = /\bDate\.now\(\)|\bnew Date\(\)|\bprocess\.env\b|\bMath\.random\(/;
    const mayAsk = /(^|\/)main\.ts$|^sql\/(env|clock)\.ts$|^web\/app\/|^sql\/[a-z]+-server\.ts$/;
    const wrong = ['sql', 'ingest', 'billing', 'analytics', 'web']
      .flatMap(sources)
      .filter((f) => !mayAsk.test(f) && !WORLDLY[f])
      .filter((f) =>
        world.test(readFileSync(join(root, f), 'utf8').replace(/^\s*(\*|\/\/).*$/gm, '')),
      );
    expect(wrong).toEqual([]);
  });
});

describe('statements of DuckDB', () => {
  test('are streamed only where a stream that fails, and then ends as if it were whole, is found out', () => {
    const streaming = ['sql', 'ingest', 'billing', 'analytics', 'web']
      .flatMap(sources)
      .filter((file) => !file.startsWith('web/app/'))
      .filter((file) =>
        /\.(stream|streamAndRead\w*)\(/.test(readFileSync(join(root, file), 'utf8')),
      );
    // By a flag on each row, so that the first rows leave before the last are known; by counting before.
    expect(streaming.sort()).toEqual(['ingest/interval-samples.ts', 'sql/export/source.ts']);
  });

  test('throw when they fail on their way, where they are run', async () => {
    const duckdb = await openDuckdb({ memory: '200MB' });
    const connection = await duckdb.connect();
    const failing = `SELECT CASE WHEN range = 900000 THEN error('on the way') ELSE range END FROM range(1000000)`;
    await expect(connection.run(failing)).rejects.toThrow('on the way');
    connection.closeSync();
    duckdb.close();
  });
});

/** One-off processes: each is its own main. */
const WORLDLY: Record<string, string> = {
  'web/demo.ts': 'process entered by start.ts on the first start',
  'ingest/simulator/history.ts': 'process entered by start.ts on the first start',
};

describe('sole writers', () => {
  const tableNames = new Map<string, string>();
  for (const [name, table] of Object.entries(schema)) {
    const sqlName = (table as unknown as Record<symbol, string>)[Symbol.for('drizzle:Name')];
    if (sqlName) tableNames.set(name, sqlName);
  }

  test('every table of the schema has an owner, and every owner a table', () => {
    expect([...tableNames.values()].sort()).toEqual(Object.keys(owners).sort());
  });

  test('a room writes only the tables that it owns', () => {
    const wrong: string[] = [];
    let writes = 0;
    for (const room of ['ingest', 'billing', 'analytics', 'web'] as Room[]) {
      for (const file of sources(room).filter((f) => !f.startsWith('web/app/'))) {
        for (const table of writtenTables(readFileSync(join(root, file), 'utf8'))) {
          writes++;
          const owner = owners[table as keyof typeof owners] as { rooms: readonly Room[] };
          if (!owner.rooms.includes(room)) wrong.push(`${file} writes ${table}`);
        }
      }
    }
    expect(writes).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  /** Tables that a source text inserts into, updates, deletes from or copies into. */
  function writtenTables(text: string): string[] {
    const names = new Set<string>();
    for (const [, name] of text.matchAll(
      /\.(?:insert|update|delete)\(\s*(?:schema\.)?(\w+)\s*\)/g,
    )) {
      const table = tableNames.get(name ?? '');
      if (table) names.add(table);
    }
    for (const [, name] of text.matchAll(
      /\b(?:INSERT INTO|UPDATE|DELETE FROM|COPY)\s+(?:public\.)?"?(\w+)"?/g,
    )) {
      if (name && name in owners) names.add(name);
    }
    return [...names];
  }
});
