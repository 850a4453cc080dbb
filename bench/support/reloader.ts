import { rename, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { shopConfig, type ShopOptions } from './shop-config.ts'

/** Gives a running gateway one new configuration after the other. */
export class Reloader {
  readonly #file: string
  readonly #shop: Omit<ShopOptions, 'variant'>
  #variant = 0

  constructor(file: string, shop: Omit<ShopOptions, 'variant'>) {
    this.#file = file
    this.#shop = shop
  }

  /** Puts the next variant in the file's place, as editors do. */
  async write(): Promise<void> {
    const text = shopConfig({ ...this.#shop, variant: ++this.#variant })
    await writeFile(`${this.#file}.new`, text)
    await rename(`${this.#file}.new`, this.#file)
  }

  /**
   * Writes the next variant and has it served.
   *
   * @returns Milliseconds from the request for it to its answer.
   * @throws Error when it was not served.
   */
  async reload(adminUrl: string): Promise<number> {
    await this.write()
    const start = performance.now()
    const response = await fetch(`${adminUrl}/api/config/reload`, { method: 'POST' })
    const text = await response.text()
    if (response.status !== 200) throw new Error(`the reload failed: ${text}`)
    return performance.now() - start
  }

  /** So many reloads, evenly over so many milliseconds. @returns How long each took, in milliseconds. */
  async spread(adminUrl: string, reloads: number, duration: number): Promise<number[]> {
    const start = performance.now()
    const times: number[] = []
    for (let index = 0; index < reloads; index++) {
      const wait = start + ((index + 0.5) * duration) / reloads - performance.now()
      if (wait > 0) await delay(wait)
      times.push(await this.reload(adminUrl))
    }
    return times
  }
}
