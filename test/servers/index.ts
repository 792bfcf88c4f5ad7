// The door to the test servers: URLs of shared ones, and private ones for tests that kill them.
import { describe, inject } from 'vitest'
import { serverNames, type ServerName } from './catalogue.ts'
import { environmentName } from './start.ts'

export { serverNames, type ServerName }
export { startServer, type Server, type StartOptions } from './start.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the process that starts shared servers when they are first asked for. */
    serverDesk: string
  }
}

/** URL of the all-powerful account of a shared server. A URL in the environment wins; else it is started once per run. */
export async function serverUrl(name: ServerName): Promise<string> {
  const given = process.env[environmentName(name)]
  if (given) return given
  const answer = await fetch(`${inject('serverDesk')}/${name}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}

/**
 * `describe` for tests that need these servers. Without one of them the block is skipped on a developer's machine; in CI
 * and for `tsl`, whose tests exist to be run there, a missing server is a failure.
 */
export async function describeWith(...names: readonly ServerName[]): Promise<typeof describe> {
  try {
    await Promise.all(names.map(serverUrl))
    return describe
  } catch (error) {
    if (process.env['CI'] || names.includes('tsl')) throw error
    return describe.skip as typeof describe
  }
}
