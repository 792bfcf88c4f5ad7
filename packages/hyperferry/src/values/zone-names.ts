/** Names of zones that the two sides would read differently. */

/**
 * What is wrong with a zone such as `+02:00`, and what to write instead; null for a name, and for `+00:00`.
 * ISO 8601 counts offsets east of Greenwich; PostgreSQL takes a zone of that name for a POSIX one, counted west.
 */
export function bareOffset(zone: string): { what: string; hint: string } | null {
  if (!/^[-+]/.test(zone) || /^[-+]00:?00$/.test(zone)) return null
  const what = `time zone ${zone} is a bare offset, whose sign PostgreSQL reads the other way round`
  return { what, hint: `Use an IANA name such as Europe/Berlin${etcName(zone)}.` }
}

/** `, or Etc/GMT-2 for a fixed offset`: these names count west, too. Empty where there is none. */
function etcName(offset: string): string {
  const [, sign, hours = '', minutes = '00'] = /^([-+])(\d\d?):?(\d\d)?$/.exec(offset) ?? []
  const whole = Number(hours)
  if (sign === undefined || Number(minutes) !== 0 || whole === 0 || whole > (sign === '+' ? 14 : 12)) return ''
  return `, or Etc/GMT${sign === '+' ? '-' : '+'}${whole} for a fixed offset`
}
