/** What may be shown of a URL. Hides rather too much than too little. */
const HIDDEN = '***'

/**
 * The URL (or `key=value` connection string) without its passwords. A password may hold any character, encoded or not:
 * user info is therefore taken up to the *last* `@` of the text, even when that hides a part of the path.
 */
export function redact(url: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0]
  if (scheme === undefined) return redactKeyValues(url)
  return redactQuery(redactUserInfo(url))
}

function redactUserInfo(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)(.*)@([^@]*)$/is.exec(url)
  if (!match) return url
  const [, scheme = '', userInfo = '', rest = ''] = match
  const cut = userInfo.indexOf(':')
  return cut < 0 ? url : `${scheme}${userInfo.slice(0, cut)}:${HIDDEN}@${rest}`
}

function redactQuery(url: string): string {
  const start = url.indexOf('?')
  if (start < 0) return url
  const parts = url.slice(start + 1).split('&')
  const shown = parts.map((part, i) => {
    const cut = part.indexOf('=')
    // A secret with an & in it runs on into parts without a name.
    if (cut < 0) return i > 0 && hidesTail(parts, i) ? HIDDEN : part
    return isSecretName(part.slice(0, cut)) ? `${part.slice(0, cut)}=${HIDDEN}` : part
  })
  return `${url.slice(0, start)}?${shown.join('&')}`
}

function hidesTail(parts: readonly string[], at: number): boolean {
  for (let i = at - 1; i >= 0; i -= 1) {
    const part = parts[i] ?? ''
    const cut = part.indexOf('=')
    if (cut >= 0) return isSecretName(part.slice(0, cut))
  }
  return false
}

/** libpq's `host=h password='a b'`. */
function redactKeyValues(text: string): string {
  return text.replace(
    /([a-z_]*(?:pass|pwd|secret|token)[a-z_]*\s*=\s*)('(?:\\.|[^'\\])*'?|(?:\\.|[^\s\\])*)/gis,
    `$1${HIDDEN}`,
  )
}

/** Whether a query parameter of this (perhaps percent-encoded) name carries a secret. */
export function isSecretName(name: string): boolean {
  return /pass|pwd|secret|token/i.test(decoded(name))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not percent-encoded after all: the text is what it is.
    return text
  }
}
