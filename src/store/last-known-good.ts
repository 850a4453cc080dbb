import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { type Disk, DISK, errorReason } from './durable-file.ts'
import { decodeEpoch, encodeEpoch, NO_EPOCH } from './epoch.ts'
import type { Knowledge } from './snapshot-belief.ts'
import { SnapshotFile } from './snapshot-file.ts'

/** Name of the files. */
const NAME = 'redis-registry'

/**
 * The last snapshot that was believed, in a folder of this machine: what a gateway starts with while its Redis is away.
 * The snapshot is in `redis-registry.json`, its epoch in `redis-registry.epoch`. Between two epochs there is a snapshot
 * without one, which shares no past with anything.
 */
export class LastKnownGood {
  readonly #file: SnapshotFile
  readonly #folder: string
  readonly #epochFile: string
  readonly #log: Pick<Logger, 'warn'>
  readonly #disk: Disk
  /** Of the epoch that stands on the disk. */
  #epoch: string | undefined
  #next: Knowledge | undefined
  #writing: Promise<void> | undefined
  #isFailing = false

  constructor(folder: string, log: Pick<Logger, 'warn'>, disk: Disk = DISK) {
    this.#folder = folder
    this.#file = new SnapshotFile({ folder, now: Date.now, log, name: NAME, disk })
    this.#epochFile = join(folder, `${NAME}.epoch`)
    this.#log = log
    this.#disk = disk
  }

  /** Reads what is there. Never fails. */
  async open(): Promise<Knowledge> {
    const { snapshot } = await this.#file.open()
    const text = await readFile(this.#epochFile, 'utf8').catch(() => '')
    const epoch = decodeEpoch(text)
    if (epoch.id !== '') this.#epoch = epoch.id
    return { epoch: epoch.id === '' ? NO_EPOCH : epoch, snapshot }
  }

  /** Replaces it in the background. What it can't write is told once; the next is tried all the same. */
  keep(known: Knowledge): void {
    this.#next = known
    this.#writing ??= this.#write()
  }

  /** What was to be kept is on the disk when it resolves. */
  async settled(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    for (let known; (known = this.#next);) {
      this.#next = undefined
      try {
        const { id } = known.epoch
        if (id !== this.#epoch) await rm(this.#epochFile, { force: true })
        await this.#file.write(known.snapshot)
        if (id !== this.#epoch) {
          this.#epoch = undefined
          await this.#writeEpoch(encodeEpoch(known.epoch))
          this.#epoch = id
        }
        this.#isFailing = false
      } catch (error) {
        const reason = errorReason(error)
        if (!this.#isFailing)
          this.#log.warn({ reason }, 'what the store holds can not be kept on this machine')
        this.#isFailing = true
      }
    }
    this.#writing = undefined
  }

  async #writeEpoch(text: string): Promise<void> {
    const draft = `${this.#epochFile}.${randomUUID()}.new`
    try {
      await this.#disk.writeNew(draft, text)
      await this.#disk.rename(draft, this.#epochFile)
      await this.#disk.syncFolder(this.#folder)
    } finally {
      await rm(draft, { force: true })
    }
  }
}
