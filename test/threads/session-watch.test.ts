import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { suite, test } from 'node:test'
import { OWN_LIMITS } from '../../src/threads/client-limits.ts'
import { SessionWatch } from '../../src/threads/session-watch.ts'

/** More than frames that bring nothing may be in a second, in bytes. */
const FLOOD = 1024 * 1024

/** A session on a clock and a connection of the test's own. */
class Watched {
  readonly #session = Object.assign(new EventEmitter(), {
    destroyed: false,
    closed: false,
    state: {},
    destroy: (): void => {
      this.#session.destroyed = true
    },
    close: (): void => {
      this.#session.closed = true
    }
  })
  readonly #socket = {
    bytesRead: 0,
    _handle: { bytesWritten: 0, writeQueueSize: 0 },
    destroy: (): void => {
      this.isCut = true
    }
  }
  readonly #watch = new SessionWatch(
    this.#session as unknown as ServerHttp2Session,
    this.#socket as unknown as Socket,
    OWN_LIMITS
  )
  #now = performance.now()
  #streams = 0
  isCut = false

  get isEnded(): boolean {
    return this.#session.destroyed
  }

  /** A second passes in which so many bytes come and go. */
  second(read: number, sent = 0): void {
    this.#socket.bytesRead += read
    this.#socket._handle.bytesWritten += sent
    this.#now += 1_001
    this.#watch.check(this.#now, 0)
  }

  /** A second passes with streams that have more to send than the kernel takes. */
  slowSecond(sent: number, waiting: number): void {
    this.#socket._handle.bytesWritten += sent
    this.#socket._handle.writeQueueSize = waiting
    this.second(0)
  }

  /** A response waits for its client on a stream of its own. @returns Whether that was reset. */
  waiting(length: number): () => boolean {
    let isReset = false
    const close = (): void => void (isReset = true)
    const state = { id: 1, endAfterHeaders: true, writableLength: length, writableEnded: false, close }
    const stream = Object.assign(new EventEmitter(), state)
    this.#watch.began(stream as unknown as ServerHttp2Stream, {} as ServerResponse)
    return () => isReset
  }

  /** @returns A way to end the request. */
  request(hasBody: boolean): () => void {
    const id = (this.#streams += 2) - 1
    const state = { id, endAfterHeaders: !hasBody, writableLength: 0, writableEnded: false }
    const stream = Object.assign(new EventEmitter(), state)
    this.#watch.began(stream as unknown as ServerHttp2Stream, {} as ServerResponse)
    return () => void stream.emit('close')
  }
}

suite('bytes that bring neither requests nor bodies', () => {
  test('end the session when there are too many of them', () => {
    const watched = new Watched()
    watched.second(1_000)
    assert.equal(watched.isEnded, false)
    watched.second(FLOOD)
    assert.equal(watched.isEnded, true)
  })

  test('may be bodies while an upload is under way', () => {
    const watched = new Watched()
    const end = watched.request(true)
    for (let second = 0; second < 5; second++) watched.second(100 * FLOOD)
    assert.equal(watched.isEnded, false)
    end()
    watched.second(FLOOD)
    assert.equal(watched.isEnded, false, 'it ended in that second')
  })

  test('may be what was on its way when an upload was answered early, but not for long', () => {
    const watched = new Watched()
    watched.request(true)()
    watched.second(1_000)
    watched.second(FLOOD)
    assert.equal(watched.isEnded, false)
    watched.second(FLOOD)
    assert.equal(watched.isEnded, true)
  })

  test('may be more where they make room for large responses', () => {
    const watched = new Watched()
    const end = watched.request(false)
    watched.second(FLOOD, 100 * FLOOD)
    assert.equal(watched.isEnded, false)
    end()
    watched.second(FLOOD)
    assert.equal(watched.isEnded, true)
  })
})

suite('a stream whose response does not move', () => {
  const PATIENCE = OWN_LIMITS.sendTimeout / 1000 + 3

  test('is reset when the kernel takes all that there is: its window is closed', () => {
    const watched = new Watched()
    const isReset = watched.waiting(65_536)
    for (let second = 0; second < PATIENCE; second++) watched.slowSecond(1_000, 0)
    assert.equal(isReset(), true)
  })

  test('waits for its turn on a connection that is slow, but moves', () => {
    const watched = new Watched()
    const isReset = watched.waiting(65_536)
    for (let second = 0; second < 3 * PATIENCE; second++) watched.slowSecond(20_000, 100_000)
    assert.equal(isReset(), false)
    for (let second = 0; second < PATIENCE; second++) watched.slowSecond(0, 100_000)
    assert.deepEqual([isReset(), watched.isCut], [true, true], 'nothing moves any more')
  })
})
