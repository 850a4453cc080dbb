import type { IncomingMessage } from 'node:http'
import type { AddressBlocks } from './address-blocks.ts'
import { hashText } from './balancing/hash-text.ts'
import { clientAddress } from './client-address.ts'
import type { RequestKey } from './config/types.ts'
import { cookieValues } from './cookies.ts'
import { pathOf, targetOf } from './routing/lookup.ts'

/**
 * Reads what of a request tells clients apart.
 *
 * @param trusted - Whose X-Forwarded-For is believed.
 * @returns undefined when the request has none, or an empty one. Of several cookies or query parameters of a name it is
 *   the first, of several header fields all, as Node joins them.
 */
export function readKey(
  key: RequestKey,
  request: IncomingMessage,
  trusted: AddressBlocks
): string | undefined {
  return readValue(key, request, trusted) || undefined
}

/** Makes the function that reads a request's key ({@link readKey}) and hashes it to an unsigned 32-bit integer. */
export function keyHasher(
  key: RequestKey,
  trusted: AddressBlocks
): (request: IncomingMessage) => number | undefined {
  return (request) => {
    const value = readValue(key, request, trusted)
    return value ? hashText(value) : undefined
  }
}

function readValue(
  key: RequestKey,
  request: IncomingMessage,
  trusted: AddressBlocks
): string | null | undefined {
  const { headers } = request
  switch (key.from) {
    case 'ip': {
      return clientAddress(request, trusted)
    }
    case 'path': {
      return pathOf(targetOf(request))
    }
    case 'header': {
      return headers[key.name]?.toString()
    }
    case 'cookie': {
      return cookieValues(headers.cookie, key.name)[0]
    }
    default: {
      return queryValue(targetOf(request), key.name)
    }
  }
}

/** Decoded: the same value may be written in several ways. */
function queryValue(target: string, name: string): string | null {
  const mark = target.indexOf('?')
  return mark === -1 ? null : new URLSearchParams(target.slice(mark)).get(name)
}
