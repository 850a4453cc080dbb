import http from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { HealthCheckConfig } from '../config/types.ts'
import { secureOptions } from '../forwarding/http1/dial.ts'
import { tlsSettings } from '../tls/upstream-tls.ts'
import { failureReason } from './failure-reason.ts'
import { failed, oneProbe } from './one-probe.ts'
import type { Settle } from './one-probe.ts'
import { targetOf } from './probe-target.ts'
import { accepted, BODY_LIMIT, headersOf, unexpected } from './probe-verdict.ts'
import { TextSearch } from './text-search.ts'
import type { Probe, ProbeTransport } from './types.ts'

/**
 * Sends one request over a connection of its own (a kept one would not notice that the listener is gone) and
 * judges status and, where asked for, body. Interim responses are no verdict, redirects are not followed, and
 * once the verdict is there the rest of the response is not read.
 *
 * @throws The signal's reason once the signal is aborted.
 */
export const probeHttp: Probe = async (url, check, signal, transport) =>
  await oneProbe(check.timeout, signal, (settle) => {
    const request = open(url, check, transport)
    request.on('response', (response) => judge(response, check, settle))
    for (const event of ['upgrade', 'connect']) {
      request.on(event, (response: IncomingMessage, socket: Duplex) => {
        // From here on the socket is ours, not the request's.
        socket.on('error', () => {})
        socket.destroy()
        judgeJoined(response, check, settle)
      })
    }
    request.on('error', (error) => settle(failed(failureReason(error))))
    request.end()
    return () => request.destroy()
  })

function open(url: string, check: HealthCheckConfig, transport: ProbeTransport | undefined): ClientRequest {
  const target = targetOf(url, check.port, transport?.authority)
  const options = {
    agent: false,
    hostname: target.hostname,
    port: target.port,
    path: check.path,
    method: check.method,
    headers: { connection: 'close', ...headersOf(check, target.authority) }
  }
  if (!target.secure) return http.request(options)
  // By default Node takes the name from the Host header, which here may be anything: the certificate is the backend's.
  return https.request({
    servername: target.servername,
    ...options,
    ...secureOptions(tlsSettings(transport?.tls))
  })
}

function judge(response: IncomingMessage, check: HealthCheckConfig, settle: Settle): void {
  // Breaking off a response that is not read to its end makes it emit an error of its own.
  response.on('error', (error) => settle(failed(failureReason(error))))
  if (!accepted(statusOf(response), check)) settle(unexpected(statusOf(response)))
  else if (check.expect.body === undefined) settle({ ok: true })
  else search(response, check.expect.body, settle)
}

function search(response: IncomingMessage, text: string, settle: Settle): void {
  const wanted = new TextSearch(text, BODY_LIMIT)
  response.on('data', (chunk: Buffer) => {
    const seen = wanted.push(chunk)
    if (seen === 'found') settle({ ok: true })
    else if (seen === 'exhausted') settle(failed('body_mismatch'))
  })
  response.on('end', () => settle(failed('body_mismatch')))
}

/** A 101 and a 2xx to CONNECT have no body: what follows on the connection is no longer HTTP. */
function judgeJoined(response: IncomingMessage, check: HealthCheckConfig, settle: Settle): void {
  if (!accepted(statusOf(response), check)) settle(unexpected(statusOf(response)))
  else settle(check.expect.body === undefined ? { ok: true } : failed('body_mismatch'))
}

function statusOf({ statusCode = 0 }: IncomingMessage): number {
  return statusCode
}
