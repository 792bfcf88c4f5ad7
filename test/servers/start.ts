// Starts a server of the matrix; usable outside of vitest too.
import { recipeFor, type ServerName } from './catalogue.ts'
import { launch, type Server } from './server.ts'

export type { Server }

export interface StartOptions {
  /** Keep fsync on, for tests that kill the server and look at what survived. Default: off, for speed. */
  readonly durable?: boolean
}

/** A server of your own, to kill and restart. Stop it when done. */
export async function startServer(name: ServerName, { durable = false }: StartOptions = {}): Promise<Server> {
  return launch(await recipeFor(name, durable))
}

/** `HYPERFERRY_TEST_PG17` for `pg17`, `HYPERFERRY_TEST_TS_2_19` for `ts-2.19`. */
export function environmentName(name: ServerName): string {
  return `HYPERFERRY_TEST_${name.toUpperCase().replaceAll(/\W/g, '_')}`
}
