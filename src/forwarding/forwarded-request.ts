import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CandidateFilter } from '../balancing/balancer.ts'
import type { ProblemError } from '../problem.ts'
import type { RequestRecord } from '../telemetry/request-record.ts'
import type { Backend } from '../upstreams/backend.ts'
import { Attempt } from './attempt.ts'
import type { FailureReason } from './connection.ts'
import { failureProblem, noUsableBackend } from './failure.ts'
import { forwardedRequestHeaders } from './request-headers.ts'
import { forwardedResponseHeaders } from './response-headers.ts'
import { mayRetry } from './retry.ts'
import type { ForwardingTarget } from './targets.ts'
import { joinUpgraded, type PendingUpgrade, pendingUpgrade } from './upgrade.ts'

/**
 * One request on its way: picks a backend, tries it, tries another while that is safe, and passes the response on as
 * a stream. It filters the balancer's candidates itself, so that a pick allocates nothing.
 */
export class ForwardedRequest implements CandidateFilter<Backend> {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #target: ForwardingTarget
  readonly #path: string
  readonly #record: RequestRecord
  readonly #hasBody: boolean
  readonly #upgrade: PendingUpgrade | undefined
  readonly #tried: Backend[] = []
  #attempt: Attempt | undefined
  #resets = 0

  /** @param path - Path and query for the backend, byte for byte. */
  constructor(request: FastifyRequest, reply: FastifyReply, target: ForwardingTarget, path: string) {
    this.#request = request
    this.#reply = reply
    this.#target = target
    this.#path = path
    this.#record = request.record
    const { headers } = request
    this.#hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
    this.#upgrade = pendingUpgrade(request.raw)
  }

  /** Begins. The reply is answered, or hijacked, or its client is gone, some time later. */
  start(): void {
    this.#reply.raw.once('close', () => this.#onClientClose())
    this.#next(undefined)
  }

  /** Health and "already tried" are filters outside the algorithm. */
  accepts(backend: Backend): boolean {
    return backend.usable && !this.#tried.includes(backend)
  }

  #next(lastFailure: FailureReason | undefined): void {
    const backend = this.#target.balancer.pick(this)
    if (!backend) {
      this.#answer(lastFailure ? failureProblem(lastFailure) : noUsableBackend(this.#retryAfter()))
      return
    }
    this.#tried.push(backend)
    this.#record.attempts++
    this.#record.backend = backend.id
    const { group, timeouts, connections } = this.#target
    const { raw, id: requestId } = this.#request
    this.#attempt = new Attempt(backend, timeouts, this)
    this.#attempt.start(connections.get(backend)!, {
      method: raw.method ?? 'GET',
      target: this.#path,
      headers: forwardedRequestHeaders(raw, { hostHeader: group.settings.hostHeader, requestId }),
      body: this.#hasBody ? raw : null,
      upgrade: this.#upgrade ? raw.headers.upgrade : undefined
    })
  }

  /** The response's head is here: from now on nothing can be taken back. */
  onHead(status: number, statusText: string, headers: string[]): void {
    const { raw } = this.#reply
    this.#record.firstByteAt = performance.now()
    const out = forwardedResponseHeaders(headers, this.#reply.getHeaders(), this.#request.id)
    // What is left of an upload that the backend did not wait for can't be told from the next request.
    if (this.#upgrade || (this.#hasBody && !this.#request.raw.complete)) out.push('Connection', 'close')
    this.#reply.hijack()
    raw.writeHead(status, statusText, out)
  }

  onBody(chunk: Buffer, resume: () => void): boolean {
    const { raw } = this.#reply
    this.#record.bytes += chunk.length
    if (raw.write(chunk)) return true
    raw.once('drain', resume)
    return false
  }

  onEnd(trailers: string[]): void {
    const { raw } = this.#reply
    if (trailers.length > 0) raw.addTrailers(pairs(trailers))
    raw.end()
  }

  onUpgrade(headers: string[], socket: Duplex, onClose: () => void): void {
    const { raw } = this.#reply
    this.#record.firstByteAt = performance.now()
    const out = forwardedResponseHeaders(headers, this.#reply.getHeaders(), this.#request.id)
    out.push('Connection', 'Upgrade', 'Upgrade', this.#request.headers.upgrade ?? '')
    this.#reply.hijack()
    raw.statusCode = 101
    joinUpgraded(this.#upgrade!, raw, out, socket, () => {
      onClose()
      // The server no longer knows this response, so nobody else says that it is over.
      raw.emit('close')
    })
  }

  /** @param sent - Whether the backend may have seen some of the request. */
  onFailure(reason: FailureReason, sent: boolean): void {
    const { raw } = this.#reply
    if (raw.headersSent) {
      this.#record.reason = reason
      // A response that broke off must be seen to have broken off.
      raw.destroy()
      return
    }
    if (sent) this.#resets++
    const method = this.#request.raw.method ?? 'GET'
    const failed = { method, hasBody: this.#hasBody, reason, sent, resets: this.#resets }
    if (mayRetry(failed)) this.#next(reason)
    else this.#answer(failureProblem(reason))
  }

  #onClientClose(): void {
    const { raw } = this.#reply
    if (raw.writableFinished || raw.statusCode === 101) return
    if (!raw.headersSent) this.#reply.hijack()
    this.#record.reason ??= 'client_gone'
    this.#attempt?.abort()
  }

  #answer(problem: ProblemError): void {
    // With the upload unread, the connection can't carry another request.
    if (this.#hasBody && !this.#request.raw.complete) this.#reply.header('connection', 'close')
    this.#reply.send(problem)
  }

  /** Seconds until the first ill backend can be well again, at least 1. */
  #retryAfter(): number {
    const check = this.#target.group.settings.healthCheck
    return check ? Math.max(1, Math.ceil((check.interval * check.healthyAfter) / 1000)) : 1
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let index = 0; index < flat.length; index += 2) out.push([flat[index]!, flat[index + 1]!])
  return out
}
