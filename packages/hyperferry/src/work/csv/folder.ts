/** The folder of one table's export while it is made: a journal of finished files, which becomes the manifest. */
import { mkdir, open, readdir, readFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, HyperferryError } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import { fileError, identityOf, publish, remove, writeWhole } from './files.ts'
import { parseFile, parseHeader, parseManifest } from './manifest.ts'
import type { ExportedFile, ExportHeader, ExportManifest } from './manifest.ts'
import { JOURNAL, LOCK, MANIFEST, PARTIAL } from './names.ts'

/** A file's entry is on disk before the file gets its name, so that a file with a name and without an entry is somebody else's. */
export class ExportFolder {
  readonly path: string
  /** What the files have in common: as given, or as it was when the export was begun. */
  readonly header: ExportHeader
  /** Finished files that are there and are what their entries say. */
  readonly files: ExportedFile[]
  /** Its manifest, until a file is added; null while it is not finished. */
  manifest: ExportManifest | null
  #journal: FileHandle | null = null
  #queue: Promise<unknown> = Promise.resolve()

  private constructor(path: string, { header, files, manifest }: Begun) {
    this.path = path
    this.header = header
    this.files = files
    this.manifest = manifest
  }

  /**
   * Begins an export, or goes on with it. Throws HF-E010 for a folder that holds anything else, HF-E011 for an export of something else,
   * HF-E012 when a finished file is not what it was.
   */
  static async open(path: string, header: ExportHeader): Promise<ExportFolder> {
    const found = await begun(path)
    if (found === null) {
      await mustBeEmpty(path)
      await writeWhole(join(path, JOURNAL), journalOf(header, []))
      return new ExportFolder(path, { header, files: [], manifest: null })
    }
    mustBeSame(path, found.header, header)
    const kept: ExportedFile[] = []
    for (const file of found.files) if (await isThere(path, file)) kept.push(file)
    return new ExportFolder(path, { ...found, files: kept })
  }

  /** Notes that the partial files of this entry are whole, and gives them their names. */
  async add(file: ExportedFile): Promise<void> {
    failpoint('export.before-entry')
    await this.#note(file)
    failpoint('export.before-rename')
    for (const part of partsOf(file)) await publish(join(this.path, part.file))
    this.files.push(file)
    failpoint('export.after-file')
  }

  /** The end: the manifest takes the journal's place. */
  async finish(manifest: ExportManifest): Promise<void> {
    failpoint('export.before-manifest')
    await writeWhole(join(this.path, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`)
    await this.close()
    // What killed processes left of files that were cut otherwise the next time.
    for (const name of await readdir(this.path)) if (name.endsWith(PARTIAL)) await remove(join(this.path, name))
    await remove(join(this.path, JOURNAL))
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#journal?.close()
    this.#journal = null
  }

  /** One after the other: lines must not run into each other. */
  #note(file: ExportedFile): Promise<void> {
    const path = join(this.path, JOURNAL)
    const turn = this.#queue.then(async () => {
      try {
        if (this.manifest !== null) await this.#reopen(path)
        this.#journal ??= await open(path, 'a')
        // A line that a killed process left unfinished is ended first.
        await this.#journal.appendFile(`\n${JSON.stringify(file)}\n`)
        await this.#journal.sync()
      } catch (error) {
        throw fileError(error, path)
      }
    })
    this.#queue = turn.catch(() => {})
    return turn
  }

  /** A finished export from which files were lost. */
  async #reopen(journal: string): Promise<void> {
    await writeWhole(journal, journalOf(this.header, this.files))
    await remove(join(this.path, MANIFEST))
    this.manifest = null
  }
}

interface Begun {
  header: ExportHeader
  files: ExportedFile[]
  manifest: ExportManifest | null
}

/** What an earlier run left. The journal comes first: beside a manifest it is as good, or newer. null when there is neither. */
async function begun(path: string): Promise<Begun | null> {
  const journal = join(path, JOURNAL)
  const text = await read(journal)
  if (text === null) {
    const manifest = await readManifest(path)
    return manifest === null ? null : { header: headerOf(manifest), files: manifest.files, manifest }
  }
  const [first = '', ...lines] = text.split('\n')
  const files = new Map<string, ExportedFile>()
  for (const line of lines) {
    if (!isJson(line)) continue
    const file = parseFile(line, journal)
    files.set(file.file, file)
  }
  return { header: parseHeader(first, journal), files: [...files.values()], manifest: null }
}

function headerOf(manifest: ExportManifest): ExportHeader {
  const {
    rows: _rows,
    rejected: _rejected,
    bytes: _bytes,
    digest: _digest,
    sourceRows: _count,
    files: _files,
    ...header
  } = manifest
  return header
}

function journalOf(header: ExportHeader, files: readonly ExportedFile[]): string {
  return `${[header, ...files].map((each) => JSON.stringify(each)).join('\n')}\n`
}

/** null when there is none. Throws HF-E011. */
export async function readManifest(path: string): Promise<ExportManifest | null> {
  const text = await read(join(path, MANIFEST))
  return text === null ? null : parseManifest(text, join(path, MANIFEST))
}

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw fileError(error, path)
  }
}

/** A torn last line of the journal. */
function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

/** Makes the folder if need be. What a process left that was killed before its first entry does not count. */
async function mustBeEmpty(path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown) => {
    throw fileError(error, path)
  })
  const foreign = names.filter((name) => name !== LOCK && !name.endsWith(PARTIAL))
  if (foreign.length === 0) return
  throw new HyperferryError('HF-E010', { what: `${path} holds ${foreign.slice(0, 3).join(', ')}, which is no export` })
}

/** Throws HF-E015 when it cannot be made. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, path)
  })
}

/** Another version of the tool may go on; late rows are noted since the beginning. */
function mustBeSame(path: string, then: ExportHeader, now: ExportHeader): void {
  const comparable = (header: ExportHeader): [string, string][] =>
    Object.entries({ ...header, tool: '', point: header.point && { ...header.point, lateSince: '' } }).map(
      ([key, value]) => [key, JSON.stringify(value)],
    )
  const other = new Map(comparable(now))
  const different = comparable(then).find(([key, value]) => other.get(key) !== value)
  if (different === undefined) return
  throw new HyperferryError('HF-E011', {
    what: `${path} holds an export with another ${different[0]}`,
    details: { field: different[0] },
  })
}

/** Whether a file is there as its entry says, also when only its name was still to be given. false: it has to be made again, and nothing of it is left. */
async function isThere(path: string, file: ExportedFile): Promise<boolean> {
  const missing: Part[] = []
  for (const part of partsOf(file)) {
    const there = await identityOf(join(path, part.file))
    if (there !== null && there.sha256 !== part.sha256) throw changed(join(path, part.file))
    if (there === null) missing.push(part)
  }
  for (const part of missing) {
    const partial = await identityOf(join(path, `${part.file}${PARTIAL}`))
    if (partial?.sha256 === part.sha256) await publish(join(path, part.file))
    else {
      for (const each of partsOf(file)) await remove(join(path, each.file))
      return false
    }
  }
  return true
}

type Part = Pick<ExportedFile, 'file' | 'bytes' | 'sha256'>

/** The file of the rows that could not be represented comes first: who sees the other one has both. */
export function partsOf(file: ExportedFile): Part[] {
  return file.rejected === null ? [file] : [file.rejected, file]
}

export function changed(path: string): HyperferryError {
  return new HyperferryError('HF-E012', { what: `${path} is not what was exported` })
}
