import { DocumentError } from './document-error.ts'
import { isObject, type JsonObject, listAt, objectAt, own, pointerStep, textAt } from './json.ts'
import { isSchema, modernSchema } from './old-schema.ts'
import { APPLICATORS, isSoundKeyword, PLACE_KEYWORDS } from './schema-keywords.ts'
import { hasReference, type Transplant } from './transplant.ts'

/**
 * A schema as it stands in the composed document: of OpenAPI 3.1, its references those of its group, and nothing in it
 * that JSON Schema has another idea of.
 *
 * @throws DocumentError when it is no schema.
 */
export function moveSchema(to: Transplant, value: unknown, at: string): JsonObject | boolean {
  if (!isSchema(value)) throw new DocumentError('invalid', at)
  if (typeof value === 'boolean') return value
  const schema = to.document.isOld ? modernSchema(value) : value
  const discriminator = own(schema, 'discriminator')
  const moved: [string, unknown][] = []
  for (const [key, inside] of Object.entries(schema)) {
    if (PLACE_KEYWORDS.has(key) || key === 'discriminator' || !isSoundKeyword(key, inside)) continue
    if (key === '$ref') {
      if (typeof inside === 'string') moved.push([key, to.target('Schema', inside, at)])
    } else {
      const copy = moveKeyword(to, key, inside, at + pointerStep(key))
      if (copy !== undefined) moved.push([key, copy])
    }
  }
  const told = isObject(discriminator) ? moveDiscriminator(to, discriminator, schema, at) : undefined
  if (told) moved.push(['discriminator', told])
  return Object.fromEntries(moved)
}

function moveKeyword(to: Transplant, key: string, value: unknown, at: string): unknown {
  const holds = APPLICATORS.get(key)
  if (holds === 'schemas') {
    if (!Array.isArray(value) || value.length === 0) return undefined
    return value.map((each, index) => moveSchema(to, each, at + pointerStep(index)))
  }
  if (holds === 'named') {
    if (!isObject(value)) return undefined
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, moveSchema(to, each, at + pointerStep(name))])
    )
  }
  if (holds === 'schema') return moveSchema(to, value, at)
  return hasReference(value) ? undefined : value
}

/**
 * What a discriminator says by the names of schemas is written out, since those change: of the alternatives beside it,
 * else of all that build on the schema.
 */
function moveDiscriminator(
  to: Transplant,
  discriminator: JsonObject,
  schema: JsonObject,
  at: string
): JsonObject | undefined {
  const propertyName = textAt(discriminator, 'propertyName')
  if (propertyName === undefined) return undefined
  const mapping = new Map<string, string>()
  const mapped = new Set<string>()
  for (const [value, target] of Object.entries(objectAt(discriminator, 'mapping'))) {
    if (typeof target !== 'string') continue
    const name = to.component('Schema', target)
    const moved = name === undefined ? to.target('Schema', target, at) : `#/components/schemas/${name}`
    mapping.set(value, moved)
    mapped.add(moved)
  }
  for (const name of implied(to, schema, at)) {
    const moved = `#/components/schemas/${to.component('Schema', name)!}`
    if (!mapped.has(moved) && !mapping.has(name)) mapping.set(name, moved)
  }
  return { propertyName, ...(mapping.size > 0 && { mapping: Object.fromEntries(mapping) }) }
}

/** Names of the schemas that a discriminator's values may be the names of. */
function implied(to: Transplant, schema: JsonObject, at: string): string[] {
  const alternatives = [...listAt(schema, 'oneOf'), ...listAt(schema, 'anyOf')]
  if (alternatives.length > 0) return alternatives.flatMap((each) => nameOf(each) ?? [])
  const self = /^\/components\/schemas\/[^/]+$/.test(at) ? `#${at}` : undefined
  if (self === undefined) return []
  const schemas = objectAt(objectAt(to.document.root, 'components'), 'schemas')
  return Object.entries(schemas)
    .filter(([, each]) => isObject(each) && listAt(each, 'allOf').some((part) => refOf(part) === self))
    .map(([name]) => name)
}

function nameOf(value: unknown): string | undefined {
  return /^#\/components\/schemas\/([^/]+)$/.exec(refOf(value) ?? '')?.[1]
}

function refOf(value: unknown): string | undefined {
  return isObject(value) ? textAt(value, '$ref') : undefined
}
