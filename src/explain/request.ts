import type { IncomingMessage } from 'node:http'
import type { RequestHead } from '../routing/message-checks.ts'

/** A request to explain. */
export interface ExplainRequest {
  readonly method: string
  /** Path and query, or an absolute URL, whose host then is the Host. */
  readonly url: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Address that it comes from; what goes by the client's address needs one. */
  readonly client?: string
}

/** A request as it would come over a connection: in origin form, with one Host. */
export function requestHead({ method, url, headers }: ExplainRequest): RequestHead {
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? []
  const host = headers.host ?? authority ?? 'localhost'
  const target = authority === undefined ? url : rest.startsWith('/') ? rest : `/${rest}`
  return {
    method,
    url: target,
    httpVersion: '1.1',
    headers: { ...headers, host },
    rawHeaders: ['Host', host]
  }
}

/** The same for what reads its key and its session; nobody ever reads a body from it, or answers. */
export function requestMessage(head: RequestHead, client: string | undefined): IncomingMessage {
  const rawHeaders = Object.entries(head.headers).flatMap(([name, value]) => [name, String(value)])
  return { ...head, rawHeaders, socket: { remoteAddress: client } } as unknown as IncomingMessage
}
