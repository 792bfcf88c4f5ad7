/** What stands beside exported files and says what they are: everything a loader needs to know, and nothing of a secret. docs/design/0012. */
import { z } from 'zod'
import { HyperferryError } from '../../errors.ts'
import type { Lane, Span } from '../../model.ts'

/** Changed whenever the files or the manifest mean something else. */
export const EXPORT_FORMAT = 'hyperferry-export/1'

const position = z.string().regex(/^-?\d+$/)
const span = z.strictObject({ from: position.nullable(), to: position.nullable() })
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)

/** What all files of one table have in common; decided before the first row is read. */
const header = z.strictObject({
  format: z.literal(EXPORT_FORMAT),
  tool: z.string(),
  migration: z.string(),
  /** Hash of the plan's structural part. */
  planHash: z.string(),
  source: z.strictObject({ identity: z.string(), product: z.string(), version: z.string(), database: z.string() }),
  table: z.strictObject({
    source: z.string(),
    name: z.string(),
    split: z.enum(['time', 'pk', 'all']),
    axis: z.string().nullable(),
  }),
  /** In the order of the file; names and types of the target. */
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  /** Version of the normal forms the digests are of. */
  normaliser: z.int(),
  gzip: z.boolean(),
  /** Spans of the main lane that the export is of, and whether the rows without a position are part of it. Positions of the source's axis. */
  spans: z.array(span),
  residual: z.boolean(),
  /** Completion point whose part this is: rows in `[instant, beyondInstant)` were left out. null: none was asked for. */
  point: z.strictObject({ instant: position, beyondInstant: position, lateSince: position }).nullable(),
})

const file = z.strictObject({
  file: z.string().regex(/^[A-Za-z0-9_-]+\.csv(\.gz)?$/),
  lane: z.union([z.literal(0), z.literal(1)]),
  span,
  rows: count,
  /** Of the file as it lies there. */
  bytes: count,
  sha256,
  /** `hf1:…` of the rows as the source's transcoder made them (docs/design/0003): not of the text. */
  digest: z.string(),
  /** Bytes of the rows in binary form, as receipts count them. */
  tupleBytes: count,
  losses: z.array(z.strictObject({ code: z.string(), column: z.string(), count })),
  rejected: z
    .strictObject({ file: z.string().regex(/^[A-Za-z0-9_-]+\.rejected\.jsonl$/), rows: count, bytes: count, sha256 })
    .nullable(),
})

const manifest = header.extend({
  rows: count,
  rejected: count,
  bytes: count,
  /** Of all files together. */
  digest: z.string(),
  /** What the source itself counted in the spans. */
  sourceRows: position,
  files: z.array(file),
})

export type ExportHeader = z.infer<typeof header>
export type ExportedFile = z.infer<typeof file>
export type ExportManifest = z.infer<typeof manifest>

/** Parses the text of a manifest, of a journal's first line, of one of its other lines. @throws HyperferryError HF-E011 when it is none of this version. */
export const parseManifest = parserOf(manifest)
export const parseHeader = parserOf(header)
export const parseFile = parserOf(file)

function parserOf<T>(schema: z.ZodType<T>): (text: string, where: string) => T {
  return (text, where) => {
    const found = schema.safeParse(asJson(text))
    if (found.success) return found.data
    const [issue] = found.error.issues
    const place = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
    throw new HyperferryError('HF-E011', { what: `${where} is not an export that this version understands${place}` })
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

/** Positions travel as text: JSON has no large integers. */
export function spanToFile({ from, to }: Span): ExportedFile['span'] {
  return { from: from === null ? null : String(from), to: to === null ? null : String(to) }
}

export function spanOfFile({ from, to }: ExportedFile['span']): Span {
  return { from: from === null ? null : BigInt(from), to: to === null ? null : BigInt(to) }
}

/** A file's part of the table. */
export function taskOf({ lane, span: { from, to } }: ExportedFile): { lane: Lane; span: Span } {
  return { lane, span: spanOfFile({ from, to }) }
}
