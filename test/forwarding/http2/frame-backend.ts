import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from '../../helpers/until.ts'

/** Types of frames (RFC 9113 section 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9
} as const

/** Flags of frames. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const

/** Settings' identifiers (RFC 9113 section 6.5.2). */
export const SETTING = { maxStreams: 3, window: 4 } as const

/** Error codes (RFC 9113 section 7). */
export const CODE = { none: 0, protocol: 1, internal: 2, refused: 7, cancel: 8, calm: 11 } as const

/** A frame as it came. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** A frame as it goes out. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0)
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A SETTINGS frame. */
export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const entries = Object.entries(values).map(([id, value]) => {
    const entry = Buffer.alloc(6)
    entry.writeUInt16BE(Number(id), 0)
    entry.writeUInt32BE(value, 2)
    return entry
  })
  return frame(FRAME.settings, 0, 0, Buffer.concat(entries))
}

/** Fields as a header block without any compression (RFC 7541 section 6.2.2). Names and values in turn. */
export function block(...fields: string[]): Buffer {
  return Buffer.concat(
    fields.map((text, index) => {
      const bytes = Buffer.from(text, 'latin1')
      const length = integer(bytes.length)
      return Buffer.concat(index % 2 === 0 ? [Buffer.from([0]), length, bytes] : [length, bytes])
    })
  )
}

/** RFC 7541 section 5.1, with a prefix of seven bits. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value])
  const bytes = [127]
  let rest = value - 127
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}

/** A HEADERS frame with END_HEADERS. */
export function headers(stream: number, flags: number, ...fields: string[]): Buffer {
  return frame(FRAME.headers, FLAG.endHeaders | flags, stream, block(...fields))
}

export function data(stream: number, text: string | Buffer, flags = 0): Buffer {
  return frame(FRAME.data, flags, stream, Buffer.from(text))
}

export function reset(stream: number, code: number): Buffer {
  return frame(FRAME.reset, 0, stream, words(code))
}

export function goaway(lastStream: number, code: number): Buffer {
  return frame(FRAME.goaway, 0, 0, words(lastStream, code))
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(FRAME.window, 0, stream, words(increment))
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index))
  return bytes
}

/** One connection of a backend that speaks frames. */
export interface FrameConnection {
  readonly socket: Socket
  /** All frames so far. */
  readonly frames: Frame[]
  readonly send: (...frames: Buffer[]) => void
  /** Waits for a frame of a type, and of a stream when one is named. */
  readonly frame: (type: number, stream?: number) => Promise<Frame>
  readonly untilClosed: () => Promise<void>
}

/** A backend that does what a test tells it to, frame by frame. */
export interface FrameBackend {
  readonly url: string
  readonly connections: FrameConnection[]
  /** Waits for the connection with this number, from 0. */
  readonly connection: (index: number) => Promise<FrameConnection>
}

/** What a backend does by itself. */
export interface FrameBackendOptions {
  /** Sent at once; undefined = nothing is. */
  readonly settings?: Readonly<Record<number, number>> | undefined
  /** Called for every frame but SETTINGS. */
  readonly onFrame?: (connection: FrameConnection, frame: Frame) => void
}

/** Starts a backend that sends its SETTINGS and acknowledges others. */
export async function startFrameBackend(
  t: TestContext,
  options: FrameBackendOptions = {}
): Promise<FrameBackend> {
  const { onFrame } = options
  const first = 'settings' in options ? options.settings : {}
  const connections: FrameConnection[] = []
  const server = createServer({ noDelay: true }, (socket) => {
    const frames: Frame[] = []
    let closed = false
    let rest = Buffer.alloc(0)
    let hasPreface = false
    const find = (type: number, stream?: number): Frame | undefined =>
      frames.find((one) => one.type === type && (stream === undefined || one.stream === stream))
    const connection: FrameConnection = {
      socket,
      frames,
      send: (...out) => {
        if (!socket.destroyed) socket.write(Buffer.concat(out))
      },
      frame: async (type, stream) => {
        await until(`a frame of type ${type} came`, () => find(type, stream) !== undefined)
        return find(type, stream)!
      },
      untilClosed: () => until('the client closed the connection', () => closed)
    }
    connections.push(connection)
    if (first) connection.send(settings(first))
    socket.on('error', () => {})
    socket.once('close', () => (closed = true))
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      if (!hasPreface && rest.length >= PREFACE.length) {
        hasPreface = true
        rest = rest.subarray(PREFACE.length)
      }
      if (!hasPreface) return
      while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
        const end = 9 + rest.readUIntBE(0, 3)
        const one: Frame = {
          type: rest.readUInt8(3),
          flags: rest.readUInt8(4),
          stream: rest.readUInt32BE(5) & 0x7f_ff_ff_ff,
          payload: Buffer.from(rest.subarray(9, end))
        }
        rest = rest.subarray(end)
        frames.push(one)
        if (one.type !== FRAME.settings) onFrame?.(connection, one)
        else if (first && (one.flags & FLAG.ack) === 0) connection.send(frame(FRAME.settings, FLAG.ack, 0))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const { socket } of connections) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    connection: async (index) => {
      await until(`there are ${index + 1} connections`, () => connections.length > index)
      return connections[index]!
    }
  }
}

/** A backend that answers each request's HEADERS with the same, its stream put in. */
export async function answeringFrames(
  t: TestContext,
  answer: (stream: number) => readonly Buffer[]
): Promise<FrameBackend> {
  return await startFrameBackend(t, {
    onFrame: ({ send }, { type, stream }) => {
      if (type === FRAME.headers) send(...answer(stream))
    }
  })
}
