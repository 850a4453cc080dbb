import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const MIB = 2 ** 20

/** What this process has taken of its machine. */
export interface Memory {
  /** Heap and buffers that are in use, in MiB. */
  readonly used: number
  /** In MiB. */
  readonly resident: number
}

/** Measures once what is not used was given back. */
export function memory(): Memory {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { used: (heapUsed + external) / MIB, resident: rss / MIB }
}

/** Open sockets of this process: of its main thread only. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length
}
