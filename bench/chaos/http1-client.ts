import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Errand } from './errand.ts'
import { type End, type ErrandClient, PAUSE, uploadInParts } from './errand-client.ts'
import { Keystream } from './keystream.ts'
import type { Ending, Sight } from './sight.ts'

/** Parts of what is said over an upgraded connection. */
const PARTS = 4
/** How long that may take, in milliseconds: the gateway has no timeout for it, also when the backend has vanished. */
const LONGEST_TALK = 5_000

/** Clients of HTTP/1.1 over kept connections, with TLS or without. */
export class Http1Client implements ErrandClient {
  readonly #url: string
  readonly #ca: string | undefined
  readonly #agent: Agent

  /** @param ca - PEM of the authority that is trusted; undefined = no TLS. */
  constructor(url: string, ca: string | undefined) {
    const options = { keepAlive: true, maxFreeSockets: Infinity, scheduling: 'fifo' } as const
    this.#url = url
    this.#ca = ca
    this.#agent = ca === undefined ? new Agent(options) : new SecureAgent({ ...options, ca })
  }

  async send(seen: Sight, giveUpAfter: number): Promise<End> {
    return await new Promise((resolve) => {
      const outgoing = this.#open(seen.errand)
      let upgraded: Socket | undefined
      const end = (ending: Ending, error?: string): void => {
        clearTimeout(timer)
        resolve(error === undefined ? { ending } : { ending, error })
        if (ending === 'complete') return
        outgoing.destroy()
        upgraded?.destroy()
      }
      const { patience } = seen.errand
      let timer = setTimeout(() => end(patience ? 'left' : 'unanswered'), patience || giveUpAfter)
      const fail = (error: NodeJS.ErrnoException): void => end('broken', error.code ?? error.message)
      const begin = ({ statusCode = 0, headers }: IncomingMessage): void =>
        seen.begin(statusCode, headers['x-request-id'])
      outgoing.on('error', fail)
      outgoing.on('response', (response) => {
        begin(response)
        response.on('data', (piece: Buffer) => seen.take(piece))
        response.on('error', fail)
        response.on('end', () => {
          seen.complete()
          end('complete')
        })
      })
      outgoing.on('upgrade', (response, socket: Socket, head: Buffer) => {
        begin(response)
        upgraded = socket
        clearTimeout(timer)
        timer = setTimeout(() => end('broken', 'SILENT'), LONGEST_TALK)
        void converse(socket, head, seen).then(
          () => end('complete'),
          () => end('broken', 'UPGRADED')
        )
      })
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  #open(errand: Errand): ClientRequest {
    const { id, method, path, size, upload, kind } = errand
    const isUpgrade = kind === 'upgrade'
    const options = {
      method,
      // An upgraded connection is nobody else's afterwards.
      agent: isUpgrade ? (false as const) : this.#agent,
      ...(this.#ca !== undefined && { ca: this.#ca }),
      headers: {
        'x-request-id': id,
        ...(isUpgrade && { connection: 'upgrade', upgrade: 'echo' }),
        ...((upload === 'whole' || upload === 'expect') && { 'content-length': size }),
        ...(upload === 'expect' && { expect: '100-continue' })
      }
    }
    const outgoing = (this.#ca === undefined ? request : secureRequest)(`${this.#url}${path}`, options)
    const body = new Keystream(id)
    if (upload === 'none') outgoing.end()
    else if (upload === 'whole') outgoing.end(body.next(size))
    else if (upload === 'parts') void uploadInParts(outgoing, body, size)
    else {
      outgoing.flushHeaders()
      outgoing.once('continue', () => outgoing.end(body.next(size)))
      // Nobody wants it: what there is is the answer to that.
      outgoing.once('response', () => outgoing.end())
    }
    return outgoing
  }
}

/** Says something in parts and listens until all of it came back. @throws Error when the connection ends before. */
async function converse(socket: Socket, head: Buffer, seen: Sight): Promise<void> {
  const { id, size } = seen.errand
  const done = new Promise<void>((resolve, reject) => {
    const take = (piece: Buffer): void => {
      seen.take(piece)
      if (seen.isAll) socket.end()
    }
    socket.on('data', take)
    socket.on('error', reject)
    socket.on('close', () => (seen.isAll ? resolve() : reject(new Error('it ended'))))
    if (head.length > 0) take(head)
  })
  const words = new Keystream(id)
  const talk = (async () => {
    for (let part = 0; part < PARTS && socket.writable; part++) {
      socket.write(words.next(size / PARTS))
      await delay(PAUSE)
    }
  })()
  await Promise.all([done, talk])
}
