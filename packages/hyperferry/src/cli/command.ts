/** A command is a typed data literal: flags are declared once; help, docs/reference/cli.md and parsing derive from it. */
import type { Io } from './io.ts'

export interface Flag {
  /** As commander writes it: `--workers <n>`, `--full`. */
  flags: string
  help: string
  /** Parses the text; throws `UsageError`-coded HyperferryError on a bad value. Absent for booleans and plain text. */
  parse?: (text: string) => unknown
  /** May be given several times. */
  many?: boolean
  required?: boolean
  default?: string | number | boolean
}

export interface CommandSpec {
  name: string
  summary: string
  /** One or more paragraphs under the usage line. */
  details?: string
  /** Lines as a person types them. */
  examples: readonly string[]
  /** Adds --yes, --dry-run and --print-sql. */
  mutating: boolean
  flags: readonly Flag[]
  /** Positional arguments as commander writes them, e.g. `<action>`. */
  argument?: { name: string; help: string; choices?: readonly string[] }
  /** The fields of `--json`, for the reference. */
  json: string
  run(input: Input, io: Io): Promise<Outcome>
}

/** Values of the flags by their camel-case names; commander has checked presence, `parse` the form. */
export interface Input {
  flags: Readonly<Record<string, unknown>>
  argument: string | null
  /** All positional arguments. */
  arguments: readonly string[]
}

export interface Outcome {
  /** The one document of `--json`. May hold bigints. */
  document: unknown
  /** What a person sees on stdout. */
  text: string
  /** Default 0. */
  exitCode?: number
}

export const text = (input: Input, name: string): string | undefined => {
  const value = input.flags[name]
  return typeof value === 'string' ? value : undefined
}
export const number = (input: Input, name: string): number | undefined => {
  const value = input.flags[name]
  return typeof value === 'number' ? value : undefined
}
export const yes = (input: Input, name: string): boolean => input.flags[name] === true
export const list = (input: Input, name: string): string[] | undefined => {
  const value = input.flags[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
}
