import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Finding } from '../config/issue.ts'
import { formatPath } from '../config/path.ts'
import type { CertificateConfig } from '../config/types.ts'
import type { EventLog } from '../telemetry/events.ts'
import type { TlsMaterial } from '../threads/messages.ts'
import {
  type Certificate,
  CertificateError,
  checkCertificate,
  isPem,
  readCertificate
} from './certificate.ts'
import { CertificateNews } from './certificate-news.ts'
import { TicketKeys } from './ticket-keys.ts'
import { FilesWatch } from './watch-files.ts'

/** A certificate and its key are written one after the other: what is wrong may be right in a moment. */
const RETRIES = 4
/** Between two of them, in milliseconds. */
const RETRY_INTERVAL = 250
/** How often it is looked whether something is due, in milliseconds. */
const TICK = 60 * 60 * 1000
/** How often certificates are read without a reason and their ends looked at, in milliseconds. */
const INSPECTION_INTERVAL = 24 * 60 * 60 * 1000

/** What the store needs, and whom it tells. */
export interface CertificateStoreOptions {
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly events: EventLog
  /** Hands it to all threads. */
  readonly secure: (material: TlsMaterial) => Promise<void>
  /** Runs work while no configuration is being applied. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
  /** Clock, milliseconds since the epoch. */
  readonly now?: () => number
}

/** The certificates of a configuration that has been read, but is not served yet. */
export interface StagedCertificates {
  /** What keeps the configuration from being served. */
  readonly findings: readonly Finding[]
  readonly entries: readonly Entry[]
}

interface Entry {
  readonly config: CertificateConfig
  readonly certificate: Certificate
  /** Why what is there now is not served; the certificate is the one before. */
  readonly refusal?: CertificateError
}

/**
 * The certificates of the public listener, in the control plane: it reads and checks them, follows their files, and hands
 * those that serve to all threads. One that serves stays until another can take its place.
 */
export class CertificateStore {
  readonly #options: CertificateStoreOptions
  readonly #now: () => number
  readonly #news: CertificateNews
  readonly #ticketKeys: TicketKeys
  readonly #watch: FilesWatch
  readonly #stopped = new AbortController()
  readonly #timer: NodeJS.Timeout
  #serving: readonly Entry[] = []
  #handedOut: TlsMaterial | undefined
  #inspectedAt: number

  constructor(options: CertificateStoreOptions) {
    const { log, events, now = Date.now } = options
    this.#options = options
    this.#now = now
    this.#news = new CertificateNews(log, events)
    this.#ticketKeys = new TicketKeys(now())
    this.#inspectedAt = now()
    this.#watch = new FilesWatch({
      onChange: () => void this.#refresh(false),
      onError: (error) => log.warn({ err: error }, 'changes of certificates go unnoticed')
    })
    this.#timer = setInterval(() => void this.#tick(), TICK).unref()
  }

  /** Where those that serve stand in the configuration, and when they end, in milliseconds since the epoch. */
  get ends(): readonly { readonly path: string; readonly expires: number }[] {
    return this.#serving.map(({ certificate }, index) => ({
      path: pathOf(index),
      expires: certificate.expires
    }))
  }

  /** Reads the certificates that the gateway starts with. @throws {CertificateError} of the first that can't serve. */
  async start(certificates: readonly CertificateConfig[]): Promise<void> {
    const read = certificates.map(async (config, index) => ({
      config,
      certificate: await readCertificate(config, index, this.#now())
    }))
    await this.use({ findings: [], entries: await Promise.all(read) })
  }

  /**
   * Reads the certificates of a configuration that may come to be served. An entry that is served already, by the same
   * files, is none of its faults: it goes on with what it has.
   */
  async stage(certificates: readonly CertificateConfig[]): Promise<StagedCertificates> {
    const staged = await Promise.all(certificates.map((config, index) => this.#stage(config, index)))
    return {
      findings: staged.flatMap((entry) => ('path' in entry ? [entry] : [])),
      entries: staged.flatMap((entry) => ('path' in entry ? [] : [entry]))
    }
  }

  /**
   * Serves what was staged: all threads have it once this is done.
   *
   * @param again - Whether refusals are told that have been told before.
   */
  async use({ entries }: StagedCertificates, again = true): Promise<void> {
    const before = this.#serving
    this.#serving = entries
    this.#watch.follow(filesOf(entries))
    await this.#handOut()
    entries.forEach(({ config, certificate, refusal }, index) => {
      const path = pathOf(index)
      if (refusal) {
        this.#news.refused(path, refusal, again)
        return
      }
      const old = find(before, config)?.certificate
      this.#news.accepted(path)
      if (old?.cert === certificate.cert && old.key === certificate.key) return
      if (old) this.#news.renewed(path, certificate)
      this.#news.checkExpiry(path, certificate, this.#now())
    })
  }

  /** Lets go of the files. */
  stop(): void {
    this.#stopped.abort()
    this.#watch.stop()
    clearInterval(this.#timer)
  }

  async #stage(config: CertificateConfig, index: number): Promise<Entry | Finding> {
    const served = find(this.#serving, config)
    try {
      return { config, certificate: await this.#readPatiently(config, index) }
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error
      const certificate = served && keep(served, config, index)
      return certificate ? { config, certificate, refusal: error } : error.finding
    }
  }

  async #readPatiently(config: CertificateConfig, index: number): Promise<Certificate> {
    for (let retries = 0; ; retries++) {
      try {
        return await readCertificate(config, index, this.#now())
      } catch (error) {
        if (retries === RETRIES || this.#stopped.signal.aborted) throw error
        await delay(RETRY_INTERVAL, undefined, { signal: this.#stopped.signal }).catch(() => {})
      }
    }
  }

  async #handOut(): Promise<void> {
    const material: TlsMaterial = {
      certificates: this.#serving.map(({ certificate: { cert, key, hosts } }) => ({ cert, key, hosts })),
      ticketKeys: this.#ticketKeys.current
    }
    if (material.certificates.length === 0 || isDeepStrictEqual(material, this.#handedOut)) return
    this.#handedOut = material
    await this.#options.secure(material)
  }

  /** @param again - Whether refusals are told that have been told before. */
  async #refresh(again: boolean): Promise<void> {
    await this.#inTurn(async () => {
      await this.use(await this.stage(this.#serving.map(({ config }) => config)), again)
    })
  }

  async #tick(): Promise<void> {
    const now = this.#now()
    if (this.#ticketKeys.rotate(now)) await this.#inTurn(() => this.#handOut())
    if (Math.abs(now - this.#inspectedAt) < INSPECTION_INTERVAL) return
    this.#inspectedAt = now
    // A folder on a network tells nobody of its changes.
    await this.#refresh(true)
    this.#serving.forEach(({ certificate }, index) => {
      this.#news.checkExpiry(pathOf(index), certificate, now)
    })
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    try {
      await this.#options.inTurn(async () => {
        if (!this.#stopped.signal.aborted) await work()
      })
    } catch (error) {
      this.#options.log.error({ err: error }, 'certificates could not be read')
    }
  }
}

function pathOf(index: number): string {
  return formatPath(['server', 'tls', 'certificates', index])
}

function find(entries: readonly Entry[], { cert, key }: CertificateConfig): Entry | undefined {
  return entries.find(({ config }) => config.cert === cert && config.key === key)
}

function filesOf(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ config }) => [config.cert, config.key].filter((source) => !isPem(source)))
}

/** What an entry goes on with, if that covers the hosts that it has to cover now. */
function keep(
  { certificate, config }: Entry,
  next: CertificateConfig,
  index: number
): Certificate | undefined {
  if (isDeepStrictEqual(config.hosts, next.hosts)) return certificate
  try {
    // As of its last moment: one that has expired is still better than none.
    return checkCertificate(certificate, next.hosts, index, certificate.expires)
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}
