import type { IncomingMessage } from 'node:http'
import type { AddressBlocks } from '../address-blocks.ts'
import type { RequestKey } from '../config/types.ts'
import { keyHasher } from '../request-key.ts'

/** The hash of a request's key; undefined when it has none. Without a client's address there is none to go by. */
export function keyOf(request: IncomingMessage, key: RequestKey, trusted: AddressBlocks): number | undefined {
  if (key.from === 'ip' && request.socket.remoteAddress === undefined) return undefined
  return keyHasher(key, trusted)(request)
}
