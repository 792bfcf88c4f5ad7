/** Seconds east of UTC at an instant, asked of Node's own time zone data. */

/**
 * A function from seconds since 1970-01-01 UTC to seconds east of UTC.
 * @throws RangeError for a name that is not known.
 */
export function offsetReader(iana: string): (utcSeconds: number) => number {
  // The quickest question that answers to the second: `1843, GMT+00:53:28`, or `2024, GMT`.
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: iana,
    numberingSystem: 'latn',
    year: 'numeric',
    timeZoneName: 'longOffset',
  })
  return (utcSeconds) => {
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(utcSeconds * 1000))
    if (!match) throw new RangeError(`no offset of ${iana}`)
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = match
    const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
    return sign === '-' ? -offset : offset
  }
}
