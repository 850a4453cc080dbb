import { type Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Errand } from './errand.ts'
import { Keystream } from './keystream.ts'

/** How a request ended for its client. */
export type Ending =
  /** A whole response came. */
  | 'complete'
  /** The connection broke before that. */
  | 'broken'
  /** Nothing came for so long that the client gave up. */
  | 'unanswered'
  /** The client left, as it was meant to. */
  | 'left'

/** What its client saw of a request. */
export interface Outcome {
  readonly errand: Errand
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
  readonly ending: Ending
  /** 0 when no head of a response came. */
  readonly status: number
  /** Code of the error that it ended with. */
  readonly error: string | undefined
  /** What was wrong with what came; undefined when all bytes that came were right. */
  readonly wrong: string | undefined
}

/** Parts of what is said over an upgraded connection. */
const PARTS = 4
/** Parts of a body that takes its time. */
const UPLOAD_PARTS = 8
/** The pause between two of them, in milliseconds. */
const PAUSE = 30

/** Sends a request and waits for its end; never rejects. @param giveUpAfter - Milliseconds. */
export async function sendErrand(
  agent: Agent,
  url: string,
  errand: Errand,
  giveUpAfter: number
): Promise<Outcome> {
  const startedAt = Date.now()
  const seen = new Sight(errand)
  const { ending, error } = await new Promise<{ ending: Ending; error?: string }>((resolve) => {
    const outgoing = open(agent, url, errand)
    const end = (ending: Ending, error?: string): void => {
      clearTimeout(timer)
      resolve(error === undefined ? { ending } : { ending, error })
      if (ending !== 'complete') outgoing.destroy()
    }
    const { patience } = errand
    const timer = setTimeout(() => end(patience ? 'left' : 'unanswered'), patience || giveUpAfter)
    const fail = (error: NodeJS.ErrnoException): void => end('broken', error.code ?? error.message)
    outgoing.on('error', fail)
    outgoing.on('response', (response) => {
      seen.begin(response)
      response.on('data', (piece: Buffer) => seen.take(piece))
      response.on('error', fail)
      response.on('end', () => {
        seen.complete()
        end('complete')
      })
    })
    outgoing.on('upgrade', (response, socket: Socket, head: Buffer) => {
      seen.begin(response)
      void converse(socket, head, seen).then(
        () => end('complete'),
        () => end('broken', 'UPGRADED')
      )
    })
  })
  const { status, wrong } = seen
  return { errand, startedAt, endedAt: Date.now(), ending, status, error, wrong }
}

function open(agent: Agent, url: string, errand: Errand): ClientRequest {
  const { id, method, path, size, upload, kind } = errand
  const outgoing = request(`${url}${path}`, {
    method,
    // An upgraded connection is nobody else's afterwards.
    agent: kind === 'upgrade' ? false : agent,
    headers: {
      'x-request-id': id,
      ...(kind === 'upgrade' && { connection: 'upgrade', upgrade: 'echo' }),
      ...((upload === 'whole' || upload === 'expect') && { 'content-length': size }),
      ...(upload === 'expect' && { expect: '100-continue' })
    }
  })
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

async function uploadInParts(outgoing: ClientRequest, body: Keystream, size: number): Promise<void> {
  for (let part = 0; part < UPLOAD_PARTS && !outgoing.destroyed; part++) {
    outgoing.write(body.next(size / UPLOAD_PARTS))
    await delay(PAUSE)
  }
  if (!outgoing.destroyed) outgoing.end()
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

/** What came of a response, compared as it comes with what should. */
class Sight {
  readonly errand: Errand
  readonly #expected: Keystream
  #response: IncomingMessage | undefined
  #bytes = 0
  /** Of a response that is not what was asked for. */
  #text = ''
  wrong: string | undefined

  constructor(errand: Errand) {
    this.errand = errand
    this.#expected = new Keystream(errand.id)
  }

  get status(): number {
    return this.#response?.statusCode ?? 0
  }

  get isAll(): boolean {
    return this.#bytes === this.errand.size
  }

  begin(response: IncomingMessage): void {
    this.#response = response
    const id = response.headers['x-request-id']
    if (this.status !== 101 && id !== this.errand.id) this.wrong = `the answer to ${String(id)}`
  }

  take(piece: Buffer): void {
    this.#bytes += piece.length
    if (!this.#isWanted) this.#text += piece.toString()
    else if (!this.#expected.matches(piece)) this.wrong ??= `other bytes before ${this.#bytes}`
  }

  /** It is said that this was all. */
  complete(): void {
    if (this.#isWanted && !this.isAll) this.wrong ??= `${this.#bytes} bytes instead of ${this.errand.size}`
    else if (!this.#isWanted && !isProblem(this.#text, this.errand.id)) this.wrong ??= `no problem document`
  }

  get #isWanted(): boolean {
    return this.status === 200 || this.status === 101
  }
}

function isProblem(text: string, id: string): boolean {
  try {
    return (JSON.parse(text) as { requestId?: unknown }).requestId === id
  } catch {
    return false
  }
}
