import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { suite, test, type TestContext } from 'node:test'
import Fastify, { type InjectOptions } from 'fastify'
import problemDetails from '../../plugins/problem-details.ts'
import { Credentials } from '../../src/admin/credentials.ts'
import { guard } from '../../src/admin/guard.ts'
import type { AdminConfig } from '../../src/config/types.ts'
import { EventLog } from '../../src/telemetry/events.ts'
import { readEvents } from '../helpers/event-stream.ts'
import { collectLog } from '../helpers/log-lines.ts'

const FAR = '192.0.2.1'
const LOCKED = 'too many wrong tokens: this address has to wait'

/** A guarded app of three routes: who asks, a stream that does not end by itself, and an open one. */
async function guarded(t: TestContext, ...tokens: string[]) {
  return await guardedFor(t, undefined, ...tokens)
}

/** The same, with sessions that last so many milliseconds. */
async function guardedFor(t: TestContext, sessionLife: number | undefined, ...tokens: string[]) {
  const now = { admin: configOf(tokens) }
  const { log, lines } = collectLog('info')
  const events = new EventLog()
  const app = Fastify({ forceCloseConnections: true })
  t.after(() => app.close())
  await app.register(problemDetails)
  const credentials = new Credentials({
    admin: () => now.admin,
    log,
    ...(sessionLife !== undefined && { sessionLife })
  })
  guard(app, { credentials, events })
  app.get('/who', (request) => ({ operator: request.operator }))
  app.get('/open', { config: { isOpen: true } }, () => 'dashboard')
  app.get('/api/events', (_request, reply) => {
    const stream = new Readable({ read: () => {} })
    stream.push('retry: 1000\n\n')
    return reply.header('content-type', 'text/event-stream').send(stream)
  })
  const ask = async (token?: string, options?: InjectOptions) => {
    const headers = { host: 'localhost', ...(token && { authorization: `Bearer ${token}` }) }
    return await app.inject({ url: '/who', headers, ...options })
  }
  const reload = (...next: string[]): void => {
    now.admin = configOf(next)
    events.record({ type: 'reload', trigger: 'file', outcome: 'applied', generation: 2, errors: [] })
  }
  return { app, ask, reload, lines, credentials }
}

function configOf(tokens: readonly string[]): AdminConfig {
  return { host: '127.0.0.1', port: 0, tokens: tokens.map((token) => ({ name: `of-${token}`, token })) }
}

suite('the guard of the admin API', () => {
  test('says whose token a request came with, and nobody where none is asked for', async (t) => {
    const { ask, reload } = await guarded(t, 'a', 'b')
    assert.deepEqual((await ask('b')).json(), { operator: 'of-b' })
    reload()
    assert.deepEqual((await ask('b')).json(), { operator: null })
  })

  test('lets through to what is open, whoever asks', async (t) => {
    const { ask, reload } = await guarded(t, 'a')
    const stranger = { url: '/open', headers: { host: 'evil.test' }, remoteAddress: FAR }
    assert.equal((await ask(undefined, stranger)).statusCode, 200)
    reload()
    assert.equal((await ask(undefined, stranger)).statusCode, 200)
  })

  test('asks nobody far away to do without a token, whatever they call the host', async (t) => {
    const { ask, reload } = await guarded(t)
    for (const remoteAddress of [FAR, '2001:db8::1', '::ffff:192.0.2.1']) {
      assert.equal((await ask(undefined, { remoteAddress })).statusCode, 403, remoteAddress)
    }
    for (const remoteAddress of ['127.0.0.2', '::1', '::ffff:127.0.0.1']) {
      assert.equal((await ask(undefined, { remoteAddress })).statusCode, 200, remoteAddress)
    }
    reload('a')
    assert.equal((await ask('a', { remoteAddress: FAR })).statusCode, 200)
  })

  test('looks at ten wrong tokens of an address, then at one in six seconds', async (t) => {
    let passed = 0
    const clock = performance.now.bind(performance)
    t.mock.method(performance, 'now', () => clock() + passed)
    const { ask, lines } = await guarded(t, 'a')
    const tries = async (count: number): Promise<number[]> => {
      const statuses: number[] = []
      for (let index = 0; index < count; index++) statuses.push((await ask('wrong')).statusCode)
      return statuses
    }
    // One without any is no try, and a right one takes no place.
    for (let index = 0; index < 20; index++) {
      assert.deepEqual([(await ask()).statusCode, (await ask('a')).statusCode], [401, 200])
    }
    assert.deepEqual(await tries(12), [...Array<number>(10).fill(401), 429, 429])
    const late = await ask('a')
    assert.deepEqual([late.statusCode, late.headers['retry-after']], [429, '6'])
    passed = 6_000
    assert.deepEqual(await tries(2), [401, 429])
    assert.equal(lines(LOCKED).length, 1, 'it is one lockout as long as tries go on')
    passed = 120_000
    assert.equal((await tries(11)).at(-1), 429)
    assert.equal(lines(LOCKED).length, 2, 'a new one is news')
    assert.equal(lines('a wrong token for the admin API').length, 21)
  })

  test('counts the addresses of a network of IPv6 as one, and those of IPv4 each', async (t) => {
    const { ask } = await guarded(t, 'a')
    const from = async (remoteAddress: string): Promise<number> =>
      (await ask('wrong', { remoteAddress })).statusCode
    for (let index = 0; index < 10; index++) {
      assert.equal(await from(`2001:db8::${index}`), 401)
      assert.equal(await from('192.0.2.1'), 401)
    }
    assert.deepEqual([await from('2001:db8::ffff'), await from('::ffff:192.0.2.1')], [429, 429])
    assert.deepEqual([await from('2001:db8:0:1::1'), await from('192.0.2.2')], [401, 401])
  })

  test('ends the streams of a token that a reload takes away, and no others', async (t) => {
    const { app, reload } = await guarded(t, 'a', 'b')
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const open = async (token: string) => await readEvents(t, url, { authorization: `Bearer ${token}` })
    const [gone, kept] = [await open('a'), await open('b')]
    reload('b', 'c')
    assert.equal(await gone.ended, false, 'it is broken off')
    assert.equal(kept.response.destroyed, false)
    assert.equal((await open('a')).response.statusCode, 401)
  })

  test('ends the streams of a session when its time is up', async (t) => {
    const { app, credentials } = await guardedFor(t, 200, 'a')
    app.post('/log-in', { config: { isOpen: true } }, (request) => credentials.logIn(request, 'a').secret)
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const secret = await (await fetch(`${url}/log-in`, { method: 'POST' })).text()
    const cookie = `xecureapi-session-${new URL(url).port}=${secret}`
    const stream = await readEvents(t, url, { cookie })
    assert.equal(stream.response.statusCode, 200)
    assert.equal(await stream.ended, false)
    assert.equal((await readEvents(t, url, { cookie })).response.statusCode, 401)
  })

  test('ends the streams that were opened without a token when one is asked for', async (t) => {
    const { app, reload } = await guarded(t)
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const stream = await readEvents(t, url)
    assert.equal(stream.response.statusCode, 200)
    reload('a')
    assert.equal(await stream.ended, false)
  })
})
