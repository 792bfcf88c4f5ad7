/** Columns that hold JSON on the side of the target, the source, or both. The cell is the document's text. */
import { refuse } from './codec.ts'
import type { Codec, ColumnContext } from './codec.ts'
import { checkedDocument, documentText, mysqlForm } from './json-text.ts'
import { afterAffinity } from './sqlite-numbers.ts'
import { checkText, decoded, wellFormed } from './text-rules.ts'
import { bytesOf } from './texts.ts'

/** JSON, and text or bytes whose target is json or jsonb. */
export function mysqlJson(context: ColumnContext): Codec {
  const { source, target } = context
  const isNative = source.base === 'json'
  const isBytes = /binary|blob/.test(source.base)
  const rules = { jsonb: target.name === 'jsonb', mysql: isNative }
  return {
    cell(value) {
      const given = value instanceof Uint8Array ? decoded(value, context) : documentText(value)
      const text = checkedDocument(wellFormed(given, context), rules, context.lose)
      // By value is enough for jsonb; as text it has to be what the server will show.
      const kept = isNative && target.name !== 'jsonb' ? mysqlForm(text) : text
      const stored = source.base === 'char' ? kept.replace(/ +$/, '') : kept
      checkText(stored, context, 'mysql')
      if (isBytes && Buffer.byteLength(stored, 'utf8') > (source.numbers[0] ?? Infinity)) refuse('too long')
      // Zeros at the end are no JSON.
      if (source.base === 'binary' && Buffer.byteLength(stored, 'utf8') !== (source.numbers[0] ?? 1))
        refuse('too short')
      return stored
    },
    source: (cell) => (isBytes ? bytesOf(cell) : String(cell)),
    target: String,
  }
}

/** A document that is one number becomes a number in every column that is not one of text. */
export function sqliteJson(context: ColumnContext): Codec {
  const { target } = context
  const rules = { jsonb: target.name === 'jsonb', mysql: false }
  return {
    cell(value) {
      const given = value instanceof Uint8Array ? decoded(value, context) : documentText(value)
      const text = checkedDocument(wellFormed(given, context), rules, context.lose)
      return String(afterAffinity(text, context))
    },
    source: (cell) => afterAffinity(String(cell), context),
    target: String,
  }
}
