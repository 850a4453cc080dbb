import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RawConnection, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, assertLine, get, startLab } from '../../helpers/lab.ts'
import { until } from '../../helpers/until.ts'

/** What a backend does with a request that is to be tried again. */
const BODIES: Readonly<Record<string, { send: (connection: RawConnection) => void; isKept: boolean }>> = {
  'a short one': { send: ({ send }) => send(answer(503, 'bad')), isKept: true },
  none: { send: ({ send }) => send(answer(503)), isKept: true },
  'one in chunks': {
    send: ({ send }) => send('HTTP/1.1 503 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n'),
    isKept: true
  },
  'a huge one': { send: ({ send }) => send(answer(503, 'x'.repeat(8 * 1024 * 1024))), isKept: false },
  'an endless one': {
    send: ({ socket }) => {
      socket.write('HTTP/1.1 503 Bad\r\n\r\n')
      const drip = setInterval(() => socket.write('x'), 20)
      socket.once('close', () => clearInterval(drip))
    },
    isKept: false
  },
  'one that stops half-way': {
    send: ({ send }) => send('HTTP/1.1 503 Bad\r\nContent-Length: 100\r\n\r\nbegun'),
    isKept: false
  },
  'one that breaks off': {
    send: ({ socket }) => socket.end('HTTP/1.1 503 Bad\r\nContent-Length: 100\r\n\r\nbegun'),
    isKept: false
  }
}

describe('a response that is thrown away', { concurrency: 4 }, () => {
  for (const [what, { send, isKept }] of Object.entries(BODIES)) {
    test(`a body that is thrown away leaves nothing behind: ${what}`, async (t) => {
      let requests = 0
      const backend = await startRawBackend(t, (connection) => {
        if (++requests % 2 === 1) send(connection)
        else connection.send(answer(200, 'good'))
      })
      const lab = await startLab(t, { backends: [backend.url], group: { retry: { on: [503] } } })
      for (let turn = 0; turn < 3; turn++) {
        const client = await lab.client()
        client.write(get())
        await client.untilText('good')
        assertLine(await lab.nextLine(), { status: 200, attempts: 2 })
      }
      await lab.untilIdle()
      const open = () =>
        backend.connections.filter(({ socket }) => !socket.readableEnded && !socket.destroyed)
      if (isKept) {
        assert.ok(open().length <= 2, 'connections are used again')
        return
      }
      // Of those that carried a good response one is kept; all others are closed.
      await until('the others are closed', () => open().length <= 1)
    })
  }
})
