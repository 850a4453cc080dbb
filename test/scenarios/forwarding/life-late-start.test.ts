import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { get } from '../../helpers/lab.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import { until } from '../../helpers/until.ts'
import { plainApp } from '../../plugins/plain-app.ts'
import { route } from '../../routing/routes.ts'
import { group } from '../../upstreams/groups.ts'

test('a client that left while a hook was busy is not forwarded for', async (t) => {
  const backend = await startRawBackend(t)
  const done = Promise.withResolvers<void>()
  let [entered, ended] = [false, false]
  const { app, url } = await plainApp(t, {
    upstreams: [group('lab', [backend.url.slice('http://'.length)])],
    routes: [route('/', { upstream: 'lab' })],
    own: (plain) => {
      plain.observeRequests(() => (ended = true))
      plain.addHook('onRequest', async () => {
        entered = true
        await done.promise
      })
    }
  })
  const client = await rawClient(t, url)
  client.write(get())
  await until('the hook has it', () => entered)
  client.socket.resetAndDestroy()
  await until('the app knows', () => ended)
  done.resolve()
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.equal(backend.connections.length, 0)
  assert.equal(app.upstreams.get('lab')!.backends[0]!.inFlight, 0)
})
