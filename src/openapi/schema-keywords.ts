import { isObject } from './json.ts'

/** How a keyword's value holds further schemas. */
export type Holds = 'schema' | 'schemas' | 'named'

/** Keywords with schemas below them (JSON Schema 2020-12 section 10, validation section 8). */
export const APPLICATORS: ReadonlyMap<string, Holds> = new Map<string, Holds>([
  ...['additionalProperties', 'items', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'].map(
    (key) => [key, 'schema'] as const
  ),
  ...['unevaluatedItems', 'unevaluatedProperties', 'contentSchema'].map((key) => [key, 'schema'] as const),
  ...['allOf', 'anyOf', 'oneOf', 'prefixItems'].map((key) => [key, 'schemas'] as const),
  ...['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'].map(
    (key) => [key, 'named'] as const
  )
])

/** Keywords that name places: within one document they would be those of all groups. References by them are none. */
export const PLACE_KEYWORDS: ReadonlySet<string> = new Set([
  '$id',
  'id',
  '$schema',
  '$anchor',
  '$dynamicAnchor',
  '$dynamicRef',
  '$recursiveRef',
  '$recursiveAnchor',
  '$vocabulary'
])

const TYPES: ReadonlySet<unknown> = new Set([
  'null',
  'boolean',
  'object',
  'array',
  'number',
  'string',
  'integer'
])

const isText = (value: unknown): boolean => typeof value === 'string'
const isFlag = (value: unknown): boolean => typeof value === 'boolean'
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const isList = (value: unknown): boolean => Array.isArray(value)
const isType = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 && value.every((each) => TYPES.has(each)) : TYPES.has(value)

const SOUND: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['type', isType],
  ['enum', isList],
  ['required', isTextList],
  ['examples', isList],
  ['dependentRequired', (value) => isObject(value) && Object.values(value).every(isTextList)],
  ['multipleOf', (value) => isNumber(value) && (value as number) > 0],
  ...['maximum', 'minimum', 'exclusiveMaximum', 'exclusiveMinimum'].map((key) => [key, isNumber] as const),
  ...['maxLength', 'minLength', 'maxItems', 'minItems', 'maxProperties', 'minProperties'].map(
    (key) => [key, isCount] as const
  ),
  ...['maxContains', 'minContains'].map((key) => [key, isCount] as const),
  ...['uniqueItems', 'deprecated', 'readOnly', 'writeOnly'].map((key) => [key, isFlag] as const),
  ...['title', 'description', 'format', 'pattern', '$comment', 'contentEncoding', 'contentMediaType'].map(
    (key) => [key, isText] as const
  )
])

/** Whether a keyword's value is what JSON Schema allows; of keywords that it does not know, any is. */
export function isSoundKeyword(key: string, value: unknown): boolean {
  return SOUND.get(key)?.(value) ?? true
}
