/** The rows that were left out, in a file that can be mended and loaded; beside it, why. Written from the books, so that it is whole whatever died before. */
import { createWriteStream } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { refusedRows } from '../../control/import-rows.ts'
import type { RefusedRow } from '../../control/import-rows.ts'
import { ROW_END_BYTES } from '../../csv/dialect.ts'
import { withoutItsEnd } from '../../csv/rows.ts'
import { codeOf } from '../../errors.ts'
import type { Session } from '../../target/connect.ts'
import { fileError } from './identity.ts'
import type { Prepared } from './prepare.ts'

export interface RejectFiles {
  /** The rows as they stand in the file, under its header. */
  rows: string
  /** `line,column,sqlstate,reason` for each of them. */
  reasons: string
}

/** Never writes over what somebody may have begun to mend: another number is taken then. Throws HF-F001. */
export async function writeRejectFiles(
  session: Session,
  importId: number,
  job: Pick<Prepared, 'beginning' | 'syntax'>,
  path: string,
): Promise<RejectFiles> {
  const end = ROW_END_BYTES[job.syntax.rowEnd]
  const draft = `${path}.part`
  const reasons: string[] = ['line,column,sqlstate,reason']
  const file = createWriteStream(draft)
  const failed = once(file, 'error').then(([error]: unknown[]) => {
    throw fileError(path, error)
  })
  const write = async (bytes: Buffer): Promise<void> => {
    if (!file.write(bytes)) await Promise.race([once(file, 'drain'), failed])
  }
  const work = async (): Promise<RejectFiles> => {
    await write(job.beginning.headerBytes)
    for await (const row of refusedRows(session, importId)) {
      // The last row of a file may stand without its end.
      await write(Buffer.concat([withoutItsEnd(Buffer.from(row.content), job.syntax.rowEnd), end]))
      reasons.push(reasonLine(row))
    }
    file.end()
    await Promise.race([once(file, 'finish'), failed])
    const text = `${reasons.join('\n')}\n`
    const rows = await putInPlace(draft, path)
    const reasonsPath = rows.replace(/(\.csv)?$/, '.reasons.csv')
    await writeText(reasonsPath, text)
    return { rows, reasons: reasonsPath }
  }
  return Promise.race([work(), failed])
}

function reasonLine({ line, column, sqlstate, reason }: RefusedRow): string {
  return [String(line), column ?? '', sqlstate ?? '', reason].map(csvField).join(',')
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

async function writeText(path: string, text: string): Promise<void> {
  const file = createWriteStream(path)
  file.end(text)
  await once(file, 'finish')
}

/** Returns the name the draft got. */
async function putInPlace(draft: string, path: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? path : path.replace(/(\.csv)?$/, (end) => `.${number}${end}`)
    const there = await readFile(name).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null
      throw fileError(name, error)
    })
    if (there === null) await rename(draft, name)
    else if (there.equals(await readFile(draft))) await rm(draft)
    else continue
    return name
  }
}
