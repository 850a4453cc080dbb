import { Type } from 'typebox'
import { CLOSED } from './schema-parts.ts'

/** `docs`. */
export const DocsSchema = Type.Object(
  {
    enabled: Type.Optional(
      Type.Boolean({
        description: "Whether the groups' documents are served as one, at /openapi.json and as pages.",
        default: true
      })
    ),
    path: Type.Optional(
      Type.String({
        description: 'Where the pages are; a route that takes this path wins.',
        default: '/docs',
        pattern: '^(?:/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])+$',
        errorMessage: 'expected a path such as /docs, without a trailing slash'
      })
    )
  },
  { ...CLOSED, description: "The services' documents on the public port.", default: {} }
)

/** `openapi` of a group. */
export const DocumentPath = Type.String({
  description: 'Where a backend of this group serves its OpenAPI document; absent = nowhere.',
  pattern: '^/[\\x21\\x22\\x24-\\x7e]*$',
  maxLength: 2000,
  errorMessage: 'expected a path such as /openapi.json',
  examples: ['/openapi.json']
})
