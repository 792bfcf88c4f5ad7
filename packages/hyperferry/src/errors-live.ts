/** The part of the catalogue that concerns writers, stages, the completion point and the change of roles. */
import type { CatalogueEntry } from './errors-entry.ts'

export const LIVE = {
  // writers, stages, completion point
  'HF-W010': {
    title: 'The stage cannot be changed like this',
    hint: 'Stages go off, dualwrite, live, complete; `hyperferry cutover` and `finish` make the last two steps.',
    exit: 4,
  },
  'HF-W011': { title: 'Unknown writer', hint: 'See `hyperferry writers`.', exit: 2 },
  'HF-W012': {
    title: 'A column has no rule for live writes',
    hint: 'Choose another target type for it in the plan, or move the table with the application stopped.',
    exit: 2,
  },
  'HF-W013': {
    title: 'Writers hold records that were not delivered',
    hint: 'Wait until they are; parked ones: `hyperferry parked list`.',
    exit: 4,
  },
  'HF-W014': { title: 'Dual-writing was not begun', hint: 'Run `hyperferry stage dualwrite` first.', exit: 4 },
  'HF-W015': { title: 'No such parked record', hint: 'See `hyperferry parked list`.', exit: 2 },
  'HF-W016': {
    title: 'The target refuses a parked record again',
    hint: 'Mend what the reason says (a missing column, a constraint), then `hyperferry parked requeue`; or `parked discard`.',
    exit: 4,
  },
  'HF-T010': { title: 'No completion point yet', hint: 'Run `hyperferry completion-point`.', exit: 4 },
  'HF-T011': {
    title: 'Not all writers are known',
    hint: 'Start the writers that are missing, declare external ones (`hyperferry writers declare NAME`), or correct dualWrite.writers in the plan.',
    exit: 4,
  },
  'HF-T012': {
    title: 'A writer does not write to both databases yet',
    hint: 'Wait for it, or restart it with the library; `hyperferry writers` shows each.',
    exit: 4,
  },
  'HF-T013': {
    title: 'A writer is silent',
    hint: 'Start it again with its journal folder, or `hyperferry journal declare-lost NAME`.',
    exit: 4,
  },
  'HF-T014': {
    title: 'Writes older than T are not delivered',
    hint: 'Wait until they are; parked ones: `hyperferry parked list`.',
    exit: 4,
  },
  'HF-T015': {
    title: 'Source and target differ where only dual-writes should be',
    hint: 'Somebody writes to the source without the library: find and declare that writer, then try again.',
    exit: 4,
  },
  'HF-T016': {
    title: 'Rows at or after T are in the source only',
    hint: 'They were stamped into the future before dual-writing began. Choose a later T with --set, or wait.',
    exit: 4,
  },
  'HF-T017': {
    title: 'T is too late',
    hint: 'Rows may still come that are older than T: choose an earlier one.',
    exit: 4,
  },
  'HF-T018': {
    title: 'T is too early',
    hint: 'Rows after T may have been written to the source only. Wait a little, or choose a later T.',
    exit: 4,
  },
  'HF-T019': {
    title: 'Rows come later than declared',
    hint: 'Raise dualWrite.maxLateness in the plan to what was seen.',
    exit: 4,
  },
  'HF-T020': {
    title: 'Clocks disagree',
    hint: 'Set the clocks of the writers (NTP); 5 seconds are forgiven.',
    exit: 4,
  },
  'HF-T021': { title: 'Not an instant', hint: 'Write ISO 8601 in UTC, such as 2026-11-22T14:00:00Z.', exit: 2 },
  'HF-B030': {
    title: 'Writers do not answer the barrier',
    hint: 'See `hyperferry writers`; run the same command again when they are alive.',
    exit: 4,
  },
  'HF-B031': {
    title: 'Late rows come faster than ranges can be copied',
    hint: 'Choose an earlier T, or slow down the late writer; then run `hyperferry backfill` again.',
    exit: 4,
  },
  'HF-B032': {
    title: 'Rows without a place on the axis',
    hint: 'Such a table cannot be copied by ranges beside its writers: make a plan with `split: pk` (or `all`) for it, give it a key, or copy it with the application stopped.',
    exit: 2,
  },

  // gates of the live line
  'HF-G011': { title: 'Not everything is verified', hint: 'Run `hyperferry verify`.', exit: 4 },
  'HF-G012': { title: 'Journals or outbox are not empty', hint: 'Wait, or see `hyperferry writers`.', exit: 4 },
  'HF-G013': { title: 'Writers are not ready', hint: 'See `hyperferry writers`.', exit: 4 },
  'HF-G014': { title: 'Policies run that must be paused', hint: 'Run `hyperferry jobs pause`.', exit: 4 },
  'HF-G015': {
    title: 'Policies wait to be started',
    hint: 'Run `hyperferry refresh`, then `hyperferry jobs restore`.',
    exit: 4,
  },
  'HF-G016': {
    title: 'The final copy does not fit into the hold',
    hint: 'Raise --hold, or set `sync: frozen` for tables that nobody writes.',
    exit: 4,
  },
  'HF-G017': {
    title: 'A suspect window is open',
    hint: 'A write may be in one database only. Run `hyperferry verify` over everything.',
    exit: 4,
  },
  'HF-G018': {
    title: 'External writers cannot be held',
    hint: 'Stop them, then `hyperferry writers declare NAME --stopped`.',
    exit: 4,
  },
  'HF-G019': {
    title: 'The source cannot tell which writes it has',
    hint: 'Create table hyperferry_op in the source: `hyperferry writers grant --print-sql` shows how.',
    exit: 4,
  },
  'HF-G020': {
    title: 'Relational tables were changed in the target since the cutover',
    hint: 'A rollback would lose those changes. Carry them to the source by hand, then give --accept HF-G020.',
    exit: 4,
  },
  'HF-G021': {
    title: 'Indexes are still to be made',
    hint: '`hyperferry copy --table TABLE --make-indexes` makes them; schema hyperferry holds their definitions.',
    exit: 4,
  },
  'HF-G031': {
    title: 'The load test is missing or failed',
    hint: 'Run `hyperferry load-test --queries F`.',
    exit: 4,
  },

  // change of roles
  'HF-K010': {
    title: 'The hold was not long enough; everything is as before',
    hint: 'See which writer did not answer, then try again; --hold gives more time.',
    exit: 4,
  },
  'HF-K011': { title: 'Not ready', hint: 'See the gates.', exit: 4 },
  'HF-K012': { title: 'Nothing to change', hint: 'See `hyperferry status`.', exit: 4 },
  'HF-K013': {
    title: 'Source and target differ inside the hold; everything is as before',
    hint: 'Run `hyperferry verify` to see where.',
    exit: 3,
  },
  'HF-K014': {
    title: 'The final copy failed inside the hold; everything is as before',
    hint: 'Mend the cause and try again.',
    exit: 4,
  },
  'HF-U016': { title: 'Query file is not valid', hint: 'docs/reference/load-test.md shows its form.', exit: 2 },
} as const satisfies Record<string, CatalogueEntry>
