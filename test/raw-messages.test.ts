import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import { hasBody, isGone, isWhole, onceOver } from '../src/raw-messages.ts'

/** A message over HTTP/2 whose stream has these properties. */
function overHttp2(stream: object): IncomingMessage & ServerResponse {
  return { stream } as unknown as IncomingMessage & ServerResponse
}

suite('a message over HTTP/2', () => {
  test('has a body unless its header ended the stream, whatever its fields say', () => {
    assert.equal(hasBody(overHttp2({ endAfterHeaders: true })), false)
    assert.equal(hasBody(overHttp2({ endAfterHeaders: false })), true)
  })

  test('is gone when its stream is closed', () => {
    assert.equal(isGone(overHttp2({ destroyed: false, closed: false })), false)
    assert.equal(isGone(overHttp2({ destroyed: false, closed: true })), true)
    assert.equal(isGone(overHttp2({ destroyed: true, closed: false })), true)
  })

  test('is whole when its end was sent before anybody reset it', () => {
    const whole = { headersSent: true, aborted: false, writableFinished: true, rstCode: 0 }
    assert.equal(isWhole(overHttp2(whole)), true)
    assert.equal(isWhole(overHttp2({ ...whole, headersSent: false })), false, 'a HEAD without a response')
    assert.equal(isWhole(overHttp2({ ...whole, aborted: true })), false, 'reset with NO_ERROR')
    assert.equal(isWhole(overHttp2({ ...whole, writableFinished: false })), false)
    assert.equal(isWhole(overHttp2({ ...whole, rstCode: 8 })), false)
    assert.equal(isWhole(overHttp2({ ...whole, rstCode: 8, sentTrailers: {} })), true, 'reset behind its end')
  })

  test('is over once, at the reset of its stream or at its close', () => {
    for (const events of [['aborted', 'close'], ['close']]) {
      const stream = new EventEmitter()
      let times = 0
      onceOver(overHttp2(stream), () => times++)
      for (const event of events) stream.emit(event)
      assert.equal(times, 1)
      assert.equal(stream.eventNames().length, 0)
    }
  })
})

suite('a message over HTTP/1.1', () => {
  test('has a body when it is framed', () => {
    const of = (headers: object): IncomingMessage => ({ headers }) as IncomingMessage
    assert.equal(hasBody(of({})), false)
    assert.equal(hasBody(of({ 'content-length': '0' })), false)
    assert.equal(hasBody(of({ 'content-length': '1' })), true)
    assert.equal(hasBody(of({ 'transfer-encoding': 'chunked' })), true)
  })

  test('is whole when all of it was written, or another protocol follows', () => {
    const of = (response: object): ServerResponse => response as ServerResponse
    assert.equal(isWhole(of({ writableFinished: false, statusCode: 200 })), false)
    assert.equal(isWhole(of({ writableFinished: true, statusCode: 200 })), true)
    assert.equal(isWhole(of({ writableFinished: false, statusCode: 101 })), true)
  })
})
