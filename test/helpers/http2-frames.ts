import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { connect } from 'node:tls'
import { until } from './until.ts'

/** Types of frames (RFC 9113 section 6). */
export const FRAME = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, GOAWAY: 7 } as const
/** Flags of DATA and HEADERS. */
export const FLAG = { END_STREAM: 1, END_HEADERS: 4 } as const

/** A frame as it came. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A connection on which a test writes frames that no client would. */
export interface FrameClient {
  readonly frames: readonly Frame[]
  readonly send: (type: number, flags: number, stream: number, payload?: Buffer) => void
  /** Waits until a frame of this type came on a stream. */
  readonly untilFrame: (type: number, stream: number) => Promise<Frame>
  readonly end: () => void
}

/** Opens a TLS connection that has chosen HTTP/2 and goes with the test; the preface is sent. */
export async function frameClient(t: TestContext, url: string, ca: string): Promise<FrameClient> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), ca, ALPNProtocols: ['h2'] })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  const frames: Frame[] = []
  let rest = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (let length = 9; rest.length >= 9; rest = rest.subarray(length)) {
      length = 9 + rest.readUIntBE(0, 3)
      if (rest.length < length) return
      const stream = rest.readUInt32BE(5) & 0x7fffffff
      frames.push({ type: rest[3]!, flags: rest[4]!, stream, payload: Buffer.from(rest.subarray(9, length)) })
    }
  })
  const send: FrameClient['send'] = (type, flags, stream, payload = Buffer.alloc(0)) => {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head.writeUInt8(type, 3)
    head.writeUInt8(flags, 4)
    head.writeUInt32BE(stream, 5)
    socket.write(Buffer.concat([head, payload]))
  }
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  send(FRAME.SETTINGS, 0, 0)
  return {
    frames,
    send,
    untilFrame: async (type, stream) => {
      const isIt = (frame: Frame): boolean => frame.type === type && frame.stream === stream
      await until(`a frame of type ${type} came on stream ${stream}`, () => frames.some(isIt))
      return frames.find(isIt)!
    },
    end: () => void socket.end()
  }
}

/** A header block of literals only (RFC 7541 section 6.2.2), names and values in turn, whatever is in them. */
export function headerBlock(flat: readonly string[]): Buffer {
  const parts: Buffer[] = []
  for (let index = 0; index < flat.length; index += 2)
    parts.push(Buffer.of(0), literal(flat[index]!), literal(flat[index + 1]!))
  return Buffer.concat(parts)
}

/** RFC 7541 section 5.2, without Huffman's code; at most 254 bytes. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  const length = bytes.length < 127 ? [bytes.length] : [127, bytes.length - 127]
  return Buffer.concat([Buffer.from(length), bytes])
}
