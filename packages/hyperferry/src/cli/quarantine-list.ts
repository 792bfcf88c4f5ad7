/** `quarantine list`: on the screen, or into a file that people complete for `quarantine fix --from`. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { HyperferryError, messageOf, quarantineList, quarantineRows } from '../index.ts'
import type { QuarantineDocument } from '../index.ts'
import { list, number, text, yes } from './command.ts'
import type { Input, Outcome } from './command.ts'
import { brief, rows } from './format.ts'
import type { Io } from './io.ts'
import { fromPlan } from './settings.ts'

export async function listed(input: Input, io: Io): Promise<Outcome> {
  const [tables, codes, limit] = [list(input, 'table'), list(input, 'code'), number(input, 'limit')]
  const request = {
    ...fromPlan(input, io),
    all: yes(input, 'all'),
    ...(tables ? { tables } : {}),
    ...(codes ? { codes } : {}),
  }
  const out = text(input, 'out')
  if (out !== undefined) return written(request, out, limit)
  const result = await quarantineList({
    ...request,
    ...(limit === undefined ? {} : { limit }),
    showValues: yes(input, 'showValues'),
  })
  const lines = result.rows.flatMap(lineOf)
  lines.push(`${rows(result.open)} in quarantine.`)
  return { document: result, text: lines.join('\n') }
}

function lineOf(row: QuarantineDocument['rows'][number]): string[] {
  const { id, table, code, column, reason, status } = row
  const lines = [`  ${id}  ${table}  ${code}  ${pairs(row.key)}  ${column ?? ''}  ${reason}`]
  if (status !== 'open') {
    const why = row.settledReason === null ? '' : `: ${row.settledReason}`
    lines.push(`      ${row.how ?? status} by ${row.by ?? 'unknown'} at ${row.settledAt ?? ''}${why}`)
  }
  if (row.values !== undefined) lines.push(`      ${pairs(row.values)}`)
  if (row.settledValues != null) lines.push(`      set: ${pairs(row.settledValues)}`)
  return lines
}

function pairs(values: Readonly<Record<string, string | null>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${brief(value)}`)
    .join(' ')
}

/** Never over a file that is there: somebody may have put hours into it. Row values are nobody else's business. */
async function written(
  request: Parameters<typeof quarantineRows>[0],
  file: string,
  limit: number | undefined,
): Promise<Outcome> {
  const handle = opened(file)
  let count = 0
  try {
    const open = await quarantineRows(request, (some) => {
      const wanted = some.slice(0, (limit ?? Infinity) - count)
      for (const { hash: _hash, ...row } of wanted) writeSync(handle, `${JSON.stringify(row)}\n`)
      count += wanted.length
      return limit === undefined || count < limit
    })
    const next = 'Add "set": {"column": "value"} to lines, then: hyperferry quarantine fix --from'
    return { document: { open, file, rows: count }, text: `Written: ${file}, ${rows(count)}.\n${next} ${file}` }
  } finally {
    closeSync(handle)
  }
}

function opened(file: string): number {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    throw new HyperferryError('HF-U001', {
      what: `--out ${file}: ${messageOf(error)}`,
      hint: 'Name a file that is not there yet, in a folder that is.',
      cause: error,
    })
  }
}
