import { resolvePem } from './pem.ts'
import { present } from './resolve-parts.ts'
import type { RawConfig } from './schema.ts'
import type { RedirectConfig, ServerTlsConfig, UpstreamTlsConfig } from './types.ts'

type RawServerTls = NonNullable<NonNullable<RawConfig['server']>['tls']>
type RawRedirect = NonNullable<NonNullable<RawConfig['server']>['redirect']>
type RawUpstreamTls = NonNullable<NonNullable<RawConfig['upstreams']>[string]['tls']>

/**
 * Turns a valid `server.tls` into the form that the gateway works with. No file is read.
 *
 * @param folder - Where relative paths start.
 */
export function resolveServerTls(
  folder: string,
  { certificates, http2 = true }: RawServerTls
): ServerTlsConfig {
  return {
    certificates: certificates.map(({ cert, key, hosts }) => ({
      cert: resolvePem(folder, cert),
      key: resolvePem(folder, key),
      ...(hosts && { hosts: hosts.map((host) => host.toLowerCase()) })
    })),
    http2
  }
}

/** Turns a valid `server.redirect` into the form that the gateway works with. */
export function resolveRedirect({ port, httpsPort }: RawRedirect): RedirectConfig {
  return { port: present(port), ...(httpsPort !== undefined && { httpsPort }) }
}

/**
 * Turns a valid `tls` of a group into the form that the gateway works with. No file is read.
 *
 * @param folder - Where relative paths start.
 */
export function resolveUpstreamTls(folder: string, tls: RawUpstreamTls): UpstreamTlsConfig {
  const { verify = true, ca, cert, key, servername } = tls
  return {
    verify,
    ...(ca !== undefined && { ca: resolvePem(folder, ca) }),
    ...(cert !== undefined && { cert: resolvePem(folder, cert) }),
    ...(key !== undefined && { key: resolvePem(folder, key) }),
    ...(servername !== undefined && { servername: servername.toLowerCase() })
  }
}
