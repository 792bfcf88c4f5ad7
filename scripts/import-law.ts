// The import law as data: which file may import which. Paths are relative to a package's src folder.

/** One kind of file and everything of ours it may import. The first zone that matches a file applies. */
export interface Zone {
  /** Glob of the importing files. */
  readonly files: string
  /** Globs of what they may import. `OWN` stands for the file's own engine or step, e.g. `source/mysql`. */
  readonly may: readonly string[]
  /** Globs taken away from `may`. */
  readonly except?: readonly string[]
}

/** Where a package may be imported; anywhere else it is a violation. Packages not listed are free. */
export interface PackageRule {
  readonly name: string
  readonly in: readonly string[]
  /** Folders where `import type` of it is fine too. */
  readonly typesIn?: readonly string[]
}

export interface Law {
  readonly zones: readonly Zone[]
  readonly packages: readonly PackageRule[]
  /** The only file that may import more than one step: the order of the line is written in one place. */
  readonly knowsTheOrder: string
  /** Files beside the steps that are no step. */
  readonly noSteps?: readonly string[]
  /** It lives in other people's applications: `node:` and nothing else. */
  readonly noDependencies?: true
}

const base = ['model.ts', 'errors.ts', 'errors-catalogue.ts', 'errors-entry.ts', 'failpoints.ts', 'values/**']
const engineRoom = [...base, 'target/**', 'control/**', 'throttle/**', 'config/**', 'work/**', 'report/**', 'csv/**']
const shared = [...engineRoom, 'source/*.ts', '*.ts', 'live/*.ts']
const tops = ['migration.ts', 'index.ts', 'index-copy.ts']

export const law: Law = {
  zones: [
    { files: '{model,errors-entry}.ts', may: [] },
    {
      files: 'errors-{catalogue,live,copy,export}.ts',
      may: ['errors-entry.ts', 'errors-live.ts', 'errors-copy.ts', 'errors-export.ts'],
    },
    { files: 'errors.ts', may: ['errors-catalogue.ts', 'errors-entry.ts'] },
    { files: 'failpoints.ts', may: ['model.ts', 'errors.ts'] },
    { files: 'values/**', may: base },
    { files: 'source/registry.ts', may: [...base, 'source/**'] },
    { files: 'source/*.ts', may: [...base, 'source/*.ts'], except: ['source/registry.ts'] },
    { files: 'source/*/**', may: [...base, 'source/*.ts', 'OWN/**'], except: ['source/registry.ts'] },
    { files: 'csv/**', may: [...base, 'csv/**'] },
    { files: 'config/**', may: [...base, 'config/**'] },
    { files: 'target/**', may: [...base, 'target/**'] },
    { files: 'control/**', may: [...base, 'control/**', 'target/**'] },
    { files: 'throttle/**', may: [...base, 'throttle/**', 'control/**', 'target/**'] },
    { files: 'steps/**', may: [...shared, 'steps/context.ts', 'OWN.ts', 'OWN/**'], except: tops },
    { files: 'migration.ts', may: [...shared, 'steps/*.ts'], except: ['index.ts'] },
    { files: 'index-copy.ts', may: shared, except: tops },
    { files: 'index.ts', may: [...shared, 'steps/*.ts', 'demo/*.ts', 'index-copy.ts'] },
    // The demo types commands as a person would; it shares nothing with the engine.
    { files: 'demo/**', may: ['errors.ts', 'demo/**'] },
    // What stands around the line: each of them runs at most one step (the order is known to migration.ts alone).
    {
      files: '{make-plan,copy-csv,inspect,mutate,open-migration,recorded,live/*}.ts',
      may: [...shared, 'steps/*.ts'],
      except: [...tops, 'cli/**'],
    },
    { files: 'cli/**', may: ['index.ts', 'index-copy.ts', 'cli/**'] },
    // Whatever is new starts with the rights of a helper: no step, no concrete source, no command line.
    { files: '**', may: [...shared, 'OWN/**'], except: tops },
  ],
  packages: [
    { name: 'pg', in: ['target/**', 'demo/**'], typesIn: ['control/**'] },
    { name: 'pg-copy-streams', in: ['target/**'], typesIn: ['control/**'] },
    { name: 'mysql2', in: ['source/mysql/**'] },
    { name: 'node:sqlite', in: ['source/sqlite/**', 'demo/**'] },
    { name: 'commander', in: ['cli/**'] },
    { name: '@clack/prompts', in: ['cli/**'] },
    { name: 'cli-progress', in: ['cli/**'] },
  ],
  knowsTheOrder: 'migration.ts',
  noSteps: ['steps/context.ts'],
}

/** The dual-write library: its parts are free among themselves. */
const libraryLaw: Law = {
  zones: [
    { files: '{model,errors}.ts', may: [] },
    { files: 'contract/**', may: ['model.ts', 'errors.ts', 'contract/**'] },
    { files: 'journal/**', may: ['model.ts', 'errors.ts', 'journal/**'] },
    { files: 'stores/**', may: ['model.ts', 'errors.ts', 'stores/**'] },
    { files: '**', may: ['**'], except: ['index.ts', 'interpreter.ts'] },
  ],
  packages: [],
  knowsTheOrder: '',
  noDependencies: true,
}

/** The law of a folder `packages/<name>/src`. */
export function lawOf(folder: string): Law {
  return folder.startsWith('packages/dual-write/') ? libraryLaw : law
}
