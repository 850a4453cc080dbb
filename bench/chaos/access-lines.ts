import { type LogLine, parseLines } from '../../test/helpers/parse-lines.ts'
import type { GatewayProcess } from './gateway-process.ts'

/** A line of the access log, as far as it is of interest. */
export interface AccessLine {
  readonly requestId: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly attempts: number
  readonly backend?: string
  readonly reason?: string
}

/** What the gateway said in a run. */
export interface GatewayLog {
  /** Lines of requests by their ids. */
  readonly requests: ReadonlyMap<string, readonly AccessLine[]>
  /** Warnings by message. */
  readonly warnings: ReadonlyMap<string, number>
  /** Workers that died, as it says. */
  readonly deaths: number
  /** Errors that nobody caused, and what is no line of a log, standard error included. */
  readonly odd: readonly string[]
}

const WARN = 40
const DIED = 'worker thread died'
/** What is said without being a line of the log. */
const PLAIN = /^(?:xecureapi serves .*|)$/
/** What is wrong with a configuration that is none. */
const ISSUE = /gateway\.yaml:\d+: /

/** Reads all that the gateway has written. */
export async function readGatewayLog(gateway: GatewayProcess): Promise<GatewayLog> {
  const text = await gateway.log()
  const requests = new Map<string, AccessLine[]>()
  const warnings = new Map<string, number>()
  const odd = (await gateway.errors()).split('\n').filter((line) => line !== '')
  let deaths = 0
  for (const line of text.split('\n')) if (!line.startsWith('{') && !PLAIN.test(line)) odd.push(line)
  for (const line of parseLines(text)) {
    const message = String(line['msg'])
    const level = Number(line['level'])
    if (message === 'request') {
      const { requestId } = line as unknown as AccessLine
      const lines = requests.get(requestId) ?? []
      lines.push(line as unknown as AccessLine)
      requests.set(requestId, lines)
    } else if (message === DIED) deaths++
    else if (level === WARN) warnings.set(message, (warnings.get(message) ?? 0) + 1)
    else if (level > WARN && !isRefusal(line)) odd.push(JSON.stringify(line))
  }
  return { requests, warnings, deaths, odd }
}

/** Whether a configuration was refused for what is written in it. */
function isRefusal({ msg, errors }: LogLine): boolean {
  return msg === 'reload' && Array.isArray(errors) && errors.every((error) => ISSUE.test(String(error)))
}
