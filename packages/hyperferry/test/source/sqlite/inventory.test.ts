import { describe, expect, it } from 'vitest'
import { makeDatabase, openFile, tableOf } from './helpers.ts'

async function inventoryOf(sql: string) {
  const { path } = makeDatabase(sql)
  const source = await openFile(path)
  return source.inventory()
}

describe('objects', () => {
  it('that are no tables are skipped with a reason', async () => {
    const { tables, skipped } =
      await inventoryOf(`CREATE TABLE t (a); CREATE VIEW v AS SELECT 1; CREATE VIRTUAL TABLE f USING fts5(a); CREATE VIRTUAL TABLE r USING "rtree"(id, x0, x1);
      CREATE TABLE auto (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END; CREATE INDEX i ON t (a); ANALYZE`)
    expect(tables.map((table) => table.name)).toEqual(['auto', 't'])
    const of = (kind: string) => skipped.filter((object) => object.kind === kind).map((object) => object.name)
    expect(of('view')).toEqual(['v'])
    expect(of('virtual')).toEqual(['f', 'r'])
    expect(of('trigger')).toEqual(['tr'])
    expect(of('shadow')).toContain('f_content')
    expect(skipped.find((object) => object.name === 'r')?.reason).toContain('rtree')
  })
})

describe('columns', () => {
  it('tell type, default, collation, generated expression and NULL', async () => {
    const { tables } = await inventoryOf(`CREATE TABLE "t,(" (
      "a ""b" /* , comment ( */ VARCHAR ( 20 ) COLLATE nocase NOT NULL DEFAULT 'it''s', -- ) , x
      [b c] INT DEFAULT -5, \`d\` DEFAULT (datetime('now')), e DEFAULT CURRENT_TIMESTAMP, f DEFAULT NULL, g DEFAULT 0x1F, h DEFAULT TRUE,
      i AS ("a ""b" || ')') VIRTUAL, j INTEGER GENERATED ALWAYS AS (coalesce([b c], 1)) STORED, k DEFAULT (abs(random())), 'l m' TEXT, "check" REAL DEFAULT 1.5e3,
      n TEXT DEFAULT "word", o DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), CHECK ("check" > 0 AND ',' <> ')'), CONSTRAINT "named one" CHECK (length(n) < 9))`)
    const [table] = tables
    const facts = table?.columns.map((c) => [c.name, c.type, c.nullable, c.collation, c.default, c.generated])
    expect(facts).toEqual([
      ['a "b', 'varchar ( 20 )', false, 'NOCASE', { kind: 'literal', value: "it's" }, null],
      ['b c', 'int', true, null, { kind: 'literal', value: '-5' }, null],
      ['d', '', true, null, { kind: 'now', precision: 0 }, null],
      ['e', '', true, null, { kind: 'now', precision: 0 }, null],
      ['f', '', true, null, null, null],
      ['g', '', true, null, { kind: 'literal', value: '31' }, null],
      ['h', '', true, null, { kind: 'literal', value: '1' }, null],
      ['i', '', true, null, null, { expression: `"a ""b" || ')'`, stored: false }],
      ['j', 'integer', true, null, null, { expression: 'coalesce([b c], 1)', stored: true }],
      ['k', '', true, null, { kind: 'expression', sql: 'abs(random())' }, null],
      ['l m', 'text', true, null, null, null],
      ['check', 'real', true, null, { kind: 'literal', value: '1.5e3' }, null],
      ['n', 'text', true, null, { kind: 'literal', value: 'word' }, null],
      ['o', '', true, null, { kind: 'now', precision: 3 }, null],
    ])
    expect(table?.checks).toEqual([
      { name: 't,(_check1', expression: `"check" > 0 AND ',' <> ')'` },
      { name: 'named one', expression: 'length(n) < 9' },
    ])
  })
})

describe('keys', () => {
  it('tell the rowid from what only looks like it', async () => {
    const { path } =
      makeDatabase(`CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY DESC);
      CREATE TABLE d (x INT, y INT, PRIMARY KEY (y, x)) WITHOUT ROWID; CREATE TABLE e (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT) STRICT; CREATE TABLE f (id INTEGER, PRIMARY KEY (id));
      CREATE TABLE g (id TEXT PRIMARY KEY) STRICT; INSERT INTO e (id) VALUES (41); DELETE FROM e`)
    const source = await openFile(path)
    const facts: unknown[] = []
    for (const name of 'abcdefg') {
      const { columns, primaryKey, storage, nextAutoIncrement } = await tableOf(source, name)
      const [id] = columns
      facts.push([name, primaryKey.join(), id?.autoIncrement, id?.nullable, storage, nextAutoIncrement])
    }
    expect(facts).toEqual([
      ['a', 'id', true, false, 'rowid', null],
      ['b', 'id', false, true, 'rowid', null],
      ['c', 'id', false, true, 'rowid', null],
      ['d', 'y,x', false, false, 'without rowid', null],
      ['e', 'id', true, false, 'rowid, strict', 42n],
      ['f', 'id', true, false, 'rowid', null],
      ['g', 'id', false, false, 'rowid, strict', null],
    ])
  })

  it('have indexes with order, expressions, predicates and collations', async () => {
    const { tables } =
      await inventoryOf(`CREATE TABLE t (a TEXT, b INT, c INT UNIQUE, d TEXT COLLATE NOCASE UNIQUE, UNIQUE (a, b));
      CREATE UNIQUE INDEX one ON t (lower(a), b DESC) WHERE b > 0 AND a <> ' where '; CREATE INDEX two ON t (a COLLATE NOCASE, b + 1 DESC)`)
    expect(tables[0]?.bytes).toBe(6 * 4096)
    const indexes = tables[0]?.indexes.map(({ name, unique, parts, where }) => [
      name,
      unique,
      parts.map((part) => `${part.column ?? '-'}|${part.expression ?? '-'}|${part.descending}`),
      where,
    ])
    expect(indexes).toEqual([
      ['one', true, ['-|lower(a)|false', 'b|-|true'], "b > 0 AND a <> ' where '"],
      ['sqlite_autoindex_t_1', true, ['c|-|false'], null],
      ['sqlite_autoindex_t_2', true, ['d|-|false'], null],
      ['sqlite_autoindex_t_3', true, ['a|-|false', 'b|-|false'], null],
      ['two', false, ['-|"a" COLLATE NOCASE|false', '-|b + 1|true'], null],
    ])
  })

  it('refer to tables and columns by their own spelling', async () => {
    const { tables } = await inventoryOf(`CREATE TABLE Parent (ID INTEGER PRIMARY KEY, "A" TEXT UNIQUE);
      CREATE TABLE c (a REFERENCES PARENT (a), b REFERENCES parent)`)
    const keys = tables.find((table) => table.name === 'c')?.foreignKeys
    expect(keys?.map((key) => key.references)).toEqual([
      { table: 'Parent', columns: ['A'] },
      { table: 'Parent', columns: ['ID'] },
    ])
  })

  it('refer to the primary key of the parent when they name no columns', async () => {
    const { tables } = await inventoryOf(`CREATE TABLE p (x INT, y INT, PRIMARY KEY (y, x));
      CREATE TABLE c (a INT REFERENCES p2 (z) ON DELETE SET NULL, b INT, d INT REFERENCES gone, FOREIGN KEY (a, b) REFERENCES p ON UPDATE CASCADE)`)
    const keys = tables.find((table) => table.name === 'c')?.foreignKeys
    expect(
      keys?.map(({ columns, references, onDelete, onUpdate }) => [
        columns.join(),
        references.table,
        references.columns.join(),
        onDelete,
        onUpdate,
      ]),
    ).toEqual([
      ['a', 'p2', 'z', 'set null', 'no action'],
      ['d', 'gone', '', 'no action', 'no action'],
      ['a,b', 'p', 'y,x', 'no action', 'cascade'],
    ])
  })
})

describe('the estimate of rows', () => {
  it.each([
    ['ends of all integers', '(-9223372036854775808), (0), (9223372036854775807)', 3],
    ['ids that hold a time', '(7000000004194304), (7000000008388608), (7000419430400000)', 3],
    ['no rows', null, 0],
    ['neighbours', '(1), (2), (4)', 3],
  ])('is not led astray by %s', async (_what, values, rows) => {
    const { tables } = await inventoryOf(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); ${values === null ? '' : `INSERT INTO t (id) VALUES ${values}`}`,
    )
    expect(tables[0]?.estimatedRows).toBe(rows)
  })
})
