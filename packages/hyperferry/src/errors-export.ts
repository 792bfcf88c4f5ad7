/** The part of the catalogue that concerns exported files. */
import type { CatalogueEntry } from './errors-entry.ts'

export const EXPORT = {
  'HF-E010': {
    title: 'A file or folder is in the way',
    hint: 'Give --out a folder that is new, empty, or holds the export that is to be continued. Nothing that was there is overwritten.',
    exit: 2,
  },
  'HF-E011': {
    title: 'The export is one of something else',
    hint: 'Give the folder that was exported with this plan, from this source; or export again into a new folder.',
    exit: 2,
  },
  'HF-E012': {
    title: 'An exported file was changed',
    hint: 'Copy the file again from where it was exported. To change rows, change them in the source and export again.',
    exit: 1,
  },
  'HF-E013': {
    title: 'An exported file is missing',
    hint: 'Copy it from where it was exported; or leave it to `hyperferry backfill` without --from-csv.',
    exit: 1,
  },
  'HF-E014': {
    title: 'No room for the export',
    hint: 'Free space, then run the same command again: finished files are kept.',
    exit: 4,
  },
  'HF-E015': {
    title: 'The export folder cannot be used',
    hint: 'Give a folder that this account may read and write.',
    exit: 4,
  },
  'HF-E016': {
    title: 'A file does not end before T',
    hint: 'Rows from T on are the writers’. Export with --to T, which asks the target where T is, and load those files.',
    exit: 2,
  },
  'HF-E017': {
    title: 'Ranges have no file',
    hint: '`hyperferry backfill` without --from-csv copies them from the source; or export them and load those files too.',
    exit: 4,
  },
  'HF-E018': {
    title: 'Another export works in this folder',
    hint: 'Wait for it. If there is none, delete the file export.lock.',
    exit: 4,
  },
  'HF-E019': {
    title: 'The export is not finished',
    hint: 'Run the same `hyperferry export` again until it ends; it keeps the files that are done.',
    exit: 4,
  },
  'HF-E020': {
    title: 'Rows could not be represented',
    hint: 'They stand in the .rejected.jsonl files beside the others; go on with --accept-quarantine N if they may stay there.',
    exit: 4,
  },
  'HF-E021': {
    title: 'The text of a file gives other rows than were exported',
    hint: 'Copy this range from the source (`hyperferry backfill` without --from-csv), and please report the types of the table.',
    exit: 1,
  },
  'HF-E022': {
    title: 'An export gives no rows by itself',
    hint: 'Load its files with `hyperferry backfill --from-csv DIR`; what needs the source itself (the second opinion: `verify --sample 0` goes without) is done where the source is.',
    exit: 2,
  },
} as const satisfies Record<string, CatalogueEntry>
