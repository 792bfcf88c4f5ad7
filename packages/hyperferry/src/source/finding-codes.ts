/**
 * The findings a look at a source can give. One number, one meaning, whatever the engine.
 * HF-P1xx definitions (names, types, keys, indexes, storage), HF-P2xx values, HF-P3xx what the target makes of them (plan step).
 */
import type { Finding, Severity } from '../model.ts'

/** What a code means and what to do about it; `docs/reference/findings.md` is made from this. */
export interface FindingEntry {
  /** Usual severity; a finding may carry another one when the case is milder or worse. */
  severity: Severity
  title: string
  /** What it means for the data. */
  meaning: string
  /** What the proposed plan does, and the alternatives. */
  action: string
}

/** Makes a finding of a known code; severity and action come from the table unless given. */
export function finding(code: FindingCode, facts: FindingFacts): Finding {
  const entry: FindingEntry = FINDING_CODES[code]
  return {
    code,
    severity: facts.severity ?? entry.severity,
    table: facts.table,
    column: facts.column ?? null,
    count: facts.count ?? null,
    message: facts.message,
    action: facts.action ?? entry.action,
  }
}

export interface FindingFacts {
  table: string | null
  column?: string | null
  count?: Finding['count']
  message: string
  severity?: Severity
  action?: string
}

export type FindingCode = keyof typeof FINDING_CODES

const e = (severity: Severity, title: string, meaning: string, action: string): FindingEntry => ({
  severity,
  title,
  meaning,
  action,
})

export const FINDING_CODES = {
  // ── names and sizes ──
  'HF-P101': e(
    'decide',
    'Name is longer than 63 bytes',
    'PostgreSQL would cut it off silently.',
    'A shortened name is in the plan; change it there.',
  ),
  'HF-P102': e(
    'decide',
    'Names become equal',
    'Two names differ only in case or beyond 63 bytes.',
    'One of them got a suffix in the plan; change it there.',
  ),
  'HF-P103': e(
    'block',
    'Too many columns',
    'PostgreSQL holds at most 1600 columns in a table.',
    'Exclude the table or split it in the source.',
  ),

  // ── keys and collations ──
  'HF-P110': e(
    'warn',
    'No primary or unique key',
    'Rows cannot be told apart: equal rows are kept and counted, repair works by range only.',
    'Copied by range in mode replace. Add a key if there is one.',
  ),
  'HF-P112': e(
    'decide',
    'Unique key ignores case or accents',
    "In the source 'a' and 'A' collide, in the target they do not: uniqueness is weaker.",
    'A plain unique key is proposed. Alternative: a unique index on lower(column), or a nondeterministic ICU collation.',
  ),
  'HF-P113': e(
    'info',
    'Collation ignores case, accents or trailing spaces',
    'Comparisons and sorting of this text will be exact in the target.',
    'Values are copied as they are. Look through queries that rely on it; use lower(), citext or an ICU collation.',
  ),
  'HF-P114': e(
    'warn',
    'NULL is possible in the primary key',
    'PostgreSQL refuses NULL in a primary key.',
    'Such rows go to quarantine. Alternative: a unique key instead of a primary key.',
  ),
  'HF-P116': e(
    'decide',
    'Prefix index',
    'The source indexes only the first characters.',
    'Proposed as an index on the expression left(column, n); not carried when unique.',
  ),
  'HF-P117': e(
    'warn',
    'Full-text index',
    'PostgreSQL searches text by other means.',
    'Not carried. Alternative: GIN on to_tsvector(column).',
  ),
  'HF-P118': e('warn', 'Spatial index', 'Needs PostGIS in the target.', 'Not carried.'),
  'HF-P119': e(
    'warn',
    'Index on an expression',
    'The expression has no sure translation.',
    'Not carried; write it by hand.',
  ),

  // ── types ──
  'HF-P120': e(
    'decide',
    'Unsigned integer beyond bigint',
    'Values above 2^63-1 do not fit bigint.',
    'numeric(20,0) proposed; exact, somewhat larger and slower.',
  ),
  'HF-P121': e(
    'info',
    'Unsigned bigint within bigint',
    'All values fit bigint today.',
    'bigint proposed; a larger value met later goes to quarantine. Alternative: numeric(20,0).',
  ),
  'HF-P122': e(
    'info',
    'tinyint(1) is no boolean here',
    'It holds other values than 0 and 1, or was not looked at completely.',
    'smallint proposed. Alternative: boolean; other values then go to quarantine.',
  ),
  'HF-P123': e(
    'info',
    'ENUM becomes text with a check',
    'An enum sorts by position in the source, text sorts by its letters.',
    'Text with a CHECK of the members. ORDER BY on the column changes.',
  ),
  'HF-P124': e(
    'info',
    'SET becomes text[]',
    'The members are kept in the order of the definition; the empty set is an empty array.',
    'text[] proposed; queries with FIND_IN_SET become = ANY(column).',
  ),
  'HF-P125': e(
    'decide',
    'Spatial type',
    'Without PostGIS the target has no such type.',
    'bytea with EWKB (SRID kept, x = longitude): ST_GeomFromEWKB(column) reads it in PostGIS.',
  ),
  'HF-P126': e(
    'warn',
    'Vector type',
    'Without pgvector the target has no such type.',
    'bytea with the 4-byte little-endian floats as the source stores them.',
  ),
  'HF-P127': e(
    'info',
    'Sixteen bytes may be a UUID',
    'binary(16) is often a UUID; the bytes do not say in which order.',
    'bytea proposed. Alternative: type uuid, with rule swappedUuid if it was made by UUID_TO_BIN(x, 1).',
  ),
  'HF-P128': e(
    'info',
    'Display width',
    'ZEROFILL pads with zeros when shown; the value is a plain number.',
    'The number is kept. Alternative: lpad() in queries.',
  ),
  'HF-P129': e(
    'decide',
    'Type without a counterpart',
    'The tool has no exact counterpart for this type.',
    'Carried as the server writes it; see the plan.',
  ),
  'HF-P130': e(
    'info',
    'Generated column',
    'Its expression must be translated.',
    'Copied as an ordinary column with its current values unless the plan says `generated`.',
  ),
  'HF-P132': e(
    'warn',
    'ON UPDATE CURRENT_TIMESTAMP',
    'PostgreSQL has no such clause.',
    'Not carried: set the column in the application, or by a trigger after the copy.',
  ),
  'HF-P133': e(
    'warn',
    'Default has no sure translation',
    'Rows written without the column would get another value.',
    'No default in the target; write it by hand in the plan.',
  ),
  'HF-P134': e(
    'warn',
    'Zero-date default',
    'The default is no date at all.',
    'Dropped. Alternative: a default of your own in the plan.',
  ),
  'HF-P135': e(
    'decide',
    'AUTO_INCREMENT cannot be an identity',
    'Identity columns are integers; numeric cannot be one.',
    'Without identity the application must give the value. Alternative: bigint if the values allow it.',
  ),
  'HF-P136': e(
    'info',
    'Temporal type without zone',
    'Wall-clock values are read in the zone of the plan.',
    'source.timezone applies; check that the application wrote in that zone. Alternative: type timestamp.',
  ),
  'HF-P139': e(
    'info',
    'Invisible column or index',
    'SELECT * does not show it.',
    'An invisible column is copied and becomes an ordinary one; an invisible index is not carried.',
  ),
  'HF-P140': e(
    'warn',
    'Check has no sure translation',
    'Rows the source refuses would be accepted.',
    'Not carried; write it by hand in the plan.',
  ),
  'HF-P141': e(
    'info',
    'Foreign keys may have orphans',
    'The source can hold rows whose parent is missing.',
    'Created NOT VALID after the copy, then validated; what breaks stays NOT VALID and is reported.',
  ),
  'HF-P142': e(
    'decide',
    'Declared type says little',
    'The declared type and the values stored in the column do not agree.',
    'The type follows the values; change it in the plan.',
  ),

  // ── storage ──
  'HF-P150': e(
    'warn',
    'Table without snapshots',
    'The storage engine knows no transactions: a copy while someone writes is not of one instant.',
    'Copied as it is read. Stop the writers, or convert the table to InnoDB.',
  ),
  'HF-P151': e(
    'decide',
    'System-versioned table',
    'The table keeps old versions of rows.',
    'Only current rows are copied. Alternative: copy the history by a table of its own.',
  ),
  'HF-P152': e(
    'warn',
    'Triggers are not carried',
    'What the triggers do must be done elsewhere.',
    'Not carried; rewrite them in PostgreSQL after the copy if they are still needed.',
  ),
  'HF-P153': e('info', 'Partitioned in the source', 'Partitions are not carried one to one.', 'Read as one table.'),
  'HF-P154': e(
    'info',
    'Application-time period',
    'PERIOD FOR has no counterpart.',
    'Its columns are copied; the period is not carried.',
  ),
  'HF-P155': e(
    'warn',
    'Time column without index',
    'A range of time cannot be read without a scan.',
    'Tasks follow the primary key. Alternative: add an index to the time column in the source.',
  ),
  'HF-P160': e(
    'warn',
    'Index entries may be too large',
    'A PostgreSQL btree entry holds about 2700 bytes.',
    'The index is proposed; if values are longer, creating it fails. Alternative: index md5(column).',
  ),
  'HF-P161': e(
    'warn',
    'Very large values',
    'A PostgreSQL field holds at most 1 GB; a row must fit the memory of one task.',
    'Copied as they are; consider keeping them elsewhere.',
  ),

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
    'The unit of most values is proposed. Mend the others in the source, or keep the integer.',
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
    'Wall time does not exist or is ambiguous',
    'Around a change of the clocks a wall time has none or two instants.',
    'The earlier instant is taken (counted); times that do not exist go to quarantine.',
  ),
  'HF-P207': e(
    'decide',
    'Zero dates',
    '0000-00-00 or a zero month or day is no date.',
    'Rows go to quarantine unless the rule zeroDate says null or names a date.',
  ),
  'HF-P208': e('info', 'TIME outside a day', 'A duration, not a time of day.', 'interval proposed.'),
  'HF-P209': e('info', 'Year 0000', 'YEAR 0000 is a marker, not a year.', 'smallint 0.'),
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
    'warn',
    'Character set without exact conversion',
    'The server replaces what it cannot convert by a question mark.',
    'Copied as the server converts it; compare a sample.',
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
    'warn',
    'JSON with duplicate keys',
    'jsonb keeps the last of equal keys.',
    'Type json keeps the text as it is.',
  ),
  'HF-P223': e(
    'decide',
    "ENUM error value ''",
    'A value that was not a member was stored as the empty string.',
    "The check allows ''. Alternative: mend the rows in the source.",
  ),
  'HF-P224': e(
    'block',
    'Keys become equal',
    'Two rows have the same key in the target.',
    'Choose another key or type.',
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
  'HF-P311': e(
    'decide',
    'Retention would drop history',
    'A retention policy on the target is shorter than the history of the source.',
    'Policies are created paused; decide before restoring them.',
  ),
} as const satisfies Record<string, FindingEntry>
