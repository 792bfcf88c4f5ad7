/** JSON documents: sent as they are, once it is known that PostgreSQL accepts them. */
import { isUtf8 } from 'node:buffer'
import type { PgType } from '../pgtype.ts'
import { MAX_FIELD_BYTES } from '../tuple-writer.ts'
import type { TupleWriter } from '../tuple-writer.ts'
import { checkJson } from './json-check.ts'
import { reject } from './reject.ts'

/** A jsonb string or container is at most this long. */
const MAX_JSONB_BYTES = 0x0fff_ffff

/**
 * A json or jsonb field (or text that must be JSON) from UTF-8 bytes.
 * @throws Reject HF-D007 not UTF-8, HF-D008 \u0000 or half a surrogate pair for jsonb, HF-D009 not JSON, HF-D002 number beyond jsonb, HF-D012 too long.
 */
export function encodeJson(w: TupleWriter, bytes: Uint8Array, type: PgType): void {
  const jsonb = type.name === 'jsonb'
  if (bytes.length > (jsonb ? MAX_JSONB_BYTES : MAX_FIELD_BYTES)) reject('HF-D012', `too long for ${type.text}`)
  if (!isUtf8(bytes)) reject('HF-D007', 'not valid UTF-8')
  checkJson(bytes, jsonb)
  if (!jsonb) return w.bytes(bytes)
  const at = w.field(bytes.length + 1)
  w.buffer[at] = 1
  w.buffer.set(bytes, at + 1)
}
