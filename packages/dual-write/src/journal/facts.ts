/** Small facts in a file of their own: the journal's id and what the writer has to remember. Replaced as a whole, so one of two versions is always there. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { JournalError } from '../errors.ts'
import type { JournalIo } from './io.ts'

interface Facts {
  journal: string
  remembered: unknown
}

const NAME = 'state.json'

export class FactsFile {
  readonly #dir: string
  readonly #io: JournalIo
  #journal: string | null
  #remembered: unknown
  #writing: Promise<void> = Promise.resolve()

  private constructor(dir: string, io: JournalIo, facts: Facts | null) {
    this.#dir = dir
    this.#io = io
    this.#journal = facts?.journal ?? null
    this.#remembered = facts?.remembered ?? null
  }

  static async open(dir: string, io: JournalIo): Promise<FactsFile> {
    if (!(await io.list(dir)).includes(NAME)) return new FactsFile(dir, io, null)
    const path = join(dir, NAME)
    try {
      return new FactsFile(dir, io, JSON.parse((await io.readFile(path)).toString()) as Facts)
    } catch (cause) {
      throw new JournalError(`${path} cannot be read`, cause)
    }
  }

  /**
   * The id of the journal whose segments name `found`; null when there are none. Then it is a new one, even if the folder had one before: seqs and numbers
   * begin anew, and under the old name the stores would take new ops for old ones. Throws JournalError when the segments are those of another journal.
   */
  async identify(found: string | null): Promise<string> {
    if (found !== null && this.#journal !== null && found !== this.#journal)
      throw new JournalError(`${this.#dir} holds segments of journal ${found} and the facts of ${this.#journal}`)
    const id = found ?? randomUUID()
    if (this.#journal !== id) {
      this.#journal = id
      await this.remember(this.#remembered)
    }
    return id
  }

  get remembered(): unknown {
    return this.#remembered
  }

  /** Resolves when it is on the disk; what is remembered changes then. */
  remember(remembered: unknown): Promise<void> {
    const text = JSON.stringify({ journal: this.#journal, remembered })
    const write = async (): Promise<void> => {
      await this.#write(text)
      this.#remembered = (JSON.parse(text) as Facts).remembered
    }
    const writing = this.#writing.then(write)
    // One that failed was told to its caller; the next one is tried all the same.
    this.#writing = writing.catch(() => {})
    return writing
  }

  /** Resolves when nothing is being written. */
  idle(): Promise<void> {
    return this.#writing
  }

  async #write(text: string): Promise<void> {
    const path = join(this.#dir, NAME)
    try {
      const file = await this.#io.open(`${path}.new`, 'make')
      try {
        await file.write(Buffer.from(text), 0)
        await file.sync()
      } finally {
        await file.close()
      }
      await this.#io.rename(`${path}.new`, path)
      await this.#io.syncDir(this.#dir)
    } catch (cause) {
      throw new JournalError(`${path} cannot be written`, cause)
    }
  }
}
