/** Everything that is decided before a row is loaded; nothing is changed. */
import { columnsOf } from './columns.ts'
import { beginningOf, namesOf } from './beginning.ts'
import { parseCopyOptions } from '../../config/copy-options.ts'
import type { Beginning } from '../../csv/beginning.ts'
import type { Dialect } from '../../csv/dialect.ts'
import { ROW_END_BYTES } from '../../csv/dialect.ts'
import { HyperferryError } from '../../errors.ts'
import type { Capabilities } from '../../target/capabilities.ts'
import { readColumnstore, readHypertable } from '../../target/catalog.ts'
import type { Session } from '../../target/connect.ts'
import { directCompress } from '../../target/direct-compress.ts'
import { ident, qualified } from '../../target/sql.ts'
import { copyOptionsSql, copySqlOf } from './job.ts'
import type { ImportJob } from './job.ts'
import { plainOptionsSql } from './plain.ts'
import type { CopyRequest } from './request.ts'
import { PIECE_SETTINGS, STREAM_SETTINGS } from './settings.ts'
import { USUAL, usualBytes } from './sizes.ts'
import { tableOf } from './table-of.ts'
import type { Text } from './text.ts'

/** What is known before the import has a place in the books. */
export interface Prepared extends Omit<ImportJob, 'importId' | 'name'> {
  beginning: Beginning
}

/** Throws HF-F004 for a header that is to be mapped, HF-F005, HF-F006, and what the server says to the statement (no right to insert, for example). */
export async function prepare(
  session: Session,
  text: Text,
  request: CopyRequest,
  capabilities: Capabilities,
): Promise<Prepared> {
  const { schema, table } = request
  const found = await tableOf(session, request)
  const more = parseCopyOptions(request.copyOptions)
  const quote = byteOf('--quote', request.quote ?? more.quote ?? '"')
  const dialect: Dialect = {
    delimiter: byteOf('--split', more.delimiter ?? request.delimiter),
    quote,
    escape:
      request.escape === null && more.escape === null ? quote : byteOf('--escape', request.escape ?? more.escape ?? ''),
  }
  const encoding = request.encoding ?? more.encoding ?? 'UTF8'
  mustBeLikeAscii(encoding, dialect)
  const mapped = request.byHeader || request.mapping !== null
  const header = request.header || mapped
  const utf8 = /^(utf-?8|unicode)$/i.test(encoding)
  const beginning = await beginningOf(text, { dialect, skipLines: request.skipLines, header })
  const names = mapped ? await namesOf(session, beginning, { dialect, encoding, utf8 }) : null
  const direct = request.directCompress ? await directCompress(session, { schema, table, capabilities }) : null
  const staged = await stagedFor(session, request, capabilities)
  const job = {
    schema,
    table,
    target: qualified(schema, table),
    columns: columnsOf(found, request, names),
    dialect,
    syntax: { quote: dialect.quote, escape: dialect.escape, rowEnd: beginning.rowEnd },
    encoding,
    utf8,
    options: copyOptionsSql(dialect, encoding, more),
    plainOptions: plainOptionsSql({ delimiter: dialect.delimiter, utf8, more }, capabilities.postgres),
    prefix: Buffer.concat([Buffer.from('h'), ROW_END_BYTES[beginning.rowEnd]]),
    settings: text.seekable ? PIECE_SETTINGS : STREAM_SETTINGS,
    compress: direct?.settings ?? '',
    usualBytes: staged === null ? usualBytes(direct?.sortBytes ?? 0) : USUAL,
    staged,
    keepAside: request.skipErrors,
    beginning,
  }
  await tryOut(session, job)
  return job
}

/** The statement without rows: whatever the server has against it is said now. */
async function tryOut(session: Session, job: Pick<ImportJob, 'target' | 'columns' | 'options'>): Promise<void> {
  await session.query('begin')
  try {
    await session.copyIn(copySqlOf(job), [])
  } catch (error) {
    // Class 22 and 0A000 of a statement without rows mean its options.
    const options = error instanceof HyperferryError && /^(22|0A|42601)/.test(error.sqlstate ?? '')
    if (!options) throw error
    throw new HyperferryError('HF-F005', { what: error.message, cause: error })
  } finally {
    if (session.state !== 'lost') await session.query('rollback')
  }
}

async function stagedFor(
  session: Session,
  request: CopyRequest,
  capabilities: Capabilities,
): Promise<ImportJob['staged']> {
  if (!request.skipConflicts && !request.sort) return null
  return {
    skipConflicts: request.skipConflicts,
    orderBy: request.sort && capabilities.hypertables ? await orderOf(session, request, capabilities) : [],
  }
}

async function orderOf(session: Session, { schema, table }: CopyRequest, caps: Capabilities): Promise<string[]> {
  const store = caps.columnstore ? await readColumnstore(session, schema, table) : null
  if (store !== null) {
    const order = store.orderBy.map(({ column, descending }) => `${ident(column)}${descending ? ' desc' : ''}`)
    return [...store.segmentBy.map(ident), ...order]
  }
  const dimension = await readHypertable(session, schema, table)
  return dimension === null ? [] : [ident(dimension.column)]
}

function byteOf(flag: string, text: string): number {
  const character = text === '\\t' ? '\t' : text
  const byte = character.charCodeAt(0)
  if (character.length === 1 && byte > 0 && byte < 128 && byte !== 10 && byte !== 13) return byte
  throw new HyperferryError('HF-U001', {
    what: `${flag}: must be one byte, and no line end`,
    hint: 'Give one ASCII character, for example ; or \\t for a tab.',
  })
}

/** Characters of several bytes whose later bytes may look like ASCII from 0x30 on. */
const EMBEDDING = /^(sjis|shift_?jis(_2004)?|mskanji|big5|win950|gbk|win936|uhc|win949|gb18030|johab)$/i

/** Rows are cut by their bytes. Throws HF-F005 when a quote could be a part of another character. */
function mustBeLikeAscii(encoding: string, { quote, escape }: Dialect): void {
  if (!EMBEDDING.test(encoding.replaceAll('-', '_')) || Math.max(quote, escape) < 0x30) return
  throw new HyperferryError('HF-F005', {
    what: `in ${encoding} a part of a character may look like the quote or the escape`,
    hint: 'Convert the file to UTF-8 first, for example with iconv.',
  })
}
