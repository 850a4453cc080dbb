import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../support/free-port.ts'
import { LOAD_CORE, PinnedProcess } from '../support/pinned-process.ts'
import { percentile } from '../support/statistics.ts'
import type { ArrivalReport, BackendsOrder } from './backends.ts'
import type { ClientsOrder, ClientsReport } from './clients.ts'
import type { Contestant } from './contestants.ts'
import type { Scenario } from './scenario.ts'

/** One window of load through one proxy. Latencies in milliseconds. */
export interface Measurement {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly mean: number
  /** Share of the requests that came to a backend while it was slow, 0 to 1. */
  readonly toSlow: number
  /** Share of the requests that failed or were given up, 0 to 1. */
  readonly failed: number
  /** Requests of the window. */
  readonly requests: number
  /** How late the clients themselves were, 99th percentile, in milliseconds. */
  readonly lag: number
  /** What was wrong with those that failed. */
  readonly failures: Readonly<Record<string, number>>
  /** Requests by backend. */
  readonly counts: readonly number[]
}

/** What a window is like; equal for all contestants that are compared. */
export interface WindowOrder extends Omit<ClientsOrder, 'url'> {
  readonly scenario: Scenario
}

/** Time between a proxy's start and the load, in milliseconds: what starting takes of the cores is over then. */
const SETTLE = 1_000

/** Ten backends and clients of their own, for one proxy after the other. */
export class Lane {
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

  /** Starts the backends and the clients. @param parent - Folder for their files. */
  static async start(parent: string): Promise<Lane> {
    const folder = await mkdtemp(join(parent, 'lane-'))
    const backends = startScript('the backends', './backends.ts', await mkdtemp(join(folder, 'backends-')))
    const clients = startScript('the clients', './clients.ts', await mkdtemp(join(folder, 'clients-')))
    const order: BackendsOrder = { type: 'urls' }
    return new Lane(folder, backends, clients, await backends.ask<string[]>(order))
  }

  /** Starts a proxy. */
  async prepare(contestant: Contestant): Promise<Prepared> {
    const folder = await mkdtemp(join(this.#folder, `${contestant.name}-`))
    const port = await freePort()
    const proxy = await contestant.start({ port, backends: this.#urls, folder })
    await delay(SETTLE)
    return {
      run: async (order) => {
        const measured = await this.#measure({ ...order, url: `http://127.0.0.1:${port}/` }, order.scenario)
        proxy.checkRuns()
        return measured
      },
      stop: async () => {
        await proxy.stop()
        await rm(folder, { recursive: true, force: true })
      }
    }
  }

  async #measure(order: ClientsOrder, scenario: Scenario): Promise<Measurement> {
    const { seed, warmup: from, window } = order
    const beginning: BackendsOrder = { type: 'begin', seed, scenario, from, until: from + window }
    await this.#backends.ask(beginning)
    const seen = await this.#clients.ask<ClientsReport>(order)
    const report: BackendsOrder = { type: 'report' }
    return figures(seen, await this.#backends.ask<ArrivalReport>(report))
  }
}

/** A proxy that runs. */
export interface Prepared {
  /** Loads it for a window. */
  run(order: WindowOrder): Promise<Measurement>
  stop(): Promise<void>
}

function figures({ latencies, lags, failures }: ClientsReport, arrived: ArrivalReport): Measurement {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const requests = latencies.length
  return {
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    p999: percentile(latencies, 0.999),
    mean: sum(latencies) / requests,
    toSlow: arrived.toSlow / sum(arrived.counts),
    failed: sum(Object.values(failures)) / requests,
    requests,
    lag: percentile(lags, 0.99),
    failures,
    counts: arrived.counts
  }
}

function startScript(name: string, path: string, folder: string): PinnedProcess {
  const script = fileURLToPath(new URL(path, import.meta.url))
  const command = [process.execPath, script] as const
  return new PinnedProcess({ name, core: LOAD_CORE, command, folder, answersMessages: true })
}
