import { isAddressBlock } from '../address-blocks.ts'
import { checkDuration } from './check-durations.ts'
import type { RouteDefinition } from './define-routes.ts'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import { limitList } from './resolve-limits.ts'
import { hexOf } from './resolve-access.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'
import { didYouMeanOrList } from './suggest.ts'

type RawAuth = Sound<RawConfig>['auth']
type RawRoute = Sound<RouteDefinition>

/** What routes may name of `auth`, sound or not: a reference to what has an error is no error of its own. */
export interface AuthNames {
  readonly apiKeys: readonly string[]
  readonly jwt: readonly string[]
  /** Header fields, in lower case, that are the gateway's to set. */
  readonly consumerFields: readonly string[]
}

/** Fields that mean something already, so that neither a key nor a consumer can stand in them. */
const TAKEN: ReadonlySet<string> = new Set(
  (
    'accept authorization connection content-length content-type cookie expect forwarded host http2-settings ' +
    'keep-alive origin proxy-authorization te trailer transfer-encoding upgrade via x-forwarded-for ' +
    'x-forwarded-host x-forwarded-proto x-request-id'
  ).split(' ')
)

/** The most that a clock may be off, in milliseconds: more, and "expired" would mean nothing. */
const MAX_SKEW = 10 * 60_000

/** Checks `auth`. */
export function checkAuth(document: SourceDocument, auth: RawAuth): Finding[] {
  if (!auth) return []
  return [
    ...checkFields(document, auth),
    ...Object.entries(auth.apiKeys ?? {}).flatMap(([name, keys]) => checkHashes(name, keys ?? [])),
    ...Object.entries(auth.jwt ?? {}).flatMap(([name, issuer]) => {
      const path = ['auth', 'jwt', name]
      return [
        ...checkJwks(document, [...path, 'jwks'], issuer?.jwks),
        ...checkDuration(document, [...path, 'clockSkew'], issuer?.clockSkew, 0, MAX_SKEW)
      ]
    })
  ]
}

function checkFields(
  document: SourceDocument,
  { apiKeyHeader, consumerHeader }: NonNullable<RawAuth>
): Finding[] {
  const [key, consumer] = [apiKeyHeader?.toLowerCase(), consumerHeader?.toLowerCase()]
  const findings: Finding[] = []
  for (const [name, field] of [
    ['apiKeyHeader', key],
    ['consumerHeader', consumer]
  ] as const) {
    if (field === undefined || !TAKEN.has(field)) continue
    const path = ['auth', name]
    const message = `expected a header field of its own, got ${quote(document, path, field)}`
    findings.push({ path, message })
  }
  if (key !== undefined && (key === consumer || key === `${consumer}-auth`)) {
    const path = ['auth', 'apiKeyHeader']
    const message = `expected another field than those of consumerHeader, got ${quote(document, path, key)}`
    findings.push({ path, message })
  }
  return findings
}

function checkHashes(name: string, keys: readonly ({ hash?: string | undefined } | undefined)[]): Finding[] {
  const hashes = keys.map((key) => key?.hash && hexOf(key.hash))
  return hashes.flatMap((hash, index) => {
    const first = hashes.indexOf(hash)
    if (hash === undefined || first === index) return []
    const message = `expected every key once, got that of keys[${first}] again`
    return [{ path: ['auth', 'apiKeys', name, index, 'hash'], message }]
  })
}

function checkJwks(document: SourceDocument, path: Path, text: string | undefined): Finding[] {
  const url = text === undefined ? undefined : URL.parse(text)
  if (url === undefined || (url && url.username === '' && url.password === '' && url.hash === '')) return []
  return [
    { path, message: `expected a URL without credentials and fragment, got ${quote(document, path, text)}` }
  ]
}

/** Checks `access`, `cors` and what of a route's other keys concerns them. */
export function checkRouteAccess(
  document: SourceDocument,
  path: Path,
  route: RawRoute,
  auth: AuthNames | undefined
): Finding[] {
  return [
    ...checkAccess(document, [...path, 'access'], route.access, auth),
    ...checkCors(document, [...path, 'cors'], route.cors),
    ...checkDuration(
      document,
      [...path, 'securityHeaders', 'strictTransportSecurity', 'maxAge'],
      route.securityHeaders?.strictTransportSecurity
        ? route.securityHeaders.strictTransportSecurity.maxAge
        : undefined,
      0,
      10 * 365 * 24 * 3_600_000
    ),
    ...checkConsumerFields(path, route, auth),
    ...checkLimitKeys(document, [...path, 'rateLimit'], route.rateLimit, auth, isAsked(route))
  ]
}

/** Whether a route asks who calls; one whose `access` is wrong itself may. */
function isAsked({ access }: RawRoute): boolean {
  return access?.apiKeys !== undefined || access?.jwt !== undefined
}

/**
 * Checks that the limits that go by consumer can know them, and that none goes by what a client says of itself in the
 * consumer's stead.
 *
 * @param isAsked - Whether anybody asks who calls where they apply.
 */
export function checkLimitKeys(
  document: SourceDocument,
  path: Path,
  written: RawRoute['rateLimit'],
  auth: AuthNames | undefined,
  isAsked: boolean
): Finding[] {
  if (written === undefined) return []
  type Limit = { readonly key?: string | readonly (string | undefined)[] | undefined } | undefined
  return limitList(written as object).flatMap((limit, index) => {
    const { key } = (limit as Limit) ?? {}
    const place = [...path, ...(Array.isArray(written) ? [index] : []), 'key']
    const keys = Array.isArray(key) ? (key as readonly (string | undefined)[]) : [key as string | undefined]
    return keys.flatMap((text, part) => {
      const at = Array.isArray(key) ? [...place, part] : place
      if (text === 'consumer' && !isAsked) {
        return [
          { path: at, message: 'expected apiKeys or jwt in access beside the key consumer, got neither' }
        ]
      }
      const field = text?.startsWith('header:') ? text.slice(7).toLowerCase() : undefined
      if (field === undefined || !auth?.consumerFields.includes(field)) return []
      return [
        {
          path: at,
          message: `expected consumer, which clients can't forge, got ${quote(document, at, text)}`
        }
      ]
    })
  })
}

function checkAccess(
  document: SourceDocument,
  path: Path,
  access: RawRoute['access'],
  auth: AuthNames | undefined
): Finding[] {
  if (!access) return []
  const blocks = (['allow', 'deny'] as const).flatMap((key) =>
    (access[key] ?? []).flatMap((block, index) => {
      if (block === undefined || isAddressBlock(block)) return []
      const place = [...path, key, index]
      const got = quote(document, place, block)
      return [{ path: place, message: `expected an address or a CIDR block such as 10.0.0.0/8, got ${got}` }]
    })
  )
  const names = (['apiKeys', 'jwt'] as const).flatMap((key) => {
    const name = access[key]
    const known = auth?.[key] ?? []
    if (name === undefined || known.includes(name)) return []
    const place = [...path, key]
    const isSecret = document.writtenAt(place) !== undefined
    const hint = isSecret ? '' : didYouMeanOrList(name, known)
    return [
      { path: place, message: `expected a name of auth.${key}, got ${quote(document, place, name)}${hint}` }
    ]
  })
  return [...blocks, ...names, ...checkSatisfy(document, path, access), ...checkIsAny(document, path, access)]
}

/** A route that says who may use it, and means all, is a mistake: what was to guard it is missing. */
function checkIsAny(
  document: SourceDocument,
  path: Path,
  { allow, deny }: NonNullable<RawRoute['access']>
): Finding[] {
  const isEmpty = (key: string, blocks: readonly unknown[] | undefined) =>
    !document.has([...path, key]) || blocks?.length === 0
  const isAsking = document.has([...path, 'apiKeys']) || document.has([...path, 'jwt'])
  if (isAsking || !isEmpty('allow', allow) || !isEmpty('deny', deny)) return []
  return [{ path, message: 'expected allow, deny, apiKeys or jwt to keep somebody out, got none of them' }]
}

function checkSatisfy(
  document: SourceDocument,
  path: Path,
  access: NonNullable<RawRoute['access']>
): Finding[] {
  const { satisfy } = access
  if (satisfy === undefined || (document.has([...path, 'apiKeys']) && document.has([...path, 'jwt'])))
    return []
  if (access.apiKeys !== undefined && access.jwt !== undefined) return []
  const place = [...path, 'satisfy']
  return [{ path: place, message: `expected satisfy beside both apiKeys and jwt, got "${satisfy}"` }]
}

function checkCors(document: SourceDocument, path: Path, cors: RawRoute['cors']): Finding[] {
  if (!cors) return []
  const { origins = [], credentials, maxAge } = cors
  const findings = checkDuration(document, [...path, 'maxAge'], maxAge)
  const all = origins.indexOf('*')
  if (all === -1) return findings
  if (origins.length > 1) {
    findings.push({ path: [...path, 'origins', all], message: 'expected "*" alone, got it beside others' })
  }
  if (credentials) {
    const message = 'expected origins to be named where credentials come along, got "*"'
    findings.push({ path: [...path, 'origins', all], message })
  }
  return findings
}

/** A route that sets such a field would say who calls; one that removes it would hide that. */
function checkConsumerFields(path: Path, { headers }: RawRoute, auth: AuthNames | undefined): Finding[] {
  if (!auth) return []
  const place = [...path, 'headers', 'request']
  const { set = {}, remove = [] } = headers?.request ?? {}
  const report = (at: Path, name: string | undefined, where?: 'key'): Finding[] => {
    if (name === undefined || !auth.consumerFields.includes(name.toLowerCase())) return []
    const message = `expected a field that is not the gateway's to set, got ${JSON.stringify(name)}`
    return [{ path: at, message, ...(where && { at: where }) }]
  }
  return [
    ...Object.keys(set).flatMap((name) => report([...place, 'set', name], name, 'key')),
    ...remove.flatMap((name, index) => report([...place, 'remove', index], name))
  ]
}
