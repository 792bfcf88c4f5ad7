// The series that everything is measured with: its shape, and what its rows are.

export interface Series {
  rows: number
  /** `wide` has 13 columns of usual types (about 140 bytes as CSV), `narrow` four. */
  shape: 'wide' | 'narrow'
  /** In which order the rows stand in the source: by time, or anywhere. */
  order: 'time' | 'shuffled'
  /** Whether the table has the primary key (device_id, ts). */
  keyed: boolean
  devices: number
}

export const wide: Series = { rows: 3_000_000, shape: 'wide', order: 'time', keyed: false, devices: 100 }

export interface Column {
  name: string
  mysql: string
  sqlite: string
  postgres: string
}

const both: Column[] = [
  { name: 'device_id', mysql: 'int NOT NULL', sqlite: 'INTEGER NOT NULL', postgres: 'integer not null' },
  { name: 'ts', mysql: 'datetime(6) NOT NULL', sqlite: 'INTEGER NOT NULL', postgres: 'timestamptz not null' },
  { name: 'seq', mysql: 'bigint NOT NULL', sqlite: 'INTEGER NOT NULL', postgres: 'bigint not null' },
  { name: 'temperature', mysql: 'double', sqlite: 'REAL', postgres: 'double precision' },
]

export const columns: Record<Series['shape'], Column[]> = {
  narrow: both,
  wide: [
    ...both,
    { name: 'humidity', mysql: 'double', sqlite: 'REAL', postgres: 'double precision' },
    { name: 'pressure', mysql: 'double', sqlite: 'REAL', postgres: 'double precision' },
    { name: 'voltage', mysql: 'float', sqlite: 'REAL', postgres: 'real' },
    { name: 'status', mysql: 'smallint NOT NULL', sqlite: 'INTEGER NOT NULL', postgres: 'smallint not null' },
    { name: 'errors', mysql: 'int', sqlite: 'INTEGER', postgres: 'integer' },
    { name: 'ok', mysql: 'tinyint NOT NULL', sqlite: 'INTEGER NOT NULL', postgres: 'smallint not null' },
    { name: 'price', mysql: 'decimal(10,2)', sqlite: 'REAL', postgres: 'numeric(10,2)' },
    { name: 'label', mysql: 'varchar(40)', sqlite: 'TEXT', postgres: 'text' },
    { name: 'note', mysql: 'varchar(40)', sqlite: 'TEXT', postgres: 'text' },
  ],
}

/** Microseconds since 1970 of the first row. */
export const START = 1_704_067_200_000_000n
/** Microseconds from one row of a device to its next: ten million rows of a hundred devices are about eleven days. */
export const STEP = 10_000_000

/** Row `n` of the source is row `shuffled(n)` of the series: a walk with a step that has no divisor in common with the number of rows. */
export function walk({ rows, order }: Series): number {
  if (order === 'time') return 1
  let step = Math.floor(rows * 0.618) | 1
  while (gcd(step, rows) !== 1) step += 2
  return step
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
