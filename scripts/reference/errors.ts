// docs/reference/errors.md
import { CHECK_CODES } from '../../packages/hyperferry/src/source/check-codes.ts'
import { CATALOGUE } from '../../packages/hyperferry/src/errors.ts'
import type { CatalogueEntry } from '../../packages/hyperferry/src/errors.ts'

const EXITS = { 1: 'failed', 2: 'usage or configuration', 3: 'verified different', 4: 'stopped and resumable' } as const

export function errorsPage(): string {
  const entries = Object.entries(CATALOGUE) as [string, CatalogueEntry][]
  return [
    '# Errors',
    '',
    'Generated from `errors-catalogue.ts`. Every error is printed as `Error (HF-…): what` and `Try: …`; with `--json` it is `{error: {code, message, hint}}` on stdout. Codes are never reused.',
    '',
    'Exit codes of the process: 0 done · 1 failed · 2 usage or configuration · 3 verified different · 4 stopped and resumable (interrupted, a gate is closed, or quarantine is open).',
    '',
    ...entries.flatMap(([code, entry]) => [
      `## ${code}`,
      '',
      `**${entry.title}.** ${entry.hint}`,
      '',
      `Exit ${entry.exit} (${EXITS[entry.exit]})${entry.retry === 'transient' ? ', retried by itself first' : ''}.`,
      '',
    ]),
    '## Codes of checks',
    '',
    'Printed by `check` only; a failed one is a warning.',
    '',
    ...Object.entries(CHECK_CODES).map(([code, title]) => `- \`${code}\` ${title}`),
    '',
  ].join('\n')
}
