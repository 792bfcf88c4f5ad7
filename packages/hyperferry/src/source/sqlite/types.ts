/** Target type and rules of a column, from what was seen of its values. */
import { counted } from '../count-text.ts'
import type { ColumnRules, SourceColumn } from '../../model.ts'
import { declaredType, typeOfEmpty } from './declared.ts'
import type { DeclaredType } from './declared.ts'
import { bestUnit } from './epoch.ts'
import type { FindingCode } from '../finding-codes.ts'
import type { ColumnProfile } from './profile.ts'

export interface Proposal {
  type: string
  rules: ColumnRules
  reasons: string[]
  notes: Note[]
}

/** A finding of the column; the table's name and exactness are added by the caller. */
interface Note {
  code: FindingCode
  count: number
  message: string
  action?: string
}

export interface TypeContext {
  column: SourceColumn
  /** Part of a key or a unique index: two texts that name one instant must stay two. */
  inKey: boolean
  /** Every value was seen. */
  exact: boolean
  /** Answers exactly whether a boolean column holds nothing but 0, 1 and NULL. */
  onlyBooleans: () => boolean
}

export function proposeType(profile: ColumnProfile, context: TypeContext): Proposal {
  const declared = declaredType(context.column.type)
  const { integers, reals, texts, blobs, values } = profile
  const numbers = integers.count + reals.count
  if (values === 0) {
    return plain(typeOfEmpty(declared), [`no values seen; declared ${context.column.type || 'without type'}`])
  }
  if (blobs.count === values) return blobType(profile, declared)
  if (numbers === values) return numberType(profile, declared, context)
  if (texts.count === values) return textType(profile, declared, context)
  if (blobs.count === 0) return numbersAndTexts(profile, declared, context)
  return withBlobs(profile, declared)
}

function plain(type: string, reasons: string[] = [], rules: ColumnRules = {}): Proposal {
  return { type, rules, reasons, notes: [] }
}

function blobType({ blobs }: ColumnProfile, { family }: DeclaredType): Proposal {
  const sixteen = blobs.sixteen === blobs.count
  if (sixteen && family === 'uuid') return plain('uuid', ['16 bytes in every value'])
  const proposal = plain('bytea')
  if (sixteen) proposal.notes.push({ code: 'HF-P127', count: blobs.count, message: 'every value has sixteen bytes' })
  return proposal
}

function numberType(profile: ColumnProfile, declared: DeclaredType, context: TypeContext): Proposal {
  const { integers, reals } = profile
  const { family, decimal } = declared
  if (family === 'datetime' || family === 'date') {
    const time = epochTime(profile)
    if (time) return time
  }
  if (family === 'boolean' && reals.count === 0 && integers.zeroOne === integers.count && context.onlyBooleans()) {
    return plain('boolean', ['only 0 and 1'])
  }
  if (decimal) {
    const misfit = integers.misfit + reals.misfit
    const type = `numeric(${decimal.precision},${decimal.scale})`
    if (misfit === 0) return plain(type, [`every value is the nearest double of a ${type}`])
    const proposal = plain(reals.count === 0 ? 'numeric' : 'double precision')
    const message = `${counted(misfit, 'values', 'are')} not exactly ${type}`
    proposal.notes.push({ code: 'HF-P216', count: misfit, message })
    return proposal
  }
  if (family === 'json') return plain('jsonb', ['numbers are documents too'])
  if (family === 'decimal') return plain('numeric', ['declared without scale: as many digits as the values have'])
  if (reals.count === 0) return plain('bigint', [`${integers.min} to ${integers.max}`])
  const proposal = plain('double precision')
  if (reals.infinite > 0)
    proposal.notes.push({ code: 'HF-P215', count: reals.infinite, message: counted(reals.infinite, 'infinite values') })
  if (integers.count === 0) return proposal
  if (integers.beyond53 > 0) {
    proposal.type = 'numeric'
    proposal.reasons.push(`${counted(integers.beyond53, 'integers')} beyond 2^53 beside reals`)
  }
  const message = `${counted(integers.count, 'integers')} and ${counted(reals.count, 'reals')}`
  proposal.notes.push({ code: 'HF-P217', count: Math.min(integers.count, reals.count), message })
  return proposal
}

/** Epoch numbers or Julian days in a column that is declared as a time. */
function epochTime({ integers, reals }: ColumnProfile): Proposal | null {
  const numbers = integers.count + reals.count
  if (integers.julian + reals.julian === numbers)
    return plain('timestamptz', ['Julian day numbers'], { format: 'julian' })
  const { unit, count, others } = bestUnit(integers.units)
  if (reals.count > 0) {
    const seconds = integers.units.s + reals.epoch
    return seconds === numbers ? plain('timestamptz', ['seconds since 1970, with fractions'], { unit: 's' }) : null
  }
  if (count < integers.count * 0.5) return null
  // One unit for all would move the others by centuries.
  if (others > 0) {
    const message = `${counted(others, 'values', 'look')} like another unit than ${unit}`
    return {
      ...plain('bigint', [`epochs of several units, mostly ${unit}`]),
      notes: [{ code: 'HF-P203', count: others, message }],
    }
  }
  return plain(
    'timestamptz',
    [`${percent(count, integers.count)} of the values are instants of 1971–2100 in ${unit}`],
    { unit },
  )
}

function textType(profile: ColumnProfile, declared: DeclaredType, context: TypeContext): Proposal {
  const { texts } = profile
  const { family } = declared
  const time = isoTime(profile, declared, context)
  if (time) return withTextNotes(time, profile, declared)
  if (family === 'uuid' && texts.uuid === texts.count && !(context.inKey && texts.capitals > 0 && texts.smalls > 0))
    return plain('uuid', ['every value is a UUID'])
  if (family === 'time' && texts.timeOfDay === texts.count) return plain('time', ['every value is a time of day'])
  if (family === 'json') {
    const invalid = texts.count - texts.json - texts.jsonOnly
    if (invalid === 0 && texts.jsonOnly === 0) return plain('jsonb', ['every value is JSON'])
    const proposal = plain(invalid === 0 ? 'json' : 'text')
    if (invalid === 0)
      proposal.notes.push({
        code: 'HF-P220',
        count: texts.jsonOnly,
        message: `${counted(texts.jsonOnly, 'documents')} that jsonb refuses`,
      })
    else
      proposal.notes.push({ code: 'HF-P221', count: invalid, message: `${counted(invalid, 'values', 'are')} no JSON` })
    return withTextNotes(proposal, profile, declared)
  }
  const proposal = plain('text')
  if (texts.booleans === texts.count) {
    proposal.notes.push({ code: 'HF-P219', count: texts.count, message: `only words such as true and false` })
  }
  return withTextNotes(proposal, profile, declared)
}

/** ISO 8601 text; null when the column is no time. */
function isoTime(
  { texts, nulls }: ColumnProfile,
  { family }: DeclaredType,
  { inKey, exact }: TypeContext,
): Proposal | null {
  const isDeclared = family === 'datetime' || family === 'date'
  const times = texts.iso + texts.zeroDate
  const junk = texts.count - times
  // Junk is tolerated where the owner himself calls the column a time.
  if (texts.iso === 0 || junk > (isDeclared ? texts.count * 0.01 : 0)) return null
  if (!isDeclared && !exact && texts.count + nulls < 100) return null
  // Two texts that name one instant are two keys: by notation, by offset, or by digits that are cut off.
  const isOneNotation =
    texts.shapes.size === 1 && [...texts.shapes].every((shape) => !/[-+]\d\d:?\d\d$/.test(shape.slice(10)))
  if (inKey && !(exact && isOneNotation && texts.fine === 0)) return null
  // A time of day met later would be cut off a date: only what was seen completely, or is called so, becomes one.
  const dates = texts.dateOnly === texts.iso && texts.zeroDate === 0 && (exact || family === 'date')
  const proposal = plain(dates ? 'date' : 'timestamptz', [
    `${percent(times, texts.count)} of the values are ISO 8601 text`,
  ])
  if (junk > 0) {
    const action = 'Such rows go to quarantine. Alternative: type text.'
    proposal.notes.push({
      code: 'HF-P218',
      count: junk,
      message: `${counted(junk, 'values', 'are')} no ISO 8601 time`,
      action,
    })
  } else if (texts.shapes.size > 1) {
    const action = 'Each value is read by its own notation.'
    proposal.notes.push({
      code: 'HF-P218',
      count: texts.iso,
      message: `${texts.shapes.size} notations, all readable`,
      action,
    })
  }
  if (texts.zeroDate > 0)
    proposal.notes.push({ code: 'HF-P207', count: texts.zeroDate, message: counted(texts.zeroDate, 'zero dates') })
  if (texts.fine > 0)
    proposal.notes.push({
      code: 'HF-P205',
      count: texts.fine,
      message: `${counted(texts.fine, 'values', 'have')} more than six digits`,
    })
  if (!dates && texts.offset < texts.iso) {
    const count = texts.iso - texts.offset
    proposal.notes.push({ code: 'HF-P136', count, message: `${counted(count, 'values', 'name')} no offset from UTC` })
  }
  return proposal
}

function numbersAndTexts(profile: ColumnProfile, declared: DeclaredType, context: TypeContext): Proposal {
  const { integers, reals, texts } = profile
  const { family } = declared
  if (family === 'json' && texts.json === texts.count) return plain('jsonb', ['every value is JSON'])
  const message = `${counted(integers.count, 'integers')}, ${counted(reals.count, 'reals')} and ${counted(texts.count, 'texts')}`
  if (
    (family === 'datetime' || family === 'date') &&
    texts.iso === texts.count &&
    reals.count === 0 &&
    !context.inKey
  ) {
    const { unit, count } = bestUnit(integers.units)
    if (count === integers.count) {
      const proposal = plain('timestamptz', [`ISO 8601 text and integers in ${unit}`], { unit })
      const action = 'Text is read as ISO 8601, integers by the unit.'
      proposal.notes.push({ code: 'HF-P218', count: Math.min(texts.count, integers.count), message, action })
      return proposal
    }
  }
  const proposal = plain('text')
  const action = 'text proposed, with numbers as decimal text. Alternative: a number type; texts then go to quarantine.'
  proposal.notes.push({ code: 'HF-P217', count: Math.min(integers.count + reals.count, texts.count), message, action })
  return withTextNotes(proposal, profile, declared)
}

function withBlobs({ integers, reals, texts, blobs }: ColumnProfile, { family }: DeclaredType): Proposal {
  const numbers = integers.count + reals.count
  const message = `${counted(integers.count, 'integers')}, ${counted(reals.count, 'reals')}, ${counted(texts.count, 'texts')} and ${counted(blobs.count, 'blobs')}`
  const bytes =
    numbers === 0 ? family === 'blob' || blobs.count >= texts.count / 100 : family === 'blob' && blobs.count > numbers
  const proposal = plain(bytes ? 'bytea' : 'text')
  const left = bytes ? numbers : blobs.count
  const action = bytes
    ? `bytea proposed, texts as their UTF-8 bytes${left > 0 ? `; ${counted(left, 'numbers', 'go')} to quarantine` : ''}. Alternative: text, with blobs in quarantine.`
    : `text proposed; ${counted(left, 'blobs', 'go')} to quarantine. Alternative: bytea.`
  proposal.notes.push({ code: 'HF-P217', count: Math.min(blobs.count, numbers + texts.count), message, action })
  return proposal
}

function withTextNotes(proposal: Proposal, { texts }: ColumnProfile, { length }: DeclaredType): Proposal {
  if (proposal.type !== 'text' && proposal.type !== 'json') return proposal
  if (texts.nul > 0)
    proposal.notes.push({ code: 'HF-P210', count: texts.nul, message: `${counted(texts.nul, 'texts')} with U+0000` })
  if (texts.invalid > 0)
    proposal.notes.push({
      code: 'HF-P211',
      count: texts.invalid,
      message: `${counted(texts.invalid, 'texts', 'are')} not valid in the database's encoding`,
    })
  if (length !== null && texts.longest > length) {
    proposal.notes.push({ code: 'HF-P225', count: 1, message: `up to ${texts.longest} characters, declared ${length}` })
  }
  return proposal
}

function percent(part: number, all: number): string {
  return `${((100 * part) / all).toFixed(part === all ? 0 : 1)} %`
}
