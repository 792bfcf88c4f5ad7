/** Columns of text: padded and folded as the source would do it. */
import { noRule, refuse } from './codec.ts'
import type { Codec, ColumnContext, Value } from './codec.ts'
import { afterAffinity, shownNumber } from './sqlite-numbers.ts'
import { asText, checkText, wellFormed, withoutNul } from './text-rules.ts'

/** CHAR, VARCHAR and TEXT of MySQL. The cell is text. */
export function mysqlText(context: ColumnContext): Codec {
  return {
    cell(value) {
      const text = trimmed(cleanText(value, context), context, context.source.base === 'char')
      checkText(text, context, 'mysql')
      return text
    },
    source: String,
    target: String,
  }
}

/** Text in SQLite: where the affinity makes a number of it, the text is what the number reads as. */
export function sqliteText(context: ColumnContext): Codec {
  return {
    cell(value) {
      const text = trimmed(cleanText(value, context), context, false)
      const kept = afterAffinity(text, context)
      const shown = typeof kept === 'string' ? kept : shownNumber(kept)
      checkText(shown, context, 'sqlite')
      return shown
    },
    source: (cell) => afterAffinity(String(cell), context),
    target: String,
  }
}

function cleanText(value: unknown, context: ColumnContext): string {
  return withoutNul(wellFormed(asText(value, context), context), context)
}

/** CHAR gives back what was written without blanks at its end, on either side. */
function trimmed(text: string, { target }: ColumnContext, isChar: boolean): string {
  return isChar || target.name === 'bpchar' ? text.replace(/ +$/, '') : text
}

/** Text into bytea: its UTF-8. The cell stays text, so that the source keeps the class it had. */
export function textToBytes(context: ColumnContext, engine: 'mysql' | 'sqlite'): Codec {
  const text = (value: unknown): string => {
    const given = wellFormed(asText(value, context), context)
    return engine === 'mysql' && context.source.base === 'char' ? given.replace(/ +$/, '') : given
  }
  return {
    cell(value) {
      const cell = text(value)
      checkText(cell, context, engine)
      return cell
    },
    source: String,
    target: (cell) => `\\x${Buffer.from(String(cell), 'utf8').toString('hex')}`,
  }
}

/** ENUM keeps the member as it was declared, however it was written; a number is its place, from 1. */
export function enumCodec(context: ColumnContext): Codec {
  const { source } = context
  const find = finder(context)
  const check = memberTarget(context)
  return {
    cell(value) {
      const member = typeof value === 'number' ? source.members[value - 1] : find(asText(value, context))
      if (member === undefined) return refuse('no member of the enum')
      check(member)
      return member
    },
    source: String,
    target: String,
  }
}

/** SET keeps each member once, in the order of its declaration. The cell is the source's own text. */
export function setCodec(context: ColumnContext): Codec {
  const { source, target } = context
  const find = finder(context)
  const isArray = target.name === 'array'
  if (isArray && target.arrayOf?.name !== 'text' && target.arrayOf?.name !== 'varchar') throw noRule(context)
  const check = memberTarget(context)
  return {
    cell(value) {
      const given = Array.isArray(value)
        ? value.map((each) => asText(each, context))
        : asText(value, context).split(',')
      const wanted = new Set(
        given.filter((each) => each !== '').map((each) => find(each) ?? refuse('no member of the set')),
      )
      const kept = source.members.filter((member) => wanted.has(member))
      if (isArray) kept.forEach(check)
      else check(kept.join(','))
      return kept.join(',')
    },
    source: String,
    target: (cell) => (isArray ? arrayText(String(cell)) : String(cell)),
  }
}

/** A member by its name: exactly, else as its collation compares. */
function finder({ column, source }: ColumnContext): (text: string) => string | undefined {
  const bare = (text: string): string => text.replace(/ +$/, '')
  const exact = new Map(source.members.map((member) => [bare(member), member]))
  // The first of two that differ in case only is the one that the server finds.
  const folded = new Map(source.members.toReversed().map((member) => [bare(member).toLowerCase(), member]))
  const isExact = /_(?:bin|cs)$/.test(column.collation ?? '')
  return (text) => exact.get(bare(text)) ?? (isExact ? undefined : folded.get(bare(text).toLowerCase()))
}

function memberTarget(context: ColumnContext): (text: string) => void {
  const target = context.target.arrayOf ?? context.target
  return (text) => checkText(text, { ...context, target }, 'sqlite')
}

function arrayText(cell: string): string {
  if (cell === '') return '{}'
  return `{${cell
    .split(',')
    .map((each) => `"${each.replaceAll(/["\\]/g, '\\$&')}"`)
    .join(',')}}`
}

/** The text of a cell in a codec that keeps bytes as bytes. */
export function bytesOf(cell: Value): Buffer {
  return cell instanceof Uint8Array
    ? Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength)
    : Buffer.from(String(cell), 'utf8')
}
