import { isatty } from 'node:tty'
import { destination, type DestinationStream, pino, type Logger } from 'pino'
import type { LogFormat, LogLevel } from '../config/types.ts'

/** Writes of at most this many bytes to a pipe are atomic (POSIX PIPE_BUF on Linux): threads don't mix their lines. */
const PIPE_BUF = 4096
const STDOUT = 1

/** How lines are written. */
export interface LoggerOptions {
  readonly level: LogLevel
  /** `auto`: for people on a terminal, else JSON. */
  readonly format: LogFormat
}

/**
 * Makes the logger of one thread, on standard output, written in the background so that a slow reader never stops
 * traffic.
 */
export async function createLogger({ level, format }: LoggerOptions): Promise<Logger> {
  const stdout = destination({ fd: STDOUT, sync: false, maxWrite: PIPE_BUF })
  const isTerminal = isatty(STDOUT)
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal)
  const stream = isPretty ? await prettified(stdout, isTerminal) : stdout
  return pino({ level, base: { pid: process.pid } }, stream)
}

/** What a logger writes to. */
type Destination = ReturnType<typeof destination>

/** Lines for people: one each, as in JSON, so that here too threads don't mix them. */
async function prettified(
  stdout: Pick<Destination, 'write' | 'flush'>,
  colorize: boolean
): Promise<DestinationStream> {
  const { prettyFactory } = (await import('pino-pretty')).default
  const pretty = prettyFactory({ colorize, singleLine: true, ignore: 'pid', translateTime: 'SYS:HH:MM:ss.l' })
  const stream = {
    write: (line: string) => void stdout.write(pretty(line)),
    flush: (done?: (error?: Error) => void) => stdout.flush(done)
  }
  return stream
}
