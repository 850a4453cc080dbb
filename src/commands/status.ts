import { setTimeout as delay } from 'node:timers/promises'
import type { Readiness } from '../admin/readiness.ts'
import type { GroupView } from '../admin/upstream-view.ts'
import { AdminClient } from './admin-client.ts'
import { type Command, type CommandOptions, NoGatewayError } from './main.ts'
import { formatTable } from './table.ts'

/** Between two looks of `--watch`, in milliseconds. */
const PERIOD = 1000

/** How long a look may take, in milliseconds. */
const PATIENCE = 2_000

/** Puts the cursor in the corner and clears what is below (ECMA-48: CUP, ED). */
const REDRAW = '\x1b[H\x1b[J'

/** How a running gateway is: itself and its groups; with `--watch` each second, until it is interrupted. */
export const status: Command = async (options) => {
  const client = await AdminClient.of(options)
  const first = await statusText(client, options)
  if (!options.watch) {
    process.stdout.write(first)
    return 0
  }
  const end = new AbortController()
  const stop = (): void => end.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  // Whoever read it, `head`, has seen enough.
  process.stdout.on('error', stop)
  await watch(client, options, first, end.signal)
  return 0
}

async function watch(
  client: AdminClient,
  options: StatusOptions,
  first: string,
  signal: AbortSignal
): Promise<void> {
  const before = process.stdout.isTTY && !options.json ? REDRAW : ''
  for (let text = first; !signal.aborted; text = await nextText(client, options)) {
    process.stdout.write(`${before}${text}${before === '' && !options.json ? '\n' : ''}`)
    await delay(PERIOD, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
  }
}

/** That a gateway which was there is away is news like any other: it may be restarting. */
async function nextText(client: AdminClient, options: StatusOptions): Promise<string> {
  try {
    return await statusText(client, options)
  } catch (error) {
    if (!(error instanceof NoGatewayError)) throw error
    return options.json ? `${JSON.stringify({ error: error.message })}\n` : `${error.message}\n`
  }
}

/** The options that {@link statusText} goes by. */
export type StatusOptions = Pick<CommandOptions, 'json' | 'watch'>

/**
 * How a gateway is now.
 *
 * @returns A line of the gateway and a table of its groups; with `json` what `/readyz` and `/api/upstreams` say, and when it
 *   is watched, on one line.
 * @throws NoGatewayError; CommandError when the gateway refuses.
 */
export async function statusText(client: AdminClient, { json, watch }: StatusOptions): Promise<string> {
  const [probe, upstreams] = await Promise.all([
    client.ask('GET', 'readyz', undefined, PATIENCE),
    client.ask('GET', 'api/upstreams', undefined, PATIENCE)
  ])
  if (upstreams.status !== 200) throw client.refusal(upstreams)
  const readiness = probe.body as Readiness | undefined
  if (readiness?.workers === undefined) {
    throw new NoGatewayError(`no gateway answers at ${client.base}: what answers is something else`)
  }
  const groups = upstreams.body as readonly GroupView[]
  if (json) return `${JSON.stringify({ readiness, upstreams: groups }, undefined, watch ? 0 : 2)}\n`
  return `${describeReadiness(readiness)}\n${formatTable([HEAD, ...groups.map(groupRow)])}`
}

function describeReadiness({ status, reason, generation, workers }: Readiness): string {
  const why = reason === undefined ? '' : ` (${reason})`
  return `${status}${why}, generation ${generation}, ${workers.serving} of ${workers.configured} workers`
}

const HEAD = ['GROUP', 'HEALTHY', 'IN FLIGHT', 'WAITING', 'PANIC', 'BREAKER']

function groupRow({ name, backends, waiting, panic, breaker }: GroupView): string[] {
  const healthy = backends.filter(({ health }) => health === 'healthy').length
  const inFlight = backends.reduce((sum, backend) => sum + backend.inFlight, 0)
  return [
    name,
    `${healthy}/${backends.length}`,
    String(inFlight),
    String(waiting),
    panic ? 'yes' : 'no',
    breaker ?? 'none'
  ]
}
