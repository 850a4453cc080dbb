import { setTimeout as delay } from 'node:timers/promises'
import { between, oneOf, seeded } from '../../test/balancing/seeded.ts'
import { BACKEND_TROUBLES, type BackendTrouble } from './backend-trouble.ts'
import type { ChaosBackend } from './chaos-backend.ts'
import { type TroubleScene, WORLD_TROUBLES } from './world-trouble.ts'

/** How often trouble begins, and how long it lasts, in milliseconds. */
export interface Pace {
  readonly pause: readonly [least: number, most: number]
  readonly length: readonly [least: number, most: number]
}

/** One in so many troubles befalls something else than a backend. */
const WORLD_ONE_IN = 3
/** One in so many may take the last backend of a group that is well. */
const ALL_ONE_IN = 12
const PER_GROUP = 3

/** Trouble of all kinds at random, in an order that follows from the seed. */
export class Mayhem {
  readonly #scene: TroubleScene
  readonly #pace: Pace
  readonly #random: () => number
  readonly #underWay = new Set<Promise<void>>()
  readonly #busy = new Set<string>()
  #failure: unknown
  /** How often each trouble befell something. */
  readonly counts = new Map<string, number>()

  constructor(scene: TroubleScene, pace: Pace, random: () => number) {
    this.#scene = scene
    this.#pace = pace
    this.#random = random
  }

  /** Makes trouble until it is told to stop, then waits until all of it is over. @throws What a trouble failed of. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#begin()
      await delay(between(this.#random, ...this.#pace.pause), undefined, { signal }).catch(() => {})
    }
    await Promise.all(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure
  }

  #begin(): void {
    const random = this.#random
    const own = seeded(between(random, 0, 2 ** 31))
    // Drawn whether they are needed or not, so that what follows does not depend on what goes on.
    const length = between(random, ...this.#pace.length)
    const ofWorld = between(random, 1, WORLD_ONE_IN) === 1
    const ofAll = between(random, 1, ALL_ONE_IN) === 1
    if (ofWorld) {
      const trouble = oneOf(random, WORLD_TROUBLES)
      // Two lies of the name server at a time would undo each other.
      const kind = trouble.name.split(' ')[0]!
      this.#track(kind, trouble.name, () => trouble.run(this.#scene, own, length))
    } else {
      const trouble = oneOf(random, BACKEND_TROUBLES)
      const backend = oneOf(random, this.#scene.world.backends)
      this.#beginOf(backend, ofAll, trouble, () => trouble.run(backend, own, length))
    }
  }

  #beginOf(
    backend: ChaosBackend,
    ofAll: boolean,
    { name, aftermath }: BackendTrouble,
    run: () => Promise<void>
  ): void {
    const { watch, world } = this.#scene
    const faulty = world.backends
      .filter(({ group }) => group === backend.group)
      .filter((each) => watch.isFaulty(each))
    if (faulty.length >= PER_GROUP - 1 && !ofAll) return
    this.#track(`${backend.group} ${backend.id}`, name, async () => {
      watch.begin(backend)
      await run()
      watch.end(backend, aftermath)
    })
  }

  #track(key: string, name: string, run: () => Promise<void>): void {
    if (this.#busy.has(key)) return
    this.#busy.add(key)
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    const one = run()
      .catch((error: unknown) => {
        // Told of at the end, when all are over.
        this.#failure ??= error
      })
      .finally(() => {
        this.#busy.delete(key)
        this.#underWay.delete(one)
      })
    this.#underWay.add(one)
  }
}
