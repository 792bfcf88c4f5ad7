/** What is looked at while bytes pass on their way to the server: encoding, end-of-data marks, a checksum. */
import { crc32 } from 'node:zlib'
import { CR, LF } from '../../csv/dialect.ts'
import { Utf8Check } from '../../csv/utf8.ts'
import { HyperferryError } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import type { ImportJob } from './job.ts'
import { beginsWithLf, lfFirst } from './lf-first.ts'
import type { PieceBytes } from './piece-bytes.ts'

const MARK = Buffer.from('\\.')

/** One piece on its way. Throws HF-F004, HF-F011 and HF-S016, which lead to a closer look at its rows. */
export class Passing {
  checksum = 0
  readonly #job: ImportJob
  readonly #piece: PieceBytes

  constructor(job: ImportJob, piece: PieceBytes) {
    this.#job = job
    this.#piece = piece
  }

  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    const utf8 = this.#job.utf8 ? new Utf8Check() : null
    /** A mark may lie across two blocks: their last three bytes. */
    let tail = Buffer.from('\n')
    let first = true
    yield this.#job.prefix
    for await (const block of this.#piece.blocks()) {
      if (first && beginsWithLf(this.#job, block)) throw lfFirst()
      first = false
      if (utf8?.push(block) === false) throw notUtf8(this.#piece)
      if (hasMark(block) || hasMark(Buffer.concat([tail, block.subarray(0, 3)]))) throw marked(this.#piece)
      tail = Buffer.from(block.subarray(-3))
      this.checksum = crc32(block, this.checksum)
      yield block
      failpoint('copy.mid-copy')
    }
    if (utf8?.end() === false) throw notUtf8(this.#piece)
  }
}

/** A line that may be the mark; within quotes it is none, which only the closer look can tell. */
function hasMark(block: Buffer): boolean {
  for (let at = block.indexOf(MARK); at >= 0; at = block.indexOf(MARK, at + 1)) {
    const before = block[at - 1]
    const after = block[at + 2]
    if ((before === LF || before === CR) && (after === LF || after === CR || after === undefined)) return true
  }
  return false
}

function notUtf8({ from, to }: PieceBytes): HyperferryError {
  return new HyperferryError('HF-F004', { what: `bytes ${from} to ${to} are not UTF-8` })
}

function marked({ from, to }: PieceBytes): HyperferryError {
  return new HyperferryError('HF-F011', { what: `bytes ${from} to ${to} hold an end-of-data mark` })
}
