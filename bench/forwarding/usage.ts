import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of /proc per second: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** What a process and its children have used. */
export interface Usage {
  /** CPU time of all threads, user and system, in microseconds. */
  readonly cpu: number
  /** Resident memory, in MiB. */
  readonly memory: number
}

/** Sums a process and all its descendants. @see proc(5) */
export function usageOf(pid: number): Usage {
  const own = ownUsage(pid)
  return childrenOf(pid)
    .map(usageOf)
    .reduce((sum, { cpu, memory }) => ({ cpu: sum.cpu + cpu, memory: sum.memory + memory }), own)
}

/** CPU time that processes had on one core since the machine started, in microseconds. */
export function busyTime(core: number): number {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`cpu${core} `))
  const [user, nice, system] = (line ?? '').split(' ').slice(1).map(Number)
  return ((user! + nice! + system!) * 1e6) / TICKS_PER_SECOND
}

function ownUsage(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the program's name, in parentheses, with whatever it contains.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpu: (ticks * 1e6) / TICKS_PER_SECOND,
    memory: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  )
}
