import type { IncomingMessage } from 'node:http'
import type { AddressBlocks } from './address-blocks.ts'
import { clientAddress } from './client-address.ts'
import type { LimitKey } from './config/types.ts'
import { readKey } from './request-key.ts'

/**
 * Makes the function that reads what a rate limit knows a client by. Of IPv6 it is the first 64 bits: whoever has one
 * address of such a network has all. A part that a request lacks is its client's address, so that leaving it out helps
 * nobody; no part can be written so that it looks like another.
 *
 * @param parts - At least one. Of `consumer` the reader is told who it is.
 * @param trusted - Whose X-Forwarded-For is believed.
 */
export function limitKeyReader(
  parts: readonly LimitKey[],
  trusted: AddressBlocks
): (request: IncomingMessage, consumer?: string) => string {
  if (parts.length === 1 && parts[0]!.from === 'ip') {
    return (request) => networkOf(clientAddress(request, trusted))
  }
  return (request, consumer) => {
    let text = ''
    for (const part of parts) text += readPart(part, request, trusted, consumer)
    return text
  }
}

/** The network that an address counts as: of IPv6 its first 64 bits, of IPv4 all. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [plain = ''] = address.split('%')
  const [head = '', tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':')
    // An IPv4 address at the end is two groups.
    const missing = 8 - groups.length - last.length - (tail.includes('.') ? 1 : 0)
    for (let count = 0; count < missing; count++) groups.push('0')
    groups.push(...last)
  }
  return `${groups.slice(0, 4).join(':')}::/64`
}

function readPart(
  part: LimitKey,
  request: IncomingMessage,
  trusted: AddressBlocks,
  consumer: string | undefined
): string {
  const value =
    part.from === 'consumer'
      ? consumer
      : part.from === 'ip'
        ? networkOf(clientAddress(request, trusted))
        : readKey(part, request, trusted)
  // Told by its length where it ends; what stands in for a missing one has none.
  return value === undefined ? `?${networkOf(clientAddress(request, trusted))} ` : `${value.length}:${value}`
}
