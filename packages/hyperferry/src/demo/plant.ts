/** Makes the demo's source: a small plant in SQLite with relational tables, readings, an event log and, if wanted, a few of the sins of real data. */
import { DatabaseSync } from 'node:sqlite'

/** Writes `file`; about `readings` rows of measurements that end at `end` (milliseconds since 1970), and a tenth as many events. */
export function makePlant(file: string, readings: number, { end, sins }: { end: number; sins: boolean }): void {
  const steps = Math.ceil(readings / DEVICES)
  const start = end - steps * STEP_MS
  const database = new DatabaseSync(file)
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE site (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, opened TEXT);
    CREATE TABLE device (id INTEGER PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES site (id), kind TEXT NOT NULL, price DECIMAL(8,2));
    CREATE TABLE reading (device_id INTEGER NOT NULL REFERENCES device (id), ts INTEGER NOT NULL, temperature REAL, humidity REAL, note TEXT, PRIMARY KEY (device_id, ts)) WITHOUT ROWID;
    CREATE INDEX reading_ts ON reading (ts);
    CREATE TABLE event_log (at TEXT, kind TEXT NOT NULL, payload BLOB);
    INSERT INTO site (name, opened) VALUES ('Berlin', '2010-05-01'), ('Zürich', NULL), ('北京 😀', '2021-02-03');
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${DEVICES})
      INSERT INTO device SELECT i, 1 + i % 3, CASE i % 2 WHEN 0 THEN 'probe' ELSE 'meter' END, i * 1.25 FROM n;
  `)
  database
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO reading SELECT 1 + i % ${DEVICES}, ? + (i / ${DEVICES}) * ${STEP_MS}, sin(i / 500.0) * 30, (i % 1000) / 10.0, CASE i % 5000 WHEN 0 THEN 'checked ✓' END FROM n`,
    )
    .run(readings - 1, start)
  database
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO event_log SELECT strftime('%Y-%m-%d %H:%M:%f', ? / 1000.0 + i * ?, 'unixepoch'), 'k' || (i % 7), CAST('event ' || i AS BLOB) FROM n`,
    )
    .run(Math.floor(readings / 10) - 1, start, (steps * STEP_MS) / 1000 / (readings / 10))
  if (sins) {
    // What no typed database would have let in: it must be named, not lost.
    database.exec(`INSERT INTO event_log VALUES (NULL, 'no time', NULL), ('yesterday', 'no time either', x'00ff')`)
  }
  database.close()
}

export const DEVICES = 50
const STEP_MS = 15_000
