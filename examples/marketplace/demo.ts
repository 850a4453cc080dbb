/**
 * Opens the marketplace: nine replicas in nine processes, the gateway in front of them, and a few lines worth
 * trying. `npm run demo`, or `npm run demo -- --traffic`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../src/config/load.ts'
import type { Child } from './child.ts'
import { startGateway, whenReady } from './gateway-process.ts'
import { hints, originOf } from './hints.ts'
import { type Layout, layoutOf } from './layout.ts'
import { unusablePortMessage, unusablePorts } from './ports.ts'
import { type ReplicaProcess, runReplica } from './replica-process.ts'
import { startTraffic } from './traffic.ts'

const USAGE = `Usage: npm run demo -- [--traffic] [--config FILE]
  --traffic      sends about 20 requests a second and tells how they went
  --config FILE  another configuration of the gateway; the replicas start where it expects them`
const GATEWAY_YAML = fileURLToPath(new URL('../../gateway.yaml', import.meta.url))

const say = (line: string) => console.log(line)

const options = readOptions()
if (!options) process.exit(1)
const { config, traffic } = options
const stopping = new AbortController()
const stopAsked = new Promise<void>((resolve) => {
  // A terminal and npm may both send the signal: once is enough, and more change nothing.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve())
})

try {
  const layout = layoutOf(await loadConfig(config))
  const unusable = await unusablePorts([layout.gateway, layout.admin, ...layout.replicas])
  if (unusable.length > 0) throw new Error(unusable.map(unusablePortMessage).join('\n'))
  const folder = await mkdtemp(join(tmpdir(), 'marketplace-'))
  try {
    await run(layout, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
// Signal handlers and idle sockets of the traffic would keep the process; everything that it started is gone.
process.exit()

/** Runs the demo until it is asked to stop or the gateway dies; everything is stopped afterwards. */
async function run(layout: Layout, folder: string): Promise<void> {
  const logFile = join(folder, 'gateway.log')
  const replicas: ReplicaProcess[] = []
  let gateway: Child | undefined
  try {
    say(`Starting ${layout.replicas.length} replicas and the gateway …`)
    replicas.push(...layout.replicas.map((replica) => runReplica(replica, folder, say)))
    const opened = open(layout, replicas, () => (gateway = startGateway(config, logFile, say)))
    if ((await Promise.race([opened, stopAsked.then(() => 'stop' as const)])) !== 'stop') {
      const pids = new Map(replicas.map((process) => [process.replica.name, process.pid()]))
      say(hints({ layout, logFile, pids }))
      if (traffic) startTraffic(originOf(layout.gateway), say, stopping.signal)
      await Promise.race([stopAsked, died(gateway!)])
    }
    say('Stopping …')
  } finally {
    stopping.abort()
    // The gateway first: it finishes what it serves while its backends are still there.
    await gateway?.stop()
    await Promise.all(replicas.map((replica) => replica.stop()))
  }
}

/** Waits for the replicas, then starts the gateway and waits for it. */
async function open(layout: Layout, replicas: readonly ReplicaProcess[], start: () => Child): Promise<void> {
  await Promise.all(replicas.map(({ listening }) => listening))
  if (!stopping.signal.aborted) await whenReady(start(), originOf(layout.admin))
}

/** Rejects when the gateway ends by itself. */
async function died(gateway: Child): Promise<never> {
  const end = await gateway.ended
  throw new Error(`the gateway (pid ${gateway.pid}) died (${end}): ${gateway.stderr()}`)
}

/** The options of the command line; undefined when they are wrong. */
function readOptions(): { config: string; traffic: boolean } | undefined {
  try {
    const { values } = parseArgs({ options: { traffic: { type: 'boolean' }, config: { type: 'string' } } })
    return { config: values.config ?? GATEWAY_YAML, traffic: values.traffic ?? false }
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`)
    return undefined
  }
}
