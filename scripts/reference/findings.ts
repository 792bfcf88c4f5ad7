// docs/reference/findings.md
import { FINDING_CODES } from '../../packages/hyperferry/src/source/finding-codes.ts'

const MARKS = { block: '✖ blocks', decide: '✖ decide', warn: '▲ know', info: '· info' } as const

export function findingsPage(): string {
  const entries = Object.entries(FINDING_CODES).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [
    '# Findings',
    '',
    'Generated from `source/finding-codes.ts`. A finding is something `plan` saw and you should know or decide. The proposed plan always holds a safe answer: it runs unedited and loses nothing.',
    '',
    ...entries.flatMap(([code, entry]) => [
      `## ${code}`,
      '',
      `**${entry.title}** (${MARKS[entry.severity]}). ${entry.meaning}`,
      '',
      entry.action,
      '',
    ]),
  ].join('\n')
}
