import { callbackify } from 'node:util'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { ClientLimitsConfig, RouteConfig } from '../src/config/types.ts'
import { collectUpload } from '../src/forwarding/collected-upload.ts'
import type { RequestChecker } from '../src/openapi/request-checker.ts'
import type { FoundOperation } from '../src/openapi/operation-paths.ts'
import { methodNotAllowed, ProblemError } from '../src/problem.ts'
import { hasBody } from '../src/raw-messages.ts'
import { pathOf } from '../src/routing/lookup.ts'
import { rewriteTarget } from '../src/routing/rewrite.ts'

/** What is allowed of bodies that are looked at. */
export interface RequestValidationOptions {
  /** By default 10 MiB, and as long as it takes. */
  readonly limits?: Pick<ClientLimitsConfig, 'bodyLimit' | 'requestTimeout'>
}

/** The most of a body that is collected where any may come, in bytes. */
const MOST = 10 * 1024 * 1024

async function requestValidation(app: FastifyInstance, options: RequestValidationOptions): Promise<void> {
  const { bodyLimit, requestTimeout } = options.limits ?? { bodyLimit: MOST, requestTimeout: 0 }
  const { documents } = app
  const { invalidRequest, mediaOf, RequestChecker } = await import('../src/openapi/request-checker.ts')
  const checkers = new Map<string, RequestChecker>()

  const checkerOf = (group: string): RequestChecker | undefined => {
    const contract = documents.current?.contracts.find((each) => each.group === group)
    const known = checkers.get(group)
    // What comes anew may be what is there: its code is loaded already.
    if (known && known.contract.hash === contract?.hash) return known
    checkers.delete(group)
    if (!contract) return undefined
    const checker = new RequestChecker(contract)
    checkers.set(group, checker)
    return checker
  }

  const check = async (request: FastifyRequest, reply: FastifyReply): Promise<boolean> => {
    const { raw } = request
    const { match, target } = request.record.found!
    const { route } = match
    const known = groupsOf(route).flatMap((group) => checkerOf(group) ?? [])
    const asked = rewriteTarget(match, target)
    const [checker, found] = operationOf(known, raw.method!, pathOf(asked))
    const faults = checker.checkParameters(found, asked, raw.headers)
    if (faults.length > 0) throw invalidRequest(faults)
    const { body } = found.operation
    if (!body) return true
    if (!hasBody(raw)) {
      if (body.required) throw invalidRequest([{ pointer: '/body', detail: 'is required' }])
      return true
    }
    const media = mediaOf(body, raw)
    if (media?.check === undefined) return true
    const most = (route.bodyLimit ?? bodyLimit) || MOST
    const bytes = await collectUpload(raw, reply.raw, { most, timeout: requestTimeout })
    if (!bytes) return false
    if (bytes.length === 0 && !body.required) return true
    const wrong = checker.checkBody(media.check, bytes)
    if (wrong.length > 0) throw invalidRequest(wrong)
    return true
  }
  const checkInTurn = callbackify(check)

  app.addHook('preHandler', (request, reply, done) => {
    if (!request.record.found?.match.route.validateRequests) {
      done()
      return
    }
    checkInTurn(request, reply, (error, mayGoOn) => {
      if (error || mayGoOn) done(error ?? undefined)
      else {
        // Nobody is there to be answered.
        request.record.reason ??= 'client_gone'
        reply.hijack()
      }
    })
  })
}

/** The groups of a route, that with the largest share first, as in the composed document. */
function groupsOf({ upstream }: RouteConfig): string[] {
  if (typeof upstream === 'string') return [upstream]
  return upstream.toSorted((a, b) => b.weight - a.weight).map(({ group }) => group)
}

/** @throws ProblemError when no document has the operation, or none is known. */
function operationOf(
  checkers: readonly RequestChecker[],
  method: string,
  path: string
): [RequestChecker, FoundOperation] {
  // What can't be checked does not pass: it was asked for.
  if (checkers.length === 0) {
    const detail = 'What requests must be is not known yet.'
    throw new ProblemError(503, 'document_missing', detail, { 'retry-after': '1' })
  }
  let allow: readonly string[] | undefined
  for (const checker of checkers) {
    const found = checker.find(method, path)
    if (found && 'operation' in found) return [checker, found]
    allow ??= found
  }
  if (allow) throw methodNotAllowed(method, allow)
  throw new ProblemError(404, 'operation_unknown', 'The API document has nothing at this address.')
}

/**
 * Checks requests of routes with `validateRequests` by the document of their group, after all that may refuse them
 * otherwise and before a backend is chosen. Bodies that are looked at are collected, and forwarded byte for byte.
 */
export default fp(requestValidation, {
  fastify: '5.x',
  name: 'request-validation',
  dependencies: ['problem-details', 'request-record', 'routing', 'openapi']
})
