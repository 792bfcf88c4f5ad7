// Reporter that keeps the outcome of the community edition's tests, because few machines can run them.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

interface Versions {
  readonly license: string
  readonly timescaledb: string
  readonly postgresql: string
}

/** Writes `test/results/tsl-<version>.json` once a test told the versions in its `meta`. */
// eslint-disable-next-line import/no-default-export -- what vitest asks for
export default class TslResults implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const root = join(import.meta.dirname, '../..')
    const all = modules.flatMap((module) => [...module.children.allTests()])
    const versions = all.map((test) => (test.meta() as { versions?: Versions }).versions).find(Boolean)
    if (!versions) return
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
    const result = {
      versions: { ...versions, node: process.versions.node },
      commit: git('rev-parse', 'HEAD'),
      uncommittedChanges: git('status', '--porcelain', '--untracked-files=no') !== '',
      tests: all.map((test) => ({
        file: relative(root, test.module.moduleId),
        name: test.fullName,
        state: test.result().state,
      })),
    }
    mkdirSync(join(root, 'test/results'), { recursive: true })
    writeFileSync(
      join(root, 'test/results', `tsl-${versions.timescaledb}.json`),
      `${JSON.stringify(result, null, 2)}\n`,
    )
  }
}
