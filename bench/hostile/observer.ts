import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Tally } from './tally.ts'
import type { Site } from './site.ts'

/** What a gateway looked like during an attack; memory in MiB of resident set. */
export interface Observation {
  readonly memoryBefore: number
  readonly memoryPeak: number
  readonly memoryAfter: number
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
  const memoryBefore = await residentMemory(site.pid)
  let memoryPeak = memoryBefore
  let connections = 0
  const look = async (): Promise<void> => {
    memoryPeak = Math.max(memoryPeak, await residentMemory(site.pid))
    connections = Math.max(connections, await openConnections(site.port))
  }
  const timer = setInterval(() => void look(), INTERVAL)
  return async () => {
    clearInterval(timer)
    await look()
    const memoryAfter = await residentMemory(site.pid)
    return { memoryBefore, memoryPeak, memoryAfter, connections, answers: await answersIn(site.log) }
  }
}

async function residentMemory(pid: number): Promise<number> {
  // One that has ended has none.
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
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
