// As if there were two machines: what the application waits for on one core, what moves its history on all others.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { childrenOf } from '../measure.ts'

export interface Sides {
  /** Process ids of the writers and of the server they write to. */
  application: readonly number[]
  /** Those of the target, and of this process for the commands that it starts. */
  move: readonly number[]
}

/** Every thread and child of these processes, and what they start later. Disk and memory remain common. */
export function keepApart({ application, move }: Sides): void {
  const cores = availableParallelism()
  if (cores < 2) throw new Error('--apart needs two cores')
  for (const pid of withChildren(move)) pin(pid, `1-${cores - 1}`)
  // After the others: the writers are children of this process.
  for (const pid of withChildren(application)) pin(pid, '0')
}

function withChildren(pids: readonly number[]): number[] {
  return pids.flatMap((pid) => [pid, ...childrenOf(pid)])
}

function pin(pid: number, cores: string): void {
  const { status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', cores, String(pid)], { encoding: 'utf8' })
  // A session of a server may have ended meanwhile.
  if (status !== 0 && existsSync(`/proc/${pid}`))
    throw new Error(`taskset (of util-linux) cannot move process ${pid}: ${stderr}`)
}
