// A case folder as data.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { MysqlName, PostgresName } from '../servers/catalogue.ts'

export interface Case {
  name: string
  sql: string
  sources: ('sqlite' | MysqlName)[]
  targets: PostgresName[]
  plan: string[]
  run: string[]
  expect: {
    exitCode: number
    verified: boolean
    /** By target table: kind, rows of the source, rows in quarantine. */
    tables: Record<string, { kind: string; rows: number; quarantined?: number }>
    /** Codes that the plan must name; `HF-P207 site.opened`. */
    findings: string[]
    /** Those of targets with TimescaleDB only. */
    hypertableFindings?: string[]
    /** `table code column` → rows. */
    quarantine: Record<string, number>
  }
  checks: { name: string; sql: string; answer: string[] }[]
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url))

/** All case folders, by name. */
export function readCases(): Case[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => readCase(entry.name))
}

function readCase(name: string): Case {
  const read = (file: string) => readFileSync(`${FOLDER}/${name}/${file}`, 'utf8')
  const described = JSON.parse(read('case.json')) as Omit<Case, 'name' | 'sql' | 'checks'>
  const checks = existsSync(`${FOLDER}/${name}/checks.sql`) ? readChecks(read('checks.sql'), read('checks.json')) : []
  return { ...described, name, sql: read('source.sql'), checks }
}

function readChecks(sql: string, json: string): Case['checks'] {
  const answers = JSON.parse(json) as Record<string, string[]>
  return sql
    .split(/^-- /m)
    .slice(1)
    .map((part) => {
      const [name = '', ...lines] = part.split('\n')
      const answer = answers[name.trim()]
      if (!answer) throw new Error(`no answer for "${name.trim()}"`)
      return { name: name.trim(), sql: lines.join('\n'), answer }
    })
}
