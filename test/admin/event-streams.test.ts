import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { EventStreams } from '../../src/admin/event-streams.ts'
import { readEvents } from '../helpers/event-stream.ts'
import { exchange } from '../helpers/exchange.ts'
import { until } from '../helpers/until.ts'

test('a reader of events is gone when it leaves, reads nothing, or only asked for the head', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  const streams = new EventStreams(app, 1000)
  let gone = 0
  const sends: ((text: string) => void)[] = []
  app.get('/api/events', (_request, reply) => {
    const stream = streams.open(reply, () => gone++)
    sends.push(stream.send)
    return stream.start()
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  assert.equal((await exchange(`${url}/api/events`, { method: 'HEAD' })).status, 200)
  await until('nobody is left of it', () => gone === 1 && streams.size === 0)
  const left = await readEvents(t, url)
  left.response.destroy()
  await until('it has left', () => gone === 2)
  const slow = await readEvents(t, url)
  slow.response.pause()
  await until('it is let go', () => {
    sends.at(-1)!(`: ${'x'.repeat(500_000)}\n\n`)
    return gone === 3
  })
  const last = await readEvents(t, url)
  await app.close()
  assert.equal(await last.ended, true, 'a close ends it properly')
})
