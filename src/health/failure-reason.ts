import type { HealthReason } from './types.ts'

const EXACT: ReadonlyMap<string, HealthReason> = new Map<string, HealthReason>([
  ['ECONNREFUSED', 'connect_refused'],
  ['ENOTFOUND', 'dns_failed'],
  ['ENODATA', 'dns_failed'],
  ['ETIMEDOUT', 'timeout'],
  ['ERR_SOCKET_CONNECTION_TIMEOUT', 'timeout'],
  ['ECONNRESET', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['EPIPE', 'reset'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'reset'],
  ['EPROTO', 'tls_failed'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_failed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls_failed'],
  ['HOSTNAME_MISMATCH', 'tls_failed'],
  ['INVALID_CA', 'tls_failed'],
  ['INVALID_PURPOSE', 'tls_failed'],
  ['PATH_LENGTH_EXCEEDED', 'tls_failed'],
  ['ERR_UNESCAPED_CHARACTERS', 'protocol_error']
])

/** Families of codes: OpenSSL's and X.509's, getaddrinfo's, llhttp's, Node's own of messages that can't be. */
const FAMILIES: readonly (readonly [RegExp, HealthReason])[] = [
  [/^EAI_/, 'dns_failed'],
  [/^(?:ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|ERROR_IN_C)/, 'tls_failed'],
  [/^(?:HPE_|ERR_HTTP|ERR_INVALID_)/, 'protocol_error']
]

/**
 * The reason that stands for an error of Node's sockets, resolver, TLS or HTTP parser. Goes by the error's
 * `code` alone, as messages change between versions; what has no known code (`EHOSTUNREACH`, `ENETUNREACH`,
 * `EMFILE`, no code at all) is `connect_failed`.
 */
export function failureReason(error: unknown): HealthReason {
  if (!(error instanceof Error)) return 'connect_failed'
  if (error.name === 'TimeoutError') return 'timeout'
  const code = codeOf(error)
  return EXACT.get(code) ?? FAMILIES.find(([family]) => family.test(code))?.[1] ?? 'connect_failed'
}

/** A name with several addresses fails with all their errors at once: the first stands for them. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  return first instanceof Error ? codeOf(first) : ''
}
