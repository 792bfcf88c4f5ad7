/** The second reader: rows as canonical text rendered by the source server. Part of the second opinion: it must not import encoders or the transcoder. */
import type { PlannedTable, SourceColumn, SourceTable } from '../../model.ts'
import type { CanonicalRow, SecondReader } from '../source.ts'
import type { Axis } from './axis.ts'
import { ident } from './quote.ts'
import { canonicalColumn } from './second-column.ts'
import { trapClasses } from './second-traps.ts'
import type { Session } from './session.ts'

export interface SecondContext {
  table: PlannedTable
  live: SourceTable
  axis: Axis
  timezone: string
  ask: <T>(question: (session: Session) => Promise<T>) => Promise<T>
}

/** Rows that go to quarantine are shown too; who compares looks them up there. */
export function secondReader({ table, live, axis, timezone, ask }: SecondContext): SecondReader {
  const planned = table.columns.filter((column) => column.generated === null)
  const sources = planned.map((column) => live.columns.find((one) => one.name === column.source))
  const columns = planned.map((column, i) => canonicalColumn(column, sources[i] as SourceColumn, timezone))
  const select = `SELECT ${columns.map((column) => column.sql).join(', ')} FROM ${ident(table.source)}`
  const rows = async (session: Session, where: string, limit: number): Promise<CanonicalRow[]> => {
    const found = await session.query(`${select}${where} LIMIT ${Math.max(0, Math.trunc(limit))}`, 'Second reading')
    return found.map((row) => ({
      values: columns.map((column, i) => {
        const text = row[i] ?? null
        return text === null ? null : column.finish(text)
      }),
    }))
  }
  return {
    rows: (slice, limit) => ask((session) => rows(session, axis.where(slice), limit)),
    traps: (limit) =>
      ask(async (session) => {
        const classes = sources.flatMap((column) => (column === undefined ? [] : trapClasses(column)))
        if (classes.length === 0) return []
        const [totals = []] = await session.query(
          `SELECT ${classes.map(({ condition }) => `SUM(IFNULL(${condition}, 0))`).join(', ')} FROM ${ident(table.source)}`,
          'Counting traps',
        )
        const traps: Awaited<ReturnType<SecondReader['traps']>> = []
        for (const [i, { name, column, condition }] of classes.entries()) {
          const total = BigInt(totals[i] ?? 0)
          if (total === 0n) continue
          traps.push({ name, column, total, rows: await rows(session, ` WHERE ${condition}`, limit) })
        }
        return traps
      }),
  }
}
