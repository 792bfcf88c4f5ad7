// The command's first file: an old Node.js gets an answer it can act on instead of a syntax error.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const bin = join(import.meta.dirname, '../packages/hyperferry/bin/hyperferry.js')

test.each(['14.21.3', '20.20.2', '22.17.1'])('Node.js %s is told what is needed', (version) => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, bin],
    { encoding: 'utf8' },
  )
  expect(stderr).toContain(`hyperferry needs Node.js 22.18 or newer; this is ${version}`)
  expect(stdout).toBe('')
  expect(status).toBe(2)
})

test('the first file uses no syntax newer than 2020', () => {
  expect(readFileSync(bin, 'utf8')).not.toMatch(/^\s*(import .* from|await )|\?\?=|\|\|=|&&=/m)
})

test('a reader that has seen enough is no error', () => {
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', 'set -o pipefail; "$0" "$1" copy --help | head -1; "$0" "$1" --help 2>&1 | head -1', process.execPath, bin],
    { encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
