import { type Disk, DISK } from '../../src/store/durable-file.ts'

/** A disk that says what the test wants, counts what is done to it, and can be told to wait. */
export class FailingDisk implements Disk {
  /** What fails, with which code. */
  readonly failures = new Map<keyof Disk, string>()
  /** How often each was asked for. */
  readonly counts = new Map<keyof Disk, number>()
  /** What files that are written wait for. */
  gate: Promise<void> = Promise.resolve()

  makeFolder = (folder: string): Promise<void> => this.#do('makeFolder', () => DISK.makeFolder(folder))
  checkFolder = (folder: string): Promise<void> => this.#do('checkFolder', () => DISK.checkFolder(folder))
  rename = (from: string, to: string): Promise<void> => this.#do('rename', () => DISK.rename(from, to))
  link = (from: string, to: string): Promise<void> => this.#do('link', () => DISK.link(from, to))
  syncFolder = (folder: string): Promise<void> => this.#do('syncFolder', () => DISK.syncFolder(folder))
  writeNew = async (file: string, text: string): Promise<void> => {
    await this.gate
    await this.#do('writeNew', () => DISK.writeNew(file, text))
  }

  async #do(what: keyof Disk, work: () => Promise<void>): Promise<void> {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
    const code = this.failures.get(what)
    if (code !== undefined) throw Object.assign(new Error(`${code}: no`), { code })
    await work()
  }
}
