/** Small facts in a file of their own: the journal's id and what the writer has to remember. Replaced as a whole, so one of two versions is always there. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { JournalIo } from './io.ts'

interface Facts {
  journal: string
  remembered: unknown
}

export class FactsFile {
  readonly #dir: string
  readonly #io: JournalIo
  #facts: Facts
  #writing: Promise<void> = Promise.resolve()

  private constructor(dir: string, io: JournalIo, facts: Facts) {
    this.#dir = dir
    this.#io = io
    this.#facts = facts
  }

  /** Makes the file, with a new id, when there is none. */
  static async open(dir: string, io: JournalIo): Promise<FactsFile> {
    const names = await io.list(dir)
    if (names.includes('state.json')) {
      const text = (await io.readFile(join(dir, 'state.json'))).toString()
      return new FactsFile(dir, io, JSON.parse(text) as Facts)
    }
    const file = new FactsFile(dir, io, { journal: randomUUID(), remembered: null })
    await file.#write()
    return file
  }

  get journal(): string {
    return this.#facts.journal
  }

  get remembered(): unknown {
    return this.#facts.remembered
  }

  /** Resolves when it is on the disk. */
  remember(remembered: unknown): Promise<void> {
    this.#facts = { ...this.#facts, remembered }
    this.#writing = this.#writing.then(
      () => this.#write(),
      () => this.#write(),
    )
    return this.#writing
  }

  async #write(): Promise<void> {
    const path = join(this.#dir, 'state.json')
    const file = await this.#io.open(`${path}.new`, 'make')
    try {
      await file.write(Buffer.from(JSON.stringify(this.#facts)), 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#io.rename(`${path}.new`, path)
    await this.#io.syncDir(this.#dir)
  }
}
