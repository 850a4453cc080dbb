import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLevel } from '../../src/config/types.ts'
import { OWN_LIMITS } from '../../src/threads/client-limits.ts'
import { type GenerationSpec, type ListenAddress, PLAIN } from '../../src/threads/messages.ts'
import type { PlaneThread, ThreadExit } from '../../src/threads/plane-thread.ts'
import { ThreadPool } from '../../src/threads/thread-pool.ts'
import { until } from '../helpers/until.ts'

const ADDRESS: ListenAddress = {
  host: '127.0.0.1',
  port: 1,
  reusePort: true,
  transport: PLAIN,
  limits: OWN_LIMITS
}

function specOf(version: number): GenerationSpec {
  return { version } as GenerationSpec
}

/** A thread that keeps the rules of the real one; a test lets its calls through, or holds them. */
class ScriptedThread implements PlaneThread {
  readonly exited: PlaneThread['exited']
  readonly oldest = Infinity
  readonly held = new Map<string, PromiseWithResolvers<void>>()
  readonly levels: LogLevel[] = []
  readonly committed: number[] = []
  #prepared = 0
  #end!: (exit: { reason: ThreadExit }) => void

  constructor() {
    this.exited = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  readonly control: PlaneThread['control'] = {
    prepare: async ({ version }) => {
      await this.held.get(`prepare ${version}`)?.promise
      this.#prepared = version
    },
    commit: async (version) => {
      if (this.#prepared !== version) throw new Error(`generation ${version} was not prepared`)
      this.#prepared = 0
      this.committed.push(version)
    },
    abort: async () => {},
    secure: async () => {},
    verifyWith: async () => {},
    setLogLevel: async (level) => void this.levels.push(level),
    takenTraces: async () => {},
    publish: async () => {},
    listen: async () => {},
    redirect: async () => {},
    drain: async () => {},
    stop: async () => ({ cut: 0 })
  }

  /** @returns Lets the call through. */
  hold(call: string): () => void {
    const holder = Promise.withResolvers<void>()
    this.held.set(call, holder)
    return holder.resolve
  }

  terminate(reason: ThreadExit): void {
    this.#end({ reason })
  }
}

test('a thread that comes back between the phases of a reload serves the new generation', async () => {
  const spawned: ScriptedThread[] = []
  const pool = new ThreadPool({
    count: 2,
    spawn: () => {
      const thread = new ScriptedThread()
      spawned.push(thread)
      return thread
    },
    onDeath: () => {},
    onRestart: () => {},
    onOldest: () => {},
    onSuspect: () => {},
    onStaleKeys: () => {},
    onTraces: () => {}
  })
  await pool.start(specOf(1), ADDRESS)
  const letThrough = spawned[0]!.hold('prepare 2')
  spawned[1]!.terminate('stalled')
  await until('its death is noticed', () => pool.serving(1) === 1)
  const prepared = pool.prepare(specOf(2))
  await until('its successor serves the old generation', () => pool.serving(1) === 2)
  letThrough()
  await prepared
  await pool.commit(specOf(2), ADDRESS)
  assert.equal(pool.serving(2), 2)
  await pool.stop(0)
})

test('a thread that comes back during several reloads ends up with the last generation', async () => {
  const spawned: ScriptedThread[] = []
  const held: (() => void)[] = []
  const deaths: number[] = []
  const pool = new ThreadPool({
    count: 1,
    spawn: () => {
      const thread = new ScriptedThread()
      if (spawned.push(thread) > 1) held.push(thread.hold('prepare 1'), thread.hold('prepare 2'))
      return thread
    },
    onDeath: ({ row }) => deaths.push(row),
    onRestart: () => {},
    onOldest: () => {},
    onSuspect: () => {},
    onStaleKeys: () => {},
    onTraces: () => {}
  })
  const reload = async (version: number): Promise<void> => {
    await pool.prepare(specOf(version))
    await pool.commit(specOf(version), ADDRESS)
  }
  await pool.start(specOf(1), ADDRESS)
  spawned[0]!.terminate('stalled')
  await until('its successor is on its way', () => spawned.length === 2)
  await reload(2)
  held[0]!()
  await until('it has the first', () => spawned[1]!.committed.length === 1)
  await reload(3)
  held[1]!()
  await until('it serves the last', () => pool.serving(3) === 1)
  assert.deepEqual(spawned[1]!.committed, [1, 2, 3])
  assert.deepEqual(deaths, [0], 'it died once')
  await pool.stop(0)
})

test('a thread that comes back has the level of the log that the others have', async () => {
  const spawned: ScriptedThread[] = []
  const pool = new ThreadPool({
    count: 1,
    spawn: () => {
      const thread = new ScriptedThread()
      spawned.push(thread)
      return thread
    },
    onDeath: () => {},
    onRestart: () => {},
    onOldest: () => {},
    onSuspect: () => {},
    onStaleKeys: () => {},
    onTraces: () => {}
  })
  await pool.setLogLevel('warn')
  await pool.start(specOf(1), ADDRESS)
  await pool.setLogLevel('debug')
  assert.deepEqual([spawned[0]!.levels[0], spawned[0]!.levels.at(-1)], ['warn', 'debug'])
  spawned[0]!.terminate('stalled')
  await until('its successor serves', () => spawned.length === 2 && pool.serving(1) === 1)
  assert.deepEqual([...new Set(spawned[1]!.levels)], ['debug'])
  await pool.stop(0)
})
