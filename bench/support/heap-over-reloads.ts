/**
 * What the heaps of a gateway hold after so many reloads under traffic, collected in full: a leak of some kilobytes a
 * reload shows here, where resident memory is at the mercy of the collector. Run as a process with --expose-gc by
 * {@link heapOverReloads} in processes.ts: arguments are the file, the backends, the routes and the marks, as JSON.
 */
import { Agent } from 'node:http'
import { pino } from 'pino'
import { loadConfig } from '../../src/config/load.ts'
import { Gateway } from '../../src/gateway.ts'
import { heapInUse, heapInUseOfWorkers } from './heap-in-use.ts'
import { runLoad } from './open-loop.ts'
import type { HeapOrder, HeapReading } from './processes.ts'
import { Reloader } from './reloader.ts'

const WORKERS = 2
const TRAFFIC = { perSecond: 500, connections: 16, duration: 60 }

const { file, backends, routes, marks } = JSON.parse(process.argv[2]!) as HeapOrder
const reloader = new Reloader(file, { backends, routes, workers: WORKERS })
await reloader.write()
const gateway = await Gateway.start({
  config: await loadConfig(file),
  log: pino({ level: 'error' }),
  workerEntry: new URL('./heap-worker.ts', import.meta.url)
})
const agent = new Agent({ keepAlive: true, maxSockets: TRAFFIC.connections })
const readings: HeapReading[] = []
let reloads = 0
for (const mark of marks) {
  for (; reloads < mark; reloads++) {
    await reloader.reload(gateway.adminUrl)
    await runLoad(agent, { url: gateway.url, routes: routes - 1, ...TRAFFIC })
  }
  readings.push({ control: await heapInUse(), workers: await heapInUseOfWorkers(WORKERS) })
}
agent.destroy()
await gateway.stop()
process.stdout.write(`${JSON.stringify(readings)}\n`)
