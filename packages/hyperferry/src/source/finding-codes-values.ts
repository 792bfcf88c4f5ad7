/** Findings about values (HF-P2xx) and what the target makes of them (HF-P3xx). */
import { entry as e } from './finding-entry.ts'
import type { FindingEntry } from './finding-entry.ts'

/** Part of FINDING_CODES. */
export const VALUE_FINDINGS = {
  // ── values: time ──
  'HF-P201': e(
    'decide',
    'Stray times',
    'Values outside 1971–2100 each make a chunk of their own.',
    'Copied as they are. Alternative: mend them in the source first.',
  ),
  'HF-P202': e(
    'decide',
    'Rows without a time',
    'NULL cannot stand in the time column of a hypertable.',
    'Such rows go to quarantine. Alternative: another time column, or fill them in the source.',
  ),
  'HF-P203': e(
    'decide',
    'Mixed units',
    'Some values look like seconds, others like milliseconds or finer.',
    'The integers are kept as they are. Mend the values of the other unit in the source, then set a time type with its unit.',
  ),
  'HF-P204': e(
    'decide',
    'Time outside what PostgreSQL holds',
    'Before 4713 BC, after 294276, infinite or not a number.',
    'Such rows go to quarantine.',
  ),
  'HF-P205': e(
    'warn',
    'More digits than microseconds',
    'PostgreSQL keeps six digits of a second.',
    'Floored and counted. Alternative: keep the integer as bigint.',
  ),
  'HF-P206': e(
    'warn',
    'The zone changes its clocks',
    'Around a change of the clocks a wall time has none or two instants.',
    'The earlier instant is taken (counted HF-L005); rows with times that do not exist go to quarantine. Alternatives: the zone the application really wrote in, or type timestamp.',
  ),
  'HF-P207': e(
    'decide',
    'Zero dates',
    '0000-00-00 or a zero month or day is no date.',
    'Rows go to quarantine unless the rule zeroDate says null or names a date.',
  ),
  'HF-P208': e('info', 'TIME outside a day', 'A duration, not a time of day.', 'interval proposed.'),
  'HF-P218': e(
    'decide',
    'Mixed time formats',
    'The column holds times in several notations.',
    'Text proposed unless all can be read without doubt.',
  ),

  // ── values: text and bytes ──
  'HF-P210': e(
    'decide',
    'NUL bytes in text',
    'PostgreSQL text cannot hold U+0000.',
    'Rows go to quarantine. Alternatives: rule nul: strip or replace, or type bytea.',
  ),
  'HF-P211': e(
    'decide',
    'Text that is not valid in its encoding',
    'The bytes are no UTF-8.',
    'Rows go to quarantine. Alternatives: rule invalidText: replace or windows-1252, or type bytea.',
  ),
  'HF-P212': e(
    'warn',
    'Text looks encoded twice',
    'UTF-8 bytes were stored in a column of another character set.',
    'Copied as the source shows it. Mend it in the source first if the application shows it rightly.',
  ),
  'HF-P213': e(
    'decide',
    'Text that the server cannot convert',
    'Its character set has no character for some bytes; converted by the server they would be question marks.',
    'Rows go to quarantine. Alternatives: rule invalidText: replace, or mend the values in the source.',
  ),
  'HF-P225': e(
    'warn',
    'Values longer than declared',
    'The source does not enforce the declared length.',
    'text proposed.',
  ),

  // ── values: numbers ──
  'HF-P214': e(
    'warn',
    'FLOAT prints differently',
    'The source prints about six digits of a float; the exact value has more.',
    'The exact value is kept as real; it prints with the digits it has.',
  ),
  'HF-P215': e(
    'warn',
    'NaN or infinity',
    'Ordinary numbers in PostgreSQL floats, but not in numeric before 14.',
    'Kept.',
  ),
  'HF-P216': e(
    'decide',
    'Inexact decimal',
    'The stored float is not the nearest one to any decimal of the declared scale.',
    'double precision proposed. Alternative: numeric; rows that do not fit go to quarantine.',
  ),
  'HF-P217': e(
    'decide',
    'Values of another type than declared',
    'The column holds several storage classes.',
    'A type that holds all of them is proposed; change it and the others go to quarantine.',
  ),
  'HF-P226': e(
    'info',
    'Row with AUTO_INCREMENT 0',
    'The source would give such a row a new number when it is loaded again.',
    'Copied as 0.',
  ),
  'HF-P229': e('decide', 'Integer out of range', 'Values do not fit the proposed type.', 'Such rows go to quarantine.'),

  // ── values: enum, json, keys ──
  'HF-P219': e(
    'info',
    'Looks like a boolean',
    'Only two values are stored, as text or numbers.',
    'Kept as it is; change the type to boolean if all writers agree.',
  ),
  'HF-P220': e(
    'decide',
    'JSON that jsonb cannot hold',
    '\\u0000 or a lone surrogate.',
    'json proposed, which keeps the text. Alternatives: text, or jsonb with quarantine.',
  ),
  'HF-P221': e(
    'decide',
    'Invalid JSON',
    'Some values are not JSON at all.',
    'text proposed. Alternative: jsonb; such rows go to quarantine.',
  ),
  'HF-P222': e(
    'info',
    'jsonb keeps values, not text',
    'Order of keys, white space and all but the last of equal keys are not kept by jsonb.',
    'jsonb proposed. Type json keeps the text as it is.',
  ),
  'HF-P223': e(
    'decide',
    "ENUM error value ''",
    'A value that was not a member was stored as the empty string.',
    "The check allows ''. Alternative: mend the rows in the source.",
  ),

  // ── what the target makes of it ──
  'HF-P301': e(
    'decide',
    'Time series or relational',
    'The tool cannot tell how the table is used.',
    'See the reasons in the plan.',
  ),
  'HF-P302': e(
    'decide',
    'Key without the time column',
    'Unique keys of a hypertable must hold its time column.',
    'The time column was added to the key: uniqueness is weaker than in the source.',
  ),
  'HF-P303': e('warn', 'Foreign key between hypertables', 'The target cannot enforce it.', 'Not carried.'),
  'HF-P304': e(
    'warn',
    'The target level cannot do this',
    'The edition or version of the target lacks a feature the plan would use.',
    'Left out.',
  ),
  'HF-P305': e(
    'warn',
    'Foreign key without a target',
    'What it refers to is not in the target, is no key there, or has another type.',
    'Not carried; the values are.',
  ),
  'HF-P306': e(
    'warn',
    'Large chunks',
    'The newest chunk should fit the memory of the server, but the number of chunks slows down planning and locking too.',
    'The shortest interval that keeps the number bearable is in the plan. Alternative: another chunkInterval.',
  ),
  'HF-P307': e(
    'info',
    'Types of a foreign key made equal',
    'Both ends of a foreign key must have one type.',
    'The wider type is in the plan on both sides.',
  ),
  'HF-P308': e(
    'info',
    'Index or key renamed',
    'Names of indexes are unique in a schema, not in a table.',
    'The name in the plan begins with the table; change it there.',
  ),
  'HF-P309': e(
    'info',
    'Names that need quotes',
    'Upper case, spaces or reserved words: SQL must quote such names.',
    'Names are kept exactly. Change them in the plan if queries are to be written without quotes.',
  ),
  'HF-P310': e(
    'warn',
    'Name that the target reserves',
    'PostgreSQL has system columns of this name, or none can be empty.',
    'Another name is in the plan; change it there.',
  ),
  'HF-P312': e('warn', 'Object is not carried', 'Only tables move.', 'Not carried; make its counterpart by hand.'),
  'HF-P313': e(
    'info',
    'Forecast is rough',
    'The sample could not be loaded into a temporary table of the target.',
    'Speed and size are estimated from reading alone.',
  ),
} as const satisfies Record<string, FindingEntry>
