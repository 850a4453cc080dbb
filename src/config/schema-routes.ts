import { Type } from 'typebox'
import { AccessSchema } from './schema-access.ts'
import { CorsSchema, SecurityHeadersSchema } from './schema-browsers.ts'
import { RouteBodyLimit } from './schema-client-limits.ts'
import { RequestKey, Weight } from './schema-balancing.ts'
import { HeaderRulesSchema, retrySchema, timeoutsSchema } from './schema-forwarding.ts'
import { PrioritySchema, RouteCost, rateLimitSchema } from './schema-limits.ts'
import { CLOSED, HOST_LABEL, METHOD_MESSAGE, METHOD_PATTERN, Name } from './schema-parts.ts'

const GroupName = {
  minLength: 1,
  errorMessage: 'expected the name of an upstream group'
} as const

const SplitPartSchema = Type.Object(
  {
    group: Type.String({ description: 'The name of the group.', ...GroupName }),
    weight: Type.Optional(Weight('Share relative to the other parts; 0 = only sessions that it has.'))
  },
  { ...CLOSED, description: "One group's part of a split." }
)

const UpstreamSchema = Type.Union(
  [
    Type.String(GroupName),
    Type.Array(SplitPartSchema, { minItems: 1, errorMessage: 'expected at least one group' })
  ],
  {
    description: 'The upstream group that serves the route, or several with their shares.',
    errorMessage: 'expected the name of an upstream group, or a list of { group, weight }',
    examples: [
      'catalog',
      [
        { group: 'catalog', weight: 95 },
        { group: 'catalog-canary', weight: 5 }
      ]
    ]
  }
)

/** One route, in the configuration file as well as in a module of `routesDir`. */
export const RouteSchema = Type.Object(
  {
    name: Type.Optional(
      Name(
        'Unique name, for logs, metrics and messages. By default made from the path: /api/products is api-products.'
      )
    ),
    path: Type.String({
      description: 'Prefix that ends at a segment boundary. :name stands for any one segment.',
      pattern: '^/',
      errorMessage: 'expected a path that starts with "/"',
      examples: ['/api/products', '/api/orders/:id']
    }),
    methods: Type.Optional(
      Type.Array(Type.String({ pattern: METHOD_PATTERN, errorMessage: METHOD_MESSAGE }), {
        description:
          'Methods that the route takes; absent = any. Others get 405. HEAD is not implied by GET.',
        minItems: 1,
        uniqueItems: true,
        errorMessage: 'expected at least one method',
        examples: [['GET', 'HEAD']]
      })
    ),
    hosts: Type.Optional(
      Type.Array(
        Type.String({
          pattern: `^(?:\\*\\.)?${HOST_LABEL}(?:\\.${HOST_LABEL})*$`,
          maxLength: 253,
          errorMessage:
            'expected a host name such as api.example.com or *.example.com, without scheme and port'
        }),
        {
          description: 'Hosts that the route takes, *.example.com for one or more labels; absent = any.',
          minItems: 1,
          uniqueItems: true,
          errorMessage: 'expected at least one host',
          examples: [['api.example.com', '*.example.com']]
        }
      )
    ),
    upstream: UpstreamSchema,
    splitBy: Type.Optional(
      RequestKey(
        'What keeps a client at one part of a split; absent = the session of its affinity, or chance.'
      )
    ),
    rewrite: Type.Optional(
      Type.String({
        description:
          "Replaces the matched prefix, and may use the path's parameters; absent = the path is kept.",
        pattern: '^/',
        errorMessage: 'expected a path that starts with "/"',
        examples: ['/products', '/v2/orders/:id']
      })
    ),
    mode: Type.Optional(
      Type.Enum(['stream', 'buffered'], {
        description:
          'Whether the response is passed on as it comes, or collected first so that onSend hooks can rewrite it.',
        default: 'stream'
      })
    ),
    headers: Type.Optional(HeaderRulesSchema),
    rateLimit: Type.Optional(
      rateLimitSchema('Limits of the route, besides those of the gateway; absent = none.')
    ),
    access: Type.Optional(AccessSchema),
    cors: Type.Optional(CorsSchema),
    securityHeaders: Type.Optional(SecurityHeadersSchema),
    cost: Type.Optional(RouteCost),
    priority: Type.Optional(PrioritySchema),
    bodyLimit: Type.Optional(RouteBodyLimit),
    validateRequests: Type.Optional(
      Type.Boolean({
        description:
          "Whether requests that are not what the group's OpenAPI document says get 400. Its groups need openapi.",
        default: false
      })
    ),
    retry: Type.Optional(retrySchema('route')),
    timeouts: Type.Optional(timeoutsSchema('route'))
  },
  { ...CLOSED, description: 'A public path mapped to an upstream group.' }
)

/** What a module of `routesDir` exports. */
export const RouteListSchema = Type.Array(RouteSchema)
