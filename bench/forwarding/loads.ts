/** What the clients ask for, over and over. */
export interface Load {
  readonly name: string
  /** For headings. */
  readonly title: string
  readonly method: 'GET' | 'POST'
  /** Bytes of the request's body. */
  readonly bodySize: number
  /** Asked for in turn. */
  readonly paths: readonly string[]
}

/** A response of 1 KiB. */
export const GET_1K: Load = { name: 'get1k', title: 'GET 1 KB', method: 'GET', bodySize: 0, paths: ['/1k'] }

/** The loads by the names that the command line knows. */
export const LOADS: ReadonlyMap<string, Load> = new Map(
  [
    GET_1K,
    { name: 'get1m', title: 'GET 1 MiB', method: 'GET', bodySize: 0, paths: ['/1m'] } as const,
    { name: 'post16k', title: 'POST 16 KiB', method: 'POST', bodySize: 16_384, paths: ['/upload'] } as const
  ].map((load) => [load.name, load])
)
