/** What people write behind COPY … FROM STDIN, read so that nothing of it can break the copy. */
import { HyperferryError } from '../errors.ts'

export interface CopyOptions {
  delimiter: string | null
  quote: string | null
  escape: string | null
  null: string | null
  encoding: string | null
  default: string | null
  /** `*` or names as written. */
  forceNull: '*' | string[] | null
  forceNotNull: '*' | string[] | null
}

type Word = { kind: 'word' | 'text' | 'sign'; text: string }

/** Refused with a reason: what would drop rows unseen, or change what a row is. */
const REFUSED: Readonly<Record<string, string>> = {
  header: 'say --skip-header, or map the header with --auto-column-mapping',
  binary: 'only CSV is read',
  text: 'only CSV is read',
  freeze: 'it needs a table made in the same transaction',
  on_error: 'it would drop rows unseen; --skip-batch-errors keeps them in a file',
  reject_limit: 'it would drop rows unseen; --skip-batch-errors keeps them in a file',
  log_verbosity: 'refused rows are told by this command',
  where: 'rows that are left out could not be told from rows that were lost',
}

/** Reads the old form (`CSV NULL 'x' FORCE NULL a,b`) and the one in brackets (`(FORMAT csv, NULL 'x')`). Throws HF-F005. */
export function parseCopyOptions(text: string): CopyOptions {
  const words = wordsOf(text)
  const options: CopyOptions = {
    delimiter: null,
    quote: null,
    escape: null,
    null: null,
    encoding: null,
    default: null,
    forceNull: null,
    forceNotNull: null,
  }
  let csv = words.length === 0
  while (words.length > 0) {
    const name = words.shift()?.text.toLowerCase() ?? ''
    if (name === 'csv') csv = true
    else if (name === 'format') csv = isCsv(words.shift())
    else if (name === 'force') {
      const not = takeIf(words, 'not')
      if (!takeIf(words, 'null')) refuse('FORCE', 'NULL or NOT NULL must follow')
      options[not ? 'forceNotNull' : 'forceNull'] = names(words)
    } else if (name === 'force_null' || name === 'force_not_null')
      options[name === 'force_null' ? 'forceNull' : 'forceNotNull'] = names(words)
    else if (
      name === 'delimiter' ||
      name === 'quote' ||
      name === 'escape' ||
      name === 'null' ||
      name === 'encoding' ||
      name === 'default'
    )
      options[name] = value(name, words)
    else if (name !== 'with' && name !== ',' && name !== '(' && name !== ')')
      refuse(name, REFUSED[name] ?? 'it is not known')
  }
  if (!csv) refuse(text, 'without CSV it means the text format of COPY, and only CSV is read')
  return options
}

function isCsv(word: Word | undefined): true {
  return word?.text.toLowerCase() === 'csv' ? true : refuse(`FORMAT ${word?.text ?? ''}`, 'only CSV is read')
}

function wordsOf(text: string): Word[] {
  const words: Word[] = []
  const one = /\s*(?:([eE])?'((?:[^']|'')*)'|"((?:[^"]|"")+)"|([A-Za-z_][\w$]*)|([(),*]))/y
  while (one.lastIndex < text.trimEnd().length) {
    const at = one.lastIndex
    const found = one.exec(text)
    if (found === null) return refuse(text.slice(at).trim(), 'it is not understood')
    const [, escaped, string, quoted, word, sign] = found
    if (string !== undefined) words.push({ kind: 'text', text: literalOf(string, escaped !== undefined) })
    else if (quoted !== undefined) words.push({ kind: 'word', text: quoted.replaceAll('""', '"') })
    else if (word !== undefined) words.push({ kind: 'word', text: word.toLowerCase() })
    else words.push({ kind: 'sign', text: sign ?? '' })
  }
  return words
}

function literalOf(text: string, escaped: boolean): string {
  const plain = text.replaceAll("''", "'")
  if (!escaped) return plain
  const known: Record<string, string> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f' }
  return plain.replaceAll(/\\(x[0-9a-fA-F]{1,2}|.)/gs, (_all, code: string) =>
    code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (known[code] ?? code),
  )
}

function value(name: string, words: Word[]): string {
  takeIf(words, 'as')
  const word = words.shift()
  return word?.kind === 'text' ? word.text : refuse(name, 'a text in single quotes must follow')
}

/** `*`, `(a, b)`, or `a, b` as far as it goes. */
function names(words: Word[]): '*' | string[] {
  if (takeIf(words, '*')) return '*'
  const bracket = takeIf(words, '(')
  const list: string[] = []
  do {
    const word = words.shift()
    if (word?.kind !== 'word') refuse('FORCE', 'names of columns must follow')
    else list.push(word.text)
  } while (takeIf(words, ','))
  if (bracket && !takeIf(words, ')')) refuse('FORCE', 'a bracket is not closed')
  return list
}

function takeIf(words: Word[], text: string): boolean {
  if (words[0]?.kind === 'text' || words[0]?.text.toLowerCase() !== text) return false
  words.shift()
  return true
}

function refuse(option: string, why: string): never {
  throw new HyperferryError('HF-F005', { what: `option ${option} of COPY: ${why}` })
}
