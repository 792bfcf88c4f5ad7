// The import law must find what it forbids: each case plants one mistake in a throw-away tree.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { checkImports } from '../../scripts/check-imports.ts'

const roots: string[] = []

function check(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'hyperferry-law-'))
  roots.push(root)
  for (const [file, text] of Object.entries(files)) {
    const path = join(root, 'packages/hyperferry/src', file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return checkImports(root).map((line) => line.replace('packages/hyperferry/src/', ''))
}

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

test('a tree that follows the law has no violations', () => {
  const files = {
    'model.ts': 'export type Row = unknown[]',
    'values/encode.ts': "import type { Row } from '../model.ts'\nexport type Encode = (row: Row) => void",
    'source/source.ts': "export type { Row } from '../model.ts'",
    'source/mysql/read.ts': "import type { Row } from '../source.ts'\nimport 'mysql2/promise'\nexport type X = Row",
    'steps/copy.ts': "import '../source/source.ts'\nimport './copy/chunks.ts'\nimport './context.ts'",
    'steps/copy/chunks.ts': "import '../../values/encode.ts'",
    'steps/check.ts': "import './context.ts'",
    'steps/context.ts': "import type {} from '../model.ts'",
    'migration.ts': "import './steps/check.ts'\nimport './steps/copy.ts'",
    'index.ts': "export * from './migration.ts'",
    'cli/main.ts': "import 'commander'\nimport '../index.ts'",
  }
  expect(check(files)).toEqual([])
})

test.each([
  ['model knows nothing', 'model.ts', "import './errors.ts'", 'model.ts:1 model.ts must not import errors.ts'],
  ['line numbers', 'model.ts', "// one\n\nimport './errors.ts'", 'model.ts:3'],
  ['type imports count', 'values/a.ts', "import type {} from '../target/sql.ts'", 'values/a.ts:1'],
  ['re-exports count', 'values/a.ts', "export * from '../target/sql.ts'", 'values/a.ts:1'],
  ['dynamic imports count', 'cli/a.ts', "await import('../model.ts')", 'cli/a.ts must not import model.ts'],
  ['engine to engine', 'source/sqlite/a.ts', "import '../mysql/read.ts'", 'must not import source/mysql/read.ts'],
  ['engine to registry', 'source/sqlite/a.ts', "import '../registry.ts'", 'must not import source/registry.ts'],
  ['target to source', 'target/a.ts', "import '../source/source.ts'", 'must not import source/source.ts'],
  ['control to steps', 'control/a.ts', "import '../steps/copy.ts'", 'must not import steps/copy.ts'],
  ['step to step', 'steps/a.ts', "import './copy.ts'", 'steps/a.ts must not import steps/copy.ts'],
  ['step to engine', 'steps/a.ts', "import '../source/mysql/read.ts'", 'must not import source/mysql/read.ts'],
  ['two steps', 'index.ts', "import './steps/copy.ts'\nimport './steps/check.ts'", 'imports 2 steps'],
  ['driver outside of its folder', 'steps/a.ts', "import pg from 'pg'", 'must not import package pg'],
  ['driver value in control', 'control/a.ts', "import pg from 'pg'", 'must not import package pg'],
  ['driver subpath', 'target/a.ts', "import 'mysql2/promise'", 'must not import package mysql2'],
  ['console tool in the engine', 'target/a.ts', "import 'commander'", 'must not import package commander'],
  ['out of the package', 'cli/a.ts', "import '../../../other/a.ts'", 'lies outside'],
  ['missing file', 'cli/a.ts', "import './gone.ts'", 'cli/gone.ts does not exist'],
])('%s', (_name, file, text, expected) => {
  const others = {
    'errors.ts': '',
    'target/sql.ts': '',
    'source/source.ts': '',
    'source/registry.ts': '',
    'source/mysql/read.ts': '',
    'steps/copy.ts': '',
    'steps/check.ts': '',
    ...(file === 'model.ts' ? {} : { 'model.ts': '' }),
  }
  const violations = check({ ...others, [file]: text })
  expect(violations).toHaveLength(1)
  expect(violations[0]).toContain(expected)
})

test('types of a driver are fine in control', () => {
  expect(check({ 'control/a.ts': "import type { PoolClient } from 'pg'\nexport type C = PoolClient" })).toEqual([])
})

test('a cycle is found once, with its way', () => {
  const files = {
    'values/a.ts': "import './b.ts'",
    'values/b.ts': "import './c.ts'",
    'values/c.ts': "import './a.ts'",
    'values/d.ts': "import './a.ts'",
  }
  expect(check(files)).toEqual(['values/a.ts:1 import cycle: values/a.ts -> values/b.ts -> values/c.ts -> values/a.ts'])
})
