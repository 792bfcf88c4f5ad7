// Exporting and loading as the tests do it.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ExportManifest } from '../../packages/hyperferry/src/work/csv/manifest.ts'
import { freshPg } from '../servers/database.ts'
import { drive } from './drive.ts'
import type { Drive } from './drive.ts'
import type { World } from './world.ts'

export const ALL = ['device', 'sensor', 'reading', 'event', 'line']

/** A new folder, gone with the test. */
export async function folder(): Promise<string> {
  const out = await mkdtemp(join(tmpdir(), 'hyperferry-export-'))
  onTestFinished(() => rm(out, { recursive: true, force: true }))
  return out
}

/** Steps before the files are loaded. */
export async function stand(world: World, server: 'pg17' | 'ts-2.19' = 'pg17'): Promise<Drive> {
  const { url } = await freshPg(server)
  const run: Drive = { sourceUrl: world.sourceUrl, targetUrl: url, plan: world.plan, acceptQuarantine: world.unfit }
  await drive({ ...run, steps: ['schema'] })
  return run
}

export const exporting = (run: Drive, out: string, more: Partial<Drive['export']> = {}): Drive => ({
  ...run,
  steps: ['export'],
  unlocked: true,
  export: { tables: ALL, out, acceptQuarantine: 7, ...more },
})
export const loading = (run: Drive, out: string): Drive => ({
  ...run,
  steps: ['backfill'],
  unlocked: true,
  fromCsv: out,
})

export async function manifestOf(out: string, table: string): Promise<ExportManifest> {
  return JSON.parse(await readFile(join(out, table, 'manifest.json'), 'utf8')) as ExportManifest
}
