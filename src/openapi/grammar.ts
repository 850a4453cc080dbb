/** Objects of OpenAPI 3.1 that are moved by what this table says of them; schemas and path items have files of their own. */
export type Kind =
  | 'Parameter'
  | 'RequestBody'
  | 'MediaType'
  | 'Encoding'
  | 'Response'
  | 'Header'
  | 'Example'
  | 'Link'
  | 'SecurityScheme'
  | 'OAuthFlows'
  | 'OAuthFlow'
  | 'Tag'
  | 'ExternalDocs'
  | 'Server'
  | 'ServerVariable'

/** Kinds that may be referred to, and so stand in `components`. */
export type ReferableKind =
  | 'Schema'
  | 'Parameter'
  | 'RequestBody'
  | 'Response'
  | 'Header'
  | 'Example'
  | 'Link'
  | 'Callback'
  | 'SecurityScheme'
  | 'PathItem'

/** Where in `components` a kind stands. */
export const COMPONENTS: Readonly<Record<ReferableKind, string>> = {
  Schema: 'schemas',
  Parameter: 'parameters',
  RequestBody: 'requestBodies',
  Response: 'responses',
  Header: 'headers',
  Example: 'examples',
  Link: 'links',
  Callback: 'callbacks',
  SecurityScheme: 'securitySchemes',
  PathItem: 'pathItems'
}

/** What stands in a field: plain data, or an object. */
export type FieldKind = 'string' | 'boolean' | 'any' | 'strings' | Kind | 'Schema' | 'Callback'

/** A field of an object. */
export interface Field {
  readonly kind: FieldKind
  /** Whether it is a mapping of such. */
  readonly of?: 'map'
  /** Without it the object makes no sense. */
  readonly isNeeded?: true
}

const text: Field = { kind: 'string' }
const flag: Field = { kind: 'boolean' }
const data: Field = { kind: 'any' }
const needed: Field = { kind: 'string', isNeeded: true }
const schema: Field = { kind: 'Schema' }
const map = (kind: FieldKind): Field => ({ kind, of: 'map' })

const examples = { example: data, examples: map('Example') }
const shape = { style: text, explode: flag, allowReserved: flag }

/**
 * The fields of each kind, OpenAPI 3.1.1 section 4.8. Others are dropped, except `x-…`: what is not known can't be kept
 * apart from that of other groups, and would not be valid.
 */
export const GRAMMAR: Readonly<Record<Kind, Readonly<Record<string, Field>>>> = {
  Parameter: {
    name: needed,
    in: needed,
    description: text,
    required: flag,
    deprecated: flag,
    allowEmptyValue: flag,
    ...shape,
    schema,
    ...examples,
    content: map('MediaType')
  },
  RequestBody: { description: text, content: { ...map('MediaType'), isNeeded: true }, required: flag },
  MediaType: { schema, ...examples, encoding: map('Encoding') },
  Encoding: { contentType: text, headers: map('Header'), ...shape },
  Response: { description: text, headers: map('Header'), content: map('MediaType'), links: map('Link') },
  Header: {
    description: text,
    required: flag,
    deprecated: flag,
    style: text,
    explode: flag,
    schema,
    ...examples,
    content: map('MediaType')
  },
  Example: { summary: text, description: text, value: data, externalValue: text },
  Link: { operationRef: text, operationId: text, parameters: data, requestBody: data, description: text },
  SecurityScheme: {
    type: needed,
    description: text,
    name: text,
    in: text,
    scheme: text,
    bearerFormat: text,
    flows: { kind: 'OAuthFlows' },
    openIdConnectUrl: text
  },
  OAuthFlows: {
    implicit: { kind: 'OAuthFlow' },
    password: { kind: 'OAuthFlow' },
    clientCredentials: { kind: 'OAuthFlow' },
    authorizationCode: { kind: 'OAuthFlow' }
  },
  OAuthFlow: { authorizationUrl: text, tokenUrl: text, refreshUrl: text, scopes: data },
  Tag: { name: needed, description: text, externalDocs: { kind: 'ExternalDocs' } },
  ExternalDocs: { description: text, url: needed },
  Server: { url: needed, description: text, variables: map('ServerVariable') },
  ServerVariable: { enum: { kind: 'strings' }, default: needed, description: text }
}

/** Kinds in whose place a reference may stand, and stays one. */
export const REFERABLE: ReadonlySet<FieldKind> = new Set<FieldKind>([
  'Parameter',
  'RequestBody',
  'Response',
  'Header',
  'Example',
  'Callback',
  'SecurityScheme'
])
