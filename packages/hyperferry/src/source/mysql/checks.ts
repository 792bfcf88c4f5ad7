import type { Check } from '../../model.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'
import type { Address } from './url.ts'

/** Step 1 for this source. */
export function runChecks(_session: Session, _server: Server, _address: Address): Promise<Check[]> {
  return Promise.resolve([])
}
