/*
 * What the admin API answers, as far as the dashboard reads it.
 */

/** `/api/session`. */
export interface SessionView {
  readonly operator: string | null
  readonly expires: string | null
}

/** A part of a split. */
export interface SplitPart {
  readonly group: string
  readonly weight: number
}

/** A rate limit, of the gateway or of a route. Times in milliseconds. */
export interface RateLimitView {
  readonly name: string
  readonly limit: number
  readonly per: number
  readonly burst: number
  readonly key: readonly { readonly from: string; readonly name?: string }[]
  readonly cost: number
  readonly dryRun: boolean
}

/** A route of `/api/routes`. */
export interface RouteView {
  readonly name: string
  readonly path: string
  readonly methods?: readonly string[]
  readonly hosts?: readonly string[]
  readonly upstream: string | readonly SplitPart[]
  readonly rewrite?: string
  readonly priority?: string
  readonly source?: string
  readonly access?: object
  readonly rateLimit?: readonly RateLimitView[]
  readonly mode?: string
}

/** A group's settings in `/api/config`. */
export interface GroupConfigView {
  readonly name: string
  readonly concurrency?: { readonly mode: string; readonly min: number; readonly max: number }
  readonly queue?: { readonly max: number; readonly timeout: number }
  readonly backends: readonly { readonly url: string; readonly maxInFlight: number }[]
}

/** `/api/config`. */
export interface ConfigView {
  readonly file: string
  readonly rateLimit: readonly RateLimitView[]
  readonly upstreams: readonly GroupConfigView[]
  readonly server: { readonly limits: Readonly<Record<string, number>> }
}

/** What a reload came to. */
export interface ReloadResult {
  readonly outcome: 'applied' | 'unchanged' | 'failed'
  readonly generation: number
  readonly errors: readonly string[]
}

/** What a change of a backend is answered with, as far as it is shown. */
export interface ChangedBackend {
  readonly id: string
  readonly state?: string
  readonly weight?: number
  readonly leaving?: string | null
  readonly inFlight?: number
  readonly generation: number
}
