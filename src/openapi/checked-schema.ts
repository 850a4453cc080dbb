import { FORMATS } from './formats.ts'
import { isObject, type JsonObject, listAt, objectAt, own, textAt } from './json.ts'
import { isLinear } from './linear-regexp.ts'
import { APPLICATORS } from './schema-keywords.ts'

/** Keywords that say what a value must be, without those below which there are schemas. */
const ASSERTIONS: ReadonlySet<string> = new Set(
  [
    '$ref type enum const dependentRequired multipleOf uniqueItems',
    'maximum minimum exclusiveMaximum exclusiveMinimum maxLength minLength',
    'maxItems minItems maxProperties minProperties maxContains minContains'
  ].flatMap((line) => line.split(' '))
)

/**
 * What of a composed document's schema is asked of requests: no descriptions or examples, no patterns that take for ever,
 * no formats that nobody checks, and no properties that only answers have.
 */
export function checkedSchema(schema: unknown): JsonObject | boolean {
  if (!isObject(schema)) return schema !== false
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    if (key === 'required') return [[key, requiredOf(schema)]]
    if (key === 'pattern') return isLinear(value as string) ? [[key, value]] : []
    if (key === 'format') return Object.hasOwn(FORMATS, value as string) ? [[key, value]] : []
    if (key === 'patternProperties') return [[key, mapped(linearOf(value as JsonObject))]]
    // Where not all patterns count, nobody knows what is left.
    if (LEFTOVERS.has(key) && !isWhollyLinear(schema)) return []
    if (ASSERTIONS.has(key)) return [[key, value]]
    return below(key, value)
  })
  return Object.fromEntries(entries)
}

const LEFTOVERS: ReadonlySet<string> = new Set(['additionalProperties', 'unevaluatedProperties'])

function below(key: string, value: unknown): [string, unknown][] {
  // What is in a text is not looked at; definitions are reached by references only.
  if (key === 'contentSchema' || key === '$defs' || key === 'definitions') return []
  const holds = APPLICATORS.get(key)
  if (holds === 'schema') return [[key, checkedSchema(value)]]
  if (holds === 'schemas') return [[key, (value as unknown[]).map(checkedSchema)]]
  return holds === 'named' ? [[key, mapped(value as JsonObject)]] : []
}

function mapped(schemas: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schemas).map(([name, each]) => [name, checkedSchema(each)]))
}

function linearOf(schemas: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schemas).filter(([pattern]) => isLinear(pattern)))
}

function isWhollyLinear(schema: JsonObject): boolean {
  return Object.keys(objectAt(schema, 'patternProperties')).every(isLinear)
}

/**
 * What is read-only is required of answers alone (OpenAPI 3.0.3 section 4.7.24.2), and what has a default may be left out,
 * since services that fill it in say that it is required.
 */
function requiredOf(schema: JsonObject): unknown[] {
  const properties = objectAt(schema, 'properties')
  return listAt(schema, 'required').filter((name) => {
    const property = own(properties, name as string)
    return !(isObject(property) && own(property, 'readOnly') === true) && !hasDefault(property)
  })
}

/** Whether a schema says what a value is that is left out. */
export function hasDefault(schema: unknown): boolean {
  return isObject(schema) && Object.hasOwn(schema, 'default')
}

/** What a parameter's text is split into: one value, a list, or an object; with the names of its properties. */
export interface Shape {
  readonly kind: 'value' | 'array' | 'object'
  readonly properties: readonly string[]
}

const VALUE: Shape = { kind: 'value', properties: [] }

/** How deep a shape is looked for. */
const MAX_HOPS = 16

/** Reads it from a schema, through references and compositions. @param schemas - `components.schemas`. */
export function shapeOf(schema: unknown, schemas: JsonObject, hops = 0): Shape {
  if (!isObject(schema) || hops > MAX_HOPS) return VALUE
  const ref = textAt(schema, '$ref')?.replace('#/components/schemas/', '')
  if (ref !== undefined) return shapeOf(own(schemas, ref), schemas, hops + 1)
  const types = [own(schema, 'type')].flat()
  const properties = Object.keys(objectAt(schema, 'properties'))
  if (types.includes('array')) return { kind: 'array', properties: [] }
  if (types.includes('object') || properties.length > 0) return { kind: 'object', properties }
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((key) => listAt(schema, key))
  const shapes = parts.map((part) => shapeOf(part, schemas, hops + 1))
  const found = shapes.find(({ kind }) => kind !== 'value')
  return found ? { ...found, properties: shapes.flatMap((each) => each.properties) } : VALUE
}
