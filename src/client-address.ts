import type { IncomingMessage } from 'node:http'
import { isIP, SocketAddress } from 'node:net'
import { type AddressBlocks, plainAddress } from './address-blocks.ts'

/**
 * The address of the client: the peer's, or, as far as peers are trusted, who they say that the request came from. Of
 * X-Forwarded-For that is the right-most address that is not trusted itself, since anybody may have written what
 * stands before it; the left-most when all are trusted. What is no address ends the search at the one behind it.
 *
 * @param trusted - Whose X-Forwarded-For is believed.
 * @returns In its canonical form, an IPv4-mapped IPv6 address as IPv4; `unknown` when the peer has left.
 */
export function clientAddress(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  trusted: AddressBlocks
): string {
  let address = plainAddress(socket.remoteAddress)
  const chain = headers['x-forwarded-for']
  if (chain === undefined || !trusted.has(address)) return address
  const entries = String(chain).split(',')
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = readEntry(entries[index]!.trim())
    if (entry === undefined) break
    address = entry
    if (!trusted.has(address)) break
  }
  return address
}

/** Some proxies write a port too, and an IPv6 address then, or always, in brackets. */
const WITH_PORT = /^(?:\[([^[\]]+)\]|([\d.]+))(?::\d{1,5})?$/

/** @returns undefined when it is no address. */
function readEntry(entry: string): string | undefined {
  const [, ipv6, ipv4] = WITH_PORT.exec(entry) ?? []
  const address = ipv6 ?? ipv4 ?? entry
  const version = isIP(address)
  if (version === 4) return address
  // A zone is of use to one machine only.
  if (version === 0 || address.includes('%')) return undefined
  return plainAddress(new SocketAddress({ address, family: 'ipv6' }).address)
}
