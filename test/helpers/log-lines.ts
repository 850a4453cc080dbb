import { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'
import { type LogLine, parseLines } from './parse-lines.ts'
import { scanLog } from './secret-scan.ts'

export { type LogLine, parseLines }

/** A logger whose lines a test can read. */
export interface CollectedLog {
  readonly log: Logger
  /** Every line so far, as it was written. */
  readonly text: () => string
  /** Every line so far with this message. */
  readonly lines: (message: string) => LogLine[]
}

/** Makes a logger that keeps its lines. */
export function collectLog(level = 'trace'): CollectedLog {
  let text = ''
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const lines = chunk.toString()
      scanLog(lines)
      text += lines
      done()
    }
  })
  return {
    log: pino({ level }, stream),
    text: () => text,
    lines: (message) => parseLines(text).filter(({ msg }) => msg === message)
  }
}

/**
 * A logger for a gateway whose log no test reads: every line is made, whatever level is asked for, looked at for
 * secrets, and forgotten.
 */
export function scannedLog(): Logger {
  const log = pino({ level: 'trace' }, { write: scanLog })
  return Object.defineProperty(log, 'level', { get: () => 'silent', set: () => {} })
}
