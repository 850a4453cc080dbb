import type { CallOptions, Client, Metadata, ServiceError, StatusObject } from '@grpc/grpc-js'
import { metadataOf, PATH } from './grpc-echo.ts'

/** How a call ended, whatever it was. */
export interface CallOutcome {
  readonly messages: readonly Buffer[]
  readonly code: number
  readonly details: string
  /** At the end of the response. */
  readonly trailing: Metadata
  /** At its beginning. */
  readonly initial: Metadata | undefined
}

/** What a call sends besides its messages. */
export interface CallRequest extends CallOptions {
  readonly fields?: Readonly<Record<string, string | Buffer>>
}

const asBytes = (message: Buffer): Buffer => message

/** The part that all kinds of calls have in common. */
interface AnyCall {
  on(event: 'metadata', listener: (metadata: Metadata) => void): unknown
  on(event: 'status', listener: (status: StatusObject) => void): unknown
  on(event: 'data', listener: (message: Buffer) => void): unknown
  on(event: 'error', listener: () => void): unknown
}

/** Calls with one message and gets one back. */
export async function callUnary(
  client: Client,
  message: Buffer,
  { fields = {}, ...options }: CallRequest = {}
): Promise<CallOutcome> {
  const { promise, resolve } = Promise.withResolvers<Buffer[]>()
  const taken = (_error: ServiceError | null, response?: Buffer): void => resolve(response ? [response] : [])
  const call = client.makeUnaryRequest(
    PATH.unary,
    asBytes,
    asBytes,
    message,
    metadataOf(fields),
    options,
    taken
  )
  return await outcome(call, promise)
}

/** Calls with many messages and gets one back. */
export async function callCollect(
  client: Client,
  messages: readonly Buffer[],
  { fields = {}, ...options }: CallRequest = {}
): Promise<CallOutcome> {
  const { promise, resolve } = Promise.withResolvers<Buffer[]>()
  const taken = (_error: ServiceError | null, response?: Buffer): void => resolve(response ? [response] : [])
  const call = client.makeClientStreamRequest(
    PATH.collect,
    asBytes,
    asBytes,
    metadataOf(fields),
    options,
    taken
  )
  for (const message of messages) call.write(message)
  call.end()
  return await outcome(call, promise)
}

/** Calls with one message and gets it back many times. */
export async function callRepeat(
  client: Client,
  message: Buffer,
  { fields = {}, ...options }: CallRequest = {}
): Promise<CallOutcome> {
  const call = client.makeServerStreamRequest(
    PATH.repeat,
    asBytes,
    asBytes,
    message,
    metadataOf(fields),
    options
  )
  return await outcome(call)
}

/** Reads how a call ends. @param messages - By default those that it emits. */
export async function outcome(call: AnyCall, messages?: Promise<Buffer[]>): Promise<CallOutcome> {
  let initial: Metadata | undefined
  const emitted: Buffer[] = []
  call.on('metadata', (metadata) => (initial = metadata))
  if (!messages) call.on('data', (message) => emitted.push(message))
  // The status says it as well.
  call.on('error', () => {})
  const status = await new Promise<StatusObject>((resolve) => void call.on('status', resolve))
  const { code, details, metadata: trailing } = status
  return { messages: messages ? await messages : emitted, code, details, trailing, initial }
}
