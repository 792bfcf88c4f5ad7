// Writes docs/reference/*.md from the code's own tables. `npm run docs` writes, `npm run docs -- --check` only compares (exit 1 when they differ).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { cliPage } from './reference/cli.ts'
import { errorsPage } from './reference/errors.ts'
import { findingsPage } from './reference/findings.ts'
import { planPage } from './reference/plan.ts'
import { valuesPage } from './reference/values.ts'

const FOLDER = new URL('../docs/reference/', import.meta.url)
const PAGES: Record<string, () => string> = {
  'cli.md': cliPage,
  'errors.md': errorsPage,
  'findings.md': findingsPage,
  'plan.md': planPage,
  'values.md': valuesPage,
}

const check = process.argv.includes('--check')
mkdirSync(FOLDER, { recursive: true })
for (const [name, page] of Object.entries(PAGES)) {
  const file = new URL(name, FOLDER)
  const options = await resolveConfig(file)
  const text = await format(page(), { ...options, parser: 'markdown' })
  if (!check) writeFileSync(file, text)
  else if (read(file) !== text) {
    process.stderr.write(`docs/reference/${name} is not what the code says: run npm run docs\n`)
    process.exitCode = 1
  }
}

function read(file: URL): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
