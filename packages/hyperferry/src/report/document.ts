/** The evidence as plain data: what was moved, what was changed on the way, what was kept back, how it was proven. Keys at most, never values. */
import type { Json, Loss, Plan, TableKind } from '../model.ts'
import type { TargetInfo } from '../target/connect.ts'
import type { Books, QuarantineDecision } from './books.ts'
import { member } from './verdict.ts'
import type { VerdictState } from './verdict.ts'

export interface ReportDocument {
  tool: string
  /** ISO 8601 UTC, the target's clock. */
  at: string
  migration: string
  startedAt: string
  planHash: string
  source: { product: string; identity: string; timezone: string }
  target: { product: string; database: string; schema: string; identity: string }
  /** Whether every table is proven equal and no more rows are in quarantine than were accepted. */
  proven: boolean
  steps: {
    step: string
    status: string
    tool: string
    startedAt: string
    finishedAt: string | null
    seconds: number | null
  }[]
  tables: ReportTable[]
  quarantine: { table: string; code: string; column: string | null; reason: string; rows: number }[]
  /** What people decided about rows that were in quarantine, and what became of rows that were tried again. */
  decisions: QuarantineDecision[]
  /** Source tables left out on purpose. */
  excluded: readonly string[]
  /** What steps wanted a reader to know. */
  notes: string[]
}

export interface ReportTable {
  name: string
  source: string
  kind: TableKind
  rows: string
  quarantined: string
  bytes: string
  complete: boolean
  digest: string
  receipts: number
  /** Times a lossy rule changed a value, by code and column. */
  losses: Loss[]
  verified: VerdictState
  level: string | null
  verifiedAt: string | null
  /** The table's part of the verify document, without samples. */
  proof: Json
}

/** `books` as a report. */
export function reportDocument(given: { books: Books; plan: Plan; target: TargetInfo; tool: string }): ReportDocument {
  const { books, plan, target, tool } = given
  const tables = books.tables.map((table) => ({
    name: table.name,
    source: table.source,
    kind: table.kind,
    rows: String(table.rows),
    quarantined: String(table.quarantined),
    bytes: String(table.bytes),
    complete: table.complete,
    digest: table.digest,
    receipts: table.receipts,
    losses: table.losses,
    verified: table.verdict.state,
    level: table.verdict.level,
    verifiedAt: table.verdict.at,
    proof: withoutSamples(table.verdict.found),
  }))
  return {
    tool,
    at: books.at,
    migration: books.migration.name,
    startedAt: books.migration.createdAt,
    planHash: books.migration.planHash,
    source: {
      product: books.migration.source,
      identity: books.migration.sourceIdentity,
      timezone: plan.source.timezone,
    },
    target: {
      product: target.version,
      database: target.database,
      schema: plan.target.schema,
      identity: books.migration.targetIdentity,
    },
    proven:
      keptBack(books) <= books.accepted && tables.length > 0 && tables.every((table) => table.verified === 'equal'),
    steps: books.steps.map(({ step, status, tool: by, startedAt, finishedAt }) => ({
      step,
      status,
      tool: by,
      startedAt,
      finishedAt,
      seconds: finishedAt === null ? null : seconds(startedAt, finishedAt),
    })),
    tables,
    quarantine: books.quarantine,
    decisions: books.decisions,
    excluded: plan.exclude,
    notes: notesOf(books),
  }
}

/** Rows in quarantine. */
function keptBack(books: Books): number {
  return books.quarantine.reduce((rows, each) => rows + each.rows, 0)
}

function seconds(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000
}

/** Samples may hold values when verify was asked to show them. */
function withoutSamples(found: Json): Json {
  if (Array.isArray(found)) return found.map((each: Json) => withoutSamples(each))
  if (typeof found !== 'object' || found === null) return found
  const kept = Object.entries(found).filter(([name]) => !HIDDEN.has(name))
  return Object.fromEntries(kept.map(([name, value]): [string, Json] => [name, withoutSamples(value)]))
}

const HIDDEN = new Set(['samples', 'source', 'target', 'key'])

/** Notes of the newest run of each step. */
function notesOf(books: Books): string[] {
  const newest = new Map(books.steps.filter((step) => step.status === 'done').map((step) => [step.step, step.output]))
  const notes: string[] = []
  for (const [step, output] of newest) {
    for (const note of list(member(output, 'notes'))) if (typeof note === 'string') notes.push(`${step}: ${note}`)
    for (const omission of list(member(output, 'omitted'))) {
      const [what, why] = [member(omission, 'what'), member(omission, 'why')]
      const table = member(omission, 'table')
      notes.push(`${step}: left out${typeof table === 'string' ? ` for ${table}` : ''}: ${shown(what)} (${shown(why)})`)
    }
  }
  return notes
}

function list(json: Json | undefined): readonly Json[] {
  return Array.isArray(json) ? (json as readonly Json[]) : []
}

function shown(json: Json | undefined): string {
  return typeof json === 'string' ? json : ''
}
