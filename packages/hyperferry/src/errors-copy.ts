/** The part of the catalogue about files: command `copy`. */
import type { CatalogueEntry } from './errors-entry.ts'

export const COPY = {
  'HF-F001': {
    title: 'File cannot be read',
    hint: 'Check the path and the rights of this account; without --file the rows come from standard input.',
    exit: 2,
  },
  'HF-F002': {
    title: 'A row of the file was refused',
    hint: 'Mend the line and begin again, or leave bad rows out with --skip-batch-errors: they go to a file of their own.',
    exit: 1,
  },
  'HF-F003': {
    title: 'Rows of the file were left out',
    hint: 'Mend the rows in the reject file and load it with another `hyperferry copy`.',
    exit: 4,
  },
  'HF-F004': {
    title: 'The file is not written in this encoding',
    hint: 'Say which one it is: --encoding windows-1252 (any name PostgreSQL knows).',
    exit: 1,
    retry: 'data',
  },
  'HF-F005': {
    title: 'Option of COPY that cannot be used',
    hint: 'Take it out of --copy-options; docs/guide/copy.md says which ones are understood.',
    exit: 2,
  },
  'HF-F006': {
    title: 'The columns of the file do not fit the table',
    hint: 'Name the columns in the order of the file: --columns a,b,c. With a header: --auto-column-mapping or --column-mapping.',
    exit: 2,
  },
  'HF-F007': {
    title: 'The file is not the one the import began with',
    hint: 'Give back the file as it was, or load this one under another --import-id.',
    exit: 2,
  },
  'HF-F008': {
    title: 'The import began with other settings',
    hint: 'Give the flags it began with (workers and batch sizes may change), or another --import-id.',
    exit: 2,
  },
  'HF-F009': {
    title: 'A row is longer than PostgreSQL can take',
    hint: 'Most likely a quote is opened there and never closed: mend it, or name the right --quote and --escape.',
    exit: 1,
  },
  'HF-F010': {
    title: 'Compressed file is damaged',
    hint: 'Test it with gzip -t or zstd -t; it may have been copied while it was still being written.',
    exit: 1,
  },
  'HF-F011': {
    title: 'A line of the file is the end-of-data mark \\.',
    hint: 'Servers before PostgreSQL 18 drop everything after it. Take the line out, or write "\\." in quotes if it is a value.',
    exit: 1,
    retry: 'data',
  },
  'HF-F012': {
    title: 'The file changed while it was read',
    hint: 'Wait until nobody writes to it, empty the table (or delete what was loaded), and load it again.',
    exit: 1,
  },
  'HF-F013': {
    title: 'The target took back what it had acknowledged',
    hint: 'It crashed, or another server took its place. Give the same text once more with the same --import-id: only what is missing is loaded.',
    exit: 4,
  },
} as const satisfies Record<string, CatalogueEntry>
