// Command lines of timescaledb-parallel-copy.
import { expect, test } from 'vitest'
import { peerArguments } from '../../src/cli/peer-flags.ts'

test.each([
  ['copy -table t -workers=4 --file x.csv', 'copy --table=t --workers=4 --file=x.csv'],
  ['copy -skip-header=true -truncate=false -verbose -split - ', 'copy --skip-header --verbose --split=-'],
  ['copy -quote -- -import-id=a=b', 'copy --quote=-- --import-id=a=b'],
  ['copy -no-such 1 -x -conection=a', 'copy --no-such 1 -x --conection=a'],
  ['copy -skip-header=perhaps', 'copy -skip-header=perhaps'],
  ['copy -version', '--version'],
  ['copy -help', 'copy --help'],
  ['copy -table', 'copy --table'],
])('%s', (typed, expected) => {
  expect(peerArguments(typed.trim().split(' '))).toEqual(expected.split(' '))
})
