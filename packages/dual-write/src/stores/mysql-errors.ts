/** Errors of MariaDB and MySQL by their numbers; nothing is read from messages. */
import { detail } from './outcome.ts'
import type { Outcome, Reading } from './outcome.ts'

/** The same value in a unique key twice. */
const duplicate = new Set([1022, 1062, 1169, 1586, 1859])

/** The server's answer to COMMIT says that the transaction was rolled back, or is still open for our ROLLBACK. */
const commitRefused = new Set([
  1020, // MariaDB: the record has changed since the snapshot
  1205, // lock wait timeout
  1213, // deadlock; Galera's certification failed
  1290, // read_only was set meanwhile
  1792, // the transaction reads only
  1836, // the server reads only
  3100, // group replication's hook refused
  3101, // group replication rolled it back
])

/** The connection ends with these: what ran in it may have been finished or not. */
const ending = new Set([
  1053, // the server shuts down
  1080, // forced close
  1152, // aborted connection
  1184,
  1317, // killed query: it may have been killed after its commit
  1927, // MariaDB: the connection was killed
  3169, // MySQL: the session was killed
  4031, // MySQL: disconnected because of inactivity
])

/** The row's fault, though the SQLSTATE does not say so. */
const permanent = new Set([
  1153, // larger than max_allowed_packet
  1210, // argument that the statement cannot take
  1265, // data truncated
  1364, // no value for a column without a default
  1366, // value of another type
  1526, // no partition for the value
  1906, // MariaDB: value for a generated column
  3105, // value for a generated column
  3819, // CHECK constraint
])

const unusable = new Set([1044, 1054, 1062, 1136, 1142, 1143, 1146, 1264, 1364, 1366, 1406])

/** Integrity violations that end when the parent row arrives. */
const parentMissing = new Set([1216, 1452])

export function isDuplicate(error: unknown): boolean {
  return duplicate.has(numberOf(error))
}

/** The marker table is missing, of another shape, or not granted. */
export function isUnusable(error: unknown): boolean {
  return unusable.has(numberOf(error))
}

/** Waited too long for somebody's lock, or was the victim of a deadlock. */
export function isBlocked(error: unknown): boolean {
  return [1205, 1213].includes(numberOf(error))
}

/** What an error in answer to COMMIT leaves open. Anything that is not known to have rolled back may have committed. */
export function outcomeOfCommit(error: unknown): Outcome {
  return commitRefused.has(numberOf(error)) ? 'definite' : 'unknown'
}

/** The same for a statement that commits by itself: an answer says that it failed, unless the connection ended with it. */
export function outcomeOfStatement(error: unknown): Outcome {
  const number = numberOf(error)
  return number > 0 && !ending.has(number) ? 'definite' : 'unknown'
}

/** Null for errors that do not come from this driver. */
export function readMysqlError(error: Error): Reading | null {
  const number = numberOf(error)
  if (number > 0) {
    return { retry: isPermanent(error, number) ? 'permanent' : 'transient', code: String(detail(error, 'sqlState')) }
  }
  const code = detail(error, 'code')
  return typeof code === 'string' ? { retry: 'transient', code } : null
}

function isPermanent(error: Error, number: number): boolean {
  if (parentMissing.has(number)) return false
  return permanent.has(number) || duplicate.has(number) || /^2[23]/.test(String(detail(error, 'sqlState') ?? ''))
}

/** The server's error number; 0 when the server did not answer (system errors have a negative errno). */
function numberOf(error: unknown): number {
  if (!(error instanceof Error) || detail(error, 'sqlState') === undefined) return 0
  const number = detail(error, 'errno')
  return typeof number === 'number' && number > 0 ? number : 0
}
