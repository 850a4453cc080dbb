/** Something took longer than it may. */
export class TookTooLong extends Error {
  constructor() {
    super('took too long')
    // The name that goes by the reason `timeout`.
    this.name = 'TimeoutError'
  }
}

/**
 * What comes of something, if it comes in time; what comes later is nobody's concern.
 *
 * @param until - A moment of `performance.now()`.
 * @throws {TookTooLong}
 */
export async function within<T>(until: number, outcome: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new TookTooLong()), Math.max(0, until - performance.now()))
  try {
    return await Promise.race([outcome, promise])
  } finally {
    clearTimeout(timer)
  }
}
