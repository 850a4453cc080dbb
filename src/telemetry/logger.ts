import { destination, pino, type Logger } from 'pino'

/** Writes of at most this many bytes to a pipe are atomic (POSIX PIPE_BUF on Linux): threads don't mix their lines. */
const PIPE_BUF = 4096

/**
 * Makes the logger of one thread: JSON lines on standard output, written in the background so that a slow reader
 * never stops traffic.
 */
export function createLogger(level: string): Logger {
  const options = { level, base: { pid: process.pid } }
  return pino(options, destination({ fd: 1, sync: false, maxWrite: PIPE_BUF }))
}
