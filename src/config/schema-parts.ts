import { Type } from 'typebox'
import { DURATION_PATTERN } from './units.ts'

/** Options of every mapping of the configuration: a key that the schema doesn't know is an error. */
export const CLOSED = { additionalProperties: false } as const

/** What the name of a group (a key) or route must look like. */
export const NAME_KEYS = {
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$',
  errorMessage: 'expected a name of letters, digits, "_" and "-", beginning with a letter or digit'
} as const

/** Pattern of an HTTP method in upper case (RFC 9110 section 5.6.2), without those that a gateway must not pass. */
export const METHOD_PATTERN = "^(?!(?:TRACE|CONNECT)$)[A-Z0-9!#$%&'*+.^_`|~-]+$"

/** What a method must look like. */
export const METHOD_MESSAGE = 'expected a method in upper case such as GET, but not TRACE or CONNECT'

/** Pattern of one label of a host name. */
export const HOST_LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'

/** The name of a route. */
export function Name(description: string) {
  return Type.String({ description, ...NAME_KEYS })
}

/** How a duration is described. */
interface DurationOptions {
  readonly description: string
  readonly default?: string
  /** The least and the most that it may be; by default `['0s', '24h']`. */
  readonly range?: readonly [least: string, most: string]
  /** Whether it may also be 0s, where the least is more than that. */
  readonly orNone?: boolean
}

/**
 * A duration as text; the range is checked after the schema, because JSON Schema can't say it. It stands in the
 * description; test/config/ranges.test.ts holds the two together.
 */
export function Duration({ description, default: preset, range = ['0s', '24h'], orNone }: DurationOptions) {
  const [least, most] = range
  return Type.String({
    description: `${description} ${orNone ? '0s, or from' : 'From'} ${least} to ${most}.`,
    ...(preset !== undefined && { default: preset }),
    pattern: DURATION_PATTERN,
    errorMessage: 'expected a duration such as 250ms, 2s, 1m or 1h',
    examples: ['250ms', '2s', '1m', '1h']
  })
}

/** The port that a listener binds. */
export function ListenPort(port: number, description: string) {
  return Type.Integer({ description, default: port, minimum: 0, maximum: 65_535 })
}

/** The address that a listener binds. */
export function ListenHost(host: string, description: string) {
  return Type.String({
    description,
    default: host,
    pattern: '^[A-Za-z0-9:._%-]+$',
    errorMessage: 'expected an IP address or a host name'
  })
}

/** An address, or a block of addresses. */
export const AddressBlock = Type.String({
  description: 'An address, or a block of addresses in CIDR notation.',
  minLength: 1,
  errorMessage: 'expected an address or a CIDR block such as 10.0.0.0/8'
})

/** What the name of a header field must look like (RFC 9110 section 5.1). */
export const HeaderName = {
  pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
  errorMessage: 'expected the name of a header field'
} as const

/** A header field's value, in one line. */
export const HeaderValue = Type.String({
  pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$',
  errorMessage: 'expected a header value: a text in one line'
})
