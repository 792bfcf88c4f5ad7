/** URLs of the plan: environment references, literal passwords, and a form that may be shown. */
import { HyperferryError } from '../errors.ts'
import { isSecretName } from './redact.ts'

export { redact } from './redact.ts'

const REFERENCE = /\$\{([^}]*)\}/g
const REFERENCE_ONLY = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/

/** Replaces each `${NAME}` by the environment's value. Throws HF-U013 when it is unset or empty, HF-U011 when the name is none. */
export function expand(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return text.replace(REFERENCE, (reference, name: string) => {
    if (!REFERENCE_ONLY.test(reference)) {
      throw new HyperferryError('HF-U011', { what: `${reference} does not name an environment variable` })
    }
    const value = env[name]
    if (value === undefined || value === '') {
      throw new HyperferryError('HF-U013', { what: `the plan needs ${name} from the environment, and it is not set` })
    }
    return value
  })
}

/** Whether the URL as it stands in the plan holds a password that is not wholly a `${NAME}`. */
export function holdsLiteralPassword(url: string): boolean {
  return passwords(url).some((password) => password !== '' && !REFERENCE_ONLY.test(password))
}

/** Password texts of a URL as written, from user info and query. */
function passwords(url: string): string[] {
  const found: string[] = []
  const userInfo = userInfoOf(url)
  if (userInfo !== undefined && userInfo.includes(':')) found.push(userInfo.slice(userInfo.indexOf(':') + 1))
  for (const [key, value] of parameters(url)) if (isSecretName(key)) found.push(value)
  return found
}

/** Up to the last `@`, so that a raw `/` in a password is no way around; but `host:5432/db?user=a@b` has no user info. */
function userInfoOf(url: string): string | undefined {
  const rest = /^[a-z][a-z0-9+.-]*:\/\/(.*)@/is.exec(url)?.[1]
  return rest !== undefined && /^[^/?#@]*:\d*[/?]/.test(rest) ? undefined : rest
}

function parameters(url: string): [string, string][] {
  const start = url.indexOf('?')
  if (start < 0) return []
  return url
    .slice(start + 1)
    .split('&')
    .map((part) => {
      const cut = part.indexOf('=')
      return cut < 0 ? [part, ''] : [part.slice(0, cut), part.slice(cut + 1)]
    })
}
