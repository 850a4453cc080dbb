import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { UpstreamGroups } from '../upstreams/group.ts'
import { askBackends } from './ask-backends.ts'
import { Composer } from './composer.ts'
import type { ComposeResult } from './composer-tasks.ts'
import { checkedGroups, composedOf, type DocumentConfig, groupsOf } from './document-config.ts'
import { type DocumentNews, Source } from './document-source.ts'
import type { DocumentsView } from './documents-view.ts'
import { type DocumentAnswer, type DocumentRequest, fetchDocument } from './fetch-document.ts'
import { type PublishedDocuments, sharedBytes } from './published.ts'

/** How often a document that is known is asked for again, in milliseconds. */
const REFRESH = 30_000
/** Pauses after failures, in milliseconds: doubled with each in a row. */
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 60_000
/** Documents that come within this time are composed together, in milliseconds. */
const GATHER = 20
/** How long the first composition waits for every group's first answer, in milliseconds. */
const PATIENCE = 2000

/** Whoever reads documents and composes them. */
export type DocumentComposer = Pick<Composer, 'read' | 'compose' | 'contract' | 'stop'>

/** What a {@link DocumentKeeper} needs, and whom it tells. */
export interface DocumentKeeperOptions {
  readonly log: { warn(facts: object, text: string): void; info(facts: object, text: string): void }
  /** The groups as they are now. */
  readonly groups: () => UpstreamGroups
  readonly onEvent?: (event: DocumentNews & { readonly type: 'openapi' }) => void
  /** Told of what is to be served, whenever it is something else. */
  readonly onChange?: (documents: PublishedDocuments) => void
  /** By default over the network. */
  readonly ask?: (request: DocumentRequest, stopped: AbortSignal) => Promise<DocumentAnswer>
  /** By default a process of its own. */
  readonly composer?: DocumentComposer
  /** How often documents are asked for, in milliseconds, by default 30 s. */
  readonly refresh?: number
  /** The first pause after a failure, in milliseconds, by default 1 s. */
  readonly firstPause?: number
  /** 0 inclusive to 1 exclusive. */
  readonly random?: () => number
}

/**
 * Asks the backends of groups for their documents, again and again, keeps the last good ones, and has them composed
 * whenever they or the routes change. One per process, on the control plane.
 */
export class DocumentKeeper {
  readonly #options: DocumentKeeperOptions
  readonly #composer: DocumentComposer
  readonly #sources = new Map<string, Source>()
  #config: DocumentConfig | undefined
  #result: ComposeResult | undefined
  /** Its bytes, for all threads. */
  #shared: Uint8Array | undefined
  #gathering: NodeJS.Timeout | undefined
  #patience: NodeJS.Timeout | undefined
  #isPatient = true
  /** Whether something has changed since what is composed now was begun. */
  #isStale = false
  #isComposing = false
  #isStopped = false
  /** Groups whose requests are going to be checked. */
  #announced: readonly string[] = []
  /** Who waits for what is composed next. */
  #next: PromiseWithResolvers<void> | undefined

  constructor(options: DocumentKeeperOptions) {
    this.#options = options
    this.#composer = options.composer ?? new Composer()
  }

  /** Keeps the documents of this configuration from now on; of groups that stay, it has them already. */
  follow(config: DocumentConfig): void {
    const before = this.#config
    this.#config = config
    this.#announced = []
    const wanted = new Map(groupsOf(config).map((group) => [group.name, group]))
    for (const [name, source] of this.#sources) {
      if (wanted.get(name)?.openapi === source.path) continue
      source.end()
      this.#sources.delete(name)
    }
    for (const [name, group] of wanted) {
      const known = this.#sources.get(name)
      if (known) known.settings = group
      else {
        const source = new Source(group)
        this.#sources.set(name, source)
        void this.#take(source)
      }
    }
    if (wanted.size === 0) return
    this.#patience ??= setTimeout(() => {
      this.#isPatient = false
      if (this.#isStale) this.#compose()
    }, PATIENCE).unref()
    const isSame = before && isDeepStrictEqual(composedOf(before), composedOf(config))
    if (!isSame) this.#compose()
  }

  /**
   * Has ready what requests are going to be checked by, so that nobody waits for it once this configuration serves; not
   * what has yet to be asked for, and no longer than two seconds.
   */
  async prepare({ routes }: Pick<DocumentConfig, 'routes'>): Promise<void> {
    this.#announced = checkedGroups(routes)
    const late = delay(PATIENCE, 'late' as const, { ref: false })
    while (this.#announced.some((group) => this.#isComing(group)) && !this.#isStopped) {
      this.#next ??= Promise.withResolvers()
      this.#compose()
      if ((await Promise.race([this.#next.promise, late])) === 'late') return
    }
  }

  /** A backend became well: of its group there may be a document now. */
  lookAgain(group: string): void {
    const source = this.#sources.get(group)
    if (source && !source.isGood && !source.isAsking) void this.#take(source)
  }

  view(): DocumentsView {
    const reports = new Map(this.#result?.groups.map((report) => [report.group, report]))
    return {
      etag: this.#result?.etag ?? null,
      groups: [...this.#sources.values()].map((source) => ({
        ...source.view(),
        composed: reports.get(source.group)?.composed ?? 0
      })),
      leftOut: this.#result?.leftOut ?? []
    }
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#gathering)
    clearTimeout(this.#patience)
    this.#next?.resolve()
    for (const source of this.#sources.values()) source.end()
    this.#sources.clear()
    this.#composer.stop()
  }

  /** Whether what requests of a group must be is not known, but soon may be. */
  #isComing(group: string): boolean {
    const source = this.#sources.get(group)
    if (!source || (source.hasAnswered && !source.known)) return false
    return !source.known || source.contracted === undefined
  }

  async #take(source: Source): Promise<void> {
    const { refresh = REFRESH, firstPause = FIRST_PAUSE, random = Math.random } = this.#options
    source.begin()
    const before = source.known?.hash
    const { ask = fetchDocument } = this.#options
    const backends = this.#options.groups().get(source.group)?.backends ?? []
    const reason = await askBackends(source, backends, { ask, composer: this.#composer, random })
    if (source.isEnded) return
    const failures = source.settle(reason)
    if (this.#isStale || source.known?.hash !== before) this.#compose()
    this.#tell(source)
    const pause = failures === 0 ? refresh : Math.min(firstPause * 2 ** (failures - 1), LONGEST_PAUSE)
    // Gateways that were started together need not ask together.
    source.timer = setTimeout(() => void this.#take(source), pause * (0.9 + 0.2 * random())).unref()
  }

  #tell(source: Source): void {
    const { log, onEvent } = this.#options
    const news = source.news()
    if (!news) return
    const { state, ...facts } = news
    if (state === 'composed') log.info(facts, 'the OpenAPI document of a group is composed')
    else if (facts.kept) log.warn(facts, 'a group has no good OpenAPI document: the last good one stays')
    else log.warn(facts, 'a group has no good OpenAPI document')
    onEvent?.({ type: 'openapi', ...news })
  }

  #compose(): void {
    this.#isStale = true
    if (this.#isComposing || this.#isStopped) return
    const awaitsMore = !this.#result && [...this.#sources.values()].some(({ hasAnswered }) => !hasAnswered)
    if (awaitsMore && this.#isPatient) return
    clearTimeout(this.#gathering)
    this.#gathering = setTimeout(() => void this.#composeNow(), GATHER)
  }

  async #composeNow(): Promise<void> {
    this.#isComposing = true
    this.#isStale = false
    const { routes, auth } = this.#config!
    const { log } = this.#options
    try {
      const documents = [...this.#sources.values()].flatMap(({ group, path, known }) =>
        known ? [{ group, path, bytes: known.bytes }] : []
      )
      const result = await this.#composer.compose({ documents, routes, auth })
      for (const { group, method, path, route } of result.leftOut)
        log.info({ group, method, path, route }, 'an operation is not in the document: another has its place')
      this.#result = result
      this.#shared = undefined
      this.#publish()
    } catch (error) {
      if (!this.#isStopped) log.warn({ err: error }, 'the documents could not be composed')
    }
    for (const group of new Set([...checkedGroups(routes), ...this.#announced])) await this.#contract(group)
    this.#isComposing = false
    this.#next?.resolve()
    this.#next = undefined
    if (this.#isStale) this.#compose()
  }

  /** Makes what requests of a group must be, of a document that it was not made of before. */
  async #contract(group: string): Promise<void> {
    const source = this.#sources.get(group)
    const known = source?.known
    if (!known || source.contracted === known.hash || this.#isStopped) return
    const { log } = this.#options
    try {
      const { path } = source
      const contract = await this.#composer.contract({ group, path, bytes: known.bytes })
      source.contract = contract
      const { unchecked } = contract
      if (unchecked > 0)
        log.warn({ group, unchecked }, 'some of what requests must be makes no sense, and is not checked')
    } catch (error) {
      if (this.#isStopped) return
      // By an earlier document they would be checked for ever: that is not what is asked for.
      source.contract = undefined
      log.warn(
        { group, err: error },
        'requests can not be checked by the document of a group, and are refused'
      )
    }
    source.contracted = known.hash
    this.#publish()
  }

  #publish(): void {
    if (this.#isStopped || !this.#result) return
    const { etag } = this.#result
    const body = (this.#shared ??= sharedBytes(this.#result.body))
    const contracts = [...this.#sources.values()].flatMap(({ contract }) => contract ?? [])
    this.#options.onChange?.({ body, etag, contracts })
  }
}
