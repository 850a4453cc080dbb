import { BlockList, isIP, isIPv6 } from 'node:net'
import { checkDuration } from './check-durations.ts'
import { isAddressBlock } from '../address-blocks.ts'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Checks the public and the admin listener: their addresses, that they don't share a port, and how they stop. */
export function checkListeners(config: Sound<RawConfig>, document: SourceDocument): Finding[] {
  const { server, admin } = config
  const shutdown = server?.shutdown
  return [
    ...checkHost(document, 'server', server?.host),
    ...checkHost(document, 'admin', admin?.host),
    ...checkPorts(config, document),
    ...checkTrustProxy(document, server?.trustProxy ?? []),
    ...checkDuration(document, ['server', 'stallTimeout'], server?.stallTimeout, 500),
    ...checkDuration(document, ['server', 'shutdown', 'delay'], shutdown?.delay),
    ...checkDuration(document, ['server', 'shutdown', 'timeout'], shutdown?.timeout)
  ]
}

function checkTrustProxy(document: SourceDocument, blocks: readonly (string | undefined)[]): Finding[] {
  return blocks.flatMap((block, index) => {
    if (block === undefined || isAddressBlock(block)) return []
    const path = ['server', 'trustProxy', index]
    return [
      {
        path,
        message: `expected an address or a CIDR block such as 10.0.0.0/8, got ${quote(document, path, block)}`
      }
    ]
  })
}

function checkHost(document: SourceDocument, block: 'server' | 'admin', host: string | undefined): Finding[] {
  if (host === undefined) return []
  const path = [block, 'host']
  const isHost = isIP(host) > 0 || (!/[:%]/.test(host) && !/^[\d.]+$/.test(host))
  const isValid = block === 'admin' ? isLoopback(host) : isHost
  if (isValid) return []
  const expected =
    block === 'admin'
      ? 'a loopback address (127.0.0.0/8, ::1 or localhost)'
      : 'an IP address or a host name, without a port'
  return [{ path, message: `expected ${expected}, got ${quote(document, path, host)}` }]
}

function checkPorts({ server, admin }: Sound<RawConfig>, document: SourceDocument): Finding[] {
  if (server?.port === undefined || server.port === 0 || server.port !== admin?.port) return []
  if (server.host !== undefined && admin.host !== undefined && !overlap(server.host, admin.host)) return []
  // Told where it is written: the other may be the default.
  const isAdmin = document.has(['admin', 'port'])
  const path = [isAdmin ? 'admin' : 'server', 'port']
  const other = [isAdmin ? 'server' : 'admin', 'port']
  const message = `expected another port than ${other.join('.')}, got ${quote(document, path, server.port)} for both`
  return [{ path, message }]
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host.toLowerCase() === 'localhost'
  return LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
}

/** Whether two listeners with these hosts could not share a port. */
function overlap(host: string, adminHost: string): boolean {
  const [a, b] = [host.toLowerCase(), adminHost.toLowerCase()]
  if (a === b || a === '::' || (a === 'localhost' && isLoopback(b))) return true
  if (b === 'localhost') return a === '0.0.0.0' || isLoopback(a)
  return a === '0.0.0.0' && !isIPv6(b)
}
