import type { CrashOrder } from '../../test/helpers/crash-worker.ts'
import { scrape } from '../../test/helpers/scrape.ts'
import { until } from '../../test/helpers/until.ts'
import type { GatewayProcess } from './gateway-process.ts'

/** How long its clients may go on to feel a crash, in milliseconds: a reset is on its way. */
const MOMENT = 500

const SERVING = 'xecureapi_workers_serving'
const RETURNED = 'xecureapi_worker_changes_total{state="serving"}'

/** The workers that were broken, and when. Never more than one at a time. */
export class Crashes {
  readonly #gateway: GatewayProcess
  readonly #spells: { readonly from: number; to: number }[] = []
  readonly #onReturn: () => void
  #isUnderWay = false

  /** @param onReturn - Called when a successor serves. */
  constructor(gateway: GatewayProcess, onReturn: () => void) {
    this.#gateway = gateway
    this.#onReturn = onReturn
  }

  /** Workers that were broken. */
  get count(): number {
    return this.#spells.length
  }

  /** Breaks a worker, unless one is being broken already, and waits until its successor serves. */
  async crash(order: CrashOrder): Promise<void> {
    if (this.#isUnderWay) return
    this.#isUnderWay = true
    const { adminUrl } = this.#gateway
    // Back from an earlier crash: a worker that still loads has nobody who could be told.
    await until('all workers serve', async () => (await scrape(adminUrl)).get(SERVING) === 2)
    const before = (await scrape(adminUrl)).get(RETURNED) ?? 0
    // Lines of what was over just before may still be unwritten.
    const spell = { from: Date.now() - MOMENT, to: Infinity }
    this.#spells.push(spell)
    this.#gateway.crash(order)
    await until('the worker is back', async () => ((await scrape(adminUrl)).get(RETURNED) ?? 0) > before)
    this.#onReturn()
    spell.to = Date.now() + MOMENT
    this.#isUnderWay = false
  }

  /** Whether a request that went on between two times, in milliseconds since the epoch, may have met one. */
  mayExplain(from: number, to: number): boolean {
    return this.#spells.some((spell) => spell.from <= to && spell.to >= from)
  }
}
