/**
 * Opens the marketplace: nine replicas in nine processes, the gateway in front of them, and a few lines worth
 * trying. `npm run demo`, or `npm run demo -- --traffic`; `--gateways 2` runs several gateways with one Redis, and with
 * `--register` the replicas register themselves.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../src/config/load.ts'
import type { Child } from './child.ts'
import { type FleetMember, writeFleet } from './fleet.ts'
import { startGateway, whenReady } from './gateway-process.ts'
import { hints, originOf } from './hints.ts'
import { type Layout, layoutOf } from './layout.ts'
import { unusablePortMessage, unusablePorts } from './ports.ts'
import { type DemoRedis, startRedis } from './redis.ts'
import { type ReplicaProcess, runReplica } from './replica-process.ts'
import { startTraffic } from './traffic.ts'

const USAGE = `Usage: npm run demo -- [--traffic] [--gateways N] [--register] [--config FILE]
  --traffic      sends about 20 requests a second and tells how they went
  --gateways N   1 to 8 gateways, each on the next ports, with one Redis between them
  --register     the replicas register themselves, and leave when they stop
  --config FILE  another configuration of the gateway; the replicas start where it expects them`
const GATEWAY_YAML = fileURLToPath(new URL('../../gateway.yaml', import.meta.url))

const say = (line: string) => console.log(line)

const options = readOptions()
if (!options) process.exit(1)
const { config, traffic, gateways, registers } = options
const stopping = new AbortController()
const stopAsked = new Promise<void>((resolve) => {
  // A terminal and npm may both send the signal: once is enough, and more change nothing.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve())
})

try {
  const layout = layoutOf(await loadConfig(config))
  const folder = await mkdtemp(join(tmpdir(), 'marketplace-'))
  let redis: DemoRedis | undefined
  try {
    if (gateways > 1) redis = await startRedis(folder)
    const fleet = await writeFleet({
      config,
      count: gateways,
      first: layout,
      redis: redis?.url,
      registers,
      folder
    })
    const listeners = fleet.flatMap(({ gateway, admin }) => [gateway, admin])
    const unusable = await unusablePorts([...listeners, ...layout.replicas])
    if (unusable.length > 0) throw new Error(unusable.map(unusablePortMessage).join('\n'))
    await run(layout, fleet, folder)
  } finally {
    await redis?.stop()
    await rm(folder, { recursive: true, force: true })
  }
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
// Signal handlers and idle sockets of the traffic would keep the process; everything that it started is gone.
process.exit()

/** Runs the demo until it is asked to stop or a gateway dies; everything is stopped afterwards. */
async function run(layout: Layout, fleet: readonly FleetMember[], folder: string): Promise<void> {
  const logFiles = new Map(fleet.map(({ name }) => [name, join(folder, `${name}.log`)]))
  const admins = fleet.map(({ admin }) => originOf(admin))
  const replicas: ReplicaProcess[] = []
  const started: Child[] = []
  try {
    say(
      `Starting ${layout.replicas.length} replicas and ${gateways > 1 ? `${gateways} gateways` : 'the gateway'} …`
    )
    const settings = registers ? { gateways: admins } : {}
    replicas.push(...layout.replicas.map((replica) => runReplica(replica, folder, say, settings)))
    const start = ({ name, config: file }: FleetMember): Child => {
      const child = startGateway(file, logFiles.get(name)!, say)
      started.push(child)
      return child
    }
    const opened = open(fleet, replicas, start)
    if ((await Promise.race([opened, stopAsked.then(() => 'stop' as const)])) !== 'stop') {
      const pids = new Map(replicas.map((process) => [process.replica.name, process.pid()]))
      say(hints({ layout, fleet, logFiles, pids }))
      if (traffic) startTraffic(originOf(layout.gateway), say, stopping.signal)
      await Promise.race([stopAsked, ...started.map(died)])
    }
    say('Stopping …')
  } finally {
    stopping.abort()
    // The gateways first: they finish what they serve while their backends are still there.
    if (registers) await Promise.all(replicas.map((replica) => replica.stop()))
    await Promise.all(started.map((gateway) => gateway.stop()))
    await Promise.all(replicas.map((replica) => replica.stop()))
  }
}

/** Waits for the replicas, then starts the gateways and waits for them. */
async function open(
  fleet: readonly FleetMember[],
  replicas: readonly ReplicaProcess[],
  start: (member: FleetMember) => Child
): Promise<void> {
  await Promise.all(replicas.map(({ listening }) => listening))
  if (stopping.signal.aborted) return
  await Promise.all(fleet.map((member) => whenReady(start(member), originOf(member.admin))))
}

/** Rejects when the gateway ends by itself. */
async function died(gateway: Child): Promise<never> {
  const end = await gateway.ended
  throw new Error(`the gateway (pid ${gateway.pid}) died (${end}): ${gateway.stderr()}`)
}

interface DemoOptions {
  readonly config: string
  readonly traffic: boolean
  readonly gateways: number
  readonly registers: boolean
}

/** The options of the command line; undefined when they are wrong. */
function readOptions(): DemoOptions | undefined {
  try {
    const { values } = parseArgs({
      options: {
        traffic: { type: 'boolean', default: false },
        gateways: { type: 'string', default: '1' },
        register: { type: 'boolean', default: false },
        config: { type: 'string', default: GATEWAY_YAML }
      }
    })
    if (!/^[1-8]$/.test(values.gateways))
      throw new Error(`expected --gateways 1 to 8, got "${values.gateways}"`)
    return {
      config: values.config,
      traffic: values.traffic,
      gateways: Number(values.gateways),
      registers: values.register
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`)
    return undefined
  }
}
