import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Logger } from 'pino'
import { type Disk, DISK, errorCode, errorReason } from './durable-file.ts'
import { EMPTY_SNAPSHOT, type StoreSnapshot } from './registrations.ts'
import { BadSnapshot, decodeSnapshot, encodeSnapshot, type SnapshotFault } from './snapshot-text.ts'

/** Files that were set aside and are kept. */
const KEPT_ASIDE = 5
/** The largest file that is read, in bytes: more than a hundred thousand entries have. */
const MAX_SIZE = 64 * 1024 * 1024

/** Why a file was set aside. */
export type SnapshotFileFault = SnapshotFault | 'not_a_file' | 'too_large' | 'older_version'

/** Where a snapshot is kept, and what with. */
export interface SnapshotFileOptions {
  /** Made when it is not there. */
  readonly folder: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Told of files that are set aside. */
  readonly log: Pick<Logger, 'warn'>
  /** What the names of its files begin with; `registry` by default. */
  readonly name?: string
  readonly disk?: Disk
}

/**
 * A snapshot in a folder: the last one in `NAME.json`, the one before in `NAME.previous.json`, so that at every instant
 * at least one good file is there. What is no snapshot is set aside as `NAME.json.corrupt-TIME`.
 */
export class SnapshotFile {
  readonly #folder: string
  readonly #current: string
  readonly #previous: string
  readonly #now: () => number
  readonly #log: Pick<Logger, 'warn'>
  readonly #disk: Disk
  /** By which to tell that it is still the file that was read or written last; undefined = there was none. */
  #mark: string | undefined
  /** Bad files that could not be set aside and were told of. */
  readonly #told = new Set<string>()

  constructor({ folder, now, log, name = 'registry', disk = DISK }: SnapshotFileOptions) {
    this.#folder = folder
    this.#current = join(folder, `${name}.json`)
    this.#previous = join(folder, `${name}.previous.json`)
    this.#now = now
    this.#log = log
    this.#disk = disk
  }

  /**
   * Reads what is there. Never fails.
   *
   * @returns The last good snapshot, empty when there is none, and why it could not be written to; undefined when it
   *   looks as if it could.
   */
  async open(): Promise<{ readonly snapshot: StoreSnapshot; readonly trouble: string | undefined }> {
    let trouble: string | undefined
    const failed = (error: unknown): undefined => void (trouble ??= errorReason(error))
    await this.#disk
      .makeFolder(this.#folder)
      .then(() => this.#disk.checkFolder(this.#folder))
      .catch(failed)
    await this.#sweep().catch(failed)
    const current = await this.#load(this.#current).catch(failed)
    if (current) this.#mark = current.mark
    const found = current ?? (await this.#load(this.#previous).catch(failed))
    return { snapshot: found?.snapshot ?? EMPTY_SNAPSHOT, trouble }
  }

  /**
   * What the file says, when somebody else wrote it. A file that is bad or older than what is known is set aside.
   *
   * @param known - What this process knows.
   * @returns undefined when it says nothing new.
   * @throws NodeJS.ErrnoException When that can't be told: then it must not be written over.
   */
  async reread(known: StoreSnapshot): Promise<StoreSnapshot | undefined> {
    const mark = await markOf(this.#current)
    if (mark?.text === this.#mark) return undefined
    const found = mark && (await this.#load(this.#current))
    this.#mark = undefined
    if (!found) return undefined
    if (found.snapshot.version < known.version) {
      await this.#setAside(this.#current, 'older_version')
      return undefined
    }
    this.#mark = found.mark
    return encodeSnapshot(found.snapshot) === encodeSnapshot(known) ? undefined : found.snapshot
  }

  /**
   * Replaces the file, durably.
   *
   * @throws NodeJS.ErrnoException The file is what it was before, unless the disk refuses that too.
   */
  async write(snapshot: StoreSnapshot): Promise<void> {
    await this.#disk.makeFolder(this.#folder)
    const draft = draftOf(this.#current)
    try {
      await this.#disk.writeNew(draft, encodeSnapshot(snapshot))
      const mark = await markOf(draft)
      const isKept = await this.#keepPrevious()
      try {
        await this.#disk.rename(draft, this.#current)
        await this.#disk.syncFolder(this.#folder)
      } catch (error) {
        await this.#undo(isKept)
        throw error
      }
      this.#mark = mark?.text
    } finally {
      await remove(draft)
    }
  }

  /** Gives the current file the previous one's name too. @returns false when there is none. */
  async #keepPrevious(): Promise<boolean> {
    const spare = draftOf(this.#previous)
    try {
      await this.#disk.link(this.#current, spare)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false
      // A file system without hard links. For an instant, the previous one is the only one.
      await this.#disk.rename(this.#current, this.#previous)
      return true
    }
    try {
      await this.#disk.rename(spare, this.#previous)
    } finally {
      // A rename between two names of one file leaves both.
      await remove(spare)
    }
    return true
  }

  /** A write that failed must not be found by the next start. */
  async #undo(isKept: boolean): Promise<void> {
    if (isKept) await this.#disk.rename(this.#previous, this.#current).catch(() => undefined)
    else await remove(this.#current)
  }

  /** @returns undefined when there is no such file, or it was set aside. @throws NodeJS.ErrnoException */
  async #load(
    file: string
  ): Promise<{ readonly snapshot: StoreSnapshot; readonly mark: string } | undefined> {
    // Before it is read: of a file that is replaced meanwhile, the mark is another one then.
    const mark = await markOf(file)
    if (!mark) return undefined
    if (!mark.isFile) return await this.#setAside(file, 'not_a_file')
    if (mark.size > MAX_SIZE) return await this.#setAside(file, 'too_large')
    const text = await readFile(file, 'utf8')
    try {
      return { snapshot: decodeSnapshot(text), mark: mark.text }
    } catch (error) {
      if (!(error instanceof BadSnapshot)) throw error
      return await this.#setAside(file, error.reason)
    }
  }

  async #setAside(file: string, reason: SnapshotFileFault): Promise<undefined> {
    const setAside = `${file}.corrupt-${new Date(this.#now()).toISOString().replaceAll(':', '-')}`
    try {
      await this.#disk.rename(file, setAside)
    } catch (error) {
      // It is found again with every write that is tried.
      if (!this.#told.has(file))
        this.#log.warn({ file, reason }, 'a file of the store is bad: it is not used')
      this.#told.add(file)
      throw error
    }
    this.#told.delete(file)
    this.#log.warn({ file, reason, setAside }, 'a file of the store is bad: it was set aside')
    await this.#prune().catch(() => undefined)
  }

  /** Keeps the newest of the files that were set aside. */
  async #prune(): Promise<void> {
    const aside = (await this.#ownFiles()).filter((file) => TIME_ASIDE.test(file))
    const timeOf = (file: string): string => TIME_ASIDE.exec(file)![1]!
    aside.sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1))
    for (const file of aside.slice(KEPT_ASIDE)) await remove(file)
  }

  /** Removes what a process left behind that was killed while it wrote. */
  async #sweep(): Promise<void> {
    for (const file of await this.#ownFiles()) if (DRAFT.test(file)) await remove(file)
  }

  async #ownFiles(): Promise<string[]> {
    const starts = [basename(this.#current), basename(this.#previous)]
    const names = await readdir(this.#folder)
    return names
      .filter((name) => starts.some((start) => name.startsWith(`${start}.`)))
      .map((name) => join(this.#folder, name))
  }
}

const TIME_ASIDE = /\.corrupt-([^/]+)$/
const DRAFT = /\.[0-9a-f-]{36}\.new$/

function draftOf(file: string): string {
  return `${file}.${randomUUID()}.new`
}

async function remove(file: string): Promise<void> {
  await rm(file, { force: true }).catch(() => undefined)
}

interface Mark {
  readonly text: string
  readonly isFile: boolean
  /** Bytes. */
  readonly size: number
}

/** What tells a file from the one that had its name before; undefined when there is none. */
async function markOf(file: string): Promise<Mark | undefined> {
  try {
    const found = await stat(file, { bigint: true })
    const text = `${found.ino} ${found.size} ${found.mtimeNs}`
    return { text, isFile: found.isFile(), size: Number(found.size) }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
