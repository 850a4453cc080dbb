import type { FailureReason } from '../connection.ts'

const WHILE_CONNECTING: Readonly<Record<string, FailureReason>> = {
  ECONNREFUSED: 'connect_refused',
  ETIMEDOUT: 'connect_timeout',
  ENOTFOUND: 'dns_failed',
  EAI_AGAIN: 'dns_failed',
  EAI_FAIL: 'dns_failed',
  EAI_NODATA: 'dns_failed',
  EAI_NONAME: 'dns_failed'
}

/** Codes of Node's and OpenSSL's TLS errors, those of certificates among them. */
const TLS =
  /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$|INVALID_CA|INVALID_PURPOSE)/

/** Why no connection came about; undefined when it was closed without an error. */
export function connectFailure(error: Error | undefined): FailureReason {
  if (error === undefined) return 'connect_failed'
  const code = errorCode(error)
  return TLS.test(code) ? 'tls_failed' : (WHILE_CONNECTING[code] ?? 'connect_failed')
}

/**
 * Why a connection broke once it was there. With TLS 1.3 a backend refuses the client's certificate only then.
 *
 * @param error - Undefined when it was closed without one.
 */
export function brokenConnection(error: Error | undefined): FailureReason {
  return error !== undefined && TLS.test(errorCode(error)) ? 'tls_failed' : 'reset'
}

function errorCode(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  // A dual-stack connect fails with an AggregateError: its parts tell why.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return first instanceof Error ? errorCode(first) : ''
}
