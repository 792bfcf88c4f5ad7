// The series in MariaDB or MySQL, made by the server itself.
import mysql from 'mysql2/promise'
import { columns, STEP, walk } from './series.ts'
import type { Series } from './series.ts'

/** Makes table `metric` in the database of `url`. */
export async function fillMysql(url: string, series: Series): Promise<void> {
  const { rows, shape, keyed, devices } = series
  const connection = await mysql.createConnection({ uri: url })
  try {
    const list = columns[shape].map(({ name, mysql: type }) => `${name} ${type}`)
    const key = keyed ? ['PRIMARY KEY (device_id, ts)'] : []
    await connection.query(`CREATE TABLE metric (${[...list, ...key, 'KEY ts (ts)'].join(', ')}) ENGINE=InnoDB`)
    // MySQL has no sequence tables: numbers are digits times digits.
    const digits = `(${Array.from({ length: 10 }, (_, d) => `SELECT ${d}${d === 0 ? ' AS d' : ''}`).join(' UNION ALL ')})`
    const values = [
      `seq % ${devices}`,
      `TIMESTAMPADD(MICROSECOND, FLOOR(seq / ${devices}) * ${STEP} + seq % ${devices}, '2024-01-01')`,
      'seq',
      'SIN(seq) * 40',
      ...(shape === 'narrow'
        ? []
        : [
            'seq / 7',
            '1000 + COS(seq)',
            'seq / 3',
            'seq % 100',
            'IF(seq % 10 = 0, NULL, seq % 13)',
            'seq % 2',
            '(seq % 100000) / 100',
            `CONCAT('device-', seq % ${devices})`,
            `IF(seq % 100 = 0, 'checked', NULL)`,
          ]),
    ]
    for (let from = 0; from < rows; from += 100_000) {
      await connection.query(`
        INSERT INTO metric SELECT ${values.join(', ')} FROM (
          SELECT n, n * ${walk(series)} % ${rows} AS seq FROM (
            SELECT ${from} + a.d * 10000 + b.d * 1000 + c.d * 100 + d.d * 10 + e.d AS n
            FROM ${['a', 'b', 'c', 'd', 'e'].map((name) => `${digits} ${name}`).join(', ')}) AS places
          WHERE n < ${rows}) AS numbers
        ORDER BY n`)
    }
    await connection.query('ANALYZE TABLE metric')
  } finally {
    await connection.end()
  }
}
