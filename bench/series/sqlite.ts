// The series in a new SQLite file.
import { DatabaseSync } from 'node:sqlite'
import { columns, START, STEP, walk } from './series.ts'
import type { Series } from './series.ts'

/** Makes table `metric`. */
export function fillSqlite(file: string, series: Series): void {
  const { rows, shape, keyed, devices } = series
  const database = new DatabaseSync(file)
  const list = columns[shape].map(({ name, sqlite }) => `${name} ${sqlite}`)
  const key = keyed ? ['PRIMARY KEY (device_id, ts)'] : []
  database.exec(`
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE metric (${[...list, ...key].join(', ')});
    CREATE INDEX metric_ts ON metric (ts);`)
  const values = [
    `i % ${devices}`,
    `${START} + (i / ${devices}) * ${STEP} + i % ${devices}`,
    'i',
    'sin(i) * 40',
    ...(shape === 'narrow'
      ? []
      : [
          'i / 7.0',
          '1000 + cos(i)',
          'i / 3.0',
          'i % 100',
          'CASE i % 10 WHEN 0 THEN NULL ELSE i % 13 END',
          'i % 2',
          '(i % 100000) / 100.0',
          `'device-' || (i % ${devices})`,
          `CASE i % 100 WHEN 0 THEN 'checked' END`,
        ]),
  ]
  database
    .prepare(
      `WITH RECURSIVE n(at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM n WHERE at < ?)
       INSERT INTO metric SELECT ${values.join(', ')} FROM (SELECT at * ${walk(series)} % ${rows} AS i FROM n)`,
    )
    .run(rows - 1)
  database.close()
}
