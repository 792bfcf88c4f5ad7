// Lists the imports of one source text, with the line each stands on.
import { parseSync } from 'oxc-parser'

export interface Import {
  readonly specifier: string
  /** Counted from 1. */
  readonly line: number
  /** Erased when the program runs: `import type`, `export type … from`, or every name in it marked `type`. */
  readonly typeOnly: boolean
}

/** Static imports, re-exports and dynamic imports of a literal. Throws when the text does not parse. */
export function parseImports(file: string, text: string): Import[] {
  const { module, errors } = parseSync(file, text)
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`)
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length
  const found: Import[] = module.staticImports.map(({ moduleRequest, entries, start }) => ({
    specifier: moduleRequest.value,
    line: lineOf(start),
    typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
  }))
  for (const { entries, start } of module.staticExports) {
    const from = entries.find((entry) => entry.moduleRequest)?.moduleRequest
    if (from) found.push({ specifier: from.value, line: lineOf(start), typeOnly: entries.every((each) => each.isType) })
  }
  for (const { moduleRequest, start } of module.dynamicImports) {
    const literal = /^(['"`])(?<name>[^$]*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))
    if (literal?.groups?.['name']) {
      found.push({ specifier: literal.groups['name'], line: lineOf(start), typeOnly: false })
    }
  }
  return found
}
