import type { IncomingMessage } from 'node:http'
import type { ParameterContract } from './contract.ts'

/** What a client sent as a parameter: a value to be checked, or what is wrong before that; undefined = nothing. */
export type ParameterValue = { readonly value: unknown } | { readonly wrong: string } | undefined

/** A request's texts, where parameters are found. */
export interface ParameterTexts {
  /** Raw texts of the path's parameters. */
  readonly path: ReadonlyMap<string, string>
  /** Names and values of the query, decoded, in order. */
  readonly query: readonly (readonly [string, string])[]
  readonly headers: IncomingMessage['headers']
  readonly cookies: readonly (readonly [string, string])[]
}

/** Reads them from a request. @param target - Path and query. */
export function textsOf(
  target: string,
  headers: IncomingMessage['headers'],
  path: ReadonlyMap<string, string>
): ParameterTexts {
  const start = target.indexOf('?')
  const query = start === -1 ? [] : [...new URLSearchParams(target.slice(start + 1))]
  const cookies = (headers.cookie ?? '').split(';').map((each) => pair(each.trim()))
  return { path, query, headers, cookies }
}

/** Takes a parameter's value out of a request, as its style has it (OpenAPI 3.1 section 4.8.12.4). */
export function valueOf(parameter: ParameterContract, texts: ParameterTexts): ParameterValue {
  if (parameter.in === 'path') return fromPath(parameter, texts.path.get(parameter.name))
  if (parameter.in === 'header') {
    const field = texts.headers[parameter.name]
    return field === undefined ? undefined : plain(parameter, String(field), ',')
  }
  const pairs = parameter.in === 'query' ? texts.query : texts.cookies
  if (parameter.kind === 'object' && parameter.style === 'deepObject') return deepObject(parameter, pairs)
  if (parameter.kind === 'object' && parameter.explode) return spread(parameter, pairs)
  const values = pairs.flatMap(([name, value]) => (name === parameter.name ? [value] : []))
  if (values.length === 0) return undefined
  if (parameter.kind === 'array' && parameter.explode) return { value: values }
  // Of two, backends may take the one that was not looked at.
  if (values.length > 1) return { wrong: 'must be given once' }
  return plain(parameter, values[0]!, DELIMITERS[parameter.style] ?? ',')
}

const DELIMITERS: Readonly<Record<string, string>> = { spaceDelimited: ' ', pipeDelimited: '|' }

function fromPath(parameter: ParameterContract, raw: string | undefined): ParameterValue {
  if (raw === undefined) return undefined
  const { style, name, explode, kind } = parameter
  let text = raw
  let delimiter = ','
  if (style === 'label') {
    if (!text.startsWith('.')) return { wrong: 'must begin with "."' }
    text = text.slice(1)
    if (explode) delimiter = '.'
  } else if (style === 'matrix') {
    const isSpread = explode && kind !== 'value'
    const start = isSpread && kind === 'object' ? ';' : `;${name}=`
    if (!text.startsWith(start)) return { wrong: `must begin with "${start}"` }
    text = text.slice(start.length)
    if (isSpread) delimiter = kind === 'object' ? ';' : `;${name}=`
  }
  try {
    return plain(parameter, text, delimiter, decodeURIComponent)
  } catch {
    return { wrong: 'must be percent-encoded as UTF-8' }
  }
}

function plain(
  { kind, isJson, explode }: ParameterContract,
  text: string,
  delimiter: string,
  decode = (part: string): string => part
): ParameterValue {
  if (isJson) return json(decode(text))
  if (kind === 'value') return { value: decode(text) }
  const parts = text === '' ? [] : text.split(delimiter).map((part) => decode(part.trim()))
  if (kind === 'array') return { value: parts }
  return { value: Object.fromEntries(explode ? parts.map(pair) : pairsOf(parts)) }
}

function json(text: string): ParameterValue {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return { wrong: 'must be JSON' }
  }
}

function pair(text: string): [string, string] {
  const equals = text.indexOf('=')
  return equals === -1 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
}

function pairsOf(parts: readonly string[]): [string, string][] {
  return parts.flatMap((part, index): [string, string][] =>
    index % 2 === 0 ? [[part, parts[index + 1] ?? '']] : []
  )
}

/** An object whose properties are parameters of their own. */
function spread({ properties }: ParameterContract, pairs: ParameterTexts['query']): ParameterValue {
  const own = pairs.filter(([name]) => properties.includes(name))
  return own.length === 0 ? undefined : { value: grouped(own) }
}

/** `name[property]=value`. */
function deepObject({ name }: ParameterContract, pairs: ParameterTexts['query']): ParameterValue {
  const own = pairs.flatMap(([key, value]): [string, string][] =>
    key.startsWith(`${name}[`) && key.endsWith(']') ? [[key.slice(name.length + 1, -1), value]] : []
  )
  return own.length === 0 ? undefined : { value: grouped(own) }
}

/** What comes more than once is a list. */
function grouped(pairs: readonly (readonly [string, string])[]): Record<string, unknown> {
  const values = new Map<string, string[]>()
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value])
  return Object.fromEntries([...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]))
}
