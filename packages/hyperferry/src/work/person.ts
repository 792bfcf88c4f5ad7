/** Who types, for those who find a pause and ask whose it is. */
import { hostname, userInfo } from 'node:os'

/** `ana@db-host`; accounts without a name give their number. */
export function nameOfPerson(): string {
  const user = (() => {
    try {
      return userInfo().username
    } catch {
      return String(process.getuid?.() ?? 'somebody')
    }
  })()
  return `${user}@${hostname()}`
}
