import { displayFile, formatIssue } from '../config/issue.ts'
import { formatPath } from '../config/path.ts'
import { inTurns } from '../config/turns.ts'
import { FilesWatch } from '../tls/watch-files.ts'
import { Announcer } from './announcer.ts'
import { type FileListResult, readFileList } from './file-list.ts'
import type { DiscoveryListener, DiscoveryProvider } from './provider.ts'
import { readLimited } from './read-limited.ts'

/** A list of backends is not longer, in bytes. */
const MAX_BYTES = 1024 ** 2

/** The file is read so often although nobody tells of a change, in milliseconds: not every file system can. */
const REREAD = 30_000

/** What {@link FileProvider} needs. */
export interface FileProviderOptions {
  /** Absolute path of the list; it need not be there yet. */
  readonly path: string
  /** Milliseconds between two readings when no change was noticed; 30 s by default. */
  readonly reread?: number
}

/**
 * The backends that a file lists, as {@link readFileList} takes it. It should be replaced by renaming another over it: of
 * one that is written in place a part may be read first. What is missing or not valid changes nothing.
 */
export class FileProvider implements DiscoveryProvider {
  readonly #path: string
  readonly #reread: number
  readonly #watch: FilesWatch
  #announcer: Announcer | undefined
  #timer: NodeJS.Timeout | undefined
  #text: string | undefined
  #isReading = false
  #isStale = false
  #stopped = false

  constructor({ path, reread = REREAD }: FileProviderOptions) {
    this.#path = path
    this.#reread = reread
    // A folder that can't be watched is looked at now and then.
    this.#watch = new FilesWatch({ onChange: () => this.#read(), onError: () => {} })
  }

  start(listener: DiscoveryListener): void {
    if (this.#stopped || this.#announcer) return
    this.#announcer = new Announcer(listener)
    this.#watch.follow([this.#path])
    this.#timer = setInterval(() => this.#read(), this.#reread).unref()
    this.#read()
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
    this.#watch.stop()
    this.#announcer?.stop()
  }

  /** Reads the file, once more when it has changed meanwhile. */
  #read(): void {
    this.#isStale = true
    if (this.#isReading) return
    this.#isReading = true
    void this.#readWhileStale().finally(() => (this.#isReading = false))
  }

  async #readWhileStale(): Promise<void> {
    while (this.#isStale && !this.#stopped) {
      this.#isStale = false
      const text = await this.#readText()
      if (text !== undefined && text !== this.#text) this.#tell(await inTurns(readFileList(text)))
      this.#text = text
    }
  }

  /** @returns undefined when there is none, as has been told then. */
  async #readText(): Promise<string | undefined> {
    try {
      const content = await readLimited(this.#path, MAX_BYTES)
      if ('text' in content) return content.text
      this.#fail('invalid', `${this.#file}: expected ${content.expected}`)
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException
      const problem = code === 'ENOENT' ? 'there is no such file' : `it can't be read (${code})`
      this.#fail(code.toLowerCase(), `${this.#file}: ${problem}`)
    }
    return undefined
  }

  #tell(result: FileListResult): void {
    if ('backends' in result) {
      this.#announcer?.tellBackends(result.backends)
      this.#announcer?.tellStatus({})
      return
    }
    const [first, ...more] = result.findings
    const issue = first && formatIssue({ ...first, file: this.#file, path: formatPath(first.path) })
    this.#fail('invalid', `${issue}${more.length > 0 ? ` (and ${more.length} more)` : ''}`)
  }

  #fail(reason: string, problem: string): void {
    this.#announcer?.tellStatus({ reason, detail: `${problem}; the last known backends are kept` })
  }

  get #file(): string {
    return displayFile(this.#path)
  }
}
