import type { AuthConfig, RouteConfig } from '../config/types.ts'
import { PROBLEM_TYPE } from '../problem.ts'
import type { JsonObject } from './json.ts'

/** What stands before the names of what the gateway itself adds. */
export const OWN = 'gateway'

/** Answers that the gateway itself may give, by status, with what they mean. */
const ANSWERS: Readonly<Record<string, string>> = {
  400: 'The request is not what this document says.',
  401: 'Credentials are missing, or not valid.',
  403: 'Who calls may not.',
  429: 'Too many requests: again after `Retry-After`.',
  502: 'The service could not be reached, or broke off.',
  503: 'The service has no room, or is not there: again after `Retry-After`.',
  504: 'The service took too long.'
}

const WITH_RETRY: ReadonlySet<string> = new Set(['429', '503'])

/** RFC 9457, with what the gateway adds. */
const PROBLEM = {
  type: 'object',
  description: 'An error that the gateway tells of (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    requestId: { type: 'string', description: 'To be told to whoever looks into it.' },
    errors: {
      type: 'array',
      description: 'What of the request is wrong, and where.',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'JSON Pointer, such as `/query/page` or `/body/items/0`.' },
          detail: { type: 'string' }
        }
      }
    }
  }
}

/** The components that stand for the gateway's own answers. */
export function ownComponents(): { readonly schemas: JsonObject; readonly responses: JsonObject } {
  const schema = { $ref: `#/components/schemas/${OWN}_Problem` }
  const headers = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer', minimum: 1 } } }
  const responses = Object.entries(ANSWERS).map(([status, description]) => [
    `${OWN}_${status}`,
    { description, ...(WITH_RETRY.has(status) && { headers }), content: { [PROBLEM_TYPE]: { schema } } }
  ])
  return { schemas: { [`${OWN}_Problem`]: PROBLEM }, responses: Object.fromEntries(responses) }
}

/** Statuses that the gateway itself may answer requests of a route with. */
export function ownStatuses({ access, validateRequests }: RouteConfig): string[] {
  const asks = access?.apiKeys !== undefined || access?.jwt !== undefined
  const byAddress = (access?.allow.length ?? 0) + (access?.deny.length ?? 0) > 0
  const statuses = ['429', '502', '503', '504']
  if (validateRequests) statuses.push('400')
  if (asks) statuses.push('401')
  if (byAddress) statuses.push('403')
  return statuses
}

/** A security requirement: all that it names (OpenAPI 3.1 section 4.8.30). */
export type Requirement = Readonly<Record<string, readonly string[]>>

/** What a route asks its clients for: one of these; empty when it asks for nothing. */
export function ownRequirements({ access }: RouteConfig): readonly Requirement[] {
  const keys = access?.apiKeys === undefined ? [] : [{ [`${OWN}_apiKey`]: [] }]
  const tokens = access?.jwt === undefined ? [] : [{ [`${OWN}_jwt_${access.jwt}`]: [] }]
  const each: Requirement[] = [...keys, ...tokens]
  if (each.length < 2 || access?.satisfy === 'any') return each
  return [Object.assign({}, ...each) as Requirement]
}

/** The security schemes that {@link ownRequirements} names. */
export function ownSchemes(
  routes: readonly RouteConfig[],
  auth: AuthConfig | undefined
): [string, JsonObject][] {
  const asked = new Set(
    routes.flatMap((route) => ownRequirements(route).flatMap((each) => Object.keys(each)))
  )
  const all: [string, JsonObject][] = [
    [`${OWN}_apiKey`, { type: 'apiKey', in: 'header', name: auth?.apiKeyHeader ?? '' }],
    ...(auth?.jwt ?? []).map(({ name }): [string, JsonObject] => [
      `${OWN}_jwt_${name}`,
      { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }
    ])
  ]
  return all.filter(([name]) => asked.has(name))
}

/** Both must hold: one of these and one of those. */
export function bothOf(these: readonly Requirement[], those: readonly Requirement[]): readonly Requirement[] {
  if (these.length === 0) return those
  if (those.length === 0) return these
  return these.flatMap((one) => those.map((other) => ({ ...one, ...other })))
}
