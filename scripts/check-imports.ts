// Checks the import law and the absence of import cycles over packages/*/src; prints file:line and exits 1.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, matchesGlob, posix, relative, resolve } from 'node:path'
import { lawOf, type Law } from './import-law.ts'
import { parseImports, type Import } from './parse-imports.ts'

/** Violations as printable lines, each starting with `file:line`. Empty means the law holds. */
export function checkImports(root: string, rules?: Law): string[] {
  return globSync('packages/*/src', { cwd: root }).flatMap((folder) =>
    checkFolder(root, join(root, folder), rules ?? lawOf(folder)),
  )
}

function checkFolder(root: string, src: string, rules: Law): string[] {
  const files = globSync('**/*.ts', { cwd: src }).toSorted()
  const imports = new Map(files.map((file) => [file, parseImports(file, readFileSync(join(src, file), 'utf8'))]))
  const at = (file: string, line: number): string => `${relative(root, join(src, file))}:${line}`
  const violations = files.flatMap((file) => {
    const own = imports.get(file) ?? []
    return [
      ...own.flatMap((each) => [checkOne(src, file, each, rules)].flat().map((why) => `${at(file, each.line)} ${why}`)),
      ...checkOrder(file, own, rules).map((why) => `${at(file, 1)} ${why}`),
    ]
  })
  const cycles = findCycles(imports).map((cycle) => `${at(cycle[0] ?? '', 1)} import cycle: ${cycle.join(' -> ')}`)
  return [...violations, ...cycles]
}

function checkOne(src: string, file: string, imported: Import, rules: Law): string[] {
  if (!imported.specifier.startsWith('.')) return checkPackage(file, imported, rules)
  const target = resolveImport(file, imported.specifier)
  if (target.endsWith('.json')) return []
  if (target.startsWith('..')) return [`${target} lies outside of the package's src`]
  if (!existsSync(join(src, target))) return [`${target} does not exist`]
  const zone = rules.zones.find((each) => matchesGlob(file, each.files))
  if (!zone) return [`no zone of the import law covers ${file}`]
  const allowed = matches(target, zone.may, file) && !matches(target, zone.except ?? [], file)
  return allowed ? [] : [`${file} must not import ${target} (law for ${zone.files})`]
}

function checkPackage(file: string, imported: Import, rules: Law): string[] {
  if (rules.noDependencies && !imported.specifier.startsWith('node:'))
    return [`${file} must not import ${imported.specifier}: this package has no dependencies`]
  const rule = rules.packages.find(
    ({ name }) => imported.specifier === name || imported.specifier.startsWith(`${name}/`),
  )
  if (!rule || matches(file, rule.in, file)) return []
  if (imported.typeOnly && matches(file, rule.typesIn ?? [], file)) return []
  return [`${file} must not import package ${rule.name} (only ${rule.in.join(', ')})`]
}

function checkOrder(file: string, imports: readonly Import[], rules: Law): string[] {
  const targets = imports.map(({ specifier }) => (specifier.startsWith('.') ? resolveImport(file, specifier) : ''))
  const isStep = (target: string): boolean => matchesGlob(target, 'steps/*.ts') && !rules.noSteps?.includes(target)
  const steps = new Set(targets.filter(isStep))
  if (file === rules.knowsTheOrder || steps.size < 2) return []
  return [`${file} imports ${steps.size} steps; only ${rules.knowsTheOrder} may import more than one`]
}

/** `source/mysql/read.ts` belongs to `source/mysql`, `steps/copy.ts` and `steps/copy/chunks.ts` to `steps/copy`. */
function ownerOf(file: string): string {
  const [folder = '', name] = file.split('/')
  const nested = folder === 'source' || folder === 'steps'
  return nested && name ? `${folder}/${name.replace(/\.ts$/, '')}` : folder
}

function matches(path: string, globs: readonly string[], importer: string): boolean {
  return globs.some((glob) => matchesGlob(path, glob.replace('OWN', ownerOf(importer))))
}

function resolveImport(file: string, specifier: string): string {
  return posix.normalize(posix.join(dirname(file), specifier))
}

/** Each cycle once, as the list of its files with the first one repeated at the end. Type imports count too. */
function findCycles(imports: ReadonlyMap<string, readonly Import[]>): string[][] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const seen = path.indexOf(file)
    if (seen >= 0) cycles.push([...path.slice(seen), file])
    if (seen >= 0 || done.has(file)) return
    for (const { specifier } of imports.get(file) ?? []) {
      if (specifier.startsWith('.')) visit(resolveImport(file, specifier), [...path, file])
    }
    done.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return cycles
}

if (import.meta.main) {
  const violations = checkImports(resolve(import.meta.dirname, '..'))
  for (const violation of violations) console.error(violation)
  if (violations.length > 0) process.exitCode = 1
}
