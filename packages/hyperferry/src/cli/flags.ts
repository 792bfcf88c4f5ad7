/** Flags shared by commands, and the parsers of their values. */
import { HyperferryError } from '../index-copy.ts'
import type { Flag } from './command.ts'

export const PLAN: Flag = { flags: '--plan <file>', help: 'The plan file.', default: 'hyperferry.yaml' }
export const TABLE: Flag = {
  flags: '--table <name>',
  help: 'Only this table (name in the target); repeatable.',
  many: true,
}
export const WORKERS: Flag = {
  flags: '--workers <n>',
  help: 'Tasks copied at the same time, at most; overrides the plan. Beside live writers fewer, as long as they feel it.',
  parse: wholeNumber('--workers', 1, 64),
}
export const ACCEPT_QUARANTINE: Flag = {
  flags: '--accept-quarantine <n>',
  help: 'Go on although up to n rows are in quarantine.',
  parse: wholeNumber('--accept-quarantine', 0, Number.MAX_SAFE_INTEGER),
}
export const SHOW_VALUES: Flag = { flags: '--show-values', help: 'Show values of rows, not only their keys.' }

export const COMMON: readonly Flag[] = [
  { flags: '--json', help: 'Print exactly one JSON document on stdout; everything else goes to stderr.' },
  { flags: '--verbose', help: 'Show causes and stack traces of errors.' },
]

export const MUTATING: readonly Flag[] = [
  { flags: '--yes', help: 'Do not ask. Confirms the action; never opens a gate.' },
  { flags: '--dry-run', help: 'Show what would be done and stop.' },
  { flags: '--print-sql', help: 'Like --dry-run, and print the SQL for the target.' },
]

/** A parser for whole numbers from `min` to `max`. */
export function wholeNumber(flag: string, min: number, max: number): (text: string) => number {
  return (value) => {
    const parsed = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (Number.isSafeInteger(parsed) && parsed >= min && parsed <= max) return parsed
    const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`
    throw new HyperferryError('HF-U001', {
      what: `${flag} ${value}: not a whole number`,
      hint: `Give a whole number ${range}.`,
    })
  }
}

/** A parser for one of some words. */
export function oneOf(flag: string, words: readonly string[]): (text: string) => string {
  return (value) => {
    if (words.includes(value)) return value
    throw new HyperferryError('HF-U001', {
      what: `${flag} ${value}: not known`,
      hint: `Choose one of: ${words.join(', ')}.`,
    })
  }
}
