/** Values for rows in quarantine from a file that `quarantine list --out` has begun and a person has completed. */
import { readFileSync } from 'node:fs'
import { HyperferryError, messageOf } from '../errors.ts'

export interface FileFix {
  id: string
  /** By column; text as PostgreSQL reads it, null is NULL. */
  set: Record<string, string | null>
}

/** Lines without `set` are left alone. Throws HF-Q008 with the line, and for a file that cannot be read. */
export function readFixes(file: string): FileFix[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new HyperferryError('HF-Q008', { what: `${file} cannot be read: ${messageOf(error)}`, cause: error })
  }
  const fixes = text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : fixOf(line, `${file}:${index + 1}`)))
  const ids = new Set<string>()
  for (const { id } of fixes) {
    if (ids.has(id)) throw new HyperferryError('HF-Q008', { what: `${file}: row ${id} is there twice` })
    ids.add(id)
  }
  return fixes
}

function fixOf(line: string, place: string): FileFix[] {
  const json = parsed(line, place)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong(place, 'not a JSON object')
  const { id, set } = json as Record<string, unknown>
  if (set === undefined) return []
  if (typeof id !== 'string' || !isRowId(id)) throw wrong(place, '"id" is not the number of a row, as a string')
  if (typeof set !== 'object' || set === null || Array.isArray(set)) throw wrong(place, '"set" is not an object')
  const values: FileFix['set'] = {}
  for (const [column, value] of Object.entries(set)) {
    // A number of JSON has lost digits before anybody could look at it.
    if (value !== null && typeof value !== 'string')
      throw wrong(place, `the value of "${column}" is not a string or null`)
    values[column] = value
  }
  return [{ id, set: values }]
}

/** Whether a text may be the number of a row: what a bigint of PostgreSQL counts up to. */
export function isRowId(text: string): boolean {
  return /^[1-9]\d{0,17}$/.test(text)
}

function parsed(line: string, place: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw wrong(place, messageOf(error))
  }
}

function wrong(place: string, why: string): HyperferryError {
  return new HyperferryError('HF-Q008', { what: `${place}: ${why}` })
}
