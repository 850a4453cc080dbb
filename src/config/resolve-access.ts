import type { RouteDefinition } from './define-routes.ts'
import { defined, duration, present } from './resolve-parts.ts'
import type { RawConfig } from './schema.ts'
import type { AccessConfig, AuthConfig, CorsConfig, SecurityHeadersConfig } from './types.ts'

type RawAuth = NonNullable<RawConfig['auth']>

/** `auth`. */
export function resolveAuth(auth: RawAuth): AuthConfig {
  return {
    apiKeyHeader: present(auth.apiKeyHeader).toLowerCase(),
    consumerHeader: present(auth.consumerHeader).toLowerCase(),
    apiKeys: Object.entries(present(auth.apiKeys)).map(([name, keys]) => ({
      name,
      keys: keys.map((key) => ({ name: key.name, hash: hexOf(key.hash) }))
    })),
    jwt: Object.entries(present(auth.jwt)).map(([name, issuer]) => ({
      name,
      issuer: issuer.issuer,
      audience: [issuer.audience].flat(),
      jwks: new URL(issuer.jwks).href,
      algorithms: present(issuer.algorithms),
      clockSkew: duration(issuer.clockSkew),
      consumerClaim: present(issuer.consumerClaim),
      forward: present(issuer.forward)
    }))
  }
}

/** The digits of a hash. */
export function hexOf(hash: string): string {
  return hash.replace(/^sha256:/i, '').toLowerCase()
}

/** `access` of a route. */
export function resolveAccess(access: NonNullable<RouteDefinition['access']>): AccessConfig {
  const { allow = [], deny = [], apiKeys, jwt, satisfy = 'all' } = access
  return {
    allow: [...allow],
    deny: [...deny],
    ...(apiKeys !== undefined && { apiKeys }),
    ...(jwt !== undefined && { jwt }),
    satisfy
  }
}

/** `cors` of a route. */
export function resolveCors(cors: NonNullable<RouteDefinition['cors']>): CorsConfig {
  const { origins, methods, allowedHeaders, exposedHeaders = [], credentials = false, maxAge = '10m' } = cors
  return {
    origins: origins.map((origin) => origin.toLowerCase()),
    ...(methods && { methods: [...methods] }),
    ...(allowedHeaders && { allowedHeaders: [...allowedHeaders] }),
    exposedHeaders: [...exposedHeaders],
    credentials,
    maxAge: duration(maxAge)
  }
}

/** `securityHeaders` of a route. */
export function resolveSecurityHeaders(
  headers: NonNullable<RouteDefinition['securityHeaders']>
): SecurityHeadersConfig {
  const { strictTransportSecurity: transport, contentSecurityPolicy, ...policies } = headers
  return defined({
    ...policies,
    contentSecurityPolicy,
    strictTransportSecurity: transport && {
      maxAge: duration(transport.maxAge ?? '8760h'),
      includeSubDomains: transport.includeSubDomains ?? true,
      preload: transport.preload ?? false
    }
  })
}
