import { isIP, isIPv6 } from 'node:net'
import { checkAdmin, isLoopback } from './admin.ts'
import { checkDuration } from './check-durations.ts'
import { isAddressBlock } from '../address-blocks.ts'
import { checkServerLimits } from './check-limits.ts'
import { checkServerTls } from './check-tls.ts'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'

/** Checks the listeners: their addresses, that they don't share a port, what they speak, and how they stop. */
export function checkListeners(config: Sound<RawConfig>, document: SourceDocument): Finding[] {
  const { server, admin } = config
  const shutdown = server?.shutdown
  return [
    ...checkHost(document, 'server', server?.host),
    ...checkHost(document, 'admin', admin?.host),
    ...checkAdmin(document, admin),
    ...checkPorts(config, document),
    ...checkTrustProxy(document, server?.trustProxy ?? []),
    ...checkTransport(server, document),
    ...checkServerTls(document, server?.tls),
    ...checkServerLimits(document, server?.limits),
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
  if (isHost) return []
  const expected = 'an IP address or a host name, without a port'
  return [{ path, message: `expected ${expected}, got ${quote(document, path, host)}` }]
}

/** Checks what is only of use beside something else. */
function checkTransport(server: Sound<RawConfig>['server'], document: SourceDocument): Finding[] {
  const findings: Finding[] = []
  if (server?.proxyProtocol === true && server.trustProxy?.length === 0) {
    const message = 'expected server.trustProxy to say whose header is believed, got nobody'
    findings.push({ path: ['server', 'proxyProtocol'], message })
  }
  if (server?.redirect && !document.has(['server', 'tls'])) {
    const message = 'expected server.tls, which it sends clients to, got plain HTTP'
    findings.push({ path: ['server', 'redirect'], message })
  }
  return findings
}

interface Listener {
  /** Of its port. */
  readonly path: Path
  readonly host: string | undefined
  readonly port: number | undefined
}

function checkPorts({ server, admin }: Sound<RawConfig>, document: SourceDocument): Finding[] {
  const front = { path: ['server', 'port'], host: server?.host, port: server?.port }
  const back = { path: ['admin', 'port'], host: admin?.host, port: admin?.port }
  const redirect = { path: ['server', 'redirect', 'port'], host: server?.host, port: server?.redirect?.port }
  return [
    ...checkPair(front, back, document),
    ...checkPair(front, redirect, document),
    ...checkPair(redirect, back, document)
  ]
}

/** @param first - A public one. */
function checkPair(first: Listener, second: Listener, document: SourceDocument): Finding[] {
  if (first.port === undefined || first.port === 0 || first.port !== second.port) return []
  if (first.host !== undefined && second.host !== undefined && !overlap(first.host, second.host)) return []
  // Told where it is written: the other may be the default.
  const [told, unlike] = document.has(second.path) ? [second, first] : [first, second]
  const got = `got ${quote(document, told.path, told.port)} for both`
  return [{ path: told.path, message: `expected another port than ${unlike.path.join('.')}, ${got}` }]
}

/** Whether two listeners with these hosts could not share a port. */
function overlap(host: string, other: string): boolean {
  const [a, b] = [host.toLowerCase(), other.toLowerCase()]
  return covers(a, b) || covers(b, a)
}

/** Whether a host stands for another one, among others. */
function covers(host: string, other: string): boolean {
  if (host === other || host === '::') return true
  if (host === 'localhost') return isLoopback(other)
  return host === '0.0.0.0' && !isIPv6(other)
}
