import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { usageOf } from '../forwarding/usage.ts'
import { freePort } from '../support/free-port.ts'
import { LOAD_CORE, PinnedProcess } from '../support/pinned-process.ts'
import type { BackendsOrder } from './backends.ts'
import type { ClientsOrder, ClientsReport } from './clients.ts'
import type { Contestant, StartedProxy } from './contestants.ts'
import { CAPACITY, PATIENCE, type Phase } from './scenario.ts'

/** What a proxy was at some moment. */
export interface Sample {
  /** Milliseconds from the start of the load. */
  readonly at: number
  /** Resident memory of all its processes, in MiB. */
  readonly memory: number
  /** Its limit of requests in flight; undefined = it does not say. */
  readonly limit: number | undefined
}

/** A request that a gateway refused, as its access log says. Times in milliseconds. */
export interface Refusal {
  /** When it was over, from the start of the load. */
  readonly at: number
  /** From the end of its head to the end of the answer. */
  readonly totalTime: number
}

/** All that is known of one proxy's course. */
export interface CourseReport {
  readonly clients: ClientsReport
  readonly samples: readonly Sample[]
  /** Empty without an access log. */
  readonly refusals: readonly Refusal[]
}

/** Time between a proxy's start and the load, in milliseconds: what starting takes of the cores is over then. */
const SETTLE = 1_000
/** Time between two looks at a proxy, in milliseconds. */
const LOOK_EVERY = 500
/** Of an access log line about a request that was refused since there was too much to do. */
const REASON = 'overloaded'

/** Backends and clients, for one proxy after the other. */
export class Course {
  readonly #folder: string
  readonly #backends: PinnedProcess
  readonly #clients: PinnedProcess
  readonly #urls: readonly string[]

  private constructor(
    folder: string,
    backends: PinnedProcess,
    clients: PinnedProcess,
    urls: readonly string[]
  ) {
    this.#folder = folder
    this.#backends = backends
    this.#clients = clients
    this.#urls = urls
  }

  /** Starts the backends and the clients. @param folder - For the files of all. */
  static async start(folder: string): Promise<Course> {
    const backends = startScript('the backends', './backends.ts', await mkdtemp(join(folder, 'backends-')))
    const clients = startScript('the clients', './clients.ts', await mkdtemp(join(folder, 'clients-')))
    const order: BackendsOrder = { type: 'urls' }
    return new Course(folder, backends, clients, await backends.ask<string[]>(order))
  }

  /** Starts a proxy, puts it through the phases, and ends it. */
  async run(
    contestant: Contestant,
    phases: readonly Pick<Phase, 'load' | 'seconds'>[],
    seed: number
  ): Promise<CourseReport> {
    const folder = await mkdtemp(join(this.#folder, `${contestant.name}-`))
    const port = await freePort()
    const proxy = await contestant.start({ port, backends: this.#urls, folder })
    try {
      await delay(SETTLE)
      await this.#tellBackends({ type: 'begin', seed })
      const order: ClientsOrder = {
        origin: `http://127.0.0.1:${port}`,
        seed,
        stretches: phases.map(({ load, seconds }) => ({
          perSecond: load * CAPACITY,
          duration: seconds * 1000
        })),
        patience: PATIENCE
      }
      const watch = new Watch(proxy)
      const clients = await this.#clients.ask<ClientsReport>(order).finally(() => watch.stop())
      proxy.server.checkRuns()
      await proxy.server.stop()
      const { startedAt } = clients
      return {
        clients,
        samples: watch.samples.map((sample) => ({ ...sample, at: sample.at - startedAt })),
        refusals: await refusalsIn(proxy.accessLog, startedAt)
      }
    } finally {
      await proxy.server.stop()
      await this.#tellBackends({ type: 'end' })
      await rm(folder, { recursive: true, force: true })
    }
  }

  async #tellBackends(order: BackendsOrder): Promise<void> {
    await this.#backends.ask(order)
  }
}

/** Looks at a proxy from time to time. */
class Watch {
  /** `at` is that of `Date.now()`. */
  readonly samples: Sample[] = []
  readonly #proxy: StartedProxy
  readonly #timer: NodeJS.Timeout

  constructor(proxy: StartedProxy) {
    this.#proxy = proxy
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    const { server, limit } = this.#proxy
    try {
      const { memory } = usageOf(server.pid)
      const at = Date.now()
      this.samples.push({ at, memory, limit: await limit?.().catch(() => undefined) })
    } catch {
      // It, or a child of it, has just ended: checkRuns() tells.
    }
  }
}

async function refusalsIn(file: string | undefined, startedAt: number): Promise<Refusal[]> {
  if (file === undefined) return []
  const text = await readFile(file, 'utf8')
  return text
    .split('\n')
    .filter((line) => line.includes(`"${REASON}"`))
    .map((line) => JSON.parse(line) as { time: number; totalTime: number; reason?: string })
    .filter(({ reason }) => reason === REASON)
    .map(({ time, totalTime }) => ({ at: time - startedAt, totalTime }))
}

function startScript(name: string, path: string, folder: string): PinnedProcess {
  const script = fileURLToPath(new URL(path, import.meta.url))
  const command = [process.execPath, script] as const
  return new PinnedProcess({ name, core: LOAD_CORE, command, folder, answersMessages: true })
}
