/** Texts that say the same value in two ways. */

/** The same instant with another number of fractional digits, or the same number with another scale. */
export function isSameValue(mine: string | null, kept: string | null): boolean {
  return mine !== null && kept !== null && plain(mine) === plain(kept)
}

/** A form that equal numbers and equal instants share; other texts as they are. */
export function plain(text: string): string {
  const instant = /^(\d{4,}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(?:Z|\+00)?)?$/.exec(text)
  if (instant !== null) {
    const [, day = '', clock = '00:00:00', fraction = ''] = instant
    return `${day} ${clock}.${fraction.padEnd(6, '0')}`
  }
  const decimal = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text)
  if (decimal === null) return text
  const [, sign = '', whole = '', fraction = ''] = decimal
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}
