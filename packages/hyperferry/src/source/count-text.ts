/** Counts in the text of findings, as people write them. */

/** `1 value is`, `3 values are`: noun and verb follow the number; the words are given for several. */
export function counted(count: number, noun: string, verb = ''): string {
  const one = count === 1
  return [count, one ? noun.replace(/s$/, '') : noun, one ? singular(verb) : verb]
    .filter((word) => word !== '')
    .join(' ')
}

function singular(verb: string): string {
  switch (verb) {
    case 'are':
      return 'is'
    case 'have':
      return 'has'
    case '':
      return ''
    default:
      return `${verb}s`
  }
}
