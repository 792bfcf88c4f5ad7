/**
 * Row packets of a prepared statement as they come off the wire, one call per row.
 * mysql2 does connection, login, TLS and packet framing; this is one more command in its queue, so no row object, string or Date is made.
 */
import type { Connection } from 'mysql2'

/** What the column definition says of the wire form. */
export interface WireColumn {
  /** MYSQL_TYPE_… number. */
  type: number
  unsigned: boolean
  /** Collation number; 63 is binary. */
  charset: number
}

export interface RowSink {
  columns(columns: WireColumn[]): void
  /** One binary row in `buffer[start, end)`, beginning with its 0x00 byte. The bytes are only valid during the call. */
  row(buffer: Buffer, start: number, end: number): void
  /** The server's end-of-rows packet came: nothing is missing. */
  end(): void
  error(error: unknown): void
}

/** Executes statement `id`, which has no parameters. The sink gets exactly one `end` or `error`. */
export function executeRaw(connection: Connection, id: number, sink: RowSink): void {
  ;(connection as unknown as Inside).addCommand(new RawExecute(id, sink))
}

/** The part of mysql2's connection and packets used here; not in its typings. */
interface Inside {
  addCommand(command: RawExecute): void
  writePacket(packet: OutPacket): void
  _resetSequenceId(): void
}

interface InPacket {
  buffer: Buffer
  offset: number
  end: number
  asError(encoding: string): Error
}

interface OutPacket {
  buffer: Buffer
  length(): number
  writeHeader(sequence: number): void
}

type State = 'start' | 'header' | 'fields' | 'fields-end' | 'rows' | 'done'

class RawExecute {
  readonly #id: number
  readonly #sink: RowSink
  readonly #columns: WireColumn[] = []
  #state: State = 'start'
  #expected = 0
  /** mysql2 calls it when the connection breaks. */
  readonly onResult: (error: unknown) => void

  constructor(id: number, sink: RowSink) {
    this.#id = id
    this.#sink = sink
    this.onResult = (error) => {
      if (this.#state === 'done') return
      this.#state = 'done'
      sink.error(error)
    }
  }

  /** mysql2 calls it once without a packet to start, then per packet; true means the command is over. */
  execute(packet: InPacket | undefined, connection: Inside): boolean {
    if (packet === undefined || this.#state === 'start') {
      connection._resetSequenceId()
      connection.writePacket(executePacket(this.#id))
      this.#state = 'header'
      return false
    }
    const { buffer, offset, end } = packet
    const marker = buffer[offset]
    if (marker === 0xff) {
      this.onResult(packet.asError('utf8'))
      return true
    }
    if (this.#state === 'rows') {
      if (marker === 0x00) {
        this.#sink.row(buffer, offset, end)
        return false
      }
      return this.#finish(marker === 0xfe && end - offset < 9)
    }
    return this.#describe(buffer, offset, end)
  }

  #describe(buffer: Buffer, offset: number, end: number): boolean {
    switch (this.#state) {
      case 'header':
        this.#expected = smallLengthCoded(buffer, offset)
        if (this.#expected === 0) return this.#finish(false)
        this.#state = 'fields'
        return false
      case 'fields':
        this.#columns.push(wireColumn(buffer, end))
        if (this.#columns.length === this.#expected) this.#state = 'fields-end'
        return false
      case 'fields-end':
        this.#state = 'rows'
        this.#sink.columns(this.#columns)
        return false
      case 'start':
      case 'rows':
      case 'done':
        return true
    }
  }

  #finish(proper: boolean): boolean {
    if (proper) {
      this.#state = 'done'
      this.#sink.end()
    } else {
      this.onResult(Object.assign(new Error('the server sent a packet that is no row'), { code: 'PROTOCOL_ERROR' }))
    }
    return true
  }
}

/** The fixed part stands at the end: charset 2, length 4, type 1, flags 2, decimals 1, filler 2. */
function wireColumn(buffer: Buffer, end: number): WireColumn {
  return {
    charset: buffer.readUInt16LE(end - 12),
    type: buffer.readUInt8(end - 6),
    unsigned: (buffer.readUInt16LE(end - 5) & 0x20) !== 0,
  }
}

/** COM_STMT_EXECUTE without cursor and parameters. */
function executePacket(id: number): OutPacket {
  const buffer = Buffer.alloc(14)
  buffer.writeUInt8(0x17, 4)
  buffer.writeUInt32LE(id, 5)
  buffer.writeUInt32LE(1, 10)
  return {
    buffer,
    length: () => buffer.length,
    writeHeader(sequence) {
      buffer.writeUIntLE(buffer.length - 4, 0, 3)
      buffer.writeUInt8(sequence, 3)
    },
  }
}

function smallLengthCoded(buffer: Buffer, offset: number): number {
  const first = buffer.readUInt8(offset)
  return first < 0xfb ? first : buffer.readUInt16LE(offset + 1)
}
