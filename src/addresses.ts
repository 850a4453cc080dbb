import { isDeepStrictEqual } from 'node:util'
import type { GatewayConfig, ServerConfig } from './config/types.ts'
import { OWN_LIMITS, publicLimits } from './threads/client-limits.ts'
import { type ListenAddress, PLAIN, type Redirect, type Transport } from './threads/messages.ts'
import { authority, ListenError, reservePort } from './threads/reserve-port.ts'

/** Where a gateway listens. */
export interface Addresses {
  readonly front: ListenAddress
  readonly redirect: Redirect | undefined
  readonly admin: ListenAddress
}

/** What of a configuration says where to listen. */
export type AddressConfig = Pick<GatewayConfig, 'server' | 'admin'>

interface Place {
  readonly host: string
  readonly port: number
}

/** `http://host:port`, `https:` with TLS. */
export function urlOf({ host, port, transport }: ListenAddress): string {
  return `${transport.tls ? 'https' : 'http'}://${authority(host, port)}`
}

/** Finds the addresses to start with, not shared by threads. @throws ListenError when one can't be listened on. */
export async function firstAddresses({ server, admin }: AddressConfig): Promise<Addresses> {
  const front = await newAddress(server, spokenAt(server))
  const place = redirectPlace(server)
  const redirect = place && (await newAddress(place, redirectSpoken(server)))
  return {
    front,
    redirect: redirect && { address: redirect, httpsPort: httpsPortOf(server, front) },
    admin: await newAddress(admin, ADMIN)
  }
}

/** How often a start is tried with other free ports. */
const MAX_STARTS = 3

/**
 * Starts again with other free ports when one that was found (port 0) was somebody else's before it was listened on.
 *
 * @param start - Finds the addresses and listens on them; leaves nothing behind when it fails.
 */
export async function withFreePorts<T>(
  { server, admin }: AddressConfig,
  start: () => Promise<T>
): Promise<T> {
  const wantsFree = [server.port, admin.port, server.redirect?.port].includes(0)
  for (let starts = 1; ; starts++) {
    try {
      return await start()
    } catch (error) {
      if (!wantsFree || starts === MAX_STARTS || !/EADDRINUSE/.test(String(error))) throw error
    }
  }
}

/** The addresses with the public ones shared by threads. */
export function shared({ front, redirect, admin }: Addresses): Addresses {
  return {
    front: { ...front, reusePort: true },
    redirect: redirect && { ...redirect, address: { ...redirect.address, reusePort: true } },
    admin
  }
}

/**
 * The addresses to listen on under the next configuration; new ones have been found free.
 *
 * @param before - The configuration that the present ones came from.
 * @throws ListenError when one can't be listened on.
 */
export async function nextAddresses(
  current: Addresses,
  before: AddressConfig,
  next: AddressConfig
): Promise<Addresses> {
  const address = await nextAddress(current.front, before.server, next.server, current.redirect?.address)
  const front = speaking(address, spokenAt(next.server))
  const redirect = await nextRedirect(current, before.server, next.server)
  if (redirect?.port === front.port) throw new ListenError(redirect.host, redirect.port, 'EADDRINUSE')
  return {
    front,
    redirect: redirect && { address: redirect, httpsPort: httpsPortOf(next.server, front) },
    admin: await nextAddress(current.admin, before.admin, next.admin, undefined)
  }
}

function transportOf({ tls, proxyProtocol, trustProxy }: ServerConfig): Transport {
  return {
    tls: tls !== undefined,
    http2: tls?.http2 === true,
    proxyProtocol: proxyProtocol ? trustProxy : undefined
  }
}

/** What makes an address another one although its host and port stay. */
type Spoken = Pick<ListenAddress, 'transport' | 'limits'>

const ADMIN: Spoken = { transport: PLAIN, limits: OWN_LIMITS }

function spokenAt(server: ServerConfig): Spoken {
  return { transport: transportOf(server), limits: publicLimits(server) }
}

/** A head that fits the public listener must get there. */
function redirectSpoken({ limits: { maxHeaderSize, maxHeaders } }: ServerConfig): Spoken {
  return { transport: PLAIN, limits: { ...OWN_LIMITS, maxHeaderSize, maxHeaders } }
}

/** The same address while the same is spoken there. */
function speaking(address: ListenAddress, { transport, limits }: Spoken): ListenAddress {
  const isSame = isDeepStrictEqual(address.transport, transport) && isDeepStrictEqual(address.limits, limits)
  return isSame ? address : { ...address, transport, limits }
}

function redirectPlace({ host, redirect }: ServerConfig): Place | undefined {
  return redirect && { host, port: redirect.port }
}

/** Where clients find HTTPS: something in front may have another port. */
function httpsPortOf({ redirect }: ServerConfig, front: ListenAddress): number {
  return redirect?.httpsPort ?? front.port
}

async function nextRedirect(
  { front, redirect }: Addresses,
  before: ServerConfig,
  next: ServerConfig
): Promise<ListenAddress | undefined> {
  const place = redirectPlace(next)
  if (!place) return undefined
  // Where there is none yet, the configuration before has no place for it.
  const spoken = redirectSpoken(next)
  const current = redirect?.address ?? { host: '', port: 0, reusePort: front.reusePort, ...spoken }
  return speaking(await nextAddress(current, redirectPlace(before) ?? current, place, front), spoken)
}

/** @param other - Of ours, which is given up before this one is listened on. */
async function nextAddress(
  current: ListenAddress,
  before: Place,
  next: Place,
  other: ListenAddress | undefined
): Promise<ListenAddress> {
  const isSame = next.host === before.host && next.port === before.port
  // Port 0 may be written out as the number that it became.
  if (isSame || (next.host === current.host && next.port === current.port)) return current
  // The port is in use by ourselves: only threads that share it can listen on it twice.
  const isOwnPort = next.port !== 0 && (next.port === current.port || next.port === other?.port)
  const isGivenUp = next.port === other?.port && !current.reusePort
  const place = { ...current, host: next.host }
  if (isGivenUp) return { ...place, port: next.port }
  if (isOwnPort && !current.reusePort) return { ...place, port: await reserveOwn(current, next) }
  return { ...place, port: await reservePort(next.host, next.port, isOwnPort) }
}

/** Hosts that stand for others, so that one of these and another host may be the same address. */
const COLLECTIVE: ReadonlySet<string> = new Set(['0.0.0.0', '::', 'localhost'])

/**
 * Finds out whether a place is free but for ourselves: a listener gives the port up before it listens there under
 * another host.
 */
async function reserveOwn(current: ListenAddress, { host, port }: Place): Promise<number> {
  try {
    return await reservePort(host, port)
  } catch (error) {
    if (!COLLECTIVE.has(host) && !COLLECTIVE.has(current.host)) throw error
    // At least the host must be one of this machine's.
    await reservePort(host, 0).catch(() => {
      throw error
    })
    return port
  }
}

async function newAddress({ host, port }: Place, spoken: Spoken): Promise<ListenAddress> {
  return { host, port: await reservePort(host, port), reusePort: false, ...spoken }
}
