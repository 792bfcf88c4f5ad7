/** The flags of `copy`: those of timescaledb-parallel-copy, and a few more. */
import { goDurationMs } from '../index-copy.ts'
import type { Flag } from './command.ts'
import { wholeNumber } from './flags.ts'

const MANY = Number.MAX_SAFE_INTEGER

export const COPY_FLAGS: readonly Flag[] = [
  {
    flags: '--connection <url>',
    help: 'The target: a URL, or host=… user=… dbname=…; ${NAME} is taken from the environment.',
    default: 'host=localhost user=postgres sslmode=disable',
  },
  { flags: '--table <name>', help: 'Table of the target; it must exist.', required: true },
  { flags: '--schema <name>', help: 'Its schema.', default: 'public' },
  { flags: '--file <path>', help: 'CSV file, also .gz or .zst; without it the rows come from standard input.' },
  { flags: '--columns <list>', help: 'Columns in the order of the file, as in SQL: a,b,"C".' },
  { flags: '--auto-column-mapping', help: 'The header of the file holds the names of the columns.' },
  {
    flags: '--column-mapping <list>',
    help: 'Which field of the header is which column: field:column,… or a JSON object.',
  },
  { flags: '--skip-header', help: 'Leave out one line.' },
  {
    flags: '--header-line-count <n>',
    help: 'Lines that --skip-header leaves out.',
    parse: wholeNumber('--header-line-count', 1, MANY),
    default: 1,
  },
  {
    flags: '--skip-lines <n>',
    help: 'Leave out n lines in front of everything, also of the header.',
    parse: wholeNumber('--skip-lines', 0, MANY),
    default: 0,
  },
  {
    flags: '--limit <n>',
    help: 'Load the first n rows only; 0: all.',
    parse: wholeNumber('--limit', 0, MANY),
    default: 0,
  },
  { flags: '--split <character>', help: 'What stands between fields; \\t for a tab.', default: ',' },
  { flags: '--quote <character>', help: 'QUOTE of COPY.' },
  { flags: '--escape <character>', help: 'ESCAPE of COPY; default the quote.' },
  { flags: '--encoding <name>', help: 'Encoding of the file, for example windows-1252; default UTF-8, strictly.' },
  { flags: '--copy-options <sql>', help: "More options of COPY, for example: CSV NULL 'NULL'.", default: 'CSV' },
  {
    flags: '--workers <n>',
    help: 'Transactions at the same time; default 4, or the cores of this machine.',
    parse: wholeNumber('--workers', 1, 64),
  },
  {
    flags: '--batch-byte-size <n>',
    help: 'Bytes of a transaction, about; default 32 MB, up to 128 MB where rows are compressed on the way.',
    parse: wholeNumber('--batch-byte-size', 1, MANY),
  },
  {
    flags: '--batch-size <n>',
    help: 'Rows of a transaction, about; never less than 8 MB of them.',
    parse: wholeNumber('--batch-size', 1, MANY),
  },
  {
    flags: '--buffer-byte-size <n>',
    help: 'Taken and not needed: a row may have any length.',
    parse: wholeNumber('--buffer-byte-size', 1, MANY),
  },
  {
    flags: '--import-id <name>',
    help: 'Load this file once and only once under this name; the same command goes on after a stop.',
  },
  { flags: '--truncate', help: 'Empty the table first; not again when an import goes on.' },
  {
    flags: '--defer-indexes',
    help: 'Drop the plain indexes of an empty table and make them again at the end; for its owner, when nobody else writes to it.',
  },
  {
    flags: '--make-indexes',
    help: 'Load nothing: make the indexes that imports into this table have left for their end.',
  },
  { flags: '--on-conflict-do-nothing', help: 'Leave out rows whose key is in the table.' },
  { flags: '--skip-batch-errors', help: 'Keep rows at fault in a file of their own and go on (exit 4 at the end).' },
  { flags: '--reject-file <path>', help: 'That file; default the name of the file and .rejected.csv.' },
  { flags: '--disable-direct-compress', help: 'Write rows, also where they could be compressed on the way.' },
  { flags: '--enable-client-side-sorting', help: 'Sort the rows of each transaction by segment and time.' },
  { flags: '--disable-windows-1252-handling', help: 'Taken and always so: the encoding never changes within a file.' },
  { flags: '--no-retry', help: 'End at the first lost connection.' },
  { flags: '--retry-timeout <time>', help: 'How long to try again: 30s, 5m.', parse: goDurationMs, default: '5m' },
  {
    flags: '--reporting-period <time>',
    help: 'Tell where it stands every so often: 10s.',
    parse: goDurationMs,
    default: '0s',
  },
  { flags: '--log-batches', help: 'Tell of every transaction.' },
]
