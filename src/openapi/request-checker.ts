import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { ProblemError, type RequestFault } from '../problem.ts'
import { type BodyContract, type Contract, JSON_TYPE, type MediaContract, mediaType } from './contract.ts'
import { faultsOf } from './faults.ts'
import { pointerStep } from './json.ts'
import { type FoundOperation, OperationPaths } from './operation-paths.ts'
import { textsOf, valueOf } from './parameter-values.ts'
import { type Check, runChecks } from './run-checks.ts'

/** Bodies up to this size, in bytes, are told all that is wrong with them, larger ones the first. */
const TOLD_IN_FULL = 64 * 1024

/** Checks requests of one group by its contract. */
export class RequestChecker {
  readonly contract: Contract
  readonly #paths: OperationPaths
  readonly #modules = new Map<keyof Contract['code'], ReadonlyMap<string, Check>>()

  constructor(contract: Contract) {
    this.contract = contract
    this.#paths = new OperationPaths(contract.operations)
  }

  /** See {@link OperationPaths.find}. */
  find(method: string, path: string): FoundOperation | readonly string[] | undefined {
    return this.#paths.find(method, path)
  }

  /** What is wrong with a request's parameters. @param target - Path and query that its backend gets. */
  checkParameters(
    { operation, values }: FoundOperation,
    target: string,
    headers: IncomingMessage['headers']
  ): RequestFault[] {
    const texts = textsOf(target, headers, values)
    return operation.parameters.flatMap((parameter) => {
      const at = pointerStep(parameter.in) + pointerStep(parameter.name)
      const found = valueOf(parameter, texts)
      if (!found) return parameter.required ? [{ pointer: at, detail: 'is required' }] : []
      if ('wrong' in found) return [{ pointer: at, detail: found.wrong }]
      const check = this.#check('parameters', parameter.check)
      return !check || check({ value: found.value }) ? [] : faultsOf(check.errors, at, '/value')
    })
  }

  /** What is wrong with a body. */
  checkBody(number: number, body: Buffer): RequestFault[] {
    let value: unknown
    try {
      value = JSON.parse(body.toString()) as unknown
    } catch {
      return [{ pointer: '/body', detail: 'must be JSON' }]
    }
    // What can't be decoded would be looked at as something else.
    if (!isUtf8(body)) return [{ pointer: '/body', detail: 'must be UTF-8' }]
    try {
      const check = this.#check('bodies', number)
      if (!check || check(value)) return []
      const inFull = body.length <= TOLD_IN_FULL ? this.#check('bodiesInFull', number) : undefined
      const all = inFull && !inFull(value) ? inFull.errors : check.errors
      return faultsOf(all, '/body')
    } catch (error) {
      // Schemas that refer to themselves go as deep as the body.
      if (error instanceof RangeError) return [{ pointer: '/body', detail: 'nests too deep' }]
      throw error
    }
  }

  #check(module: keyof Contract['code'], number: number): Check | undefined {
    let checks = this.#modules.get(module)
    if (!checks) this.#modules.set(module, (checks = runChecks(this.contract.code[module])))
    return checks.get(`c${number}`)
  }
}

/**
 * What a request's body must be by its media type.
 *
 * @returns undefined where it is not looked at.
 * @throws ProblemError 415 when the operation does not take such, or nobody could look into it.
 */
export function mediaOf(
  body: BodyContract,
  { headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>
): MediaContract | undefined {
  const field = headers['content-type'] ?? ''
  const type = mediaType(field)
  const found = body.media.find((each) => takes(each.type, type))
  if (!found) throw unsupported('This operation does not take bodies of this media type.')
  if (found.check === undefined || !JSON_TYPE.test(type)) return undefined
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw unsupported('A body that is to be checked must not be encoded.')
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(field)?.[1] ?? 'utf-8'
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset)) throw unsupported('JSON is UTF-8.')
  // Of two, its backend may go by the other.
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && /^content-type$/i.test(name)).length
  if (count > 1) throw unsupported('A body has one Content-Type.')
  return found
}

/** The answer to a request that is not what it must be. */
export function invalidRequest(errors: readonly RequestFault[]): ProblemError {
  return new ProblemError(
    400,
    'request_invalid',
    'The request is not what the API document says.',
    {},
    errors
  )
}

function takes(range: string, type: string): boolean {
  if (range === '*/*' || range === type) return true
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1))
}

function unsupported(detail: string): ProblemError {
  return new ProblemError(415, 'media_type', detail)
}
