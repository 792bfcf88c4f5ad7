/** From the scheme of a URL to the engine that reads it; the engine and its driver are loaded when first asked for. */
import { HyperferryError } from '../errors.ts'
import type { Source, SourceAdapter, SourceOptions } from './source.ts'

const ADAPTERS: Record<string, () => Promise<{ adapter: SourceAdapter }>> = {
  mysql: () => import('./mysql/index.ts'),
  mariadb: () => import('./mysql/index.ts'),
  sqlite: () => import('./sqlite/index.ts'),
  export: () => import('./export/index.ts'),
}

/** The adapter for a source URL. @throws HF-U014 when no engine answers to its scheme. */
export async function adapterFor(url: string): Promise<SourceAdapter> {
  const scheme = /^\s*([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  const load = scheme === undefined || !Object.hasOwn(ADAPTERS, scheme) ? undefined : ADAPTERS[scheme]
  if (!load) {
    const what = scheme === undefined ? 'the source URL has no scheme' : `no source answers to ${scheme}:`
    throw new HyperferryError('HF-U014', { what })
  }
  const { adapter } = await load()
  return adapter
}

/** Opens the source behind a URL. @throws HF-U014 and everything `SourceAdapter.open` throws. */
export async function openSource(url: string, options: SourceOptions): Promise<Source> {
  const adapter = await adapterFor(url)
  return adapter.open(url, options)
}
