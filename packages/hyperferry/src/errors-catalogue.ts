/** The catalogue behind errors.ts. Codes are never reused. Families: U usage, C connect and check, P plan, S schema, B backfill and ledger, V verify, J jobs and aggregates, G gates, W writers and stages, T completion point, K change of roles, Q quarantine, E exported files, R reading the source, F files that are copied, X unexpected. */
import type { CatalogueEntry } from './errors-entry.ts'
import { COPY } from './errors-copy.ts'
import { EXPORT } from './errors-export.ts'
import { LIVE } from './errors-live.ts'

export type { CatalogueEntry } from './errors-entry.ts'

export const CATALOGUE = {
  // usage and configuration
  'HF-U001': { title: 'Unknown command, flag or value', hint: 'Run the command with --help.', exit: 2 },
  'HF-U002': {
    title: 'Confirmation needed',
    hint: 'Without a terminal add --yes, or look first with --dry-run.',
    exit: 2,
  },
  'HF-U010': {
    title: 'Plan file not found',
    hint: 'Make one with `hyperferry plan`, or name it with --plan.',
    exit: 2,
  },
  'HF-U011': {
    title: 'Plan file is not valid',
    hint: 'Mend the place named; docs/reference/plan.md lists every key.',
    exit: 2,
  },
  'HF-U012': {
    title: 'Secret in the plan',
    hint: 'Put the URL in an environment variable and write ${NAME} in the plan.',
    exit: 2,
  },
  'HF-U013': {
    title: 'Environment variable is not set',
    hint: 'Export it, or write the URL in the plan without a password.',
    exit: 2,
  },
  'HF-U014': {
    title: 'URL is not understood',
    hint: 'Sources: mysql:// mariadb:// sqlite: export:  Targets: postgres:// postgresql://',
    exit: 2,
  },
  'HF-U015': {
    title: 'Plan file exists already',
    hint: 'Use --force to replace it, or --out to write elsewhere.',
    exit: 2,
  },

  // connecting, versions, privileges
  'HF-C001': {
    title: 'Source cannot be reached',
    hint: 'Check host, port and that the server runs.',
    exit: 1,
    retry: 'transient',
  },
  'HF-C002': { title: 'Source refused the login', hint: 'Check user and password.', exit: 1 },
  'HF-C003': {
    title: 'Source database not found',
    hint: 'Check the name after the last slash of the URL (or the file path).',
    exit: 1,
  },
  'HF-C004': {
    title: 'Source privilege missing',
    hint: 'Grant SELECT on the database to the reading account.',
    exit: 1,
  },
  'HF-C005': {
    title: 'Source version not supported',
    hint: 'See docs/reference/sources.md for the versions.',
    exit: 1,
  },
  'HF-C006': {
    title: 'Not a database of this kind',
    hint: 'Check the URL: another service answered, or the file is not SQLite.',
    exit: 1,
  },
  'HF-C010': {
    title: 'Target cannot be reached',
    hint: 'Check host, port and that the server runs.',
    exit: 1,
    retry: 'transient',
  },
  'HF-C011': { title: 'Target refused the login', hint: 'Check user and password.', exit: 1 },
  'HF-C012': {
    title: 'Target database not found',
    hint: 'Create it: createdb, or CREATE DATABASE … ENCODING UTF8.',
    exit: 1,
  },
  'HF-C013': { title: 'Target privilege missing', hint: 'Grant what is named to the role of the target URL.', exit: 1 },
  'HF-C014': {
    title: 'Target version not supported',
    hint: 'PostgreSQL 15 or newer; TimescaleDB 2.19 or newer.',
    exit: 1,
  },
  'HF-C015': {
    title: 'Connection pooler in transaction mode',
    hint: 'Give the direct URL of the server: sessions, locks and COPY need it.',
    exit: 1,
  },
  'HF-C016': { title: 'Target is read-only', hint: 'Give the URL of the primary.', exit: 1 },
  'HF-C017': {
    title: 'TLS required',
    hint: 'Enable TLS on the server, or add sslmode=disable (target) / ssl-mode=DISABLED (source) to say that plain text is meant.',
    exit: 1,
  },
  'HF-C018': { title: 'Target encoding is not UTF8', hint: 'Create the target database with ENCODING UTF8.', exit: 1 },
  'HF-C019': {
    title: 'Connection lost',
    hint: 'Run the same command again: it goes on where the receipts end.',
    exit: 4,
    retry: 'transient',
  },
  'HF-C021': {
    title: 'Target is short of a resource',
    hint: 'Connections, locks or memory ran out: close other sessions or raise the limit named, then run the same command again.',
    exit: 4,
    retry: 'transient',
  },
  'HF-C020': { title: 'Checks failed', hint: 'Mend what is marked and run check again.', exit: 1 },
  'HF-C022': {
    title: 'TimescaleDB is not created in this database',
    hint: 'As the database owner run: CREATE EXTENSION timescaledb;  Without it time series become ordinary tables.',
    exit: 1,
  },
  'HF-C023': {
    title: 'Too few background workers',
    hint: 'Raise max_worker_processes, or policies will not run; timescaledb-tune proposes a value.',
    exit: 1,
  },

  // plan
  'HF-P020': {
    title: 'The plan was edited after the run had started',
    hint: 'Undo the edit, or start over: drop schema hyperferry and the new tables in the target, then run again.',
    exit: 2,
  },
  'HF-P021': {
    title: 'The plan does not fit this source',
    hint: 'Make a new plan, or give the URL of the database that the plan was made for.',
    exit: 2,
  },
  'HF-P022': {
    title: 'No conversion from this source type to this target type',
    hint: 'Choose another type for the column; docs/reference/types.md lists them.',
    exit: 2,
  },
  'HF-P023': { title: 'The plan contradicts itself', hint: 'Mend the place named.', exit: 2 },
  'HF-P024': { title: 'Nothing to migrate', hint: 'The source has no tables that can be moved.', exit: 1 },

  // schema
  'HF-S010': {
    title: 'A target object exists and is different',
    hint: 'Drop or rename it, or change the plan to what it is.',
    exit: 1,
  },
  'HF-S011': {
    title: 'Target table is not empty',
    hint: 'See whose rows they are. Empty the table, or write existingRows: delete for it in the plan before the first `hyperferry schema`: then all its rows are deleted before the copy.',
    exit: 1,
  },
  'HF-S012': {
    title: 'Target refused a statement',
    hint: 'See the SQLSTATE; docs/reference/errors.md explains the usual ones.',
    exit: 1,
  },
  'HF-S015': {
    title: 'Target is busy',
    hint: 'Another session holds the lock (or cancelled the statement); run the same command again.',
    exit: 4,
    retry: 'transient',
  },
  'HF-S016': {
    title: 'Target refused a row',
    hint: 'The value breaks a type, key or check of the target; the row goes to quarantine or the plan must change.',
    exit: 1,
    retry: 'data',
  },
  'HF-S013': { title: 'Target table is missing', hint: 'Run `hyperferry schema` first.', exit: 4 },
  'HF-S014': {
    title: 'Target has no room left',
    hint: 'Free disk space and run the same command again: nothing half-done was kept.',
    exit: 4,
    retry: 'refused',
  },

  // ledger, backfill, relational copy
  'HF-B010': {
    title: 'The books do not close',
    hint: 'The source changed while it was copied, or rows were read twice or not at all. Stop the writers and verify.',
    exit: 1,
  },
  'HF-B011': {
    title: 'A range overlaps one that is done',
    hint: 'Another tool works on this migration; the receipts are read again.',
    exit: 4,
    retry: 'transient',
  },
  'HF-B012': {
    title: 'Rows are in quarantine',
    hint: 'See `hyperferry quarantine list`; go on with --accept-quarantine N if they may stay there.',
    exit: 4,
  },
  'HF-B013': { title: 'The control schema is newer than this tool', hint: 'Use the newer hyperferry.', exit: 1 },
  'HF-B014': { title: 'Control schema is missing', hint: 'Run `hyperferry schema` first.', exit: 4 },
  'HF-B015': {
    title: 'Work space is full',
    hint: 'Free space in the temporary folder (TMPDIR) or point TMPDIR elsewhere, then run again.',
    exit: 4,
  },
  'HF-B016': {
    title: 'Work space cannot be used',
    hint: 'Point TMPDIR to a folder on this machine that this account may write to, then run again.',
    exit: 4,
  },
  'HF-B017': {
    title: 'The target dropped rows without an error',
    hint: 'A trigger or rule of the table keeps rows away: disable it for the copy, then run again.',
    exit: 1,
  },
  'HF-B020': { title: 'Another hyperferry works on this migration', hint: 'Wait for it, or stop it.', exit: 4 },
  'HF-B021': {
    title: 'This run was started with another database',
    hint: 'Give the URLs the run was started with.',
    exit: 2,
  },
  'HF-B023': {
    title: 'A table belongs to another migration of this target',
    hint: "Use that migration's name in the plan, or drop schema hyperferry and the tables in the target to start over.",
    exit: 2,
  },
  'HF-B040': {
    title: 'The backfill is paused',
    hint: 'Run it without --no-wait to wait until nothing is against it; `hyperferry backfill resume` lifts a pause.',
    exit: 4,
  },
  'HF-B022': { title: 'Interrupted', hint: 'Run the same command again: it goes on where the receipts end.', exit: 4 },

  // quarantine
  'HF-Q001': { title: 'No such row in quarantine', hint: 'See `hyperferry quarantine list --all`.', exit: 2 },
  'HF-Q002': {
    title: 'No such column to be fixed',
    hint: 'Name a column of the table that is copied, by its name in the source or in the target.',
    exit: 2,
  },
  'HF-Q003': {
    title: 'A value does not fit its column',
    hint: 'Give a value that the type of the column in the plan holds exactly.',
    exit: 4,
  },
  'HF-Q004': {
    title: 'The target refuses the fixed row',
    hint: 'Another row has its key, or it breaks a rule of the table: give other values, or `hyperferry quarantine discard`.',
    exit: 4,
  },
  'HF-Q005': {
    title: 'The row cannot be read again from the source',
    hint: 'Without a key nothing tells which row it is: give every column with `hyperferry quarantine fix`, or discard it.',
    exit: 4,
  },
  'HF-Q006': {
    title: 'Quarantine cannot be settled in this stage',
    hint: 'See `hyperferry stage`; docs/design/0013-quarantine.md says what is possible when.',
    exit: 4,
  },
  'HF-Q007': {
    title: 'The row was settled in another way',
    hint: 'See `hyperferry quarantine list --all`: what was decided stays.',
    exit: 4,
  },
  'HF-Q008': {
    title: 'The file of fixes is not understood',
    hint: 'One JSON object a line: {"id": "7", "set": {"column": "value", "other": null}}; lines without "set" are left alone.',
    exit: 2,
  },

  // verify
  'HF-V001': { title: 'Source and target are different', hint: 'See the ranges named.', exit: 3 },
  'HF-V002': {
    title: 'Digest of another version',
    hint: 'The receipts were written by another version; verify with --level rows.',
    exit: 4,
  },
  'HF-V003': {
    title: 'Not everything is copied yet',
    hint: 'Run `hyperferry backfill` (or relational) to the end first.',
    exit: 4,
  },

  // jobs and continuous aggregates
  'HF-J001': {
    title: 'A job or aggregate belongs to another role',
    hint: 'Run as its owner, or as a member of that role.',
    exit: 1,
  },
  'HF-J002': {
    title: 'A paused job still runs',
    hint: 'Wait for it, or end it with pg_cancel_backend, then run `hyperferry jobs pause` again.',
    exit: 4,
  },
  'HF-J003': {
    title: 'An aggregate is not what its definition says',
    hint: 'Run `hyperferry refresh` again; if rows are still being written, stop the writers first.',
    exit: 3,
  },
  'HF-J004': {
    title: 'Buckets of an aggregate are kept although their rows are gone',
    hint: 'Rows were dropped (retention). A refresh would delete these buckets; they are left as they are and not proven.',
    exit: 1,
  },
  'HF-J005': {
    title: 'A job was changed since it was paused',
    hint: 'Nothing was overwritten: see what changed, then start it with the statement shown.',
    exit: 4,
  },
  'HF-J006': {
    title: 'An aggregate cannot be refreshed in windows',
    hint: 'Refresh it by hand with CALL refresh_continuous_aggregate.',
    exit: 1,
  },
  'HF-G010': {
    title: 'Policies wait to be started',
    hint: 'When the application runs on the target: `hyperferry refresh`, then `hyperferry jobs restore`.',
    exit: 4,
  },

  ...EXPORT,
  ...LIVE,
  ...COPY,

  // reading the source
  'HF-R001': {
    title: 'Source read failed',
    hint: 'See the cause; run the same command again after mending it.',
    exit: 4,
    retry: 'refused',
  },
  'HF-R002': {
    title: 'Source connection lost',
    hint: 'Run the same command again: it goes on where the receipts end.',
    exit: 4,
    retry: 'transient',
  },
  'HF-R003': {
    title: 'Source is locked by a writer',
    hint: 'Run the same command again; if it stays so, find the program that holds the lock.',
    exit: 4,
    retry: 'transient',
  },

  'HF-X001': {
    title: 'Unexpected error',
    hint: 'Please report it with the command and the output of --verbose.',
    exit: 1,
  },
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof CATALOGUE
