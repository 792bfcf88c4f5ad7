/** What a change of roles would do, and what stands in its way. */
import type { Gate } from '../model.ts'
import type { Preview } from '../preview.ts'

export interface GatesPreview extends Preview {
  gates: Gate[]
}

/** Gates first: while one is closed the rest does not matter. */
export function gatesPreview(
  gates: Gate[],
  { title, would, sql }: { title: string; would: string[]; sql: string[] },
): GatesPreview {
  const closed = gates.filter(({ ok }) => !ok).length
  const accept =
    closed === 0 ? [] : ['--accept CODE --reason TEXT records your name and reason, where a person may decide.']
  return {
    title: closed === 0 ? title : `Not ready: ${closed} ${closed === 1 ? 'gate is' : 'gates are'} closed.`,
    lines: [...gates.map(({ code, ok, reason }) => `${ok ? '✔' : '✖'} ${code}  ${reason}`), ...would, ...accept],
    sql,
    gates,
  }
}
