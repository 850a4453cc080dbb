// Part of the resolved configuration; types.ts, which everybody imports, offers it too.

/** Who may call, as routes name it in their `access`. */
export interface AuthConfig {
  /** Header field, in lower case, that API keys come in. */
  readonly apiKeyHeader: string
  /**
   * Header field, in lower case, that tells backends who calls; no client's own gets through. Beside it stands
   * `<name>-auth`, which tells how that was proven.
   */
  readonly consumerHeader: string
  readonly apiKeys: readonly ApiKeySetConfig[]
  readonly jwt: readonly JwtConfig[]
}

/** A named set of API keys. */
export interface ApiKeySetConfig {
  readonly name: string
  readonly keys: readonly ApiKeyConfig[]
}

/** One API key, as far as the gateway knows it. */
export interface ApiKeyConfig {
  /** Whose it is: the consumer's name. Several keys may be one consumer's. */
  readonly name: string
  /** SHA-256 of the key, 64 hexadecimal digits in lower case. */
  readonly hash: string
}

/** Algorithms that tokens may be signed with (RFC 7518 section 3.1, RFC 8037): with a key pair, never a shared secret. */
export const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA'
] as const

export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number]

/** Tokens of one issuer (RFC 7519). */
export interface JwtConfig {
  readonly name: string
  /** Exactly what the token's `iss` is. */
  readonly issuer: string
  /** One of them must be in the token's `aud`. */
  readonly audience: readonly string[]
  /** URL of the issuer's key set (RFC 7517 section 5). */
  readonly jwks: string
  readonly algorithms: readonly JwtAlgorithm[]
  /** How far the issuer's clock may be off, in milliseconds. */
  readonly clockSkew: number
  /** Claim that names the consumer; a token without it is refused. */
  readonly consumerClaim: string
  /** Whether backends get the token too. */
  readonly forward: boolean
}

/** Who may use a route. */
export interface AccessConfig {
  /** Addresses and CIDR blocks of clients that may; empty = all that {@link deny} does not name. */
  readonly allow: readonly string[]
  /** Those that may not, whatever else says so. */
  readonly deny: readonly string[]
  /** Name of the set that the client's API key must be in. */
  readonly apiKeys?: string
  /** Name of the issuer that the client's token must be of. */
  readonly jwt?: string
  /** Where there are both: whether a client needs both, or one of them. */
  readonly satisfy: 'all' | 'any'
}

/** Which pages of other origins may use a route (Fetch standard, section 3.2). */
export interface CorsConfig {
  /** `https://shop.example.com`, `https://*.example.com`, or `*` alone. */
  readonly origins: readonly string[]
  /** Absent = those of the route, or all usual ones. */
  readonly methods?: readonly string[]
  /** Header fields that pages may send; absent = any. */
  readonly allowedHeaders?: readonly string[]
  /** Header fields of responses that pages may read. */
  readonly exposedHeaders: readonly string[]
  /** Whether cookies and the like come along. */
  readonly credentials: boolean
  /** How long a browser keeps the answer to a preflight, in milliseconds. */
  readonly maxAge: number
}

/** Header fields of responses that tell browsers to be careful; false = leave the field out, absent = its usual value. */
export interface SecurityHeadersConfig {
  /** Sources by directive, as `default-src`. */
  readonly contentSecurityPolicy?: false | Readonly<Record<string, readonly string[]>>
  readonly strictTransportSecurity?:
    | false
    | {
        /** Milliseconds. */
        readonly maxAge: number
        readonly includeSubDomains: boolean
        readonly preload: boolean
      }
  readonly frameOptions?: false | string
  readonly referrerPolicy?: false | string
  readonly crossOriginOpenerPolicy?: false | string
  readonly crossOriginResourcePolicy?: false | string
  readonly crossOriginEmbedderPolicy?: false | string
}
