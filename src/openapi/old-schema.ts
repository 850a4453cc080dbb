import { isObject, type JsonObject, own } from './json.ts'

/**
 * A schema object of OpenAPI 3.0 as one of 3.1, which is JSON Schema 2020-12; what is below it stays to be done.
 * `nullable` becomes the type `null`, the exclusive bounds numbers, `example` a list.
 */
export function modernSchema(old: JsonObject): JsonObject {
  // In 3.0 nothing beside a reference counts.
  if (typeof own(old, '$ref') === 'string') return { $ref: old['$ref'] }
  const entries = new Map(Object.entries(old))
  bound(entries, 'minimum', 'exclusiveMinimum')
  bound(entries, 'maximum', 'exclusiveMaximum')
  if (entries.has('example')) {
    if (!entries.has('examples')) entries.set('examples', [entries.get('example')])
    entries.delete('example')
  }
  const isNullable = entries.get('nullable') === true
  entries.delete('nullable')
  return isNullable ? withNull(entries) : Object.fromEntries(entries)
}

function bound(entries: Map<string, unknown>, limit: string, exclusive: string): void {
  const flag = entries.get(exclusive)
  if (typeof flag !== 'boolean') return
  entries.delete(exclusive)
  if (!flag || !entries.has(limit)) return
  entries.set(exclusive, entries.get(limit))
  entries.delete(limit)
}

function withNull(entries: Map<string, unknown>): JsonObject {
  const type = entries.get('type')
  const values = entries.get('enum')
  const isComposed = ['allOf', 'anyOf', 'oneOf'].some((key) => entries.has(key))
  if (!isComposed) {
    if (typeof type === 'string') entries.set('type', [type, 'null'])
    if (Array.isArray(values) && !values.includes(null)) entries.set('enum', [...(values as unknown[]), null])
    return Object.fromEntries(entries)
  }
  // Whatever the parts say: null is one more way. What only describes stays outside.
  const outside = ['title', 'description', 'examples', 'default', 'deprecated', 'readOnly', 'writeOnly']
  const described = outside.flatMap((key) => (entries.has(key) ? [[key, entries.get(key)] as const] : []))
  for (const [key] of described) entries.delete(key)
  return { ...Object.fromEntries(described), anyOf: [Object.fromEntries(entries), { type: 'null' }] }
}

/** Whether a value is a schema at all. */
export function isSchema(value: unknown): value is JsonObject | boolean {
  return isObject(value) || typeof value === 'boolean'
}
