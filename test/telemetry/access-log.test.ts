import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import requestRecord from '../../plugins/request-record.ts'
import { type AccessLogFields, accessLogFields } from '../../src/telemetry/access-log.ts'
import { RouteTable } from '../../src/routing/route-table.ts'
import { until } from '../helpers/until.ts'
import { route } from '../routing/routes.ts'

/** An app whose finished requests leave their fields here. */
async function logging(
  t: TestContext
): Promise<{ app: FastifyInstance; lines: AccessLogFields[]; url: string }> {
  const app = Fastify()
  t.after(() => app.close())
  const lines: AccessLogFields[] = []
  await app.register(requestRecord)
  app.observeRequests((request, reply) => lines.push(accessLogFields(request, reply, performance.now())))
  app.get('/plain', () => 'hello')
  app.get('/never', () => new Promise(() => {}))
  app.get('/forwarded', (request, reply) => {
    const match = new RouteTable([route('/forwarded', { name: 'fwd', upstream: 'catalog' })])
    const found = match.lookup('GET', undefined, '/forwarded')
    if (found.kind === 'match') request.record.found = { match: found, target: '/forwarded' }
    Object.assign(request.record, { backend: 'a:80', attempts: 2, bytes: 7, reason: 'reset' })
    request.record.firstByteAt = request.record.startedAt + 12.3456789
    return reply.status(502).send('x')
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, lines, url }
}

test('a request that no backend served says what the app answered', async (t) => {
  const { lines, url } = await logging(t)
  await (await fetch(`${url}/plain`)).text()
  await until('the line is there', () => lines.length === 1)
  const { requestId, traceId, totalTime, ...rest } = lines[0]!
  assert.match(traceId, /^[\da-f]{32}$/)
  assert.equal(typeof requestId, 'string')
  assert.ok(totalTime >= 0 && totalTime < 15_000)
  assert.deepEqual(rest, {
    method: 'GET',
    path: '/plain',
    route: undefined,
    group: undefined,
    backend: undefined,
    consumer: undefined,
    pick: undefined,
    attempts: 0,
    waited: undefined,
    status: 200,
    bytes: 5,
    timeToFirstByte: undefined,
    reason: undefined,
    limit: undefined,
    dryRunLimit: undefined
  })
})

test('a forwarded request says where it went and how that went', async (t) => {
  const { lines, url } = await logging(t)
  await (await fetch(`${url}/forwarded`)).text()
  await until('the line is there', () => lines.length === 1)
  const { route: name, group, backend, attempts, status, bytes, timeToFirstByte, reason } = lines[0]!
  assert.deepEqual(
    { name, group, backend, attempts, status, bytes, timeToFirstByte, reason },
    {
      name: 'fwd',
      group: 'catalog',
      backend: 'a:80',
      attempts: 2,
      status: 502,
      bytes: 7,
      timeToFirstByte: 12.346,
      reason: 'reset'
    }
  )
})

test('neither query nor credentials nor cookies are in a line', async (t) => {
  const { lines, url } = await logging(t)
  const headers = { authorization: 'Bearer SECRET', cookie: 'session=SECRET', 'x-api-key': 'SECRET' }
  await (await fetch(`${url}/plain?token=SECRET&x=1`, { headers })).text()
  await until('the line is there', () => lines.length === 1)
  assert.equal(lines[0]?.path, '/plain')
  assert.doesNotMatch(JSON.stringify(lines), /SECRET/)
})

test('a client that leaves before it has a response is 499', async (t) => {
  const { lines, url } = await logging(t)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise((resolve) => {
    setTimeout(resolve, 100)
  })
  socket.destroy()
  await until('the line is there', () => lines.length === 1)
  assert.equal(lines[0]?.status, 499)
})
