import type { ErrorObject } from 'ajv'
import { quote, quoteValue, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import { pathOfPointer, valueAt, type Path } from './path.ts'
import { didYouMean, didYouMeanOrList } from './suggest.ts'

/** The keywords that messages are made from. */
interface Schema {
  readonly type?: string
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly errorMessage?: string
  /** A secret: no message shows its value. */
  readonly writeOnly?: boolean
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

/**
 * Turns Ajv's errors (of a run with `allErrors` and `verbose`) into findings that say what was expected. Of a
 * union, only the errors of the branch whose type fits the value are kept; of one value, only the first.
 *
 * @param root - The value that was validated.
 */
export function explainSchemaErrors(
  errors: readonly ErrorObject[],
  root: unknown,
  document: SourceDocument
): Finding[] {
  const findings = new Map<string, Finding>()
  for (const error of resolveUnions(errors)) {
    // The `propertyNames` error beside it names the key.
    if (error.propertyName !== undefined) continue
    const path = pathOfPointer(root, error.instancePath)
    const finding = explain(error, path, document)
    const place = JSON.stringify(finding.path)
    if (!findings.has(place)) findings.set(place, finding)
  }
  return [...findings.values()]
}

function explain(error: ErrorObject, path: Path, document: SourceDocument): Finding {
  const schema = (error.parentSchema ?? {}) as Schema
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty'])
      const hint = didYouMeanOrList(key, Object.keys(schema.properties ?? {}))
      return { path: [...path, key], at: 'key', message: `unknown key ${JSON.stringify(key)}${hint}` }
    }
    case 'propertyNames': {
      const key = String(params['propertyName'])
      const expected = (error.schema as Schema).errorMessage ?? 'expected another key'
      return { path: [...path, key], at: 'key', message: `${expected}, got ${JSON.stringify(key)}` }
    }
    case 'required': {
      const key = String(params['missingProperty'])
      return {
        path: [...path, key],
        message: `${expectationOf(schema.properties?.[key] ?? {})}, got nothing`
      }
    }
    case 'uniqueItems': {
      const second = [...path, Math.max(Number(params['i']), Number(params['j']))]
      const got = quote(document, second, valueAt(error.data, second.slice(-1)))
      return { path: second, message: `expected every item once, got ${got} again` }
    }
    default:
      return { path, message: describe(error, schema, path, document) }
  }
}

function describe(error: ErrorObject, schema: Schema, path: Path, document: SourceDocument): string {
  if (schema.writeOnly) return `${expectationOf(schema)}, got ${kindOf(error.data)}`
  const got = quote(document, path, error.data)
  const words = wordsOf(schema)
  const isList = Array.isArray(error.data)
  const expected = schema.type === 'array' && !isList ? 'expected a list' : expectationOf(schema)
  const isSecret = document.writtenAt(path) !== undefined
  if (typeof error.data === 'string' && words.length > 0 && !isSecret) {
    return `${expected}${schema.enum ? ';' : ','} got ${got}${didYouMean(error.data, words)}`
  }
  const empty = error.data === null && schema.type === 'object' && !schema.required?.length
  return `${expected}${schema.enum ? ';' : ','} got ${got}${empty ? '; write {} for the defaults' : ''}`
}

/** What a value is, without a word of what it says. */
function kindOf(value: unknown): string {
  if (typeof value === 'string') return `a text of ${value.length}`
  if (typeof value === 'object' || value === undefined) return quoteValue(value)
  return `a ${typeof value}`
}

/** What a schema wants, as the beginning of a sentence: `expected a whole number from 1 to 1000`. */
function expectationOf(schema: Schema): string {
  if (schema.errorMessage !== undefined) return schema.errorMessage
  if (schema.enum) return `expected one of ${schema.enum.join(', ')}`
  if (schema.anyOf) {
    return `expected ${schema.anyOf.map((branch) => expectationOf(branch).replace(/^expected /, '')).join(', or ')}`
  }
  switch (schema.type) {
    case 'integer':
      return `expected a whole number from ${schema.minimum ?? 0} to ${schema.maximum ?? 'any'}`
    case 'boolean':
      return 'expected true or false'
    case 'array':
      return 'expected a list'
    case 'object':
      return 'expected a mapping'
    default:
      return 'expected a text that is not empty'
  }
}

function wordsOf(schema: Schema): string[] {
  const own = schema.enum ?? (schema.const === undefined ? [] : [schema.const])
  return [...own.filter((word) => typeof word === 'string'), ...(schema.anyOf ?? []).flatMap(wordsOf)]
}

/** Replaces the errors of each failed union by those of the one branch that the value was meant for. */
function resolveUnions(errors: readonly ErrorObject[]): ErrorObject[] {
  let left = [...errors]
  // Outer unions first: what they drop needs no look.
  const unions = errors
    .filter((error) => error.keyword === 'anyOf')
    .toSorted((a, b) => a.schemaPath.length - b.schemaPath.length)
  for (const union of unions) {
    if (!left.includes(union)) continue
    const { anyOf = [], errorMessage } = union.parentSchema as Schema
    const meant = anyOf.findIndex((branch) => fits(branch, union.data))
    const keepsOwn = meant === -1 || (errorMessage !== undefined && typeof union.data !== 'object')
    const branch = `${union.schemaPath}/${meant}/`
    left = left.filter((error) => {
      if (error === union) return keepsOwn
      return !isInside(error, union) || (!keepsOwn && error.schemaPath.startsWith(branch))
    })
  }
  return left
}

function isInside(error: ErrorObject, union: ErrorObject): boolean {
  return (
    error.schemaPath.startsWith(`${union.schemaPath}/`) &&
    (error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`))
  )
}

function fits(schema: Schema, data: unknown): boolean {
  if (schema.anyOf) return schema.anyOf.some((branch) => fits(branch, data))
  if (schema.enum) return schema.enum.some((word) => typeof word === typeof data)
  if (Array.isArray(data)) return schema.type === 'array'
  const type = typeof data
  return data !== null && (schema.type === type || (schema.type === 'integer' && type === 'number'))
}
