import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { PlannedTable } from '../../src/model.ts'
import type { ProgressEvent } from '../../src/work/events.ts'
import { noteOnePiece } from '../../src/work/in-one-piece.ts'
import { relationalTable } from '../target/plans.ts'

async function notes(tables: PlannedTable[]): Promise<ProgressEvent[]> {
  const events: ProgressEvent[] = []
  await noteOnePiece({ emit: (event) => void events.push(event) }, tables, tmpdir())
  return events
}

const table = (name: string, estimatedBytes: number | null): PlannedTable => relationalTable(name, { estimatedBytes })

test('small tables and unknown sizes are not worth a word', async () => {
  expect(await notes([])).toEqual([])
  expect(await notes([table('a', null), table('b', 1000)])).toEqual([])
})

test('what is larger than the room is said with the code the run would end with', async () => {
  expect(await notes([table('a', 5e17), table('b', 5e17)])).toEqual([
    {
      kind: 'note',
      table: null,
      code: 'HF-B015',
      message: expect.stringMatching(/^2 relational tables: about 1000000000\.0 GB .* TMPDIR/) as unknown,
    },
  ])
  expect(await notes([table('a', 1e18)])).toMatchObject([{ table: 'a', code: 'HF-B015' }])
})
