import type { TestContext } from 'node:test'
import {
  Client,
  credentials,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition
} from '@grpc/grpc-js'

/** Messages are bytes: what is in them is nobody's affair on the way. */
const asBytes = (message: Buffer): Buffer => message

/** Paths of the service's methods. */
export const PATH = {
  unary: '/lab.Echo/Unary',
  collect: '/lab.Echo/Collect',
  repeat: '/lab.Echo/Repeat',
  chat: '/lab.Echo/Chat'
} as const

/** What a test sees of a backend. */
export interface GrpcBackend {
  readonly url: string
  /** Calls so far. */
  readonly calls: () => number
  /** Calls whose cancellation it has seen. */
  readonly cancelled: () => number
  /** The metadata of the last call. */
  readonly metadata: () => Metadata
  /** Breaks all connections and listens no more. */
  readonly kill: () => void
}

function method(
  path: string,
  requestStream: boolean,
  responseStream: boolean
): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: asBytes,
    requestDeserialize: asBytes,
    responseSerialize: asBytes,
    responseDeserialize: asBytes
  }
}

const ECHO: ServiceDefinition = {
  unary: method(PATH.unary, false, false),
  collect: method(PATH.collect, true, false),
  repeat: method(PATH.repeat, false, true),
  chat: method(PATH.chat, true, true)
}

/**
 * Starts a server over HTTP/2 without TLS that echoes: `unary` the message, `collect` all of them in one, `repeat` the
 * message as often as `x-times` says, `chat` each as it comes. With `x-fail` a call ends with that code and the details
 * `näh 100%`, with `x-hang` it never ends.
 */
export async function startGrpcBackend(t: TestContext): Promise<GrpcBackend> {
  let calls = 0
  let cancelled = 0
  let last = new Metadata()

  /** @returns The code that the call has to fail with; -1 = it hangs. */
  const begin = (call: {
    metadata: Metadata
    sendMetadata: (metadata: Metadata) => void
    on: (event: 'cancelled', listener: () => void) => unknown
  }): number => {
    calls++
    last = call.metadata
    call.on('cancelled', () => cancelled++)
    if (call.metadata.get('x-hang').length > 0) return -1
    const code = Number(call.metadata.get('x-fail')[0] ?? 0)
    // Without metadata in front, a failure is one header only: gRPC's Trailers-Only.
    if (code === 0) call.sendMetadata(metadataOf({ 'x-initial': 'i' }))
    return code
  }
  const failure = (code: number): object => ({
    code,
    details: 'näh 100%',
    metadata: metadataOf({ 'x-trailing': 'f' })
  })
  const trailing = (): Metadata => metadataOf({ 'x-trailing': 't', 'x-trailing-bin': Buffer.of(0, 255) })

  const unary: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    const code = begin(call)
    if (code > 0) callback(failure(code))
    else if (code === 0) callback(null, call.request, trailing())
  }
  const collect: handleClientStreamingCall<Buffer, Buffer> = (call, callback) => {
    const code = begin(call)
    const parts: Buffer[] = []
    if (code > 0) callback(failure(code))
    if (code !== 0) return
    call.on('data', (part: Buffer) => parts.push(part))
    call.on('end', () => callback(null, Buffer.concat(parts), trailing()))
  }
  const repeat: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    const code = begin(call)
    if (code > 0) call.emit('error', failure(code))
    if (code !== 0) return
    for (let count = Number(call.metadata.get('x-times')[0]); count > 0; count--) call.write(call.request)
    call.end(trailing())
  }
  const chat: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    const code = begin(call)
    if (code > 0) call.emit('error', failure(code))
    if (code !== 0) return
    call.on('data', (message: Buffer) => {
      call.write(message)
      if (message.equals(Buffer.from('bye'))) call.end(trailing())
    })
    call.on('end', () => call.end(trailing()))
  }

  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  server.addService(ECHO, { unary, collect, repeat, chat })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound)
    )
  })
  t.after(() => server.forceShutdown())
  return {
    url: `http://127.0.0.1:${port}`,
    calls: () => calls,
    cancelled: () => cancelled,
    metadata: () => last,
    kill: () => server.forceShutdown()
  }
}

/**
 * A client over TLS that goes with the test: one connection.
 *
 * @param ca - PEM.
 * @param retries - Whether it sends again what no server has looked at; by default what the gateway says is seen.
 */
export function grpcClient(t: TestContext, url: string, ca: string, retries = false): Client {
  const client = new Client(new URL(url).host, credentials.createSsl(Buffer.from(ca)), {
    'grpc.max_receive_message_length': -1,
    // TLS has no names for addresses.
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.enable_retries': retries ? 1 : 0
  })
  t.after(() => client.close())
  return client
}

/** Makes metadata. */
export function metadataOf(fields: Readonly<Record<string, string | Buffer>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(fields)) metadata.add(name, value)
  return metadata
}
