import { createWriteStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from './child.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const READY_WITHIN = 60_000

/**
 * Starts the gateway in a process of its own. Its log goes to a file; what it has to say about
 * backends is told as well.
 */
export function startGateway(configFile: string, logFile: string, say: (line: string) => void): Child {
  const log = createWriteStream(logFile)
  const gateway = startChild('gateway', [CLI, 'start', '--config', configFile], {}, (line) => {
    log.write(`${line}\n`)
    const news = healthNews(line)
    if (news !== undefined) say(news)
  })
  void gateway.ended.then(() => log.end())
  return gateway
}

/**
 * Waits until the gateway says that it is ready.
 *
 * @param admin - Origin of its admin port.
 * @throws When it ends before, or isn't ready within a minute.
 */
export async function whenReady(gateway: Child, admin: string): Promise<void> {
  let end: string | undefined
  void gateway.ended.then((how) => (end = how))
  const deadline = performance.now() + READY_WITHIN
  while (performance.now() < deadline) {
    if (end !== undefined) throw new Error(`the gateway did not start (${end}): ${gateway.stderr()}`)
    const ready = await fetch(`${admin}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    await ready?.body?.cancel()
    if (ready?.status === 200) return
    await sleep(100)
  }
  throw new Error(`the gateway was not ready within ${READY_WITHIN / 1000} s: ${gateway.stderr()}`)
}

/**
 * A log line about the health of a backend, what an operator does to it, or a circuit breaker, for people; undefined for
 * every other line.
 */
export function healthNews(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined
  const fields = JSON.parse(line) as Record<string, unknown>
  const { group, backend = 'circuit breaker', from, to, reason } = fields
  if (fields['msg'] === 'backend drained') return `gateway: ${String(group)} ${String(backend)} is drained`
  if (fields['msg'] === 'registration of a backend') {
    return `gateway: ${String(group)} ${String(backend)} ${String(fields['change'])}`
  }
  // Where traffic goes is told in other words; lines of the access log have a group, a backend and a reason too, but no change.
  if (typeof from !== 'string' || typeof to !== 'string' || fields['tiers'] !== undefined) return undefined
  const why = typeof reason === 'string' ? ` (${reason})` : ''
  return `gateway: ${String(group)} ${String(backend)} is ${to}${why}`
}
