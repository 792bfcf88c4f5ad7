/** Connection strings of the older kind: `host=db1 user=owner dbname=plant`. */
import { HyperferryError } from '../errors.ts'

/** The same as a URL; what is a URL already stays as it is. Throws HF-U014. */
export function toUrl(connection: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(connection)) return connection
  const { host = '', port, user, password, dbname, ...options } = settingsOf(connection)
  const account =
    user === undefined
      ? ''
      : `${encodeURIComponent(user)}${password === undefined ? '' : `:${encodeURIComponent(password)}`}@`
  const query = new URLSearchParams(options)
  const socket = host.startsWith('/')
  if (socket) query.set('host', host)
  if (user === undefined && password !== undefined) query.set('password', password)
  const where = socket ? 'localhost' : host.includes(':') ? `[${host}]` : host
  const tail = query.size === 0 ? '' : `?${query.toString()}`
  return `postgres://${account}${where}${port === undefined ? '' : `:${port}`}/${encodeURIComponent(dbname ?? '')}${tail}`
}

function settingsOf(text: string): Record<string, string> {
  const settings: Record<string, string> = {}
  const one = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?:\s+|$)/y
  while (one.lastIndex < text.length) {
    const found = one.exec(text)
    if (found === null) {
      throw new HyperferryError('HF-U014', {
        what: 'the connection is neither a URL nor a list of key=value',
        hint: 'Give postgres://user@host/database, or host=… user=… dbname=…',
      })
    }
    settings[found[1] ?? ''] = (found[2] ?? found[3] ?? '').replaceAll(/\\(.)/gs, '$1')
  }
  return settings
}
