// A case folder by way of files: exported, loaded by this tool and by psql, and proven equal to the source. The others: nightly.
import { expect, test } from 'vitest'
import { describeWith } from '../servers/index.ts'
import { byFiles } from './by-files.ts'
import { readCases } from './case.ts'

for (const one of readCases().filter(({ name }) => name === 'mysql-shapes')) {
  const [source, target] = [one.sources[0] ?? 'sqlite', one.targets.at(-1) ?? 'pg18']
  const describeCase = await describeWith(...(source === 'sqlite' ? [target] : [source, target]))
  describeCase(`${one.name}: ${source} → files → ${target}`, () => {
    test('loads to the same rows, here and by psql', { timeout: 180_000 }, async () => {
      await expect(byFiles(one, source, target)).resolves.toBeUndefined()
    })
  })
}
