import { parseDuration } from '../config/units.ts'
import { AdminCalls } from './admin-calls.ts'
import { type RegisteredBackend, Registration, type RegistrationEvent } from './registration.ts'

export { RegistrationRefused, type RegistrationEvent } from './registration.ts'

/** What {@link registerBackend} needs. */
export interface RegisterBackendOptions {
  /** Admin URL of the gateway, `http://127.0.0.1:9090`; of several that share one store, the next is asked when one fails. */
  readonly gateway: string | readonly string[]
  /** Upstream group that it belongs to. */
  readonly group: string
  /** Where this backend serves: scheme, host and port. */
  readonly url: string
  /** After how long without a renewal it is taken out: `15s`, or a number of seconds; at least 1 s. 15 s by default. */
  readonly ttl?: string | number
  /** Token of the admin API. */
  readonly token?: string
  readonly weight?: number
  readonly tier?: number
  /** Most attempts in flight; 0 = no cap. */
  readonly maxInFlight?: number
  /** `healthy`: it gets traffic before its first good probe. */
  readonly initially?: 'healthy' | 'unhealthy'
  /** Ends the tries to register for the first time (what a gateway then has of it ends with its lease); later it means nothing. */
  readonly signal?: AbortSignal
  /** The platform's by default. */
  readonly fetch?: typeof fetch
  /** Hears what happens. */
  readonly onEvent?: (event: RegistrationEvent) => void
}

/** A backend that is registered for as long as this lives. */
export interface BackendRegistration extends AsyncDisposable {
  /** Of the backend, as the admin API has it. */
  readonly id: string
  /**
   * Deregisters: the gateway gives the backend no new requests from then on, and those in flight end in their own time.
   * Never fails, and takes 5 s at most: when no gateway answers, the lease runs out by itself.
   */
  close(): Promise<void>
}

/** Shortest lease that a gateway grants, in milliseconds. */
const LEAST_TTL = 1000

/**
 * Registers this process with a gateway and keeps it registered: renews the lease each third of it, registers anew when
 * the gateway has forgotten it, and goes on trying while no gateway answers. Its timers keep no process alive.
 *
 * @returns Once a gateway has it: it tries until then.
 * @throws RegistrationRefused when the gateway refuses it for what it is (4xx).
 * @throws TypeError when an option can't be used; the reason of `signal` when that is aborted before.
 */
export async function registerBackend(options: RegisterBackendOptions): Promise<BackendRegistration> {
  const { gateway, group, url, ttl = '15s', token, signal, onEvent, fetch = globalThis.fetch } = options
  const { weight, tier, maxInFlight, initially } = options
  const milliseconds = typeof ttl === 'number' ? ttl * 1000 : parseDuration(ttl)
  if (milliseconds === undefined || !(milliseconds >= LEAST_TTL)) {
    throw new TypeError(`expected a ttl of at least 1s, such as "15s", got ${JSON.stringify(ttl)}`)
  }
  const backend: RegisteredBackend = {
    url,
    ttl,
    ...(weight !== undefined && { weight }),
    ...(tier !== undefined && { tier }),
    ...(maxInFlight !== undefined && { maxInFlight }),
    ...(initially !== undefined && { initially })
  }
  const gateways = typeof gateway === 'string' ? [gateway] : gateway
  const calls = new AdminCalls({ gateways, token, fetch, ttl: milliseconds })
  const registration = new Registration({
    calls,
    group,
    backend,
    ttl: milliseconds,
    chance: Math.random,
    tell: onEvent ?? (() => {})
  })
  await registration.begin(signal)
  return registration
}
