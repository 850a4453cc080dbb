import { compose } from './compose.ts'
import { type CheckCode, CheckParts } from './check-code.ts'
import { checkedSchema, hasDefault, type Shape, shapeOf } from './checked-schema.ts'
import { isObject, type JsonObject, listAt, objectAt, own, textAt } from './json.ts'
import type { GroupDocument } from './plan.ts'

/** What requests of a group must be: plain data and code, made once for all threads. */
export interface Contract {
  readonly group: string
  /** Of the document that it is made of; the same where nothing has changed. */
  readonly hash: string
  readonly operations: readonly OperationContract[]
  readonly code: CheckCode
  /** Schemas that could not be made code of: what they stand for is not checked. */
  readonly unchecked: number
}

/** What requests of an operation must be. */
export interface OperationContract {
  readonly method: string
  /** Path of the backend, with `{name}` where a parameter stands. */
  readonly template: string
  readonly parameters: readonly ParameterContract[]
  /** Undefined = nothing is said of a body. */
  readonly body: BodyContract | undefined
}

/** What a parameter must be. */
export interface ParameterContract extends Shape {
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly name: string
  readonly required: boolean
  readonly style: string
  readonly explode: boolean
  /** Whether its text is JSON. */
  readonly isJson: boolean
  /** Its check among {@link CheckCode.parameters}. */
  readonly check: number
}

/** What a body must be. */
export interface BodyContract {
  readonly required: boolean
  /** In order of their names; a range such as `text/*` is one too. */
  readonly media: readonly MediaContract[]
}

/** What a body of a media type must be. */
export interface MediaContract {
  /** In lower case, without parameters. */
  readonly type: string
  /** Its check among {@link CheckCode.bodies}; undefined where it is not looked at. */
  readonly check: number | undefined
}

const EVERYTHING = { name: 'all', path: '/', mode: 'stream', source: '' } as const

/** JSON, by its media type (RFC 6839 section 3.1). */
export const JSON_TYPE = /^(?:application|text)\/(?:[\w!#$&^.-]+\+)?json$/

/** Header fields that have meanings of their own (OpenAPI 3.1 section 4.8.12.2). */
const NO_PARAMETERS: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization'])

/** Reads what requests must be from a group's document, as it stands in the composed one. */
export function contractOf(each: GroupDocument): Omit<Contract, 'hash'> {
  const { group } = each
  const { document } = compose({
    documents: [each],
    routes: [{ ...EVERYTHING, upstream: group }],
    base: {}
  })
  const components = objectAt(document, 'components')
  const schemas = objectAt(components, 'schemas')
  const parts = new CheckParts(schemas)
  const resolve = (value: unknown, space: string): JsonObject => {
    const found = isObject(value) ? value : {}
    const name = textAt(found, '$ref')?.replace(`#/components/${space}/`, '')
    return name === undefined ? found : objectAt(objectAt(components, space), name)
  }
  const operations = Object.entries(objectAt(document, 'paths')).flatMap(([template, item]) =>
    Object.entries(item as JsonObject).map(([method, value]): OperationContract => {
      const operation = value as JsonObject
      const body = own(operation, 'requestBody')
      return {
        method: method.toUpperCase(),
        template,
        parameters: listAt(operation, 'parameters').flatMap((parameter) =>
          parameterOf(resolve(parameter, 'parameters'), schemas, parts)
        ),
        body: body === undefined ? undefined : bodyOf(resolve(body, 'requestBodies'), parts)
      }
    })
  )
  return { group, operations, ...parts.build() }
}

function parameterOf(parameter: JsonObject, schemas: JsonObject, parts: CheckParts): ParameterContract[] {
  const place = textAt(parameter, 'in') as ParameterContract['in']
  const written = textAt(parameter, 'name') ?? ''
  const name = place === 'header' ? written.toLowerCase() : written
  if (place === 'header' && NO_PARAMETERS.has(name)) return []
  const [content] = Object.entries(objectAt(parameter, 'content'))
  const schema = content ? own(content[1] as JsonObject, 'schema') : own(parameter, 'schema')
  const isJson = content !== undefined && JSON_TYPE.test(mediaType(content[0]))
  const usual = place === 'query' || place === 'cookie' ? 'form' : 'simple'
  const style = textAt(parameter, 'style') ?? usual
  const explode = own(parameter, 'explode') ?? style === 'form'
  return [
    {
      in: place,
      name,
      required: own(parameter, 'required') === true && !hasDefault(schema),
      style,
      explode: explode === true,
      isJson,
      ...(content ? { kind: 'value', properties: [] } : shapeOf(schema, schemas)),
      check: parts.parameter(content && !isJson ? true : checkedSchema(schema ?? true))
    }
  ]
}

function bodyOf(body: JsonObject, parts: CheckParts): BodyContract {
  const media = Object.entries(objectAt(body, 'content')).map(([name, value]): MediaContract => {
    const type = mediaType(name)
    const schema = own(value as JsonObject, 'schema')
    // A range takes JSON too: it is looked at when it comes.
    const isJson = JSON_TYPE.test(type) || type.endsWith('/*')
    return { type, check: isJson ? parts.body(checkedSchema(schema ?? true)) : undefined }
  })
  // The more is said of a type, the sooner it counts: `*/*` last.
  const rank = ({ type }: MediaContract): number => (type.match(/\*/g) ?? []).length
  return { required: own(body, 'required') === true, media: media.toSorted((a, b) => rank(a) - rank(b)) }
}

/** A media type without its parameters, in lower case. */
export function mediaType(text: string): string {
  return text.split(';')[0]!.trim().toLowerCase()
}
