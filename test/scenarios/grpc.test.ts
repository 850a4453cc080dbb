import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { status } from '@grpc/grpc-js'
import { test, type TestContext } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { callCollect, callRepeat, callUnary, outcome } from '../helpers/grpc-calls.ts'
import { type GrpcBackend, grpcClient, metadataOf, PATH, startGrpcBackend } from '../helpers/grpc-echo.ts'
import { exchangeHttp2, valuesIn } from '../helpers/http2-client.ts'
import { forwardAll, type Http2Lab, startHttp2Lab } from '../helpers/http2-lab.ts'
import { startHttp2Wire } from '../helpers/http2-wire.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { until } from '../helpers/until.ts'

const HELLO = Buffer.from('hello')
const asBytes = (message: Buffer): Buffer => message

interface GrpcLab {
  readonly lab: Http2Lab
  readonly backend: GrpcBackend
  readonly client: ReturnType<typeof grpcClient>
}

async function startGrpcLab(t: TestContext, group: object = {}): Promise<GrpcLab> {
  const backend = await startGrpcBackend(t)
  const lab = await startHttp2Lab(t, forwardAll(backend.url, { protocol: 'h2', ...group }))
  return { lab, backend, client: grpcClient(t, lab.url, lab.ca) }
}

test('a unary call brings its message, its metadata and its status back', async (t) => {
  const { lab, backend, client } = await startGrpcLab(t)
  const fields = { 'x-text': 'a', 'x-bytes-bin': Buffer.of(0, 1, 255) }
  const { messages, code, initial, trailing } = await callUnary(client, HELLO, { fields })
  assert.deepEqual([messages, code], [[HELLO], status.OK])
  assert.deepEqual(initial?.get('x-initial'), ['i'])
  assert.deepEqual(trailing.get('x-trailing'), ['t'])
  assert.deepEqual(trailing.get('x-trailing-bin'), [Buffer.of(0, 255)])
  const seen = backend.metadata()
  assert.deepEqual([seen.get('x-text'), seen.get('x-bytes-bin')], [['a'], [Buffer.of(0, 1, 255)]])
  assert.deepEqual([seen.get('x-forwarded-proto'), seen.get('via')], [['https'], ['2.0 xecureapi']])
  const line = await lab.nextLine()
  assert.deepEqual([line.method, line.path, line.status, line.reason], ['POST', PATH.unary, 200, undefined])
  await lab.untilIdle()
})

test('streams of messages pass from the client, to the client, and both ways in turns', async (t) => {
  const { lab, client } = await startGrpcLab(t)
  const parts = Array.from({ length: 20 }, (_, index) => Buffer.from(`part ${index};`))
  const collected = await callCollect(client, parts)
  assert.deepEqual([collected.messages, collected.code], [[Buffer.concat(parts)], status.OK])
  const repeated = await callRepeat(client, HELLO, { fields: { 'x-times': '20' } })
  assert.deepEqual([repeated.messages.length, repeated.code], [20, status.OK])
  assert.deepEqual(repeated.trailing.get('x-trailing'), ['t'])

  const chat = client.makeBidiStreamRequest(PATH.chat, asBytes, asBytes, metadataOf({}), {})
  const ended = outcome(chat)
  for (let turn = 0; turn < 20; turn++) {
    // Each answer comes before the next message goes.
    chat.write(Buffer.from(`turn ${turn}`))
    const [answer] = (await once(chat, 'data')) as [Buffer]
    assert.equal(String(answer), `turn ${turn}`)
  }
  chat.end()
  const { code, trailing } = await ended
  assert.deepEqual([code, trailing.get('x-trailing')], [status.OK, ['t']])
  await lab.untilIdle()
})

test('a server that has said all it has to say ends a stream that its client would go on with', async (t) => {
  const { lab, client } = await startGrpcLab(t)
  const chat = client.makeBidiStreamRequest(PATH.chat, asBytes, asBytes, metadataOf({}), {})
  const ended = outcome(chat)
  chat.write(Buffer.from('bye'))
  const { code, messages } = await ended
  assert.deepEqual([code, messages.map(String)], [status.OK, ['bye']])
  await lab.untilIdle()
})

test('a failure comes with its code, its details and its metadata, from every kind of call', async (t) => {
  const { lab, client } = await startGrpcLab(t)
  const fields = { 'x-fail': String(status.ALREADY_EXISTS) }
  for (const failed of [
    await callUnary(client, HELLO, { fields }),
    await callCollect(client, [HELLO], { fields }),
    await callRepeat(client, HELLO, { fields }),
    await outcome(client.makeBidiStreamRequest(PATH.chat, asBytes, asBytes, metadataOf(fields), {}))
  ]) {
    assert.deepEqual([failed.code, failed.details], [status.ALREADY_EXISTS, 'näh 100%'])
    assert.deepEqual(failed.trailing.get('x-trailing'), ['f'])
  }
  await lab.untilIdle()
})

test('a deadline that passes reaches the client, and the server sees the call cancelled', async (t) => {
  const { lab, backend, client } = await startGrpcLab(t)
  const fields = { 'x-hang': '1' }
  const { code } = await callUnary(client, HELLO, { fields, deadline: Date.now() + 500 })
  assert.equal(code, status.DEADLINE_EXCEEDED)
  assert.equal(backend.calls(), 1)
  await until('the server saw it', () => backend.cancelled() === 1)
  await lab.untilIdle()
})

test('a call that its client cancels is cancelled at the server', async (t) => {
  const { lab, backend, client } = await startGrpcLab(t)
  const hang = metadataOf({ 'x-hang': '1' })
  const unary = client.makeUnaryRequest(PATH.unary, asBytes, asBytes, HELLO, hang, {}, () => {})
  const repeat = client.makeServerStreamRequest(PATH.repeat, asBytes, asBytes, HELLO, hang, {})
  const chat = client.makeBidiStreamRequest(PATH.chat, asBytes, asBytes, metadataOf({}), {})
  chat.write(HELLO)
  await once(chat, 'data')
  await until('the server has the calls', () => backend.calls() === 3)
  const outcomes = [unary, repeat, chat].map((call) => outcome(call))
  for (const call of [unary, repeat, chat]) call.cancel()
  for (const { code } of await Promise.all(outcomes)) assert.equal(code, status.CANCELLED)
  await until('the server saw it', () => backend.cancelled() === 3)
  await lab.untilIdle()
  for (const _ of outcomes) assert.equal((await lab.nextLine()).reason, 'client_gone')
})

test('messages of 4 MiB pass both ways', async (t) => {
  const { lab, client } = await startGrpcLab(t)
  const large = randomBytes(4 * 1024 * 1024)
  const { messages, code } = await callUnary(client, large)
  assert.equal(code, status.OK)
  assert.ok(messages[0]!.equals(large))
  await lab.untilIdle()
})

test('a thousand calls go over one connection', async (t) => {
  const { lab, backend, client } = await startGrpcLab(t)
  for (let round = 0; round < 20; round++) {
    const calls = Array.from({ length: 50 }, (_, index) =>
      callUnary(client, Buffer.from(`${round}.${index}`))
    )
    const outcomes = await Promise.all(calls)
    outcomes.forEach(({ code, messages }, index) => {
      assert.deepEqual([code, messages.map(String)], [status.OK, [`${round}.${index}`]])
    })
  }
  assert.equal(backend.calls(), 1_000)
  await lab.untilIdle()
  await until('every call was logged', () => lab.logged() === 1_000)
})

test('what the gateway has to say comes as the status of the call', async (t) => {
  const backend = await startGrpcBackend(t)
  const lab = await startHttp2Lab(t, {
    upstreams: {
      echo: { protocol: 'h2', backends: [backend.url] },
      gone: { protocol: 'h2', backends: [await closedPort()] }
    },
    routes: [
      { path: '/lab.Echo/Unary', upstream: 'echo', timeouts: { response: '200ms' } },
      { path: '/lab.Echo/Collect', upstream: 'gone' },
      { path: '/lab.Echo/Chat', upstream: 'echo', methods: ['GET'] }
    ]
  })
  const client = grpcClient(t, lab.url, lab.ca)
  const late = await callUnary(client, HELLO, { fields: { 'x-hang': '1' } })
  assert.deepEqual(
    [late.code, late.details],
    [status.DEADLINE_EXCEEDED, 'The service did not answer in time.']
  )
  await until('the server saw the call cancelled', () => backend.cancelled() === 1)
  const gone = await callCollect(client, [HELLO])
  assert.equal(gone.code, status.UNAVAILABLE)
  assert.equal(gone.details, 'The service could not be reached or broke off its answer.')
  assert.equal(gone.trailing.get('x-request-id').length, 1)
  const nowhere = await callRepeat(client, HELLO)
  assert.deepEqual(
    [nowhere.code, nowhere.details],
    [status.UNIMPLEMENTED, 'Nothing is served at this address.']
  )
  const chat = client.makeBidiStreamRequest(PATH.chat, asBytes, asBytes, metadataOf({}), {})
  assert.equal((await outcome(chat)).code, status.UNIMPLEMENTED)
  const reasons: unknown[] = []
  for (let count = 0; count < 4; count++) reasons.push((await lab.nextLine()).reason)
  assert.deepEqual(reasons, ['response_timeout', 'connect_refused', 'no_route', 'method_not_allowed'])
  await lab.untilIdle()
})

test('such a status stands in the one header of the response, which the stream ends with', async (t) => {
  const lab = await startHttp2Lab(t, forwardAll(await closedPort(), { protocol: 'h2' }))
  const call = {
    ':method': 'POST',
    ':path': '/a.B/C',
    'content-type': 'application/grpc+proto',
    te: 'trailers'
  }
  const { headers, ...response } = await exchangeHttp2(
    lab.session,
    { ...call, 'x-request-id': 't' },
    { body: 'x' }
  )
  assert.deepEqual([response.status, response.isHeadOnly, response.body.length], [200, true, 0])
  assert.deepEqual(valuesIn(headers, 'content-type'), ['application/grpc'])
  assert.deepEqual(valuesIn(headers, 'grpc-status'), [String(status.UNAVAILABLE)])
  assert.deepEqual(valuesIn(headers, 'x-request-id'), ['t'])
  const web = { ...call, 'content-type': 'application/grpc-web' }
  const other = await exchangeHttp2(lab.session, web, { body: 'x' })
  assert.deepEqual(
    [other.status, valuesIn(other.headers, 'content-type')],
    [502, ['application/problem+json']]
  )
  await lab.untilIdle()
})

test('a deadline goes on as the client wrote it', async (t) => {
  const { exchange } = await startHttp2Wire(t)
  const { received } = await exchange({ 'content-type': 'application/grpc', 'grpc-timeout': '2500m' })
  assert.match(received, /\r\ngrpc-timeout: 2500m\r\n/)
})

test('a server that goes down in the midst of a call ends it with an error, and nothing stays behind', async (t) => {
  const { lab, backend, client } = await startGrpcLab(t)
  const chat = client.makeBidiStreamRequest(PATH.chat, asBytes, asBytes, metadataOf({}), {})
  const ended = outcome(chat)
  chat.write(HELLO)
  await once(chat, 'data')
  backend.kill()
  assert.notEqual((await ended).code, status.OK)
  await lab.untilIdle()
})

test('a call to a backend that speaks no gRPC fails with what its status means', async (t) => {
  const backend = await startBackend(t, 'plain', (_request, response) => response.writeHead(403).end('no'))
  const lab = await startHttp2Lab(t, forwardAll(backend.url))
  const { code } = await callUnary(grpcClient(t, lab.url, lab.ca), HELLO)
  assert.equal(code, status.PERMISSION_DENIED)
  await lab.untilIdle()
})
