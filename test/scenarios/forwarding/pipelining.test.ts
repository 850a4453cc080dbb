import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startBackend } from '../../helpers/backend.ts'
import { startGateway, untilIdle } from '../../helpers/gateway.ts'
import { rawClient, upgradeRequest } from '../../helpers/raw-client.ts'
import { until } from '../../helpers/until.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

/** A gateway before a backend that answers when it is told to. */
async function setUp(t: Parameters<typeof startGateway>[0]) {
  const asked: string[] = []
  const answers: (() => void)[] = []
  const backend = await startBackend(t, 'slow', (request, response) => {
    asked.push(request.url ?? '')
    answers.push(() => response.end(`answer to ${request.url}`))
  })
  const { gateway, url } = await startGateway(t, {
    upstreams: { slow: { backends: [backend.url] } },
    routes: [{ path: '/', upstream: 'slow' }]
  })
  return { gateway, client: await rawClient(t, url), asked, answers }
}

test('pipelined requests reach the backend one after the other (RFC 9112 section 9.3.2)', async (t) => {
  const { client, asked, answers } = await setUp(t)
  client.write(get('/1') + get('/2') + get('/3'))
  for (const number of [1, 2, 3]) {
    await until('the backend is asked', () => asked.length >= number)
    await delay(20)
    assert.deepEqual(asked, ['/1', '/2', '/3'].slice(0, number))
    answers[number - 1]!()
    await client.untilText(`answer to /${number}`)
  }
  client.socket.end()
  await client.closed
})

test('a client that leaves takes its pipelined requests along', async (t) => {
  const { gateway, client, asked } = await setUp(t)
  client.write(get('/1') + get('/2') + get('/3'))
  await until('the backend is asked', () => asked.length > 0)
  client.socket.destroy()
  await untilIdle(gateway)
  assert.deepEqual(asked, ['/1'])
  assert.equal((await gateway.stop(5_000)).cut, 0)
})

test('nothing is forwarded behind a request that ends the connection', async (t) => {
  const { client, asked, answers } = await setUp(t)
  client.write(`GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${get('/2')}`)
  await until('the backend is asked', () => asked.length > 0)
  answers[0]!()
  await client.closed
  assert.deepEqual(asked, ['/1'])
})

test('a request for another protocol waits for the responses before it', async (t) => {
  const { client, asked, answers } = await setUp(t)
  client.write(get('/1') + upgradeRequest('/2'))
  await until('the backend is asked', () => asked.length > 0)
  await delay(20)
  assert.deepEqual(asked, ['/1'])
  answers[0]!()
  await until('the backend is asked', () => asked.length > 1)
  answers[1]!()
  await client.untilText('answer to /2')
  assert.match(client.text(), /answer to \/1HTTP\/1\.1 200 OK\r\n[^]*answer to \/2$/)
})

test('what is no HTTP behind a request does not take the place of its response', async (t) => {
  const { client, asked, answers } = await setUp(t)
  client.write(`${get('/1')}\0\r\n\r\n`)
  await until('the backend is asked', () => asked.length > 0)
  await delay(20)
  assert.equal(client.text(), '')
  answers[0]!()
  await client.closed
  assert.match(client.text(), /answer to \/1HTTP\/1\.1 400 Bad Request\r\n/)
})

test('nothing is forwarded behind a request that is refused for good', async (t) => {
  const { client, asked } = await setUp(t)
  client.write('GET /1 HTTP/1.1\r\n\r\n')
  await client.untilText('400 Bad Request')
  client.write(get('/2'))
  await client.closed
  assert.deepEqual(asked, [])
})

for (const [name, fields] of [
  ['a body', 'Upgrade: x\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc'],
  ['h2c', 'Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n']
] as const) {
  test(`nothing is forwarded behind a request whose Upgrade is not followed: ${name}`, async (t) => {
    const { client, asked, answers } = await setUp(t)
    // Node skips the rest of the packet and would go on with the next one, wherever in a message that begins.
    client.write(`POST /1 HTTP/1.1\r\nHost: a\r\n${fields}${get('/2')}`)
    await until('the backend is asked', () => asked.length > 0)
    client.write(get('/3'))
    await delay(20)
    answers[0]!()
    await client.closed
    assert.deepEqual(asked, ['/1'])
    assert.match(client.text(), /\r\nConnection: close\r\n[^]*answer to \/1$/)
  })
}
