import type { HealthCheckConfig } from '../config/types.ts'
import type { Failure, ResponseSink } from '../forwarding/connection.ts'
import { Http2Connection } from '../forwarding/http2/http2-connection.ts'
import { tlsSettings } from '../tls/upstream-tls.ts'
import { failed, oneProbe, type Settle } from './one-probe.ts'
import { targetOf } from './probe-target.ts'
import { accepted, BODY_LIMIT, headersOf, unexpected } from './probe-verdict.ts'
import { TextSearch } from './text-search.ts'
import type { HealthReason, Probe } from './types.ts'

/**
 * Like the probe over HTTP/1.1, one request over a connection of its own, but by the client that real traffic goes by:
 * prior knowledge for `http:`, ALPN for `https:`. A backend that answers in HTTP/1.1 is ill.
 *
 * @throws The signal's reason once the signal is aborted.
 */
export const probeHttp2: Probe = async (url, check, signal, transport) =>
  await oneProbe(check.timeout, signal, (settle) => {
    const origin = new URL(url)
    if (check.port !== undefined) origin.port = String(check.port)
    const tls = tlsSettings(transport?.tls)
    // The probe's own timeout is over all of it.
    const settings = { connectTimeout: 0, keepAlive: 0, ...(tls && { tls }) }
    const connection = new Http2Connection(origin.origin, settings, transport?.authority)
    const { method, path: target } = check
    const headers = Object.entries(
      headersOf(check, targetOf(url, undefined, transport?.authority).authority)
    ).flat()
    const exchange = connection.send({ method, target, headers, body: null }, new Verdict(check, settle))
    return () => {
      exchange.abort()
      void connection.destroy()
    }
  })

/** Judges status and, where asked for, body; the rest of the response is not read. */
class Verdict implements ResponseSink {
  readonly #check: HealthCheckConfig
  readonly #settle: Settle
  readonly #wanted: TextSearch | undefined

  constructor(check: HealthCheckConfig, settle: Settle) {
    this.#check = check
    this.#settle = settle
    const { body } = check.expect
    this.#wanted = body === undefined ? undefined : new TextSearch(body, BODY_LIMIT)
  }

  onSending(): void {}

  onInformation(): void {}

  onHead(status: number): void {
    if (!accepted(status, this.#check)) this.#settle(unexpected(status))
    else if (!this.#wanted) this.#settle({ ok: true })
  }

  onBody(chunk: Buffer): boolean {
    const seen = this.#wanted?.push(chunk)
    if (seen === 'found') this.#settle({ ok: true })
    else if (seen === 'exhausted') this.#settle(failed('body_mismatch'))
    return true
  }

  onEnd(): void {
    this.#settle(failed('body_mismatch'))
  }

  onUpgrade(): void {}

  onFailure({ reason }: Failure): void {
    this.#settle(failed(healthReason(reason)))
  }
}

function healthReason(reason: Failure['reason']): HealthReason {
  if (reason === 'connect_timeout' || reason === 'response_timeout') return 'timeout'
  // A probe has no body that could break.
  return reason === 'request_aborted' ? 'reset' : reason
}
