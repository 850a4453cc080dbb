import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startChildGateway } from './child-gateway.ts'

/** Which way the bytes go. */
export type Direction = 'download' | 'upload'

const MIB = 1024 * 1024
const PIECE = Buffer.alloc(256 * 1024, 'x')

/**
 * Sends so many bytes through a gateway of its own process, to a reader that is slow at first and then stops now and
 * again.
 *
 * @returns By how many bytes the gateway's memory (resident set) grew at most.
 */
export async function largeTransfer(t: TestContext, direction: Direction, bytes: number): Promise<number> {
  const reader = slowReader()
  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    if (direction === 'download') {
      response.writeHead(200, { 'content-length': bytes })
      pipeline(source(bytes), response).catch(() => {})
    } else
      pipeline(incoming, reader).then(
        () => response.end('ok'),
        () => {}
      )
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const gateway = await startChildGateway(
    t,
    {
      server: { limits: { bodyLimit: 0, requestTimeout: '0s' } },
      upstreams: { a: { backends: [`http://127.0.0.1:${port}`] } },
      routes: [{ path: '/', upstream: 'a' }]
    },
    0
  )
  const before = await residentBytes(gateway.pid)
  let peak = before
  const sampling = new AbortController()
  const samples = (async () => {
    while (!sampling.signal.aborted) {
      peak = Math.max(peak, await residentBytes(gateway.pid))
      await delay(20)
    }
  })()
  await (direction === 'download' ? download(gateway.url, reader) : upload(gateway.url, bytes))
  sampling.abort()
  await samples
  assert.equal(reader.received(), bytes)
  return peak - before
}

async function download(url: string, reader: Writable): Promise<void> {
  const outgoing = request(url, { agent: false })
  outgoing.end()
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
  })
  await pipeline(response, reader)
}

async function upload(url: string, bytes: number): Promise<void> {
  const outgoing = request(url, { agent: false, method: 'PUT', headers: { 'content-length': bytes } })
  const answered = new Promise<void>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', (response) => response.on('end', resolve).resume())
  })
  await Promise.all([pipeline(source(bytes), outgoing), answered])
}

function source(bytes: number): Readable {
  let left = bytes
  return new Readable({
    highWaterMark: MIB,
    read() {
      const piece = PIECE.subarray(0, Math.min(left, PIECE.length))
      left -= piece.length
      this.push(piece.length > 0 ? piece : null)
    }
  })
}

/** Takes nothing for a while, then all, with a pause after every 32 MiB. */
function slowReader(): Writable & { received: () => number } {
  let received = 0
  let next = 0
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      received += chunk.length
      if (received < next) {
        done()
        return
      }
      next = received + 32 * MIB
      setTimeout(done, 100)
    }
  })
  return Object.assign(writable, { received: () => received })
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}
