import type { AuthConfig, JwtConfig } from '../../src/config/types.ts'

/** An issuer of a test, with the defaults. */
export const ISSUER: JwtConfig = {
  name: 'shop',
  issuer: 'https://id.test/',
  audience: ['shop'],
  jwks: 'http://127.0.0.1:1/jwks',
  algorithms: ['RS256'],
  clockSkew: 30_000,
  consumerClaim: 'sub',
  forward: true
}

/** `auth` of a test, with the defaults. */
export const AUTH: AuthConfig = {
  apiKeyHeader: 'x-api-key',
  consumerHeader: 'x-consumer',
  apiKeys: [],
  jwt: [ISSUER]
}
