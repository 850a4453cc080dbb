import { EventEmitter } from 'node:events'
import type { RegistrationNews } from '../membership/news.ts'
import type { KeysNews } from '../access/jwks-keeper.ts'
import type { DocumentNews } from '../openapi/document-source.ts'
import type { CertificateReason } from '../tls/certificate.ts'
import type { BreakerChange } from '../health/circuit-breaker.ts'
import type { OverloadChange } from '../limits/shedding.ts'
import type {
  Drained,
  EjectionChange,
  HealthFlip,
  StateChange,
  TrafficChange
} from '../upstreams/registry-events.ts'
import type { UpstreamRegistry } from '../upstreams/registry.ts'

/** Probes found a backend well or ill. */
export interface HealthEvent extends HealthFlip {
  readonly type: 'health'
}

/** An operator gave a backend another state. */
export interface StateEvent extends StateChange {
  readonly type: 'state'
}

/** A backend that is out of service has nothing in flight any more. */
export interface DrainedEvent extends Drained {
  readonly type: 'drained'
}

/** Real traffic found a backend bad, or its ejection is over. */
export type EjectionEvent = EjectionChange & { readonly type: 'ejection' }

/** New traffic of a group spills over, goes to the ill as well, finds nobody, or is plain again. */
export interface TrafficEvent extends TrafficChange {
  readonly type: 'traffic'
}

/** A group's circuit breaker changed. */
export interface BreakerEvent extends BreakerChange {
  readonly type: 'breaker'
}

/** A group refuses requests for want of room, or no longer does. */
export interface OverloadEvent extends OverloadChange {
  readonly type: 'overload'
}

/** A configuration was tried. */
export interface ReloadEvent {
  readonly type: 'reload'
  /** What asked for it. */
  readonly trigger: ReloadTrigger
  readonly outcome: 'applied' | 'unchanged' | 'failed'
  /** The generation that serves now. */
  readonly generation: number
  /** Every error, one line each, when it failed. */
  readonly errors: readonly string[]
}

/** What asks for a reload. */
export type ReloadTrigger = 'file' | 'signal' | 'admin'

/** A worker thread died or is back. */
export interface WorkerEvent {
  readonly type: 'worker'
  /** Its number, from 0. */
  readonly worker: number
  readonly state: 'died' | 'serving'
  /** Why it died. */
  readonly reason?: string
}

/** A certificate of the public listener took another's place, was refused, or ends soon. */
export interface CertificateEvent {
  readonly type: 'certificate'
  readonly state: 'renewed' | 'refused' | 'expiring' | 'expired'
  /** Where in the configuration: `server.tls.certificates[0]`, or what of it is wrong. */
  readonly path: string
  /** Why it was refused. */
  readonly reason?: CertificateReason
  /** Names that it serves. */
  readonly hosts?: readonly string[]
  /** When it ends (ISO 8601). */
  readonly expires?: string
}

/** A backend was registered at run time, changed, or left. */
export interface RegistrationEvent extends RegistrationNews {
  readonly type: 'registration'
}

/** The discovery of a group's backends fails, so that the last set stays, or works again. */
export interface DiscoveryEvent {
  readonly type: 'discovery'
  readonly state: 'failing' | 'working'
  readonly group: string
  readonly reason?: string
}

/** Keys of an issuer of tokens can't be had, can again, or are others. */
export interface KeysEvent extends KeysNews {
  readonly type: 'keys'
}

/** A group's OpenAPI document was composed with the others, or can't be had or used. */
export interface OpenApiEvent extends DocumentNews {
  readonly type: 'openapi'
}

/** The store that gateways share can't be reached, or can again. */
export interface StoreEvent {
  readonly type: 'store'
  readonly state: 'away' | 'back'
  /** What it is used for. Each has a connection of its own, and finds out for itself. */
  readonly use: 'limits' | 'registrations'
  /** Why it was away first. */
  readonly reason?: string
}

/** What is recorded. */
export type Happening =
  | HealthEvent
  | StateEvent
  | DrainedEvent
  | EjectionEvent
  | TrafficEvent
  | BreakerEvent
  | OverloadEvent
  | ReloadEvent
  | WorkerEvent
  | CertificateEvent
  | StoreEvent
  | RegistrationEvent
  | DiscoveryEvent
  | KeysEvent
  | OpenApiEvent

/** Something that an operator wants to know of, with a number that grows by one and its time (ISO 8601). */
export type GatewayEvent = Happening & {
  readonly id: number
  readonly time: string
}

/** Events that are kept for readers that come back. */
const KEPT = 256

/** The gateway's events, the last of them kept. Emits `event` for each. */
export class EventLog extends EventEmitter<{ event: [GatewayEvent] }> {
  readonly #kept: GatewayEvent[] = []
  readonly #now: () => number
  #last = 0

  /** @param now - Clock, milliseconds since the epoch. */
  constructor(now: () => number = Date.now) {
    super()
    this.#now = now
    // One listener per reader of the event stream.
    this.setMaxListeners(0)
  }

  /** Records what becomes of backends and groups. */
  follow(registry: UpstreamRegistry): void {
    registry.on('flip', (flip) => this.record({ type: 'health', ...flip }))
    registry.on('state', (change) => this.record({ type: 'state', ...change }))
    registry.on('drained', (drained) => this.record({ type: 'drained', ...drained }))
    registry.on('ejection', (change) => this.record({ type: 'ejection', ...change }))
    registry.on('traffic', (change) => this.record({ type: 'traffic', ...change }))
    registry.on('breaker', (change) => this.record({ type: 'breaker', ...change }))
    registry.on('overload', (change) => this.record({ type: 'overload', ...change }))
  }

  record(event: Happening): void {
    const numbered = { ...event, id: ++this.#last, time: new Date(this.#now()).toISOString() }
    this.#kept.push(numbered)
    if (this.#kept.length > KEPT) this.#kept.shift()
    this.emit('event', numbered)
  }

  /** The kept events after this number. */
  after(id: number): GatewayEvent[] {
    return this.#kept.filter((event) => event.id > id)
  }
}
