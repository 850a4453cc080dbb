import { setTimeout as delay } from 'node:timers/promises'
import type { StartedGateway } from './processes.ts'
import type { Reloader } from './reloader.ts'
import { median } from './statistics.ts'

/** Time for a process to settle before it is looked at, in milliseconds. */
const SETTLE = 3_000
const READINGS = 5

/**
 * Resident memory after so many reloads, in MiB: the median of some readings after a pause.
 *
 * @param marks - Numbers of reloads, growing.
 */
export async function residentMemoryOver(
  gateway: StartedGateway,
  reloader: Reloader,
  marks: readonly number[]
): Promise<number[]> {
  const memory: number[] = []
  let reloads = 0
  for (const mark of marks) {
    for (; reloads < mark; reloads++) await reloader.reload(gateway.adminUrl)
    await delay(SETTLE)
    const readings: number[] = []
    for (let reading = 0; reading < READINGS; reading++) {
      await delay(100)
      readings.push(await gateway.residentMemory())
    }
    memory.push(median(readings))
  }
  return memory
}
