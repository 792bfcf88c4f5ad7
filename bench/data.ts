// The bench's series: thirteen columns of usual types, ordered by time, keyed by device and time.
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'

const DEVICES = 100

/** Makes table `metric` with `rows` rows in the MariaDB or MySQL database of `url`. */
export async function fillMysql(url: string, rows: number): Promise<void> {
  const connection = await mysql.createConnection({ uri: url, multipleStatements: true })
  try {
    await connection.query(`
      CREATE TABLE metric (
        device_id int NOT NULL, ts datetime(6) NOT NULL, seq bigint NOT NULL, temperature double, humidity double, pressure double,
        voltage float, status smallint NOT NULL, errors int, ok tinyint NOT NULL, price decimal(10,2), label varchar(40), note varchar(40),
        PRIMARY KEY (device_id, ts), KEY ts (ts)
      ) ENGINE=InnoDB`)
    // MySQL has no sequence tables: numbers are digits times digits.
    const digits =
      '(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)'
    for (let from = 0; from < rows; from += 100_000) {
      await connection.query(`
        INSERT INTO metric SELECT seq % ${DEVICES}, TIMESTAMPADD(MICROSECOND, FLOOR(seq / ${DEVICES}) * 10000000 + seq % ${DEVICES}, '2024-01-01'), seq,
          SIN(seq) * 40, seq / 7, 1000 + COS(seq), seq / 3, seq % 100, IF(seq % 10 = 0, NULL, seq % 13), seq % 2, (seq % 100000) / 100,
          CONCAT('device-', seq % ${DEVICES}), IF(seq % 100 = 0, 'checked', NULL)
        FROM (SELECT ${from} + a.d * 10000 + b.d * 1000 + c.d * 100 + d.d * 10 + e.d AS seq
          FROM ${digits} a, ${digits} b, ${digits} c, ${digits} d, ${digits} e) AS numbers
        WHERE seq < ${rows} ORDER BY seq`)
    }
    await connection.query('ANALYZE TABLE metric')
  } finally {
    await connection.end()
  }
}

/** The same in a new SQLite file. */
export function fillSqlite(file: string, rows: number): void {
  const database = new DatabaseSync(file)
  database.exec(`
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE metric (
      device_id INTEGER NOT NULL, ts INTEGER NOT NULL, seq INTEGER NOT NULL, temperature REAL, humidity REAL, pressure REAL,
      voltage REAL, status INTEGER NOT NULL, errors INTEGER, ok INTEGER NOT NULL, price REAL, label TEXT, note TEXT,
      PRIMARY KEY (device_id, ts)
    );
    CREATE INDEX metric_ts ON metric (ts);`)
  database
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO metric SELECT i % ${DEVICES}, 1704067200000000 + (i / ${DEVICES}) * 10000000 + i % ${DEVICES}, i, sin(i) * 40, i / 7.0, 1000 + cos(i), i / 3.0,
         i % 100, CASE i % 10 WHEN 0 THEN NULL ELSE i % 13 END, i % 2, (i % 100000) / 100.0, 'device-' || (i % ${DEVICES}), CASE i % 100 WHEN 0 THEN 'checked' END FROM n`,
    )
    .run(rows - 1)
  database.close()
}
