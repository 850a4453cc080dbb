import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { busyTime, usageOf } from '../forwarding/usage.ts'
import { PROXY_CORE } from '../support/pinned-process.ts'
import type { Site } from './site.ts'
import { Tally } from './tally.ts'

/** What a gateway looked like during an attack; memory in MiB of resident set. */
export interface Observation {
  readonly memoryBefore: number
  readonly memoryPeak: number
  readonly memoryAfter: number
  /** Share of its core that it had, and that others had, 0 to 1. */
  readonly cpu: number
  readonly others: number
  /** Most connections of clients that were open at once. */
  readonly connections: number
  /** Answers that were not 2xx, by status. */
  readonly answers: Readonly<Record<string, number>>
}

const INTERVAL = 500
/** State of an established connection in /proc/net/tcp. */
const ESTABLISHED = '01'

/** Looks at a gateway until it is told to stop. */
export async function observe(site: Site): Promise<() => Promise<Observation>> {
  const startedAt = performance.now()
  const before = usageOf(site.pid)
  const busyBefore = busyTime(PROXY_CORE)
  const memoryBefore = before.memory
  let memoryPeak = memoryBefore
  let connections = 0
  const look = async (): Promise<void> => {
    site.checkRuns()
    memoryPeak = Math.max(memoryPeak, usageOf(site.pid).memory)
    connections = Math.max(connections, await openConnections(site.port))
  }
  // A gateway that has ended is told of at the end.
  const timer = setInterval(() => void look().catch(() => {}), INTERVAL)
  return async () => {
    clearInterval(timer)
    await look()
    const after = usageOf(site.pid)
    const elapsed = 1000 * (performance.now() - startedAt)
    const cpu = (after.cpu - before.cpu) / elapsed
    const others = Math.max(0, (busyTime(PROXY_CORE) - busyBefore) / elapsed - cpu)
    const answers = await answersIn(site.log)
    return { memoryBefore, memoryPeak, memoryAfter: after.memory, cpu, others, connections, answers }
  }
}

async function openConnections(port: number): Promise<number> {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n')
  return lines.filter((line) => {
    const [, address, , state] = line.trim().split(/\s+/)
    return address === local && state === ESTABLISHED
  }).length
}

async function answersIn(log: string): Promise<Readonly<Record<string, number>>> {
  const tally = new Tally()
  for await (const line of createInterface({ input: createReadStream(log) })) {
    const status = /"status":(\d{3})/.exec(line)?.[1]
    if (status !== undefined && !status.startsWith('2')) tally.add(status)
  }
  return tally.counts
}
