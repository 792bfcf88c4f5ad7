/** Named places where a test may kill or break the tool. Inert unless HYPERFERRY_FAILPOINT is set. */

export const FAILPOINTS = [
  'schema.after-table',
  'schema.before-done',
  'relational.after-table',
  'relational.before-commit',
  'relational.after-commit',
  'relational.before-post',
  'relational.before-done',
  'backfill.after-read',
  'backfill.after-open',
  'backfill.after-receipt',
  'backfill.after-delete',
  'backfill.mid-copy',
  'backfill.after-stage',
  'backfill.before-commit',
  'backfill.after-commit',
  'backfill.before-barrier',
  'backfill.mid-redo',
  'backfill.before-post',
  'backfill.mid-compress',
  'backfill.before-done',
  'export.mid-file',
  'export.before-entry',
  'export.before-rename',
  'export.after-file',
  'export.before-manifest',
  'export.before-done',
  'completion-point.before-commit',
  'verify.mid-table',
  'verify.before-done',
  'jobs.after-snapshot',
  'jobs.after-one',
  'refresh.after-window',
  'finalcopy.mid',
  'cutover.after-prepare',
  'cutover.in-hold',
  'cutover.before-commit',
  'cutover.after-commit',
  'rollback.in-hold',
  'quarantine.after-insert',
  'quarantine.before-commit',
  'quarantine.after-commit',
  'copy.after-begin',
  'copy.after-range',
  'copy.mid-copy',
  'copy.before-commit',
  'copy.after-commit',
  'copy.before-indexes',
  'copy.in-index',
  'copy.before-done',
] as const
export type Failpoint = (typeof FAILPOINTS)[number]

const armed = parse(process.env['HYPERFERRY_FAILPOINT'])

/** Dies by SIGKILL when `name` is armed and has been passed often enough: `HYPERFERRY_FAILPOINT=backfill.mid-copy:3` dies at the third passing. */
export function failpoint(name: Failpoint): void {
  if (armed === null || armed.name !== name) return
  armed.left -= 1
  if (armed.left <= 0) process.kill(process.pid, 'SIGKILL')
}

function parse(setting: string | undefined): { name: string; left: number } | null {
  if (!setting) return null
  const [name = '', times = '1'] = setting.split(':')
  if (!(FAILPOINTS as readonly string[]).includes(name)) throw new Error(`unknown failpoint ${name}`)
  return { name, left: Number(times) }
}
