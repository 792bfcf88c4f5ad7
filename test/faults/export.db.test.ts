// Exported files: whatever is killed, edited, lost or mixed, every row is in the target once, or the step says what is wrong.
import { appendFile, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { ExportManifest } from '../../packages/hyperferry/src/work/csv/manifest.ts'
import { describeWith } from '../servers/index.ts'
import { drive, driveApart } from './drive.ts'
import { ALL, exporting, folder, loading, manifestOf, stand } from './export-stand.ts'
import { findings } from './findings.ts'
import { makeWorld } from './world.ts'
import type { World } from './world.ts'

const describe = await describeWith('pg17', 'ts-2.19')
describe('export and backfill --from-csv', () => {
  let world: World
  beforeAll(() => {
    world = makeWorld(900)
  })
  afterAll(() => world.remove())

  for (const gzip of [false, true]) {
    test(`every table, loaded elsewhere${gzip ? ', compressed' : ''}`, async () => {
      const run = await stand(world, gzip ? 'ts-2.19' : 'pg17')
      const out = await folder()
      const { export: exported } = await drive(exporting(run, out, { gzip }))
      expect(exported).toMatchObject({ rows: 900 * 3 + 80, rejected: world.unfit, notes: [] })
      expect(exported?.files.length).toBeGreaterThan(20)
      expect(
        (await readdir(join(out, 'reading'))).filter(
          (name) => !/^(-?\d+|min)_(-?\d+|max)\.csv|^residual|^manifest/.test(name),
        ),
      ).toEqual([])
      const { backfill } = await drive({ ...loading(run, out), workers: 3 })
      expect(backfill).toMatchObject({ rows: 2780, notes: [] })
      expect(backfill?.tables.map(({ name, rows }) => [name, rows])).toEqual([
        ['sensor', 60],
        ['device', 20],
        ['reading', 900],
        ['event', 900],
        ['line', 900],
      ])
      for (const { name, digest } of backfill?.tables ?? []) expect((await manifestOf(out, name)).digest).toBe(digest)
      expect(await findings(world, run.targetUrl)).toEqual([])
      // Neither of them finds anything to do.
      expect((await drive(loading(run, out))).backfill).toMatchObject({ rows: 0, quarantined: world.unfit })
      const again = await drive(exporting(run, out, { gzip }))
      expect(again.export?.tables.map(({ status }) => status)).toEqual(ALL.map(() => 'unchanged'))
      // The relational step finds its tables done.
      expect((await drive({ ...run, steps: ['relational'] })).relational?.notes).toContain(
        'Everything was copied already; nothing changed.',
      )
    })
  }

  // All places, each by itself: nightly.
  const EXPORT_PLACES = ['export.before-entry:2', 'export.before-rename:5', 'export.before-manifest:1'] as const
  const LOAD_PLACES = ['backfill.mid-copy:2', 'backfill.before-commit:3', 'backfill.after-commit:4'] as const
  test(
    'kill -9 at one place after the other, while files are made and while they are loaded',
    { timeout: 120_000 },
    async () => {
      const run = await stand(world)
      const out = await folder()
      for (const [index, place] of EXPORT_PLACES.entries()) {
        const killed = await driveApart({ ...exporting(run, out), workers: 1 + (index % 3) }, place).ended
        expect(killed.signal, killed.output).toBe('SIGKILL')
      }
      await drive({ ...exporting(run, out), workers: 4 })
      expect((await readdir(out, { recursive: true })).filter((name) => /partial|export\.|lock/.test(name))).toEqual([])
      for (const [index, place] of LOAD_PLACES.entries()) {
        const killed = await driveApart({ ...loading(run, out), workers: 1 + (index % 3) }, place).ended
        expect(killed.signal, killed.output).toBe('SIGKILL')
      }
      await drive(loading(run, out))
      expect(await findings(world, run.targetUrl)).toEqual([])
    },
  )

  test('files are refused that were edited, lost, or are of another plan, source or table', async () => {
    const run = await stand(world)
    const out = await folder()
    await drive(exporting(run, out))
    const { files } = await manifestOf(out, 'reading')
    const file = join(out, 'reading', files[2]?.file ?? '')
    const text = await readFile(file, 'utf8')
    const load = { ...loading(run, out), tables: ['reading'] }

    // As many bytes as before: only the hash sees it.
    await writeFile(file, text.replace('note 1', 'note 2'))
    await expect(drive(load)).rejects.toMatchObject({ code: 'HF-E012', exitCode: 1 })
    await writeFile(file, `${text}1,2,3\n`)
    await expect(drive(load)).rejects.toMatchObject({ code: 'HF-E012' })
    await unlink(file)
    await expect(drive(load)).rejects.toMatchObject({ code: 'HF-E013', details: { missing: [files[2]?.file] } })
    await writeFile(file, text)

    const manifest = await readFile(join(out, 'reading', 'manifest.json'), 'utf8')
    const forge = (change: (manifest: ExportManifest) => unknown): Promise<void> => {
      const changed = JSON.parse(manifest) as ExportManifest
      change(changed)
      return writeFile(join(out, 'reading', 'manifest.json'), JSON.stringify(changed))
    }
    for (const [field, change] of [
      ['plan', (each: ExportManifest) => (each.planHash = 'x')],
      ['source', (each: ExportManifest) => (each.source.identity = 'x')],
      ['columns', (each: ExportManifest) => (each.columns = each.columns.toReversed())],
      ['table', (each: ExportManifest) => (each.table.name = 'x')],
      ['version of digests', (each: ExportManifest) => (each.normaliser = 2)],
    ] as const) {
      await forge(change)
      await expect(drive(load), field).rejects.toMatchObject({ code: 'HF-E011', details: { field } })
    }
    // A name that leads out of the folder.
    await forge((each) => Object.assign(each.files[0] ?? {}, { file: '../secret.csv' }))
    await expect(drive(load)).rejects.toMatchObject({ code: 'HF-E011' })
    await writeFile(join(out, 'reading', 'manifest.json'), manifest.slice(0, -20))
    await expect(drive(load)).rejects.toMatchObject({ code: 'HF-E011' })
    // Rows that are counted wrongly, and a digest that is of others.
    await forge((each) => each.files.forEach((one) => (one.rows += 1)))
    await expect(drive(load)).rejects.toMatchObject({ code: 'HF-B017' })
    await writeFile(join(out, 'reading', 'manifest.json'), manifest)
    await drive(load)
    await drive({ ...run, unlocked: true })
    expect(await findings(world, run.targetUrl)).toEqual([])
  })

  test('a range of days: half-open, gaps are named, and the source fills them', async () => {
    const run = await stand(world)
    const out = await folder()
    const bounds = { from: '2024-01-03T00:00:00Z', to: '2024-01-10T00:00:00.0005Z' }
    const { export: exported } = await drive(exporting(run, out, { ...bounds, tables: ['reading'] }))
    const db = new DatabaseSync(world.file, { readOnly: true })
    const { n } = db
      .prepare(`select count(*) as n from reading where ts >= ? and ts <= ?`)
      .get(Date.UTC(2024, 0, 3), Date.UTC(2024, 0, 10)) as { n: number }
    db.close()
    expect(n).toBeGreaterThan(50)
    expect(exported?.rows).toBe(n)
    expect(exported?.notes.join()).toContain('rows without a position')
    const from = String(Date.UTC(2024, 0, 3))
    const to = String(Date.UTC(2024, 0, 10) + 1)
    await expect(drive(loading(run, out))).rejects.toMatchObject({
      code: 'HF-E017',
      exitCode: 4,
      details: { gaps: [`reading [−∞, ${from})`, `reading [${to}, ∞)`, 'reading rows without a position'] },
    })
    await drive({ ...run, unlocked: true })
    expect(await findings(world, run.targetUrl)).toEqual([])
  })

  test('a file whose range is booked in part is left out, and its gap is named', async () => {
    const run = await stand(world)
    const out = await folder()
    await drive({ ...exporting(run, out), taskRows: 5000 })
    const killed = await driveApart(
      { ...run, unlocked: true, taskRows: 50, workers: 1, tables: ['reading'], steps: ['backfill'] },
      'backfill.after-commit:5',
    ).ended
    expect(killed.signal, killed.output).toBe('SIGKILL')
    await expect(drive({ ...loading(run, out), tables: ['reading'] })).rejects.toMatchObject({ code: 'HF-E017' })
    await drive({ ...run, unlocked: true })
    expect(await findings(world, run.targetUrl)).toEqual([])
  })

  test('keys that are taken: equal rows are booked, others go to quarantine, and the text is what was exported', async () => {
    const run = await stand(world, 'ts-2.19')
    const out = await folder()
    await drive(exporting(run, out, { tables: ['reading'], gzip: true }))
    await drive(loading(run, out))
    const client = new pg.Client({ connectionString: run.targetUrl })
    await client.connect()
    onTestFinished(() => client.end())
    await client.query(`delete from hyperferry.receipt r using hyperferry.migrated_table t where t.id = r.table_id and t.source = 'reading' and r.lane = 0;
      update plant.reading set note = 'differs' where id = (select min(id) from plant.reading);
      delete from plant.reading where id > 880`)
    // The bytes of the file are right, and what they were said to be is not: seen when the rows have to be looked at one by one.
    const path = join(out, 'reading', 'manifest.json')
    const manifest = await readFile(path, 'utf8')
    await writeFile(path, manifest.replaceAll(/"digest": "hf1:([0-9a-f]+):0/g, '"digest": "hf1:$1:1'))
    await expect(drive(loading(run, out))).rejects.toMatchObject({ code: 'HF-E021', exitCode: 1 })
    await writeFile(path, manifest)
    await drive({ ...loading(run, out), acceptQuarantine: 1 })
    const { rows } = await client.query(
      `select (select count(*)::int from plant.reading) as there, (select count(*)::int from hyperferry.quarantine where code = 'HF-D020') as kept,
         (select sum((l ->> 'count')::int)::int from hyperferry.receipts, jsonb_array_elements(losses) l where l ->> 'code' = 'HF-L020') as equal`,
    )
    // A task without a taken key is one COPY, and finds nothing to compare.
    expect(rows).toEqual([{ there: 900, kept: 1, equal: 879 }])
  })

  test('folders and files of others are left alone', async () => {
    const run = await stand(world)
    const out = await folder()
    await drive(exporting(run, out, { tables: ['device'] }))
    await appendFile(join(out, 'notes.txt'), 'mine')
    // Not what was begun here.
    await expect(drive(exporting(run, out, { tables: ['device'], gzip: true }))).rejects.toMatchObject({
      code: 'HF-E011',
      details: { field: 'gzip' },
    })
    const elsewhere = await folder()
    await drive(exporting(run, elsewhere, { tables: ['line'] }))
    const { files } = await manifestOf(elsewhere, 'line')
    const [, second] = files
    await writeFile(join(elsewhere, 'line', second?.file ?? ''), 'mine')
    await expect(drive(exporting(run, elsewhere, { tables: ['line'] }))).rejects.toMatchObject({ code: 'HF-E012' })
    await unlink(join(elsewhere, 'line', second?.file ?? ''))
    const again = await drive(exporting(run, elsewhere, { tables: ['line'] }))
    expect(again.export).toMatchObject({ rows: 900, tables: [{ status: 'done' }] })
    expect((await manifestOf(elsewhere, 'line')).files).toEqual(files)

    const foreign = await folder()
    await drive({ ...exporting(run, foreign, { tables: ['sensor'] }) })
    await rm(join(foreign, 'sensor', 'manifest.json'))
    await expect(drive(exporting(run, foreign, { tables: ['sensor'] }))).rejects.toMatchObject({ code: 'HF-E010' })
    const locked = await folder()
    await drive(exporting(run, locked, { tables: ['sensor'] }))
    await writeFile(join(locked, 'sensor', 'export.lock'), JSON.stringify({ pid: process.ppid, host: hostname() }))
    await expect(drive(exporting(run, locked, { tables: ['sensor'] }))).rejects.toMatchObject({
      code: 'HF-E018',
      exitCode: 4,
    })
  })

  test('rejected rows close the gate, with everything written; a source that changes is noticed', async () => {
    const own = makeWorld(200)
    onTestFinished(() => own.remove())
    const run = await stand(own)
    const out = await folder()
    await expect(drive(exporting(run, out, { acceptQuarantine: 6 }))).rejects.toMatchObject({
      code: 'HF-E020',
      exitCode: 4,
      details: { rejected: 7, result: { rows: 680 } },
    })
    const rejected = (await readFile(join(out, 'event', 'residual.rejected.jsonl'), 'utf8')).trim().split('\n')
    expect(rejected).toHaveLength(7)
    expect(JSON.parse(rejected[0] ?? '')).toMatchObject({ code: 'HF-D001', column: 'at' })
    const db = new DatabaseSync(own.file)
    db.exec(`insert into line values (1, 'late')`)
    db.close()
    const fresh = await folder()
    const killed = await driveApart(
      { ...exporting(run, fresh, { tables: ['line'] }), workers: 1 },
      'export.before-manifest',
    ).ended
    expect(killed.signal).toBe('SIGKILL')
    const later = new DatabaseSync(own.file)
    later.exec(`insert into line values (2, 'later')`)
    later.close()
    await expect(drive(exporting(run, fresh, { tables: ['line'] }))).rejects.toMatchObject({
      code: 'HF-B010',
      details: { sourceRows: '202', rows: '201' },
    })
  })
})
