import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type HoldingBackend, startHoldingBackend } from '../helpers/holding-backend.ts'
import { startBackend } from '../helpers/backend.ts'
import { startGateway, type TestGateway, untilIdle } from '../helpers/gateway.ts'
import { exchangeHttp2, http2Client } from '../helpers/http2-client.ts'
import { localCertificate } from '../helpers/http2-lab.ts'
import {
  fields,
  FLAG,
  frame,
  getFields,
  getFrame,
  type RawHttp2,
  rawHttp2,
  TYPE,
  word
} from '../helpers/raw-http2.ts'
import { until } from '../helpers/until.ts'

/** Error codes of RFC 9113 section 7. */
const REFUSED_STREAM = 7
const CANCEL = 8
const ENHANCE_YOUR_CALM = 11

/** What a client does that means ill, and how its session ends. */
interface Attack {
  readonly name: string
  /** Sends it all. */
  readonly send: (client: RawHttp2) => void
}

/** Types of frames that nobody should send. */
const PRIORITY = 2
const UNKNOWN = 0x42

/** Odd numbers, as streams of clients have. */
function streams(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 2 * index + 1)
}

function many(count: number, make: (index: number) => Buffer): Buffer[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

const EMPTY_HEADER = Buffer.alloc(0)
const OPEN_HEADER = frame(TYPE.headers, FLAG.endStream, 1, getFields('/slow'))

const ATTACKS: readonly Attack[] = [
  {
    name: 'a rapid reset of streams (CVE-2023-44487)',
    send: ({ write }) => {
      for (const id of streams(2000))
        write(getFrame(id, '/slow'), frame(TYPE.resetStream, FLAG.none, id, word(CANCEL)))
    }
  },
  {
    name: 'streams that it makes the gateway reset (CVE-2025-8671)',
    send: ({ write }) => {
      for (const id of streams(2000))
        write(getFrame(id, '/slow'), frame(TYPE.windowUpdate, FLAG.none, id, word(0)))
    }
  },
  {
    name: 'a header in many CONTINUATION frames',
    send: ({ write }) => {
      write(
        OPEN_HEADER,
        ...many(1000, (index) => frame(TYPE.continuation, FLAG.none, 1, fields([`x-${index}`, 'y'])))
      )
    }
  },
  {
    name: 'a header in empty CONTINUATION frames',
    send: ({ write }) => {
      write(OPEN_HEADER, ...many(1000, () => frame(TYPE.continuation, FLAG.none, 1, EMPTY_HEADER)))
    }
  },
  {
    name: 'a header without end',
    send: ({ write }) => {
      const part = fields(['x-large', 'y'.repeat(16_000)])
      write(
        frame(TYPE.headers, FLAG.endStream, 1, part),
        ...many(100, () => frame(TYPE.continuation, FLAG.none, 1, part))
      )
    }
  },
  {
    name: 'a flood of SETTINGS',
    send: ({ write }) => write(...many(5000, () => frame(TYPE.settings, FLAG.none, 0)))
  },
  {
    name: 'a flood of PING',
    send: ({ write }) => write(...many(50_000, () => frame(TYPE.ping, FLAG.none, 0, Buffer.alloc(8))))
  },
  {
    name: 'a flood of PING whose answers it does not read',
    send: ({ socket, write }) => {
      socket.pause()
      write(...many(50_000, () => frame(TYPE.ping, FLAG.none, 0, Buffer.alloc(8))))
    }
  },
  {
    name: 'a flood of empty DATA',
    send: ({ write }) => {
      write(frame(TYPE.headers, FLAG.endHeaders, 1, getFields('/slow')))
      write(...many(1000, () => frame(TYPE.data, FLAG.none, 1)))
    }
  },
  {
    name: 'a flood of WINDOW_UPDATE',
    send: ({ write }) =>
      write(Buffer.concat(many(200_000, () => frame(TYPE.windowUpdate, FLAG.none, 0, word(1)))))
  },
  {
    name: 'a flood of PRIORITY',
    send: ({ write }) => write(...many(50_000, () => frame(PRIORITY, FLAG.none, 1, Buffer.alloc(5))))
  },
  {
    name: 'a flood of frames that nobody knows',
    send: ({ write }) => write(...many(50_000, () => frame(UNKNOWN, FLAG.none, 0)))
  },
  {
    name: 'a flood of answers that nobody asked for',
    send: ({ write }) => write(...many(50_000, () => frame(TYPE.ping, FLAG.ack, 0, Buffer.alloc(8))))
  },
  {
    name: 'a flood of empty DATA between bytes of a body',
    send: ({ write }) => {
      write(frame(TYPE.headers, FLAG.endHeaders, 1, getFields('/slow')))
      const pair = Buffer.concat([
        frame(TYPE.data, FLAG.none, 1),
        frame(TYPE.data, FLAG.none, 1, Buffer.from('x'))
      ])
      write(...many(3000, () => pair))
    }
  },
  {
    name: 'invalid frames',
    send: ({ write }) => {
      const wrong = getFields('/slow', ['X-Upper', 'case'])
      for (const id of streams(300)) write(frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, id, wrong))
    }
  },
  {
    name: 'more and more streams than it may have',
    send: ({ write }) => write(...streams(1000).map((id) => getFrame(id, '/slow')))
  },
  {
    name: 'a frame that is larger than agreed',
    send: ({ write }) => write(frame(TYPE.data, FLAG.none, 1, Buffer.alloc(100_000)))
  },
  {
    name: 'compression that refers to nothing',
    send: ({ write }) =>
      write(frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.from([0xff, 0xff, 0xff])))
  }
]

for (const workers of [0, 2]) {
  test(`HTTP/2 floods end their sessions, while others are served, with ${workers} workers`, async (t) => {
    const { gateway, port, honest } = await start(t, workers)
    for (const { name, send } of ATTACKS) {
      await t.test(name, async (sub) => {
        const attackers = await Promise.all([1, 2, 3].map(() => rawHttp2(sub, port)))
        const stop = honest(sub)
        for (const attacker of attackers) send(attacker)
        await until('all sessions are closed', () => attackers.every((attacker) => isOver(attacker)))
        const statuses = await stop()
        assert.ok(statuses.length > 0)
        assert.deepEqual(new Set(statuses), new Set([200]))
        await untilIdle(gateway.gateway)
      })
    }
  })

  suite(`limits of HTTP/2, with ${workers} workers`, () => {
    test('streams beyond the limit are refused, and served when there is room again', async (t) => {
      const { port, slow } = await start(t, workers)
      const client = await rawHttp2(t, port)
      // Limits hold for those who have acknowledged them.
      await client.untilFrame(TYPE.settings)
      client.write(frame(TYPE.settings, FLAG.ack, 0))
      await delay(50)
      client.write(...streams(100).map((id) => getFrame(id, '/slow')))
      await until('a hundred are under way', () => slow.held() === 100)
      slow.release()
      await until('all are answered', () => streams(100).every((id) => isAnswered(client, id)))
      client.write(getFrame(201, '/fast'))
      await client.untilFrame(TYPE.data, 201)
      assert.equal(client.isClosed(), false)
    })

    test('streams beyond the limit that a client does not know of yet are refused, not lost', async (t) => {
      const { port, slow } = await start(t, workers)
      const client = await rawHttp2(t, port)
      client.write(...streams(110).map((id) => getFrame(id, '/slow')))
      await until('a hundred are under way', () => slow.held() === 100)
      const refused = await client.untilFrame(TYPE.resetStream, 219)
      assert.equal(refused.payload.readUInt32BE(), REFUSED_STREAM)
      slow.release()
      await until('the others are answered', () => streams(100).every((id) => isAnswered(client, id)))
    })

    test('too many fields reset their stream, and nothing else', async (t) => {
      const { port } = await start(t, workers)
      const client = await rawHttp2(t, port)
      const fieldsOf = (count: number): (readonly [string, string])[] =>
        Array.from({ length: count }, (_, index) => [`x-${index}`, 'y'] as const)
      const whole = FLAG.endHeaders | FLAG.endStream
      client.write(
        frame(TYPE.headers, whole, 1, getFields('/fast', ...fieldsOf(1000))),
        frame(TYPE.headers, whole, 3, getFields('/fast', ...fieldsOf(101))),
        frame(TYPE.headers, whole, 5, getFields('/fast', ...fieldsOf(90)))
      )
      assert.equal((await client.untilFrame(TYPE.resetStream, 1)).payload.readUInt32BE(), ENHANCE_YOUR_CALM)
      assert.match((await client.untilFrame(TYPE.data, 3)).payload.toString(), /"status":431/)
      assert.equal((await client.untilFrame(TYPE.data, 5)).payload.toString(), 'fast')
    })

    test('a hundred PINGs a second are answered for as long as the client likes', async (t) => {
      const { port } = await start(t, workers)
      const client = await rawHttp2(t, port)
      for (let round = 0; round < 20; round++) {
        client.write(...many(100, () => frame(TYPE.ping, FLAG.none, 0, Buffer.alloc(8))))
        await delay(20)
      }
      client.write(getFrame(1, '/fast'))
      await client.untilFrame(TYPE.data, 1)
      const isPong = ({ type, flags }: { type: number; flags: number }): boolean =>
        type === TYPE.ping && flags === FLAG.ack
      await until('all are answered', () => client.frames.filter(isPong).length === 2000)
    })
  })
}

/** Whether a connection is closed; one that does not read learns it when it writes. */
function isOver({ socket, isClosed }: RawHttp2): boolean {
  if (socket.isPaused()) socket.resume()
  return isClosed()
}

function isAnswered({ frames }: RawHttp2, id: number): boolean {
  return frames.some(
    ({ type, flags, stream }) => stream === id && type === TYPE.data && (flags & FLAG.endStream) !== 0
  )
}

interface Started {
  readonly gateway: TestGateway
  readonly port: number
  readonly slow: HoldingBackend
  /** Sends requests as others do, until it is told to stop. */
  readonly honest: (t: TestContext) => () => Promise<number[]>
}

async function start(t: TestContext, workers: number): Promise<Started> {
  const { ca, certificate } = await localCertificate()
  const [fast, slow] = [await startBackend(t, 'fast'), await startHoldingBackend(t, 'slow')]
  const gateway = await startGateway(
    t,
    {
      server: { tls: { certificates: [certificate] } },
      upstreams: { fast: { backends: [fast.url] }, slow: { backends: [slow.url] } },
      routes: ['fast', 'slow'].map((upstream) => ({ path: `/${upstream}`, upstream, rewrite: '/' }))
    },
    { workers }
  )
  const sessions = await Promise.all([1, 2, 3].map(() => http2Client(t, gateway.url, ca)))
  const honest: Started['honest'] = (sub) => {
    const stopping = new AbortController()
    sub.after(() => {
      stopping.abort()
    })
    const statuses: number[] = []
    const clients = sessions.map(async (session) => {
      do {
        const { status } = await exchangeHttp2(session, { ':path': '/fast' })
        statuses.push(status)
        await delay(5)
      } while (!stopping.signal.aborted)
    })
    return async () => {
      stopping.abort()
      await Promise.all(clients)
      return statuses
    }
  }
  return { gateway, port: Number(new URL(gateway.url).port), slow, honest }
}
