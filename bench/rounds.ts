// Alternating rounds of one case: the machine's moods meet all alike.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Case, Contender, Place } from './case.ts'
import type { Measured } from './measure.ts'
import { expectRows, sizeMb, withDatabase } from './target.ts'

interface Run extends Measured {
  /** Size of the table afterwards. */
  tableMb: number
}

export interface CaseResult {
  id: string
  name: string
  goal: number
  rows: number
  peer: string | null
  ours: Run[]
  theirs: Run[]
}

export interface Where {
  server: string
  source: string
  servers: readonly number[]
}

/** The best peer of a first round, then `pairs` rounds of both, each time the other one first. */
// eslint-disable-next-line max-params -- what, where, how often, and who hears of it
export async function runCase(
  one: Case,
  where: Where,
  pairs: number,
  say: (line: string) => void,
): Promise<CaseResult> {
  const peer = await bestPeer(one, where, say)
  const ours: Run[] = []
  const theirs: Run[] = []
  for (let pair = 0; pair < pairs; pair += 1) {
    const turns: (() => Promise<void>)[] = [async () => void ours.push(await once(one, one.ours, where))]
    if (peer !== null) turns.push(async () => void theirs.push(await once(one, peer, where)))
    for (const turn of pair % 2 === 0 ? turns : turns.toReversed()) await turn()
    say(
      `${one.id}: ${pair + 1} of ${pairs}: ${seconds(ours.at(-1))}${peer === null ? '' : ` / ${seconds(theirs.at(-1))}`}`,
    )
  }
  return { id: one.id, name: one.name, goal: one.goal, rows: one.series.rows, peer: peer?.name ?? null, ours, theirs }
}

async function bestPeer(one: Case, where: Where, say: (line: string) => void): Promise<Contender | null> {
  const [only, ...more] = one.peers
  if (only === undefined || more.length === 0) return only ?? null
  const tried: { peer: Contender; seconds: number }[] = []
  for (const peer of one.peers) {
    const run = await once(one, peer, where)
    tried.push({ peer, seconds: run.seconds })
    say(`${one.id}: ${peer.name}: ${seconds(run)}`)
  }
  return tried.toSorted((a, b) => a.seconds - b.seconds)[0]?.peer ?? null
}

function once(one: Case, contender: Contender, { server, source, servers }: Where): Promise<Run> {
  return withDatabase(server, async (target) => {
    const folder = mkdtempSync(join(tmpdir(), 'hyperferry-bench-'))
    try {
      const place: Place = { target, source, folder, servers }
      const measured = await contender.run(place)
      await expectRows(target, one.series.rows)
      return { ...measured, tableMb: await sizeMb(target) }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

function seconds(run: Measured | undefined): string {
  return `${run?.seconds.toFixed(1)} s`
}
