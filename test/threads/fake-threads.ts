import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { GatewayConfig } from '../../src/config/types.ts'
import { createClientCounts } from '../../src/limits/client-counts.ts'
import { OWN_LIMITS } from '../../src/threads/client-limits.ts'
import {
  type DataPlaneControl,
  type GenerationSpec,
  type ListenAddress,
  PLAIN,
  type StopReport
} from '../../src/threads/messages.ts'
import { type PlaneThread, type ThreadExit, ThreadGone } from '../../src/threads/plane-thread.ts'
import { type ThreadDeath, ThreadPool } from '../../src/threads/thread-pool.ts'

type Method = keyof DataPlaneControl
type Answer = StopReport | Error | 'never' | undefined

/** A thread that only notes what it is asked for, and does with a generation what a real one does. */
export class FakeThread implements PlaneThread {
  readonly row: number
  /** Calls so far, as `prepare 2`. */
  readonly calls: string[] = []
  readonly exited: PlaneThread['exited']
  readonly control: DataPlaneControl
  oldest = Infinity
  readonly #rules: FakeRules
  readonly #waiting: PromiseWithResolvers<StopReport>[] = []
  #exit: (exit: { reason: ThreadExit; error?: Error }) => void = () => {}
  #prepared = 0
  #gone = false

  constructor(row: number, rules: FakeRules) {
    this.row = row
    this.#rules = rules
    this.exited = new Promise((resolve) => {
      this.#exit = resolve
    })
    const call = (method: Method, argument?: unknown): Promise<StopReport> => this.#call(method, argument)
    this.control = {
      prepare: async ({ version }) => {
        await call('prepare', version)
        this.#prepared = version
      },
      commit: async (version) => {
        await call('commit', version)
        if (this.#prepared !== version) throw new Error(`generation ${version} was not prepared`)
        this.oldest = version
      },
      abort: async (version) => void (await call('abort', version)),
      secure: async ({ certificates }) => void (await call('secure', certificates[0]?.hosts.join())),
      verifyWith: async (keys) => void (await call('verifyWith', keys.length)),
      setLogLevel: async (level) => void (await call('setLogLevel', level)),
      takenTraces: async () => {},
      publish: async ({ etag }) => void (await call('publish', etag)),
      listen: async ({ port }) => void (await call('listen', port)),
      redirect: async (redirect) => void (await call('redirect', redirect?.address.port ?? 'nowhere')),
      drain: async () => void (await call('drain')),
      stop: (timeout) => call('stop', timeout)
    }
  }

  /** Ends as a crash does: what is under way is answered by nobody. */
  die(reason: ThreadExit = 'uncaught_exception', error?: Error): void {
    if (this.#gone) return
    this.#gone = true
    for (const waiting of this.#waiting) waiting.reject(new ThreadGone())
    this.#exit({ reason, ...(error && { error }) })
  }

  terminate(reason: ThreadExit): void {
    this.die(reason)
  }

  #call(method: Method, argument: unknown): Promise<StopReport> {
    this.calls.push(argument === undefined ? method : `${method} ${argument as number | string}`)
    if (this.#gone) return Promise.reject(new ThreadGone())
    const call = Promise.withResolvers<StopReport>()
    this.#waiting.push(call)
    const answer = this.#rules(this, method)
    if (answer instanceof Error) call.reject(answer)
    else if (answer !== 'never') call.resolve(answer ?? { cut: 0 })
    return call.promise
  }
}

/** How a thread answers a call; undefined = well. It may also die. */
export type FakeRules = (thread: FakeThread, method: Method) => Answer

/** A pool of fake threads under a clock that stands still but for `advance`. */
export function fakePool(t: TestContext, count: number, rules: FakeRules = () => undefined) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  // The pool imports its delay by name.
  syncBuiltinESMExports()
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const threads: FakeThread[] = []
  const deaths: ThreadDeath[] = []
  const restarts: number[] = []
  const news = { oldest: 0, suspects: [] as string[] }
  const pool = new ThreadPool({
    count,
    spawn: (row) => {
      const thread = new FakeThread(row, rules)
      threads.push(thread)
      return thread
    },
    onDeath: (death) => deaths.push(death),
    onRestart: (row) => restarts.push(row),
    onOldest: () => news.oldest++,
    onSuspect: (group, id) => news.suspects.push(`${group} ${id}`),
    onStaleKeys: () => {},
    onTraces: () => {}
  })
  return {
    pool,
    /** All that were ever made, oldest first. */
    threads,
    deaths,
    restarts,
    news,
    /** Moves the clock and lets everything that follows from it happen. */
    advance: async (milliseconds: number): Promise<void> => {
      await settle()
      now += milliseconds
      t.mock.timers.tick(milliseconds)
      await settle()
    }
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let count = 0; count < 5; count++) await turn()
}

const NO_LIVE_STATE = { rows: 1, buffers: [], slots: [] }

/** A generation of this version. */
export function specOf(version: number): GenerationSpec {
  return {
    version,
    config: {} as GatewayConfig,
    backends: NO_LIVE_STATE,
    groups: NO_LIVE_STATE,
    routes: NO_LIVE_STATE,
    limits: [],
    limitStats: NO_LIVE_STATE,
    threads: NO_LIVE_STATE,
    clients: createClientCounts(1, 1),
    gateways: new SharedArrayBuffer(4)
  }
}

export const ADDRESS: ListenAddress = {
  host: '127.0.0.1',
  port: 8080,
  reusePort: true,
  transport: PLAIN,
  limits: OWN_LIMITS
}
