import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import type { RawAnswer } from '../../src/threads/client-errors.ts'
import { type ListenerLimits, OWN_LIMITS } from '../../src/threads/client-limits.ts'
import { Generation } from '../../src/threads/generation.ts'
import { Listener } from '../../src/threads/listener.ts'
import { type ListenAddress, PLAIN, type TlsMaterial, type Transport } from '../../src/threads/messages.ts'
import { reservePort } from '../../src/threads/reserve-port.ts'
import type { IssuedCertificate } from './certificates.ts'

/** A listener of a test with the app behind it. */
export interface TestListener {
  readonly listener: Listener
  readonly address: ListenAddress
  readonly port: number
  /** `https:` with TLS. */
  readonly url: string
  readonly rawAnswers: readonly RawAnswer[]
  readonly generation: Generation
}

/** What differs from a plain listener with an app that answers `fine`. */
export interface TestListenerOptions {
  readonly transport?: Partial<Transport>
  readonly limits?: Partial<ListenerLimits>
  readonly material?: TlsMaterial
  /** Adds routes to the app. */
  readonly routes?: (app: FastifyInstance) => void
}

/** HTTP/1.1 and HTTP/2 over TLS. */
export const OVER_TLS: Transport = { tls: true, http2: true, proxyProtocol: undefined }

/** Certificates as the control plane hands them out. @param key - Decides the ticket keys. */
export function tlsMaterial(
  certificates: readonly (IssuedCertificate & { hosts?: readonly string[] })[],
  key = 'ticket keys'
): TlsMaterial {
  return {
    certificates: certificates.map(({ hosts = ['localhost'], cert, key }) => ({ cert, key, hosts })),
    ticketKeys: createHash('sha512').update(key).digest().subarray(0, 48)
  }
}

/** Starts a listener on a free loopback port that stops with the test. */
export async function startListener(
  t: TestContext,
  options: TestListenerOptions = {}
): Promise<TestListener> {
  const rawAnswers: RawAnswer[] = []
  const listener = new Listener((answer) => rawAnswers.push(answer))
  const app = Fastify({ forceCloseConnections: false })
  app.get('/', (request, reply) => {
    void reply.send(`fine over ${request.raw.httpVersion} for ${request.ip}`)
  })
  options.routes?.(app)
  await app.ready()
  const generation = new Generation(1, app)
  listener.serve(generation)
  if (options.material) listener.secure(options.material)
  const transport = { ...PLAIN, ...options.transport }
  const port = await reservePort('127.0.0.1', 0)
  const limits = { ...OWN_LIMITS, ...options.limits }
  const address: ListenAddress = { host: '127.0.0.1', port, reusePort: false, transport, limits }
  await listener.listen(address)
  t.after(async () => {
    await listener.stop(0)
    await generation.close(true)
  })
  const url = `${transport.tls ? 'https' : 'http'}://127.0.0.1:${port}`
  return { listener, address, port, url, rawAnswers, generation }
}

/** Something that is there after a quarter of a second. */
export async function slowly<T>(value: T): Promise<T> {
  return await new Promise((resolve) => {
    setTimeout(() => resolve(value), 250)
  })
}
