import { parse as parseYaml } from 'yaml'
import { DocumentError } from './document-error.ts'
import { isObject, type JsonObject, textAt } from './json.ts'

/** How deep a document may nest; what reads it goes down recursively. */
const MAX_DEPTH = 256
/** Values that a document may have. Those of the largest that are known, some 15 MB of JSON, are half a million. */
const MAX_VALUES = 2_000_000
/** Aliases that a YAML document may expand to. */
const MAX_ALIASES = 1000

/** A document as its backend has it, known to be bounded. */
export interface ServiceDocument {
  /** Whether it is OpenAPI 3.0; else 3.1. */
  readonly isOld: boolean
  readonly root: JsonObject
}

/**
 * Reads a document of a backend, JSON or YAML.
 *
 * @throws DocumentError when it is none, or not one of OpenAPI 3.0 or 3.1, or larger than anything reasonable.
 */
export function readDocument(text: string): ServiceDocument {
  const root = parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  checkBounds(root)
  if (!isObject(root)) throw new DocumentError('invalid')
  const version = textAt(root, 'openapi') ?? ''
  const isOld = /^3\.0(?:\.|$)/.test(version)
  if (!isOld && !/^3\.1(?:\.|$)/.test(version)) throw new DocumentError('version_unsupported', '/openapi')
  return { isOld, root }
}

function parse(text: string): unknown {
  // Before anything is made of it: each may become a value of a hundred bytes and more.
  if (separators(text) > MAX_VALUES) throw new DocumentError('too_many_values')
  try {
    // What begins as JSON is not tried as YAML: of a large one that takes a hundred times as long.
    if (/^\s*[{[]/.test(text)) return JSON.parse(text) as unknown
    return parseYaml(text, { maxAliasCount: MAX_ALIASES, uniqueKeys: false, logLevel: 'error' }) as unknown
  } catch {
    throw new DocumentError('not_json_or_yaml')
  }
}

/** What stands between values, in texts too: those of real documents have some hundred thousand. */
function separators(text: string): number {
  let count = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === COMMA || code === BRACKET || code === BRACE || code === DASH) count++
  }
  return count
}

const [COMMA, BRACKET, BRACE, DASH] = [44, 91, 123, 45]

/** Aliases of YAML may make a value of few bytes endless, so the bound on bytes is not enough. */
function checkBounds(root: unknown): void {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }]
  let count = 0
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next
    if (typeof value !== 'object' || value === null) continue
    if (depth > MAX_DEPTH) throw new DocumentError('too_deep')
    const below: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
    count += below.length
    if (count > MAX_VALUES) throw new DocumentError('too_many_values')
    for (const each of below) open.push({ value: each, depth: depth + 1 })
  }
}
