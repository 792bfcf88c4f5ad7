/** A look at the values of one table: the whole of it when it is small or asked for, else parts spread along its key. */
import type { SourceTable } from '../../model.ts'
import { axisScale } from './axis-position.ts'
import { leadingIndex } from './axis.ts'
import { parseColumnType } from './column-type.ts'
import { Facts, questions } from './profile-sql.ts'
import { ident } from './quote.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'

export interface Profile {
  rows: { value: number; exact: boolean }
  /** Rows the facts are about; all of them when `exact`. */
  looked: number
  exact: boolean
  facts: ReadonlyMap<string, Facts>
  /** Values of sampled rows in key order, one array per part; columns as in `sampleColumns`. Times and integers as printed. */
  sample: readonly (readonly (string | null)[])[][]
  sampleColumns: readonly string[]
}

/** Up to this many rows the whole table is looked at. */
const WHOLE_ROWS = 1_000_000
const PARTS = 16
/** Sampled rows are held in memory: long texts only count as different by their beginning. */
const SAMPLE_WIDTH = 64

export async function profileTable(
  session: Session,
  server: Server,
  table: SourceTable,
  how: { full: boolean; sampleRows: number },
): Promise<Profile> {
  const exact = how.full || table.estimatedRows <= WHOLE_ROWS
  const perPart = Math.max(1, Math.ceil(how.sampleRows / PARTS))
  const parts = await spreadParts(session, table, perPart)
  const asked = table.columns.flatMap((column) =>
    questions(column, server.mariadb).map((question) => ({ column: column.name, ...question })),
  )
  const facts = new Map(table.columns.map((column) => [column.name, new Facts()]))
  let looked = 0
  for (const source of exact ? [ident(table.name)] : parts) {
    const [answers = []] = await session.query(
      `SELECT COUNT(*)${asked.map(({ sql }) => `, ${sql}`).join('')} FROM ${source}`,
      `Profiling ${table.name}`,
    )
    looked += Number(answers[0])
    asked.forEach(({ column, fact }, i) => facts.get(column)?.add(fact, answers[i + 1] ?? null))
  }
  await exactBounds(session, table, exact, facts)
  const sampleColumns = table.columns.filter(isShort).map((column) => column.name)
  const sample: (readonly (string | null)[])[][] = []
  for (const source of sampleColumns.length === 0 ? [] : parts) {
    sample.push(await session.query(`SELECT ${sampleColumns.map(sampleSql(table)).join(', ')} FROM ${source}`))
  }
  const rows = exact ? { value: looked, exact } : { value: Math.max(table.estimatedRows, looked), exact }
  return { rows, looked, exact, facts, sample, sampleColumns }
}

/** Values that stand for themselves in a few bytes. */
function isShort(column: SourceTable['columns'][number]): boolean {
  return !/blob$|^json$|^geometry$|^vector$|^(?:medium|long)text$/.test(parseColumnType(column.type).base)
}

function sampleSql(table: SourceTable): (name: string) => string {
  return (name) => {
    const column = table.columns.find((one) => one.name === name)
    if (column?.charset != null) return `LEFT(CONVERT(${ident(name)} USING utf8mb4), ${SAMPLE_WIDTH})`
    return /^(binary|varbinary|bit)\b/.test(column?.type ?? '') ? `HEX(${ident(name)})` : ident(name)
  }
}

/** FROM items of parts of about `rows` rows each, in key order. */
async function spreadParts(session: Session, table: SourceTable, rows: number): Promise<string[]> {
  const from = `SELECT ${table.columns.map((column) => ident(column.name)).join(', ')} FROM ${ident(table.name)}`
  const lead = table.primaryKey[0]
  const type = table.columns.find((column) => column.name === lead)?.type
  const scale = type === undefined ? null : axisScale(parseColumnType(type))
  if (lead === undefined || scale === null) return [`(${from} LIMIT ${rows * PARTS}) AS part`]
  const name = ident(lead)
  const real = scale.real(name)
  const [[low, high] = []] = await session.query(
    `SELECT MIN(${name}), MAX(${name}) FROM ${ident(table.name)}${real === null ? '' : ` WHERE ${real}`}`,
  )
  const order = `ORDER BY ${table.primaryKey.map(ident).join(', ')}`
  if (low === null || low === undefined || high === null || high === undefined) {
    return [`(${from} ${order} LIMIT ${rows * PARTS}) AS part`]
  }
  const [min, max] = [scale.parse(low), scale.parse(high)]
  // A few keys far from all others would leave all but one part empty: what lies between the outermost rows is divided.
  const outermost = async (direction: string): Promise<bigint | null> => {
    const skip = `${real === null ? '' : `WHERE ${real}`} ORDER BY ${name} ${direction} LIMIT 1 OFFSET ${rows}`
    const [[key] = []] = await session.query(`SELECT ${name} FROM ${ident(table.name)} ${skip}`)
    return key === null || key === undefined ? null : scale.parse(key)
  }
  const inner = (await outermost('ASC')) ?? min
  const outer = (await outermost('DESC')) ?? max
  const span = outer > inner ? outer - inner : 0n
  // Parts begin at even distances; where keys are few, they are fewer and larger.
  const starts = Array.from({ length: PARTS }, (_, i) => (i === 0 ? min : inner + (span * BigInt(i)) / BigInt(PARTS)))
  const different = starts.filter((start, i) => start !== starts[i - 1])
  const limit = Math.ceil((rows * PARTS) / different.length)
  return different.map((start, i) => {
    const next = different[i + 1]
    // Neighbouring parts of a small table would otherwise hold the same rows twice.
    const below = next === undefined ? '' : ` AND ${scale.below(name, next)}`
    return `(${from} WHERE ${scale.atLeast(name, start)}${below} ${order} LIMIT ${limit}) AS part`
  })
}

/** Smallest and largest values that an index answers are exact whatever was sampled. */
async function exactBounds(
  session: Session,
  table: SourceTable,
  exact: boolean,
  facts: ReadonlyMap<string, Facts>,
): Promise<void> {
  if (exact) return
  for (const column of table.columns) {
    const scale = axisScale(parseColumnType(column.type))
    if (scale === null || leadingIndex(table, column.name) === null) continue
    const name = ident(column.name)
    const real = scale.real(name)
    const [[min, max] = []] = await session.query(
      `SELECT MIN(${name}), MAX(${name}) FROM ${ident(table.name)}${real === null ? '' : ` WHERE ${real}`}`,
    )
    const own = facts.get(column.name)
    own?.add('min', min ?? null)
    own?.add('max', max ?? null)
  }
}
