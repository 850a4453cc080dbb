import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { until } from './until.ts'

/** Types of frames (RFC 9113 section 6). */
export const TYPE = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9
} as const

/** Flags of frames. */
export const FLAG = { none: 0, ack: 1, endStream: 1, endHeaders: 4 } as const

/** A frame as it came. */
export interface RawFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A connection on which a test puts frames as it likes, thousands at once if need be. */
export interface RawHttp2 {
  readonly socket: TLSSocket
  /** Those that came so far. */
  readonly frames: readonly RawFrame[]
  readonly write: (...parts: readonly Buffer[]) => void
  /** Waits for a frame, of any stream if none is named. */
  readonly untilFrame: (type: number, stream?: number) => Promise<RawFrame>
  readonly isClosed: () => boolean
  /** Waits until the connection is over, however it ends. */
  readonly closed: Promise<void>
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Puts a frame on the wire. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0)
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Header fields as literals without indexing (RFC 7541 section 6.2.2). */
export function fields(...pairs: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

/** The header of a GET. */
export function getFields(path: string, ...more: readonly (readonly [string, string])[]): Buffer {
  const authority = [':authority', 'localhost'] as const
  return fields([':method', 'GET'], [':scheme', 'https'], authority, [':path', path], ...more)
}

/** A whole GET. */
export function getFrame(stream: number, path = '/'): Buffer {
  return frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, stream, getFields(path))
}

/** The payload of WINDOW_UPDATE and RST_STREAM. */
export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Opens a connection that has chosen HTTP/2 and sent its first SETTINGS; it goes with the test. */
export async function rawHttp2(t: TestContext, port: number): Promise<RawHttp2> {
  const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['h2'], rejectUnauthorized: false })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  const frames: RawFrame[] = []
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const length = rest.length < 9 ? Infinity : 9 + rest.readUIntBE(0, 3)
      if (rest.length < length) return
      const stream = rest.readUInt32BE(5) & 0x7fff_ffff
      frames.push({ type: rest[3]!, flags: rest[4]!, stream, payload: rest.subarray(9, length) })
      rest = rest.subarray(length)
    }
  })
  // A reset is one way to be closed.
  socket.on('error', () => {})
  let isClosed = false
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isClosed = true
      resolve()
    })
  })
  socket.write(Buffer.concat([PREFACE, frame(TYPE.settings, FLAG.none, 0)]))
  const find = (type: number, stream?: number): RawFrame | undefined =>
    frames.find((candidate) => candidate.type === type && (stream ?? candidate.stream) === candidate.stream)
  return {
    socket,
    frames,
    write: (...parts) => void socket.write(Buffer.concat(parts)),
    untilFrame: async (type, stream) => {
      await until(`a frame of type ${type} came`, () => find(type, stream) !== undefined)
      return find(type, stream)!
    },
    isClosed: () => isClosed,
    closed
  }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  return Buffer.concat([prefixed(bytes.length), bytes])
}

/** An integer with a prefix of 7 bits (RFC 7541 section 5.1). */
function prefixed(value: number): Buffer {
  if (value < 127) return Buffer.from([value])
  const out = [127]
  let left = value - 127
  for (; left >= 128; left = Math.floor(left / 128)) out.push((left % 128) + 128)
  return Buffer.from([...out, left])
}
