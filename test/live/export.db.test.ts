// Exported files beside live writers: they end before T, and rows that came late since the export are not lost.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { drive, driveApart } from '../faults/drive.ts'
import type { Drive } from '../faults/drive.ts'
import { describeWith } from '../servers/index.ts'
import { DAY, liveFindings, T } from './backfill-world.ts'
import type { LiveTable } from './backfill-world.ts'
import { begun } from './begun.ts'
import { DeliveringWriter } from './delivering-writer.ts'

const describe = await describeWith('pg17', 'ts-sid', 'mariadb')

async function folder(): Promise<string> {
  const out = await mkdtemp(join(tmpdir(), 'hyperferry-export-'))
  onTestFinished(() => rm(out, { recursive: true, force: true }))
  return out
}

/** What can be cut by ranges of time. */
const CUT: LiveTable[] = ['metric', 'gauge', 'event']
const exporting = (run: Drive, out: string, more: Partial<Drive['export']> = {}): Drive => ({
  ...run,
  steps: ['export'],
  unlocked: true,
  export: { tables: CUT, out, to: 'T', ...more },
})

describe('exported files beside writers', () => {
  for (const [engine, server] of [
    ['sqlite', 'pg17'],
    ['mariadb', 'ts-sid'],
  ] as const) {
    test(
      `${engine} into ${server}: late rows before, after and between are all there once`,
      { timeout: 120_000 },
      async () => {
        const { world, run, ask } = await begun({ engine, server, rows: 400, seed: 5, taskRows: 40 })
        const out = await folder()
        const writer = await new DeliveringWriter({ name: 'w', source: world.source, targetUrl: run.targetUrl }).start()
        let id = 900_000
        const late = async (tag: string, days: number): Promise<void> => {
          for (const name of CUT) {
            await writer.write(name, [
              { id: (id += 1), at: T - days * DAY, tag },
              { id: (id += 1), at: T + days * DAY, tag },
            ])
            await writer.deliver(1)
          }
        }
        await late('before', 5)
        const { export: exported } = await drive(exporting(run, out))
        expect(exported?.rows).toBe(3 * 401)
        await late('between', 7)
        const killed = await driveApart({ ...run, fromCsv: out, unlocked: true }, 'backfill.after-commit:20').ended
        expect(killed.signal, killed.output).toBe('SIGKILL')
        await late('meanwhile', 9)
        await drive({ ...run, fromCsv: out, workers: 3, unlocked: true })
        await late('after', 11)
        await drive({ ...run, unlocked: true })
        await writer.stop()
        expect(await liveFindings(world.source, run.targetUrl)).toEqual([])
        // A range that no late row touched was loaded, and not read again.
        expect(await ask(`select count(*) > 3 as some from hyperferry.receipt where late_since = 3`)).toEqual([
          { some: true },
        ])
      },
    )
  }

  test('files that are not older than T, or not made for it, are refused before anything is loaded', async () => {
    const { world, run, ask } = await begun({ server: 'pg17', rows: 200, seed: 3, taskRows: 60 })
    const whole = await folder()
    await drive(exporting(run, whole, { to: undefined as never }))
    for (const table of CUT) {
      await expect(drive({ ...run, fromCsv: whole, tables: [table] }), table).rejects.toMatchObject({
        code: 'HF-E016',
        exitCode: 2,
      })
    }
    expect(await ask('select from hyperferry.receipt')).toEqual([])

    // By its date alone: good enough where rows are told apart by a key and ranges are ranges of time.
    const dated = await folder()
    await drive(exporting(run, dated, { to: new Date(T).toISOString(), tables: ['metric', 'event'] }))
    await expect(drive({ ...run, fromCsv: dated, tables: ['event'] })).rejects.toMatchObject({ code: 'HF-E016' })
    await expect(drive({ ...run, fromCsv: dated, tables: ['metric'] })).rejects.toMatchObject({
      code: 'HF-E017',
      details: { gaps: [expect.stringMatching(/^metric \[\d+, ∞\)$/) as string] },
    })
    // A table that cannot be deleted by ranges.
    const lines = await folder()
    await drive(exporting(run, lines, { tables: ['line'] }))
    await expect(drive({ ...run, fromCsv: lines, tables: ['line'] })).rejects.toMatchObject({ code: 'HF-E016' })
    await drive(run)
    expect(await liveFindings(world.source, run.targetUrl)).toEqual([])
  })

  test('T is asked for and not known', async () => {
    const { run, ask } = await begun({ server: 'pg17', rows: 50, seed: 3 })
    await ask('delete from hyperferry.completion_point')
    await expect(drive(exporting(run, await folder()))).rejects.toMatchObject({ code: 'HF-T010' })
  })
})
