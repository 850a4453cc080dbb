/** Where a backend comes from: the configuration's file, the admin API, or what its group discovers. */
export type BackendSource = 'file' | 'registration' | 'discovery'

/** A backend as every thread is told of it: plain data. */
export interface BackendDescriptor {
  /** Unique within the group and stable over restarts: `host:port`, for https with `+tls` behind it. */
  readonly id: string
  readonly url: string
  readonly weight: number
  readonly tier: number
  /** Most attempts in flight over all threads; 0 = no cap. */
  readonly maxInFlight: number
  /** Where it comes from; absent = from the file. */
  readonly source?: BackendSource | undefined
  /** What it is before its first verdict, whatever its group's check says. */
  readonly initially?: 'healthy' | 'unhealthy' | undefined
  /** Host and SNI to ask for instead of those of its URL. */
  readonly authority?: string | undefined
  /** Its place in its group, from 0. */
  readonly place: number
  /** Place of its live state. */
  readonly slot: number
}
