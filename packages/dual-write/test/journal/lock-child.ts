// Opens a journal at a given moment, holds it for a while (or until the folder has a file `end`), and says how it went.
// Arguments: folder, moment (ms since 1970), how long (ms).
import { existsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openJournal } from '../../src/journal/open.ts'

const [dir = '', at = '0', hold = '0'] = process.argv.slice(2)
while (Date.now() < Number(at));
try {
  const journal = await openJournal({ dir, durability: 'process' })
  const from = Date.now()
  writeSync(1, 'open')
  do await new Promise((resolve) => setTimeout(resolve, Number(hold) || 10))
  while (hold === '0' && !existsSync(join(dir, 'end')))
  const to = Date.now()
  await journal.close()
  writeSync(1, ` ${from} ${to}`)
} catch (error) {
  writeSync(1, (error as { code?: string }).code ?? String(error))
}
