import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createAuthority } from '../../test/helpers/certificates.ts'
import { LOAD_CORE, PinnedProcess } from '../support/pinned-process.ts'
import { progress } from '../support/run-benchmark.ts'
import { percentile } from '../support/statistics.ts'
import type { Attack } from './attacks.ts'
import type { ClientsOrder, ClientsReport } from './clients.ts'
import { observe } from './observer.ts'
import type { Options } from './options.ts'
import type { Result } from './results.ts'
import { PATHS, type Site, startBackend, startSite } from './site.ts'
import { NICE } from './slowhttptest.ts'

/** How long ordinary clients ask before an attack begins, in milliseconds: connections and compiled code count. */
const WARMUP = 1_000
/** One ordinary request in so many opens a connection of its own. */
const NEW_ONE_IN = 10
/** How long an ordinary client waits, in milliseconds. */
const PATIENCE = 5_000

/** All attacks of a run, one after the other, each on a gateway of its own. */
export class HostileRun {
  readonly #options: Options
  readonly #folder: string

  constructor(options: Options, folder: string) {
    this.#options = options
    this.#folder = folder
  }

  async run(): Promise<Result[]> {
    const { attacks } = this.#options
    const backend = await startBackend(this.#folder)
    const clients = await this.#startScript('the clients', './clients.ts')
    const attacker = await this.#startScript('the attacker', './attacker.ts', NICE)
    const authority = await createAuthority()
    const certificate = await authority.issue(['localhost', '127.0.0.1'])
    const usual = new Map<boolean, number>()
    const results: Result[] = []
    for (const attack of attacks) {
      const { isHttp2 } = attack
      const site = await startSite(
        this.#options.cli,
        backend,
        this.#folder,
        isHttp2 ? certificate : undefined
      )
      try {
        if (!usual.has(isHttp2)) usual.set(isHttp2, await this.#usual(clients, site))
        progress(attack.title)
        await clients.ask<ClientsReport>(this.#order(site, WARMUP))
        results.push(await this.#attack(attack, site, clients, attacker, usual.get(isHttp2)!))
        site.checkRuns()
      } finally {
        await site.stop()
      }
    }
    return results
  }

  /** @returns The p99 without an attack, in milliseconds. */
  async #usual(clients: PinnedProcess, site: Site): Promise<number> {
    progress(`no attack, ${site.url}`)
    await clients.ask<ClientsReport>(this.#order(site, WARMUP))
    const report = await clients.ask<ClientsReport>(this.#order(site, this.#options.calm * 1000))
    const failed = Object.keys(report.failures)
    if (failed.length > 0) throw new Error(`ordinary requests fail without an attack: ${failed.join(', ')}`)
    return percentile(report.latencies, 0.99)
  }

  async #attack(
    attack: Attack,
    site: Site,
    clients: PinnedProcess,
    attacker: PinnedProcess,
    usual: number
  ): Promise<Result> {
    const { seconds, connections } = this.#options
    const folder = await mkdtemp(join(this.#folder, 'attack-'))
    const stopObserving = await observe(site)
    const attacking = attack.run({ site, seconds, connections, attacker, folder })
    const ordinary = await clients.ask<ClientsReport>(this.#order(site, seconds * 1000))
    const counts = await attacking
    await delay(200)
    return { attack, usual, ordinary, counts, observation: await stopObserving() }
  }

  #order({ url }: Site, window: number): ClientsOrder {
    return {
      url,
      paths: PATHS,
      perSecond: this.#options.rate,
      newOneIn: NEW_ONE_IN,
      window,
      patience: PATIENCE
    }
  }

  async #startScript(name: string, path: string, nice = 0): Promise<PinnedProcess> {
    const script = fileURLToPath(new URL(path, import.meta.url))
    const folder = await mkdtemp(join(this.#folder, 'process-'))
    return new PinnedProcess({
      name,
      core: LOAD_CORE,
      command: ['nice', '-n', String(nice), process.execPath, script],
      folder,
      answersMessages: true
    })
  }
}
