import { Type } from 'typebox'
import { LIMIT_KEY_MESSAGE, LIMIT_KEY_PATTERN } from './request-key-text.ts'
import { CLOSED, Duration, Name } from './schema-parts.ts'
import { PRIORITIES } from './types.ts'
import { SIZE_PATTERN } from './units.ts'

/** Most clients that a limit tells apart unless it says otherwise. */
export const MAX_KEYS = 100_000

/** The largest sum of costs and keys that a limit takes. */
const MANY = 1_000_000_000

function Size(description: string, preset?: string) {
  return Type.String({
    description,
    ...(preset !== undefined && { default: preset }),
    pattern: SIZE_PATTERN,
    errorMessage: 'expected a size such as 512B, 64KiB or 10MiB',
    examples: ['64KiB', '10MiB']
  })
}

function BodyLimit(description: string, preset?: string) {
  return Type.Union([Size(description), Type.Literal(0)], {
    description,
    ...(preset !== undefined && { default: preset }),
    errorMessage: 'expected a size such as 64KiB or 10MiB, or 0 for any'
  })
}

/** `bodyLimit` of a route. */
export const RouteBodyLimit = BodyLimit("Largest body of a request instead of the server's; 0 = any.")

/** `server.limits`. */
export const ClientLimitsSchema = Type.Object(
  {
    headersTimeout: Type.Optional(
      Duration({
        description: 'For the head of a request, a TLS handshake, a PROXY protocol header.',
        default: '10s'
      })
    ),
    requestTimeout: Type.Optional(
      Duration({ description: 'For a whole request, its body included; 0s = none.', default: '60s' })
    ),
    keepAliveTimeout: Type.Optional(
      Duration({ description: 'How long an idle connection is kept.', default: '72s' })
    ),
    sendTimeout: Type.Optional(
      Duration({
        description:
          'How long a client may take nothing of what is sent to it; 0s = for ever. Event streams and upgrades may.',
        default: '60s'
      })
    ),
    maxConnections: Type.Optional(
      Type.Integer({
        description:
          'Connections over all threads; beyond, those that are idle for longest are closed; 0 = any number.',
        default: 10_000,
        minimum: 0,
        maximum: 1_000_000
      })
    ),
    maxConnectionsPerIp: Type.Optional(
      Type.Integer({
        description: 'Connections of one address, of IPv6 of one /64, over all threads; 0 = any number.',
        default: 0,
        minimum: 0,
        maximum: 1_000_000
      })
    ),
    maxHeaderSize: Type.Optional(Size('Largest header of a request.', '16KiB')),
    maxHeaders: Type.Optional(
      Type.Integer({ description: 'Most fields of a header.', default: 100, minimum: 10, maximum: 2000 })
    ),
    bodyLimit: Type.Optional(BodyLimit('Largest body of a request; 0 = any.', '10MiB')),
    maxEventLoopDelay: Type.Optional(
      Duration({
        description: 'Mean delay of the event loop beyond which a thread refuses requests; 0s = any.',
        default: '1s'
      })
    )
  },
  { ...CLOSED, description: 'What the public listener allows its clients.', default: {} }
)

const ONE_KEY = 'What tells clients apart; a part that a request lacks is its address.'

const LimitKeySchema = Type.String({
  description: ONE_KEY,
  pattern: LIMIT_KEY_PATTERN,
  errorMessage: LIMIT_KEY_MESSAGE,
  examples: ['ip', 'consumer', 'path', 'header:x-user-id', 'cookie:sid', 'query:user']
})

/** One limit. What Ajv puts no defaults into, being part of a union, gets them when it is resolved. */
const LimitSchema = Type.Object(
  {
    name: Type.Optional(
      Name('Its name in the RateLimit fields and the log; by default `gateway`, or that of the route.')
    ),
    limit: Type.Integer({
      description: 'Requests, or cost, that a period brings.',
      minimum: 1,
      maximum: MANY
    }),
    per: Duration({ description: 'The period, from 1ms to 24h.' }),
    burst: Type.Optional(
      Type.Integer({
        description: 'Requests, or cost, that may come at once after a pause; by default the limit.',
        minimum: 1,
        maximum: MANY
      })
    ),
    key: Type.Optional(
      Type.Union(
        [
          LimitKeySchema,
          Type.Array(LimitKeySchema, {
            minItems: 1,
            maxItems: 5,
            uniqueItems: true,
            errorMessage: 'expected one to five keys, each once'
          })
        ],
        {
          description: `${ONE_KEY} Several are one key together.`,
          default: 'ip',
          errorMessage: `${LIMIT_KEY_MESSAGE}, or a list of such`,
          examples: ['ip', 'consumer', ['ip', 'path']]
        }
      )
    ),
    cost: Type.Optional(
      Type.Integer({
        description: 'What one request costs, at most the burst.',
        default: 1,
        minimum: 1,
        maximum: 1_000_000
      })
    ),
    dryRun: Type.Optional(
      Type.Boolean({ description: 'Whether it only reports what it would stop.', default: false })
    ),
    allow: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Addresses and CIDR blocks of clients that it is not for.',
        default: [],
        uniqueItems: true,
        examples: [['10.0.0.0/8']]
      })
    ),
    maxKeys: Type.Optional(
      Type.Integer({
        description: 'Most clients that are told apart at once.',
        default: MAX_KEYS,
        minimum: 1,
        maximum: 10_000_000
      })
    )
  },
  { ...CLOSED, description: 'How much one client may ask for.' }
)

/** `rateLimit`, of the gateway or of a route. */
export function rateLimitSchema(description: string) {
  return Type.Union(
    [
      LimitSchema,
      Type.Array(LimitSchema, {
        minItems: 1,
        maxItems: 10,
        errorMessage: 'expected one to ten limits'
      })
    ],
    {
      description,
      examples: [
        { limit: 100, per: '1s', burst: 200, key: 'ip' },
        [
          { limit: 10, per: '1s' },
          { limit: 1000, per: '1h' }
        ]
      ]
    }
  )
}

/** `cost` of a route. */
export const RouteCost = Type.Integer({
  description: "What a request costs of the gateway's limits, times their own cost; 1 by default.",
  minimum: 1,
  maximum: 1_000_000
})

/** `priority` of a route. */
export const PrioritySchema = Type.Enum([...PRIORITIES], {
  description:
    'What is refused last when there is too much to do: critical, then normal, which is what routes are, then sheddable.'
})

/** `concurrency` of a group. */
export const ConcurrencySchema = Type.Object(
  {
    mode: Type.Optional(
      Type.Enum(['adaptive', 'static'], {
        description: 'adaptive: follows the latency, between min and max. static: max.',
        default: 'adaptive'
      })
    ),
    min: Type.Optional(
      Type.Integer({ description: 'The least it becomes.', default: 20, minimum: 1, maximum: 1_000_000 })
    ),
    max: Type.Optional(
      Type.Integer({ description: 'The most it becomes.', default: 1000, minimum: 1, maximum: 1_000_000 })
    )
  },
  {
    ...CLOSED,
    description: 'How many requests may await their response at once, over all threads; absent = any number.',
    examples: [{}, { mode: 'static', max: 200 }]
  }
)
