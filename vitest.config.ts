// Test projects: what each one needs to run is said by its name.
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

const everySuffix = ['**/*.db.test.ts', '**/*.tsl.test.ts', '**/*.nightly.test.ts']
const folders = (suffix: string): string[] => [`packages/*/test/**/*.${suffix}`, `test/**/*.${suffix}`]
const slow = { testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 2 }
const skipped = ['**/node_modules/**', '**/dist/**']

// The library from its sources, as everything else; processes that tests start have the built one.
const library = 'packages/dual-write/src'
const alias = Object.entries({
  '@hyperferry/dual-write/pg': 'stores/pg.ts',
  '@hyperferry/dual-write/mysql2': 'stores/mysql2.ts',
  '@hyperferry/dual-write/sqlite': 'stores/sqlite.ts',
  '@hyperferry/dual-write/generic': 'stores/generic.ts',
  '@hyperferry/dual-write/interpreter': 'interpreter.ts',
  '@hyperferry/dual-write': 'index.ts',
}).map(([find, file]) => ({ find, replacement: resolve(import.meta.dirname, library, file) }))

export default defineConfig({
  resolve: { alias },
  test: {
    // The default is a second, which a loaded machine may take for a connection alone.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        // Property tests run beside servers of the other project, on two cores.
        test: { name: 'unit', include: folders('test.ts'), exclude: [...skipped, ...everySuffix], testTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'db',
          include: folders('db.test.ts'),
          exclude: skipped,
          globalSetup: 'test/servers/global-setup.ts',
          ...slow,
        },
      },
      {
        extends: true,
        test: {
          name: 'tsl',
          include: folders('tsl.test.ts'),
          exclude: skipped,
          globalSetup: 'test/servers/global-setup.ts',
          ...slow,
        },
      },
      {
        extends: true,
        test: {
          name: 'nightly',
          include: folders('nightly.test.ts'),
          exclude: skipped,
          globalSetup: 'test/servers/global-setup.ts',
          ...slow,
          testTimeout: 3_600_000,
        },
      },
    ],
  },
})
