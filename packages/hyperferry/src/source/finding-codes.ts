/**
 * The findings a look at a source can give. One number, one meaning, whatever the engine.
 * HF-P1xx definitions (names, types, keys, indexes, storage), HF-P2xx values, HF-P3xx what the target makes of them (plan step).
 */
import type { Finding, Severity } from '../model.ts'
import { entry as e } from './finding-entry.ts'
import type { FindingEntry } from './finding-entry.ts'
import { VALUE_FINDINGS } from './finding-codes-values.ts'

export type { FindingEntry } from './finding-entry.ts'

/** Makes a finding of a known code; severity and action come from the table unless given. */
export function finding(code: FindingCode, facts: FindingFacts): Finding {
  const known: FindingEntry = FINDING_CODES[code]
  return {
    code,
    severity: facts.severity ?? known.severity,
    table: facts.table,
    column: facts.column ?? null,
    count: facts.count ?? null,
    message: facts.message,
    action: facts.action ?? known.action,
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

/** Every code; definitions here, values in finding-codes-values.ts. */
export const FINDING_CODES = {
  'HF-P040': e(
    'warn',
    'Foreign key that the data breaks',
    'Rows name a parent that is not there; it was so in the source.',
    'The key stays NOT VALID: it holds for new rows. Mend the rows, then ALTER TABLE … VALIDATE CONSTRAINT.',
  ),

  // ── names and sizes ──
  'HF-P101': e(
    'decide',
    'Name is longer than 63 bytes',
    'PostgreSQL would cut it off silently.',
    'A shortened name is in the plan; change it there.',
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
    'Copied in mode replace: the target table must be empty, or the plan says existingRows: delete. Add a key if there is one.',
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
    'A unique key is proposed in its place: NULLs stay distinct, as in the source. Alternative: a primary key; rows with NULL then go to quarantine.',
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
  'HF-P155': e(
    'warn',
    'Time column that cannot be read by ranges',
    'It has no index, or its values are text: a range of time would need a scan of the table.',
    'Tasks follow the key named. Alternative for a number or a date: an index on the time column in the source.',
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

  ...VALUE_FINDINGS,
} as const satisfies Record<string, FindingEntry>
