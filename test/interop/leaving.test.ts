import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { startBackend } from '../helpers/backend.ts'
import { startChildGateway } from '../helpers/child-gateway.ts'
import type { RawConfig } from '../helpers/gateway.ts'
import { callUnary, outcome } from '../helpers/grpc-calls.ts'
import { grpcClient, metadataOf, PATH, startGrpcBackend } from '../helpers/grpc-echo.ts'
import { localCertificate } from '../helpers/http2-lab.ts'
import { runTool } from '../helpers/run-tool.ts'
import { until } from '../helpers/until.ts'
import { startOrigin } from './origin.ts'

const asBytes = (message: Buffer): Buffer => message

/** How many requests hey has under way at once. */
const AT_ONCE = 10

/** Runs hey, and holds its report to all having gone well. @param lost - How many may not have. */
async function hey(count: number, words: readonly string[], lost = 0): Promise<void> {
  const { stdout } = await runTool('hey', '-n', String(count), '-c', String(AT_ONCE), ...words)
  const whole = Number(/\[200\]\t(\d+) responses/.exec(stdout)?.[1])
  assert.ok(whole >= count - lost, stdout)
}

test('clients go on over reloads, and are sent away by a stop that they have time to notice', async (t) => {
  const [origin, grpc, { ca, certificate }] = await Promise.all([
    startOrigin(t),
    startGrpcBackend(t),
    localCertificate()
  ])
  const events: ServerResponse[] = []
  const source = await startBackend(t, 'events', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: first\n\n')
    events.push(response)
  })
  const configOf = (maxHeaders: number): RawConfig => ({
    server: {
      port,
      tls: { certificates: [certificate] },
      limits: { maxHeaders },
      shutdown: { delay: '2s', timeout: '10s' }
    },
    log: { level: 'info', access: false },
    upstreams: {
      origin: { backends: [origin.url] },
      grpc: { backends: [grpc.url], protocol: 'h2' },
      events: { backends: [source.url] }
    },
    routes: [
      { path: '/', upstream: 'origin' },
      { path: '/lab.Echo', upstream: 'grpc' },
      { path: '/events', upstream: 'events' }
    ]
  })
  let port = 0
  const gateway = await startChildGateway(t, configOf(100), 2)
  port = Number(new URL(gateway.url).port)
  const { url } = gateway

  const follower = spawn('curl', ['-sSkN', `${url}/events`], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => follower.kill())
  let heard = ''
  follower.stdout.setEncoding('utf8').on('data', (text: string) => (heard += text))
  await until('the first event came', () => heard.includes('first'))

  const client = grpcClient(t, url, ca, true)
  const chat = client.makeBidiStreamRequest(PATH.chat, asBytes, asBytes, metadataOf({}), {})
  const chatted = outcome(chat)
  const say = async (text: string): Promise<void> => {
    const answer = once(chat, 'data')
    chat.write(Buffer.from(text))
    assert.equal(String((await answer)[0]), text)
  }
  await say('before')

  await t.test('reloads, of which some listen anew', async () => {
    const over = new AbortController()
    const loads = Promise.all([
      hey(400, ['-h2', `${url}/slow/10`]),
      hey(400, [`${url}/slow/10`]),
      hey(400, ['-m', 'POST', '-d', 'body', `${url}/slow/10`])
    ]).finally(() => over.abort())
    const calls: number[] = []
    const calling = (async () => {
      while (!over.signal.aborted) calls.push((await callUnary(client, Buffer.from('hello'))).code)
    })()
    for (let turn = 1; turn <= 4; turn++) {
      await delay(150)
      await gateway.write(configOf(100 + turn))
      await until('it was applied', () => gateway.lines('reload').length === turn)
    }
    await loads
    await calling
    assert.ok(calls.length > 10)
    assert.deepEqual(new Set(calls), new Set([status.OK]))
    await say('after')
    events[0]!.write('data: second\n\n')
    await until('the next event came', () => heard.includes('second'))
  })

  await t.test('a stop', async () => {
    const loads = Promise.all([
      hey(100, ['-h2', `${url}/slow/20`]),
      hey(50, [`${url}/slow/20`]),
      // Its bodies can't be sent again: what it opens while the GOAWAY comes is lost, once for its one session.
      hey(200, ['-h2', '-m', 'POST', '-d', 'body', `${url}/sum`], AT_ONCE)
    ])
    await delay(100)
    gateway.kill('SIGTERM')
    await loads
    for (let turn = 0; turn < 5; turn++)
      assert.equal((await callUnary(client, Buffer.from('hello'))).code, status.OK)
    await say('still')
    events[0]!.end('data: last\n\n')
    chat.end()
    assert.equal((await chatted).code, status.OK)
    assert.deepEqual(await gateway.ended, { code: 0, signal: null })
    assert.match(heard, /last/)
  })
})
