/** What HF-D… (a value that cannot be represented) and HF-L… (a value that a rule changed) mean. The reference is made from it. */

export interface ValueCode {
  readonly title: string
  /** What it means, with an example where it helps. */
  readonly means: string
  /** What the owner of the data can do. */
  readonly todo: string
}

export const REJECT_CODES = {
  'HF-D001': {
    title: 'No usable value in the time column',
    means: 'The time column of a hypertable cannot be NULL, and this row has NULL or a value that is no instant there.',
    todo: 'Give the row a time in the source, choose another time column, or make the table relational.',
  },
  'HF-D002': {
    title: 'Number out of range',
    means: 'The value is larger (or smaller) than the target type holds; it is neither clamped nor wrapped.',
    todo: 'Choose a wider type in the plan: bigint, numeric(20,0), double precision, or numeric without precision.',
  },
  'HF-D003': {
    title: 'Number does not fit exactly',
    means: 'The value has more significant digits than the target type holds, for example 1.005 for numeric(5,2).',
    todo: 'Choose a larger scale, numeric without precision, or double precision.',
  },
  'HF-D004': {
    title: 'Time out of range',
    means:
      'The value is outside of what PostgreSQL holds (4713 BC to 294276 AD for timestamps, 00:00 to 24:00 for time), or is no finite number.',
    todo: 'Check the unit of an epoch column; take interval for durations beyond a day; or keep the raw value as bigint, double precision or text.',
  },
  'HF-D005': {
    title: 'Zero date',
    means: 'A date such as 0000-00-00 or 2010-00-00 is no day of any calendar.',
    todo: 'Set zeroDate: null, or a date of your own, in the rules of the column.',
  },
  'HF-D006': {
    title: 'NUL byte in text',
    means: 'PostgreSQL cannot store the character U+0000 in text.',
    todo: 'Set nul: strip or nul: replace in the rules of the column, or choose bytea.',
  },
  'HF-D007': {
    title: 'Text is not valid in its encoding',
    means: 'The bytes are not UTF-8, or not of the encoding the rules name.',
    todo: 'Set invalidText: windows-1252 or invalidText: replace in the rules of the column, or choose bytea.',
  },
  'HF-D008': {
    title: 'JSON that jsonb cannot hold',
    means: 'The document has \\u0000 or half of a surrogate pair in a string, which jsonb refuses.',
    todo: 'Choose json or text for the column.',
  },
  'HF-D009': {
    title: 'Invalid JSON',
    means: 'PostgreSQL does not accept the text as a JSON document.',
    todo: 'Choose text for the column, or mend the value in the source.',
  },
  'HF-D010': {
    title: 'Value of another kind',
    means: 'The value is not of the kind the column holds, for example text in a number column or 2 in a boolean one.',
    todo: 'Choose a type that holds every value (text), or mend the value in the source.',
  },
  'HF-D011': {
    title: 'Wall-clock time that does not exist',
    means: 'Clocks of the declared zone were set forward over this time of day, so it names no instant.',
    todo: 'Check the zone: values written in UTC have no such gap. Or choose timestamp without time zone.',
  },
  'HF-D012': {
    title: 'Value too long',
    means: 'The value has more characters, bits or bytes than the target type holds.',
    todo: 'Choose text or a longer type for the column.',
  },
  'HF-D013': {
    title: 'NULL in a column that cannot hold it',
    means: 'The plan says that the column is never NULL, and this row has NULL, for example in a key of SQLite.',
    todo: 'Allow NULL for the column in the plan (a primary key then becomes a unique key), or fill the row in the source.',
  },
  'HF-D020': {
    title: 'The key is taken',
    means:
      'A primary or unique key of the target holds this key already, with another row: two rows of the source have the same key in the target, or the target was written by somebody else.',
    todo: 'Look which column of the key a rule made equal (time rounded down, NUL removed), or drop the key from the plan.',
  },
  'HF-D021': {
    title: 'The target refused the row',
    means:
      'The row breaks a constraint of the target table, or the target could not read a value; the SQLSTATE says which.',
    todo: 'Change the constraint or the type in the plan, or mend the row in the source.',
  },
} as const satisfies Record<string, ValueCode>

export const LOSS_CODES = {
  'HF-L001': {
    title: 'Time rounded down',
    means: 'The source holds more fractional digits than the target; the rest was cut off towards the past.',
    todo: 'Nothing, or choose a type with more digits; nanoseconds are kept by a bigint column only.',
  },
  'HF-L002': {
    title: 'Zero date replaced',
    means: 'A zero or partial date became NULL or the date named by zeroDate.',
    todo: 'Nothing if that is meant.',
  },
  'HF-L003': {
    title: 'NUL byte removed or replaced',
    means: 'Text held U+0000, and the rule nul: strip or nul: replace was applied.',
    todo: 'Nothing if that is meant.',
  },
  'HF-L004': {
    title: 'Invalid text decoded anew',
    means: 'Text that was not valid in its encoding was read by the rule invalidText.',
    todo: 'Look at some of the values: the guess may be wrong.',
  },
  'HF-L005': {
    title: 'Ambiguous wall-clock time',
    means:
      'Clocks of the declared zone were set back, so the time of day happened twice; the earlier instant was taken.',
    todo: 'Nothing can tell the two apart afterwards; a source in UTC has no such hour.',
  },
  'HF-L020': {
    title: 'Row was there already',
    means: 'The target held an equal row with the same key before it was copied (mode merge). Nothing was changed.',
    todo: 'Nothing if something else had filled the target before.',
  },
} as const satisfies Record<string, ValueCode>

export type RejectCode = keyof typeof REJECT_CODES
export type LossCode = keyof typeof LOSS_CODES
