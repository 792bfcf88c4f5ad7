/** Who a process is, so that another one can tell later whether it lives. */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { codeOf } from './io.ts'

export interface Owner {
  pid: number
  host: string
  /** When the process began, by the kernel: a number may be given to another process. The last three are empty where the system does not say. */
  start: string
  boot: string
  /** The namespace of the number: containers of one machine have their own. */
  namespace: string
}

export function ownProcess(): Owner {
  return {
    pid: process.pid,
    host: hostname(),
    start: startOf(process.pid),
    boot: quiet(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: quiet(() => readlinkSync('/proc/self/ns/pid')),
  }
}

/** `unknown`: it is on another machine, or in another container, or the system does not tell processes with the same number apart. */
export function verdictOn(owner: Owner): 'alive' | 'dead' | 'unknown' {
  const own = ownProcess()
  const isNear = owner.host === own.host && owner.boot === own.boot && owner.namespace === own.namespace
  if (!isNear) return 'unknown'
  if (!exists(owner.pid)) return 'dead'
  if (owner.start === '' || own.start === '') return owner.pid === own.pid ? 'alive' : 'unknown'
  return owner.start === startOf(owner.pid) ? 'alive' : 'dead'
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: there is one, of another user.
    return codeOf(error) !== 'ESRCH'
  }
}

function startOf(pid: number): string {
  return quiet(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name may hold spaces and parentheses; field 22 is counted behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  })
}

function quiet(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
