import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits until something is so.
 *
 * @param within - Milliseconds; generous, since machines are noisy.
 * @throws Error when it is not so in time.
 */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  within = 30_000
): Promise<void> {
  const deadline = performance.now() + within
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${what}`)
    await delay(10)
  }
}
