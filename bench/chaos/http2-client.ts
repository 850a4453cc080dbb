import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Errand } from './errand.ts'
import { type End, type ErrandClient, uploadInParts } from './errand-client.ts'
import { Keystream } from './keystream.ts'
import type { Ending, Sight } from './sight.ts'

/** Connections, so that each worker has some. */
const SESSIONS = 4

/** Clients of HTTP/2, who share a few connections. */
export class Http2Client implements ErrandClient {
  readonly #url: string
  readonly #ca: string
  readonly #sessions: (ClientHttp2Session | undefined)[] = Array.from({ length: SESSIONS })
  /** Those that were given up: whatever is left of them seems to have ended well. */
  readonly #given = new WeakSet<ClientHttp2Session>()
  #turn = 0

  /** @param ca - PEM of the authority that is trusted. */
  constructor(url: string, ca: string) {
    this.#url = url
    this.#ca = ca
  }

  async send(seen: Sight, giveUpAfter: number): Promise<End> {
    return await new Promise((resolve) => {
      const session = this.#session()
      const stream = open(session, seen.errand)
      const end = (ending: Ending, error?: string): void => {
        clearTimeout(timer)
        resolve(error === undefined ? { ending } : { ending, error })
        if (ending !== 'complete') stream.close(constants.NGHTTP2_CANCEL)
      }
      const { patience } = seen.errand
      const timer = setTimeout(() => end(patience ? 'left' : 'unanswered'), patience || giveUpAfter)
      stream.on('response', (headers) => {
        seen.begin(Number(headers[':status']), headers['x-request-id'])
        // Not before: Node may tell of the first bytes before it tells of the head.
        stream.on('data', (piece: Buffer) => seen.take(piece))
      })
      stream.on('error', (error: NodeJS.ErrnoException) => end('broken', error.code ?? error.message))
      stream.on('close', () => {
        // What is reset without an error was answered before its upload was over (RFC 9113 section 8.1): whole, if it has all bytes.
        const isWhole = stream.rstCode === constants.NGHTTP2_NO_ERROR && seen.status !== 0
        if (isWhole && !this.#given.has(session)) {
          seen.complete()
          end('complete')
        } else end('broken', `RST_${stream.rstCode}`)
      })
    })
  }

  close(): void {
    for (const session of this.#sessions) {
      if (!session) continue
      this.#given.add(session)
      session.destroy()
    }
  }

  /** Comes over new connections from now on: Node's client does not always notice that the other side has died. */
  renew(): void {
    this.close()
  }

  /** One after the other; what was closed, or told to go, is replaced. */
  #session(): ClientHttp2Session {
    const index = this.#turn++ % SESSIONS
    const there = this.#sessions[index]
    if (there && !there.closed && !there.destroyed) return there
    const session = connect(this.#url, { ca: this.#ca })
    this.#sessions[index] = session
    // Its streams tell of it.
    session.on('error', () => {})
    session.on('goaway', () => session.close())
    return session
  }
}

function open(session: ClientHttp2Session, { id, method, path, size, upload }: Errand): ClientHttp2Stream {
  const stream = session.request(
    {
      ':method': method,
      ':path': path,
      'x-request-id': id,
      ...(upload === 'whole' && { 'content-length': size })
    },
    { endStream: upload === 'none' }
  )
  const body = new Keystream(id)
  if (upload === 'whole') stream.end(body.next(size))
  else if (upload !== 'none') void uploadInParts(stream, body, size)
  return stream
}
