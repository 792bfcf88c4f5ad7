/** What a value of SQLite is in this folder. */

/** A column of a row: INTEGER, REAL, TEXT, BLOB, NULL. */
export type SqliteValue = bigint | number | string | Uint8Array | null
export type SqliteRow = SqliteValue[]

/** Bytes of a TEXT value that a string cannot hold: invalid UTF-8, or the lone surrogates of a UTF-16 database. */
export class ExactText {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}
