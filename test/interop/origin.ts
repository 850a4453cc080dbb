import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'

/** A server that can tell whether all of it arrived. */
export interface Origin {
  readonly url: string
  /** The same over HTTP/2 by prior knowledge. */
  readonly http2Url: string
  readonly server: Server
  /** Requests so far. */
  readonly requests: () => number
  /** The distinct answers of `/sum` so far. */
  readonly sums: Set<string>
}

/** What `/text` answers. */
export const TEXT = 'hello interop'
/** What `/gzip` holds. */
export const ZIPPED = 'again and '.repeat(2_000)
/** What `/pieces` answers, a chunk a line, with a trailer `x-sum: 100`. */
export const PIECES = Array.from({ length: 100 }, (_, index) => `piece ${index}\n`).join('')

const LARGEST = 8 * 1024 * 1024
/** Bytes that depend on their place, so that none can be lost or come twice unseen. */
const PATTERN = Buffer.from(Uint32Array.from({ length: LARGEST / 4 }, (_, index) => index).buffer)
const GZIP = gzipSync(ZIPPED)

/** The body of `/bytes/N`. */
export function bytes(length: number): Buffer {
  return PATTERN.subarray(0, length)
}

/** What `/sum` answers to a body. */
export function sumOf(body: Buffer | string): string {
  return `${Buffer.byteLength(body)} ${createHash('sha256').update(body).digest('hex')}`
}

type Answer = (request: IncomingMessage, response: ServerResponse, argument: string) => void

const ANSWERS: Readonly<Record<string, Answer>> = {
  text: (_request, response) => response.writeHead(200, { 'content-length': TEXT.length }).end(TEXT),
  bytes: answerBytes,
  pieces: (_request, response) => {
    response.writeHead(200, { trailer: 'x-sum', 'content-type': 'text/plain' })
    for (const line of PIECES.match(/.+\n/g)!) response.write(line)
    response.addTrailers({ 'x-sum': '100' })
    response.end()
  },
  gzip: (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(GZIP),
  // Its end is the end of the connection.
  untold: (_request, response) => {
    response.shouldKeepAlive = false
    response.useChunkedEncodingByDefault = false
    response.write(TEXT)
    setTimeout(() => response.end(TEXT), 10)
  },
  refused: (_request, response) => response.writeHead(403, { 'content-length': 2 }).end('no'),
  hints: (_request, response) =>
    response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('hinted')),
  seen: (request, response) => {
    const { method, url, headers } = request
    request.on('end', () =>
      response.end(JSON.stringify({ method, url, headers, trailers: request.trailers }))
    )
    request.resume()
  },
  slow: (_request, response, argument) => void setTimeout(() => response.end(TEXT), Number(argument))
}

function answerBytes(request: IncomingMessage, response: ServerResponse, argument: string): void {
  const body = bytes(Number(argument))
  const fields = { 'accept-ranges': 'bytes', etag: `"${argument}"` }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  if (from === undefined) response.writeHead(200, { ...fields, 'content-length': body.length }).end(body)
  else {
    const last = to === '' ? body.length - 1 : Number(to)
    const part = body.subarray(Number(from), last + 1)
    const range = `bytes ${from}-${last}/${body.length}`
    response.writeHead(206, { ...fields, 'content-length': part.length, 'content-range': range }).end(part)
  }
}

/** Starts both servers; they go with the test. */
export async function startOrigin(t: TestContext): Promise<Origin> {
  let count = 0
  const sums = new Set<string>()
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    count++
    const [, name = '', argument = ''] = request.url!.split(/[/?]/)
    if (name === 'sum') answerSum(request, response, sums)
    else (ANSWERS[name] ?? ANSWERS['seen']!)(request, response, argument)
  }
  const server = createServer(answer)
  const http2 = createHttp2Server({ maxSessionMemory: 1_000 }, (request, response) =>
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse)
  )
  const sessions = new Set<ServerHttp2Session>()
  http2.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
    session.once('close', () => sessions.delete(session))
  })
  for (const each of [server, http2]) {
    each.listen(0, '127.0.0.1')
    await once(each, 'listening')
  }
  t.after(() => {
    server.close()
    server.closeAllConnections()
    http2.close()
    for (const session of sessions) session.destroy()
  })
  const urlOf = (each: { address: () => unknown }): string =>
    `http://127.0.0.1:${(each.address() as AddressInfo).port}`
  return { url: urlOf(server), http2Url: urlOf(http2), server, requests: () => count, sums }
}

function answerSum(request: IncomingMessage, response: ServerResponse, sums: Set<string>): void {
  const hash = createHash('sha256')
  let length = 0
  request.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    length += chunk.length
  })
  request.on('end', () => {
    const sum = `${length} ${hash.digest('hex')}`
    sums.add(sum)
    response.end(sum)
  })
}
