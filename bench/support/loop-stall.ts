/**
 * Runs something while the event loop turns as fast as it can.
 *
 * @returns Milliseconds that it took, and the longest that the loop stood still meanwhile.
 */
export async function withLoopStall(work: () => Promise<unknown>): Promise<{ time: number; stall: number }> {
  let last = performance.now()
  let stall = 0
  let running = true
  const look = (): void => {
    const now = performance.now()
    stall = Math.max(stall, now - last)
    last = now
    if (running) setImmediate(look)
  }
  await new Promise<void>((resolve) => setImmediate(resolve))
  const start = performance.now()
  last = start
  setImmediate(look)
  await work()
  const time = performance.now() - start
  await new Promise<void>((resolve) => setImmediate(resolve))
  running = false
  return { time, stall }
}
