import type { Socket } from 'node:net'
import { test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { CRASHING_WORKER, crashWorker } from '../helpers/crash-worker.ts'
import { collectEvents, startGateway } from '../helpers/gateway.ts'
import { tcpClient } from '../helpers/tls-client.ts'
import { until } from '../helpers/until.ts'

const LIMIT = 20

test('the connections of a worker that died count no longer for their address', async (t) => {
  const backend = await startBackend(t, 'fine')
  const { gateway, url } = await startGateway(
    t,
    {
      // None of the connections says anything.
      server: { limits: { maxConnectionsPerIp: LIMIT, headersTimeout: '60s' } },
      upstreams: { lab: { backends: [backend.url] } },
      routes: [{ path: '/', upstream: 'lab' }]
    },
    { workers: 2, workerEntry: CRASHING_WORKER }
  )
  const events = collectEvents(gateway, 'worker')
  const opened: Socket[] = []
  const connect = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      opened.push((await tcpClient(t, Number(new URL(url).port))).resume())
    }
  }
  const open = (): number => opened.filter((socket) => !socket.closed).length
  await connect(LIMIT + 5)
  await until('those beyond the limit are closed', () => open() === LIMIT)

  crashWorker({ row: 1, what: 'throw' })
  await until('there is another one', () => events.some(({ state }) => state === 'serving'))
  await until('its connections are gone', () => open() < LIMIT)
  await connect(LIMIT + 5)
  await until('those beyond the limit are closed', () => open() === LIMIT)
})
