// docs/reference/values.md
import { LOSS_CODES, REJECT_CODES } from '../../packages/hyperferry/src/values/reject-codes.ts'
import type { ValueCode } from '../../packages/hyperferry/src/values/reject-codes.ts'

export function valuesPage(): string {
  return [
    '# Values that do not fit',
    '',
    'Generated from `values/reject-codes.ts`. A value that the plan cannot represent sends its row to quarantine (`HF-D…`); a value that a rule of the plan changed is counted (`HF-L…`) and shown by `backfill`, `verify` and `report`.',
    '',
    '## Quarantine',
    '',
    ...section(REJECT_CODES),
    '## Counted changes',
    '',
    ...section(LOSS_CODES),
  ].join('\n')
}

function section(codes: Record<string, ValueCode>): string[] {
  return Object.entries(codes).flatMap(([code, entry]) => [
    `### ${code}`,
    '',
    `**${entry.title}.** ${entry.means}`,
    '',
    entry.todo,
    '',
  ])
}
